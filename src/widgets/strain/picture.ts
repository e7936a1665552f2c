/** A picture of values in time and log frequency: painted, and read under the pointer. */
import { NO_VALUE, table } from '../../core/colormap';
import type { Colormap } from '../../core/protocol';
import type { PictureMeta } from '../../core/strain';
import type { WireArray } from '../../core/wire';

export interface Picture {
  readonly meta: PictureMeta;
  readonly array: WireArray;
}

/** Gives RGBA rows from the highest frequency down, as a canvas wants them. */
export function colours(
  { shape, data }: WireArray,
  low: number,
  high: number,
  colormap: Colormap
): Uint8ClampedArray<ArrayBuffer> {
  const [, rows, columns] = shape;
  const rgb = table(colormap);
  const out = new Uint8ClampedArray(4 * rows * columns);
  const scale = 255 / (high - low || 1);
  for (let row = 0; row < rows; row++) {
    let to = 4 * (rows - 1 - row) * columns;
    for (let column = 0; column < columns; column++, to += 4) {
      const value = data[row * columns + column];
      if (Number.isNaN(value)) {
        out.set(NO_VALUE[((row + column) >> 2) & 1], to);
      } else {
        const i = 3 * Math.round(Math.min(255, Math.max(0, (value - low) * scale)));
        out[to] = rgb[i];
        out[to + 1] = rgb[i + 1];
        out[to + 2] = rgb[i + 2];
      }
      out[to + 3] = 255;
    }
  }
  return out;
}

/** Gives a canvas with one pixel a value. */
export function paint(
  array: WireArray,
  low: number,
  high: number,
  colormap: Colormap
): HTMLCanvasElement {
  const [, rows, columns] = array.shape;
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  canvas
    .getContext('2d')
    ?.putImageData(new ImageData(colours(array, low, high, colormap), columns, rows), 0, 0);
  return canvas;
}

/** Gives the value at a time and a frequency, null beyond the edges. */
export function valueAt({ meta, array }: Picture, time: number, frequency: number): number | null {
  const [, rows, columns] = array.shape;
  const column = Math.floor(((time - meta.start) / (meta.stop - meta.start)) * columns);
  const place = Math.log(frequency / meta.low) / Math.log(meta.high / meta.low);
  // The uppermost edge belongs to the last row.
  const row = place === 1 ? rows - 1 : Math.floor(place * rows);
  return column >= 0 && column < columns && row >= 0 && row < rows
    ? array.data[row * columns + column]
    : null;
}

/** Gives the frequency in the middle of each row and the time in the middle of each column. */
export function axesOf({ meta, array }: Picture): { times: number[]; frequencies: number[] } {
  const [, rows, columns] = array.shape;
  const ratio = Math.log(meta.high / meta.low);
  return {
    times: Array.from(
      { length: columns },
      (_, i) => meta.start + ((i + 0.5) / columns) * (meta.stop - meta.start)
    ),
    frequencies: Array.from(
      { length: rows },
      (_, i) => meta.low * Math.exp(((i + 0.5) / rows) * ratio)
    )
  };
}
