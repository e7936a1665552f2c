/** What is known of one catalogue in the browser: where its rows lie, their colours, and a few bits of each. */
import { table } from '../../../core/colormap';
import type { CodesMeta, LayerFacts } from '../../../core/catalogue';
import type { Point } from '../../../core/geometry';
import { PALETTE } from '../../common/palette';

/** Bits of a row. */
export const [SELECTED, HIDDEN] = [1, 2];
const [LEVELS, MISSING] = [252, 255];

export interface Codes {
  readonly meta: CodesMeta;
  readonly data: Uint8Array;
}

/** A catalogue as it is drawn; arrays are replaced and never changed, so that who has seen one knows it. */
export interface Layer {
  readonly facts: LayerFacts;
  /** x and y of each row in array pixels from `origin`; NaN without a place. */
  readonly places: Float32Array;
  readonly origin: Point;
  readonly unplaced: number;
  readonly beyond: number;
  /** Of the column that colours, and of the one that sizes. */
  readonly colours: Codes | null;
  readonly sizes: Codes | null;
  readonly flags: Uint8Array;
}

/** Gives the bits of each row from those that travelled: which are selected, then which fulfil the condition. */
export function flagsOf(bits: Uint8Array, rows: number): Uint8Array {
  const each = bits.length / 2;
  const flags = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    const [byte, bit] = [i >> 3, i & 7];
    const selected = (bits[byte] >> bit) & 1;
    const shown = (bits[each + byte] >> bit) & 1;
    flags[i] = selected * SELECTED + (1 - shown) * HIDDEN;
  }
  return flags;
}

/** Gives the colour of each byte, red, green, blue and opacity. */
export function coloursOf({ color, colormap }: LayerFacts, codes: Codes | null): Uint8Array {
  const made = new Uint8Array(4 * 256);
  const set = (code: number, rgb: ArrayLike<number>, alpha = 255) =>
    made.set([rgb[0], rgb[1], rgb[2], alpha], 4 * code);
  const value = parseInt(color.slice(1), 16);
  const own = [value >> 16, (value >> 8) & 255, value & 255];
  for (let code = 0; code < 256; code++) {
    if (!codes) {
      set(code, own);
    } else if (codes.meta.kind === 'categorical') {
      set(code, PALETTE[Math.min(code, PALETTE.length - 1)]);
    } else {
      const entry = 3 * Math.round((255 * Math.min(code, LEVELS)) / LEVELS);
      set(code, table(colormap).subarray(entry, entry + 3));
    }
  }
  if (codes) {
    set(MISSING, [160, 160, 160], 160);
  }
  return made;
}

/** Gives where a row lies in array pixels, null without a place. */
export function placeOf({ places, origin }: Layer, row: number): Point | null {
  const [x, y] = [places[2 * row] + origin.x, places[2 * row + 1] + origin.y];
  return Number.isFinite(x) && Number.isFinite(y) ? { x, y } : null;
}

/** Gives the drawn row nearest to a place within a reach in array pixels, -1 without one. */
export function nearestRow(
  { places, origin, flags }: Layer,
  at: Point,
  reach: number
): { row: number; distance: number } {
  const [x, y] = [at.x - origin.x, at.y - origin.y];
  let [row, best] = [-1, reach * reach];
  for (let i = 0; i < flags.length; i++) {
    const [dx, dy] = [places[2 * i] - x, places[2 * i + 1] - y];
    const distance = dx * dx + dy * dy;
    if (distance <= best && !(flags[i] & HIDDEN)) {
      [row, best] = [i, distance];
    }
  }
  return { row, distance: Math.sqrt(best) };
}

/** Edges in array pixels. */
export interface Edges {
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  readonly top: number;
}

/** Counts the drawn rows in a box. */
export function countIn({ places, origin, flags }: Layer, box: Edges): number {
  const [left, right] = [box.left - origin.x, box.right - origin.x];
  const [bottom, top] = [box.bottom - origin.y, box.top - origin.y];
  let count = 0;
  for (let i = 0; i < flags.length; i++) {
    const [x, y] = [places[2 * i], places[2 * i + 1]];
    if (x >= left && x <= right && y >= bottom && y <= top && !(flags[i] & HIDDEN)) {
      count++;
    }
  }
  return count;
}
