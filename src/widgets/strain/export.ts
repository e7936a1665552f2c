/** What a person takes along: the figure as PNG, the numbers as CSV. */
import type { AsdMeta, Flag, SeriesMeta } from '../../core/strain';
import type { WireArray } from '../../core/wire';
import { axesOf, type Picture } from './picture';
import { GUTTER, PAD } from '../common/plot';

/** Gives lines of GPS time, lowest and highest value; of time and value where each line is a sample. */
export function seriesCsv(meta: SeriesMeta, { shape, data }: WireArray, epoch: number): string {
  const columns = shape[2];
  const step = (meta.stop - meta.start) / columns;
  const unit = meta.unit ? ` (${meta.unit})` : '';
  const head = meta.exact ? `gps_s,value${unit}` : `gps_s,min${unit},max${unit}`;
  const lines = Array.from({ length: columns }, (_, i) => {
    const time = time9(epoch + meta.start + i * step);
    return meta.exact ? `${time},${data[i]}` : `${time},${data[i]},${data[columns + i]}`;
  });
  return [head, ...lines, ''].join('\n');
}

/** Gives lines of frequency and amplitude, first those of the whole record, then of the window. */
export function asdCsv(
  { unit }: Pick<AsdMeta, 'unit'>,
  whole: WireArray,
  selected: WireArray
): string {
  const lines = (
    [
      ['whole', whole],
      ['window', selected]
    ] as const
  ).flatMap(([name, { shape, data }]) =>
    Array.from({ length: shape[2] }, (_, i) => `${name},${data[i]},${data[shape[2] + i]}`)
  );
  return [`of,frequency_hz,asd (${unit})`, ...lines, ''].join('\n');
}

/** Gives a table: GPS times in the first line, a frequency at the beginning of each further one. */
export function pictureCsv(picture: Picture, epoch: number, values: string): string {
  const { times, frequencies } = axesOf(picture);
  const { data } = picture.array;
  const n = times.length;
  const head = [`${values}: frequency_hz \\ gps_s`, ...times.map(time => time9(epoch + time))];
  const lines = frequencies.map((frequency, row) =>
    [Number(frequency.toPrecision(8)), ...data.subarray(row * n, (row + 1) * n)].join(',')
  );
  return [head.join(','), ...lines, ''].join('\n');
}

function time9(gps: number): string {
  return gps.toFixed(9).replace(/0+$/, '').replace(/\.$/, '.0');
}

export interface Plate {
  readonly title: string;
  readonly canvas: HTMLCanvasElement;
  /** Bars under this one, over a stretch of seconds. */
  readonly flags?: { flags: readonly Flag[]; span: readonly [number, number] };
  /** What the first and the last colour stand for. */
  readonly bar?: { labels: readonly [string, string]; colours: readonly string[] };
}

const HEAD = 22;
const BAR = 14;

/** Gives the panels under each other, two abreast where there are more than two, with titles. */
export function figure(
  plates: readonly Plate[],
  caption: string,
  colours: { background: string; text: string; bar: string },
  density: number
): HTMLCanvasElement {
  const abreast = plates.length > 2 ? 2 : 1;
  const rows = Array.from({ length: Math.ceil(plates.length / abreast) }, (_, i) =>
    plates.slice(i * abreast, (i + 1) * abreast)
  );
  const width = Math.max(...plates.map(({ canvas }) => canvas.width));
  const heights = rows.map(
    row =>
      HEAD * density +
      Math.max(
        ...row.map(
          ({ canvas, flags }) => canvas.height + (flags?.flags.length ?? 0) * BAR * density
        )
      )
  );
  const out = document.createElement('canvas');
  out.width = abreast * width;
  out.height = HEAD * density + heights.reduce((sum, height) => sum + height, 0);
  const ctx = out.getContext('2d');
  if (!ctx) {
    return out;
  }
  ctx.fillStyle = colours.background;
  ctx.fillRect(0, 0, out.width, out.height);
  ctx.textBaseline = 'middle';
  const write = (text: string, size: number, x: number, y: number, most?: number) => {
    ctx.fillStyle = colours.text;
    ctx.font = `${size * density}px system-ui, sans-serif`;
    ctx.fillText(text, x, y, most);
  };
  write(caption, 13, 8 * density, (HEAD / 2) * density);
  let top = HEAD * density;
  rows.forEach((row, r) => {
    row.forEach(({ title, canvas, flags, bar }, c) => {
      const left = c * width;
      write(title, 12, left + 8 * density, top + (HEAD / 2) * density, width - 16 * density);
      if (bar) {
        drawBar(ctx, bar, left + canvas.width - PAD * density, top, density, colours.text);
      }
      ctx.drawImage(canvas, left, top + HEAD * density);
      flags?.flags.forEach((flag, i) => {
        const y = top + HEAD * density + canvas.height + i * BAR * density;
        const [low, high] = flags.span;
        const scale = (canvas.width - (GUTTER + PAD) * density) / (high - low);
        const place = (time: number) =>
          left + GUTTER * density + (Math.min(high, Math.max(low, time)) - low) * scale;
        write(flag.name, 9, left + 2 * density, y + (BAR / 2) * density, (GUTTER - 4) * density);
        ctx.fillStyle = colours.bar;
        for (const [start, stop] of flag.spans) {
          ctx.fillRect(
            place(start),
            y + 3 * density,
            place(stop) - place(start),
            (BAR - 6) * density
          );
        }
      });
    });
    top += heights[r];
  });
  return out;
}

/** Paints a ramp of colours between its labels, ending at `right`. */
function drawBar(
  ctx: CanvasRenderingContext2D,
  { labels, colours }: NonNullable<Plate['bar']>,
  right: number,
  top: number,
  density: number,
  text: string
): void {
  const middle = top + (HEAD / 2) * density;
  ctx.font = `${11 * density}px system-ui, sans-serif`;
  ctx.fillStyle = text;
  const [low, high] = labels.map(label => ctx.measureText(label).width);
  ctx.fillText(labels[1], right - high, middle);
  const cell = (90 * density) / colours.length;
  const left = right - high - 6 * density - 90 * density;
  ctx.fillText(labels[0], left - 6 * density - low, middle);
  colours.forEach((colour, i) => {
    ctx.fillStyle = colour;
    // A pixel more, or seams would show.
    ctx.fillRect(left + i * cell, middle - 5 * density, cell + 1, 10 * density);
  });
}
