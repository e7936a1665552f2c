/** What part of two columns a map shows. */
import type { Interval } from '../../../core/latent';

export interface Frame {
  readonly x: Interval;
  readonly y: Interval;
}

/** Widths of less than this share of a value cannot be told apart in 64 bits. */
const FINEST = 1e-13;
const MARGIN = 0.03;

/** Gives the frame of all points. */
export function whole(x: Interval, y: Interval): Frame {
  return { x: widened(x), y: widened(y) };
}

/** Gives a frame whose part under the cursor stays where it is, or the same one at the end of precision. */
export function zoomed(frame: Frame, at: { x: number; y: number }, factor: number): Frame {
  const x = about(frame.x, at.x, factor);
  const y = about(frame.y, 1 - at.y, factor);
  return x && y ? { x, y } : frame;
}

/** Gives a frame moved by shares of its width and height. */
export function panned({ x, y }: Frame, dx: number, dy: number): Frame {
  const [right, up] = [-dx * (x[1] - x[0]), dy * (y[1] - y[0])];
  return { x: [x[0] + right, x[1] + right], y: [y[0] + up, y[1] + up] };
}

/** Gives the values at shares of the frame, the second counted from the top. */
export function valuesAt({ x, y }: Frame, at: { x: number; y: number }): [number, number] {
  return [x[0] + at.x * (x[1] - x[0]), y[1] - at.y * (y[1] - y[0])];
}

function about([low, high]: Interval, part: number, factor: number): Interval | null {
  const middle = low + part * (high - low);
  const found: Interval = [middle - (middle - low) / factor, middle + (high - middle) / factor];
  const fine = FINEST * Math.max(Math.abs(found[0]), Math.abs(found[1]), 1e-290);
  const width = found[1] - found[0];
  return width > fine && width < 1e300 ? found : null;
}

function widened([low, high]: Interval): Interval {
  const margin = MARGIN * (high - low) || 0.1 * Math.abs(low) || 1;
  return [low - margin, high + margin];
}
