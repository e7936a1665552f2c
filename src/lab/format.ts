import { TranslationBundle } from '@jupyterlab/translation';

import { IDataset } from './answers';

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
export function shapeText(
  dataset: Pick<IDataset, 'kind' | 'shape'>,
  trans: TranslationBundle
): string {
  const sizes = [...dataset.shape];
  if (dataset.kind === 'waveforms' && sizes.length === 2) {
    return trans.__('%1 traces × %2', sizes[0], sizes[1]);
  }
  if (dataset.kind !== 'table' && sizes.length > 1) {
    const [columns, rows] = [sizes.pop() as number, sizes.pop() as number];
    return [columns, rows, ...sizes.reverse()].join(' × ');
  }
  return sizes.join(' × ');
}

/** A kind of dataset in a word; as Python names it, where a reader of somebody else's gave it. */
export function kindText(kind: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    image: trans.__('image'),
    cube: trans.__('cube'),
    table: trans.__('table'),
    spectrum: trans.__('spectrum'),
    waveforms: trans.__('waveforms'),
    strain: trans.__('strain'),
    scene: trans.__('scene')
  };
  return Object.hasOwn(words, kind) ? words[kind] : kind;
}

/** A time as people say it: `0.4 s`, `3 min 20 s`, `2 h 5 min`. */
export function durationText(seconds: number): string {
  if (seconds < 59.95) {
    return `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  }
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** A number as people compare it: four digits. */
export function numberText(value: number | string): string {
  return typeof value === 'number' && !Number.isInteger(value)
    ? String(Number(value.toPrecision(4)))
    : String(value);
}

/** A part of the whole: `43 %`; it says 100 only of what is done. */
export function percentText(share: number): string {
  return `${Math.floor(share * 100 + 1e-9)} %`;
}
