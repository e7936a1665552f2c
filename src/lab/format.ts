import { IDataset } from './api';

/** A size as people say it: `1.04 MB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

/** A shape as people say it, width before height: `721 × 720`; rows first for tables and traces. */
export function shapeText(dataset: Pick<IDataset, 'kind' | 'shape'>): string {
  const sizes = [...dataset.shape];
  if (dataset.kind === 'waveforms' && sizes.length === 2) {
    return `${sizes[0]} traces × ${sizes[1]}`;
  }
  if (dataset.kind !== 'table' && sizes.length > 1) {
    const [columns, rows] = [sizes.pop() as number, sizes.pop() as number];
    return [columns, rows, ...sizes.reverse()].join(' × ');
  }
  return sizes.join(' × ');
}
