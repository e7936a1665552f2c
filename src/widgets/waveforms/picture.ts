/** Pictures of all traces: counts or values become colours, and are read under the pointer. */
import { NO_VALUE, table } from '../../core/colormap';
import type { Colormap } from '../../core/protocol';
import type { Brightness, PictureMeta, Range } from '../../core/waveforms';
import type { WireArray } from '../../core/wire';

export interface Picture {
  readonly meta: PictureMeta & { readonly values: Range };
  readonly array: WireArray;
  /** First trace of each row of a heat map. */
  readonly firsts: WireArray | null;
}

/** Brightness of a single trace: below it colours are hard to tell from that of no trace. */
export const FAINTEST = 0.25;

/** Gives the brightness, 0 to 1, of a count from 1 to `most`; a single trace is never invisible. */
export function brightnessOf(count: number, most: number, brightness: Brightness): number {
  if (most <= 1) {
    return 1;
  }
  const curve = (value: number) =>
    brightness === 'linear' ? value : brightness === 'sqrt' ? Math.sqrt(value) : Math.log1p(value);
  return FAINTEST + (1 - FAINTEST) * (curve(count - 1) / curve(most - 1));
}

/** Gives RGBA rows from the top down. Counts of 0 are transparent; values that are none are hatched. */
export function colours(
  { meta, array }: Picture,
  brightness: Brightness,
  colormap: Colormap
): Uint8ClampedArray<ArrayBuffer> {
  const [, rows, columns] = array.shape;
  const rgb = table(colormap);
  const out = new Uint8ClampedArray(4 * rows * columns);
  const { data } = array;
  const persistence = meta.image === 'persistence';
  const lookup = persistence ? shades(meta.most ?? 1, brightness) : null;
  const [low, high] = meta.values;
  const scale = 255 / (high - low || 1);
  for (let row = 0; row < rows; row++) {
    // A persistence image's first row is its lowest value; a heat map's is its first trace, at the top.
    const line = persistence ? rows - 1 - row : row;
    let to = 4 * line * columns;
    for (let column = 0; column < columns; column++, to += 4) {
      const value = data[row * columns + column];
      if (lookup ? value === 0 : Number.isNaN(value)) {
        if (!lookup) {
          out.set(NO_VALUE[((row + column) >> 2) & 1], to);
          out[to + 3] = 255;
        }
        continue;
      }
      const shade = lookup
        ? lookup(value)
        : Math.round(Math.min(255, Math.max(0, (value - low) * scale)));
      out[to] = rgb[3 * shade];
      out[to + 1] = rgb[3 * shade + 1];
      out[to + 2] = rgb[3 * shade + 2];
      out[to + 3] = 255;
    }
  }
  return out;
}

/** Gives a canvas with one pixel a value. */
export function paint(
  picture: Picture,
  brightness: Brightness,
  colormap: Colormap
): HTMLCanvasElement {
  const [, rows, columns] = picture.array.shape;
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  canvas
    .getContext('2d')
    ?.putImageData(new ImageData(colours(picture, brightness, colormap), columns, rows), 0, 0);
  return canvas;
}

export interface Pixel {
  readonly row: number;
  readonly column: number;
  readonly value: number;
}

/**
 * Gives the pixel at a sample and a height, null beyond the edges.
 *
 * @param y - A value, or in a heat map the place among the traces on show, from 0.
 */
export function pixelAt({ meta, array }: Picture, sample: number, y: number): Pixel | null {
  const [, rows, columns] = array.shape;
  const [start, stop] = meta.samples;
  const [low, high] = meta.image === 'persistence' ? meta.values : [0, meta.total];
  const column = Math.floor(((sample - start) / (stop - start)) * columns);
  const row = Math.floor(((y - low) / (high - low)) * rows);
  return column >= 0 && column < columns && row >= 0 && row < rows
    ? { row, column, value: array.data[row * columns + column] }
    : null;
}

/** Gives the samples and the values that a pixel of a persistence image stands for. */
export function pixelBox(
  { meta, array }: Picture,
  { row, column }: Pixel
): { samples: Range; values: Range } {
  const [, rows, columns] = array.shape;
  const [start, stop] = meta.samples;
  const [low, high] = meta.values;
  const edge = (i: number) => start + Math.floor((i * (stop - start)) / columns);
  const value = (i: number) => low + (i * (high - low)) / rows;
  return {
    samples: [edge(column), Math.max(edge(column) + 1, edge(column + 1))],
    values: [value(row), value(row + 1)]
  };
}

/** Gives the first trace of a heat map's row, and how many traces the row shows. */
export function tracesOf(
  { meta, array, firsts }: Picture,
  row: number
): [first: number, n: number] {
  const rows = array.shape[1];
  const edge = (i: number) => Math.floor((i * meta.total) / rows);
  return [firsts?.data[row] ?? edge(row), edge(row + 1) - edge(row)];
}

/** Gives the place of a trace in a heat map, in rows from the top; null when it is not in it. */
export function rowOf({ meta, array, firsts }: Picture, trace: number): number | null {
  const ids = firsts?.data;
  if (!ids?.length || trace < ids[0]) {
    return null;
  }
  let row = ids.length - 1;
  while (ids[row] > trace) {
    row -= 1;
  }
  return ((row + 0.5) / array.shape[1]) * meta.total;
}

function shades(most: number, brightness: Brightness): (count: number) => number {
  const shade = (count: number) => Math.round(255 * brightnessOf(count, most, brightness));
  if (most > 1 << 20) {
    return shade;
  }
  const known = new Uint8Array(most + 1);
  for (let i = 1; i <= most; i++) {
    known[i] = shade(i);
  }
  return count => known[count];
}
