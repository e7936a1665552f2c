/** Points to pixels: plain loops over typed arrays. */
import type { Interval } from '../../core/latent';
import type { Values } from './cloud';

/** Byte of a point without a value; it is not finite, or its column has none there. */
export const MISSING = 255;
/** Byte of a point outside the selection. */
export const DIM = 254;

/** Byte of a point that the filters hide. */
export const HIDDEN = 253;

/** What points are painted with. */
export interface Ink {
  /** A byte a point, or null for one colour. */
  readonly codes: Uint8Array | null;
  /** Colour of each byte, as it lies in memory: 0xAABBGGRR. */
  readonly table: Uint32Array;
  /** Numbers of the points, those painted last on top; null as they come. */
  readonly order: Uint32Array | null;
}

export interface Target {
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/** Gives a colour as it lies in memory. */
export function packed(red: number, green: number, blue: number, alpha = 255): number {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/**
 * Paints each point as a square.
 *
 * @returns How many points lie in the picture.
 */
export function dots(
  { pixels, width, height }: Target,
  x: Values,
  y: Values,
  xRange: Interval,
  yRange: Interval,
  { codes, table, order }: Ink,
  size: number
): number {
  const [sx, sy] = [width / (xRange[1] - xRange[0]), height / (yRange[1] - yRange[0])];
  const back = (size - 1) >> 1;
  let drawn = 0;
  for (let k = 0; k < x.length; k++) {
    const i = order ? order[k] : k;
    const px = Math.floor((x[i] - xRange[0]) * sx);
    const py = Math.floor((yRange[1] - y[i]) * sy);
    if (!(px >= 0 && px < width && py >= 0 && py < height)) {
      continue; // NaN among them
    }
    const colour = table[codes ? codes[i] : 0];
    if (colour >>> 24 === 0) {
      continue;
    }
    drawn++;
    const left = Math.max(0, px - back);
    const right = Math.min(width, px - back + size);
    const bottom = Math.min(height, py - back + size);
    for (let row = Math.max(0, py - back); row < bottom; row++) {
      pixels.fill(colour, row * width + left, row * width + right);
    }
  }
  return drawn;
}

/**
 * Paints how many points share a pixel: the mean of their colours, the more the denser; what is not
 * selected lies below what is.
 *
 * @returns How many points lie in the picture.
 */
export function density(
  target: Target,
  x: Values,
  y: Values,
  xRange: Interval,
  yRange: Interval,
  ink: Ink
): number {
  if (!ink.codes) {
    const counts = new Uint32Array(target.width * target.height);
    const drawn = countInto(counts, target, x, y, xRange, yRange);
    fill(target.pixels, counts, () => ink.table[0]);
    return drawn;
  }
  const { width, height, pixels } = target;
  const { codes, table } = ink;
  const [sx, sy] = [width / (xRange[1] - xRange[0]), height / (yRange[1] - yRange[0])];
  const [x0, y1] = [xRange[0], yRange[1]];
  const below = new Uint32Array(width * height);
  // Of each pixel: how many points, and their red, green and blue, of up to 16 million. Side by side, since
  // points come in no order and each place is fetched from memory anew.
  const sums = new Uint32Array(4 * width * height);
  let drawn = 0;
  for (let i = 0; i < codes.length; i++) {
    const px = (x[i] - x0) * sx;
    const py = (y1 - y[i]) * sy;
    const code = codes[i];
    if (code === HIDDEN || !(px >= 0 && px < width && py >= 0 && py < height)) {
      continue; // NaN among them
    }
    drawn++;
    const place = (py | 0) * width + (px | 0);
    if (code === DIM) {
      below[place]++;
      continue;
    }
    const colour = table[code];
    const at = place << 2;
    sums[at]++;
    sums[at + 1] += colour & 255;
    sums[at + 2] += (colour >>> 8) & 255;
    sums[at + 3] += (colour >>> 16) & 255;
  }
  fill(pixels, below, () => table[DIM]);
  const mean = (place: number, count: number) => {
    const at = place << 2;
    return packed(sums[at + 1] / count, sums[at + 2] / count, sums[at + 3] / count);
  };
  fill(pixels, sums, mean, 4);
  return drawn;
}

/** Counts the points of each pixel; of one colour this is all that a density needs. */
export function countInto(
  counts: Uint32Array,
  { width, height }: { readonly width: number; readonly height: number },
  x: Values,
  y: Values,
  xRange: Interval,
  yRange: Interval
): number {
  const [sx, sy] = [width / (xRange[1] - xRange[0]), height / (yRange[1] - yRange[0])];
  const [x0, y1] = [xRange[0], yRange[1]];
  let drawn = 0;
  for (let i = 0; i < x.length; i++) {
    const px = (x[i] - x0) * sx;
    const py = (y1 - y[i]) * sy;
    if (px >= 0 && px < width && py >= 0 && py < height) {
      counts[(py | 0) * width + (px | 0)]++;
      drawn++;
    }
  }
  return drawn;
}

/**
 * Paints counts over what is there, the more the less transparent.
 *
 * @param step - Places of `counts` to each pixel, of which the first is its count.
 */
export function fill(
  pixels: Uint32Array,
  counts: Uint32Array,
  colourOf: (place: number, count: number) => number,
  step = 1
): void {
  let most = 0;
  for (let i = 0; i < counts.length; i += step) {
    most = Math.max(most, counts[i]);
  }
  if (!most) {
    return;
  }
  const scale = 1 / Math.log1p(most);
  for (let place = 0, i = 0; i < counts.length; place++, i += step) {
    const count = counts[i];
    if (count) {
      const colour = colourOf(place, count);
      const alpha = (colour >>> 24) * (0.25 + 0.75 * Math.log1p(count) * scale);
      pixels[place] = ((Math.min(255, Math.round(alpha)) << 24) | (colour & 0xffffff)) >>> 0;
    }
  }
}

/** A point that is painted on its own: half its width in pixels, by its byte. */
export type Radii = Float32Array;

/**
 * Paints each point as a disc, those painted last on top.
 *
 * @param sizes - A byte a point, or null where all are of one size.
 * @param radii - In pixels, of each byte.
 * @returns How many points lie in the picture.
 */
export function discs(
  { pixels, width, height }: Target,
  x: Values,
  y: Values,
  xRange: Interval,
  yRange: Interval,
  { codes, table, order }: Ink,
  sizes: Uint8Array | null,
  radii: Radii
): number {
  const [sx, sy] = [width / (xRange[1] - xRange[0]), height / (yRange[1] - yRange[0])];
  let drawn = 0;
  for (let k = 0; k < x.length; k++) {
    const i = order ? order[k] : k;
    const px = (x[i] - xRange[0]) * sx;
    const py = (yRange[1] - y[i]) * sy;
    const radius = radii[sizes ? sizes[i] : 0];
    if (!(px > -radius && px < width + radius && py > -radius && py < height + radius)) {
      continue; // NaN among them
    }
    const colour = table[codes ? codes[i] : 0];
    if (colour >>> 24 === 0) {
      continue;
    }
    drawn++;
    const last = Math.min(height - 1, Math.floor(py + radius));
    for (let row = Math.max(0, Math.ceil(py - radius)); row <= last; row++) {
      const half = Math.sqrt(radius * radius - (row - py) * (row - py));
      const left = Math.max(0, Math.round(px - half));
      const right = Math.min(width, Math.round(px + half));
      pixels.fill(colour, row * width + left, row * width + right);
    }
  }
  return drawn;
}

/** Gives how many points of each group lie in each of some equal bins. */
export function histogram(
  values: Values,
  range: Interval,
  bins: number,
  codes: Uint8Array | null,
  groups: number
): Uint32Array[] {
  const found = Array.from({ length: groups }, () => new Uint32Array(bins));
  const scale = bins / (range[1] - range[0]);
  for (let i = 0; i < values.length; i++) {
    const bin = Math.floor((values[i] - range[0]) * scale);
    const group = codes ? codes[i] : 0;
    if (bin >= 0 && bin < bins && group < groups) {
      found[group][bin]++;
    }
  }
  return found;
}

/**
 * Gives the point nearest to a place, or -1 when none is near.
 *
 * @param reach - How far it may be away, in pixels.
 * @param codes - Bytes of the points: hidden ones are not found.
 */
export function nearest(
  x: Values,
  y: Values,
  at: { x: number; y: number },
  perPixel: { x: number; y: number },
  reach: number,
  codes: Uint8Array | null = null
): number {
  let best = reach * reach;
  let found = -1;
  for (let i = 0; i < x.length; i++) {
    const dx = (x[i] - at.x) / perPixel.x;
    const dy = (y[i] - at.y) / perPixel.y;
    const distance = dx * dx + dy * dy;
    if (distance <= best && codes?.[i] !== HIDDEN) {
      best = distance;
      found = i;
    }
  }
  return found;
}

/**
 * Gives the numbers of the points in the order of painting: few are not hidden by many, and of many none
 * hides the other.
 */
export function rarestLast(codes: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  for (const code of codes) {
    counts[code]++;
  }
  // What is not selected lies below all, then what has no value; what is frequent shares a layer.
  const frequent = 0.2 * codes.length;
  const weight = (code: number) =>
    code === DIM ? Infinity : code === MISSING ? 2 ** 33 : Math.min(counts[code], frequent);
  const layers = [...new Set(Array.from(counts, (_, code) => weight(code)))].sort((a, b) => b - a);
  const layerOf = Uint16Array.from(counts, (_, code) => layers.indexOf(weight(code)));
  const next = new Uint32Array(layers.length + 1);
  counts.forEach((count, code) => (next[layerOf[code] + 1] += count));
  for (let layer = 1; layer < next.length; layer++) {
    next[layer] += next[layer - 1];
  }
  const order = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    order[next[layerOf[codes[i]]]++] = i;
  }
  return order;
}

/** Gives which points lie inside all intervals: 0 inside, 1 outside, MISSING where a latent is not finite. */
export function membership(
  axes: readonly Values[],
  garage: readonly Interval[]
): Uint8Array<ArrayBuffer> {
  const codes = new Uint8Array(axes[0]?.length ?? 0);
  axes.forEach((values, axis) => {
    const [low, high] = garage[axis];
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (!Number.isFinite(value)) {
        codes[i] = MISSING;
      } else if (codes[i] === 0 && !(value >= low && value <= high)) {
        codes[i] = 1;
      }
    }
  });
  return codes;
}
