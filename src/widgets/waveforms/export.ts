/** Files made of what is on show: the figure, and the numbers of its lines. */
import type { TracesMeta } from '../../core/waveforms';
import type { Fetched } from './lines';

/** Gives the lines on show: a sample a line, or lowest and highest value of each stretch. */
export function linesCsv({ meta, drawn }: Fetched, facts: TracesMeta): string {
  const period = facts.sample_period;
  const unit = facts.unit ? ` (${facts.unit})` : '';
  const name = (line: Fetched['drawn'][number]) =>
    `trace ${line.trace}${line.line === 'data' ? '' : ` ${line.line}`}`;
  const heads = drawn.flatMap(line =>
    meta.exact ? [`${name(line)}${unit}`] : [`${name(line)} min${unit}`, `${name(line)} max${unit}`]
  );
  const columns = meta.shape[2];
  const n = meta.stop - meta.start;
  const edge = (i: number) => meta.start + Math.floor((i * n) / columns);
  const times = period ? ['time (s)'] : [];
  const head = [...(meta.exact ? ['sample'] : ['first sample', 'last sample']), ...times, ...heads];
  const lines = Array.from({ length: columns }, (_, i) => [
    ...(meta.exact ? [edge(i)] : [edge(i), edge(i + 1) - 1]),
    ...(period ? [Number((edge(i) * period).toPrecision(12))] : []),
    ...drawn.flatMap(({ lows, highs }) => (meta.exact ? [highs[i]] : [lows[i], highs[i]]))
  ]);
  return [head.join(','), ...lines.map(line => line.join(',')), ''].join('\n');
}

export interface Plate {
  readonly title: string;
  readonly canvas: HTMLCanvasElement;
}

const HEAD = 22;

/** Gives the pictures under each other, with their titles and a caption. */
export function figure(
  plates: readonly Plate[],
  caption: string,
  colours: { background: string; text: string },
  density: number
): HTMLCanvasElement {
  const out = document.createElement('canvas');
  out.width = Math.max(...plates.map(({ canvas }) => canvas.width));
  out.height =
    HEAD * density + plates.reduce((sum, { canvas }) => sum + canvas.height + HEAD * density, 0);
  const ctx = out.getContext('2d');
  if (!ctx) {
    return out;
  }
  ctx.fillStyle = colours.background;
  ctx.fillRect(0, 0, out.width, out.height);
  ctx.fillStyle = colours.text;
  ctx.textBaseline = 'middle';
  const write = (text: string, size: number, y: number) => {
    ctx.font = `${size * density}px system-ui, sans-serif`;
    ctx.fillText(text, 8 * density, y, out.width - 16 * density);
  };
  write(caption, 13, (HEAD / 2) * density);
  let top = HEAD * density;
  for (const { title, canvas } of plates) {
    write(title, 12, top + (HEAD / 2) * density);
    ctx.drawImage(canvas, 0, top + HEAD * density);
    top += HEAD * density + canvas.height;
  }
  return out;
}
