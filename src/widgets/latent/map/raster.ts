/** Pictures of more points than the browser holds: counted in the kernel, coloured here. */
import type { LatentRequests } from '../../../core/latent';
import { isAbort, type Requester } from '../../../core/request';
import { decode } from '../../../core/wire';
import { DIM, fill, packed, type Target } from '../paint';
import type { Frame } from './frame';

/** What is painted, if the kernel counts it. */
export interface Remote {
  /** Points that there are. */
  readonly count: number;
  /** Paints a frame and gives how many points lie in it; null when a newer one was wanted meanwhile. */
  fetch(target: Target, frame: Frame): Promise<number | null>;
}

export interface RasterWish {
  readonly x: string;
  readonly y: string;
  readonly color: string;
  /** Colour of each byte. */
  readonly table: Uint32Array;
  readonly selected: boolean;
  readonly count: number;
}

/** Gives what paints a wish; of frames that are asked for the newest is painted. */
export function remoteOf(
  requester: Requester<LatentRequests>,
  wish: RasterWish,
  signal: AbortSignal
): Remote {
  let running: AbortController | null = null;
  return {
    count: wish.count,
    async fetch(target, frame) {
      running?.abort();
      const own = (running = new AbortController());
      const { x, y, color } = wish;
      const { width, height } = target;
      const msg = { x, y, x_range: frame.x, y_range: frame.y, width, height, color };
      try {
        const both = AbortSignal.any([signal, own.signal]);
        const { meta, buffers } = await requester.request('raster', msg, both);
        const counts = decode(meta, buffers[0]).data as Uint32Array;
        const { buffer, byteOffset, byteLength } = buffers[1];
        return paint(target, counts, new Uint8Array(buffer, byteOffset, byteLength), wish);
      } catch (error) {
        if (isAbort(error) && own.signal.aborted) {
          return null;
        }
        throw error;
      }
    }
  };
}

/** @param counts - Of what is shown, then of what is selected, each the lowest row first. */
export function paint(
  target: Target,
  counts: Uint32Array,
  codes: Uint8Array,
  { table, selected }: Pick<RasterWish, 'table' | 'selected'>
): number {
  const { width, height, pixels } = target;
  const size = width * height;
  const [shown, chosen] = [0, 1].map(layer => upright(counts, layer * size, width, height));
  const colours = codes.length ? upright(codes, 0, width, height) : null;
  const opaque = (colour: number) => (colour | packed(0, 0, 0)) >>> 0;
  const colourOf = (place: number) => opaque(table[colours ? colours[place] : 0]);
  if (selected) {
    fill(pixels, shown, () => table[DIM]);
    fill(pixels, chosen, colourOf);
  } else {
    fill(pixels, shown, colourOf);
  }
  return shown.reduce((all, count) => all + count, 0);
}

/** Turns a layer so that its first row is on top. */
function upright(
  values: Uint32Array | Uint8Array,
  start: number,
  width: number,
  height: number
): Uint32Array {
  const found = new Uint32Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = start + (height - 1 - row) * width;
    found.set(values.subarray(from, from + width), row * width);
  }
  return found;
}
