/** Paints the points of a map: as a density where there are many, one by one where there are few. */
import type { Values } from '../cloud';
import { density, discs, DIM, HIDDEN, MISSING, type Ink, type Target } from '../paint';
import type { Frame } from './frame';
import type { GlPoints } from './gl';

/** Points up to which each is painted on its own. */
export const FEW = 200_000;
/** Points up to which a graphics card draws each. */
export const CARD = 5_000_000;
/** Up to how many points, and how large each is: half its width in CSS pixels. */
const RADII: readonly (readonly [number, number])[] = [
  [500, 4],
  [5_000, 2.75],
  [30_000, 1.75],
  [Infinity, 1.1]
];
/** Half widths of points that are sized by a column, in CSS pixels. */
const [SMALLEST, LARGEST] = [1.5, 8];

/** What is painted. */
export interface Painting {
  readonly x: Values;
  readonly y: Values;
  readonly ink: Ink;
  /** A byte a point, 0 the smallest; null where all are of one size. */
  readonly sizes: Uint8Array | null;
}

export interface Painted {
  readonly drawn: number;
  readonly how: 'points' | 'card' | 'density';
}

/**
 * Paints into `target`, or on the graphics card's canvas where it does the work (`card`).
 *
 * @param pixel - Pixels of the picture that make one CSS pixel.
 */
export function paint(
  target: Target,
  painting: Painting,
  frame: Frame,
  pixel: number,
  card: GlPoints | null = null
): Painted {
  const { x, y, ink, sizes } = painting;
  // Whether few or many suffices where no card asks how many.
  const visible = countVisible(painting, frame, card?.usable ? CARD : FEW);
  if (visible > FEW && visible <= CARD && card?.usable) {
    const radii = radiiOf(visible, sizes !== null, pixel);
    card.draw(painting, frame, target, [radii[0], radii[HIDDEN - 1]]);
    return { drawn: visible, how: 'card' };
  }
  if (visible > FEW) {
    return { drawn: density(target, x, y, frame.x, frame.y, ink), how: 'density' };
  }
  const radii = radiiOf(visible, sizes !== null, pixel);
  if (ink.order || !ink.codes) {
    return { drawn: discs(target, x, y, frame.x, frame.y, ink, sizes, radii), how: 'points' };
  }
  // What is not selected, or has no value, lies below.
  const [below, above] = [ink.table.slice(), ink.table.slice()];
  below.fill(0, 0, HIDDEN);
  above[DIM] = above[MISSING] = 0;
  let drawn = 0;
  for (const table of [below, above]) {
    drawn += discs(target, x, y, frame.x, frame.y, { ...ink, table }, sizes, radii);
  }
  return { drawn, how: 'points' };
}

/** Counts the points in the picture, up to one more than `most`. */
function countVisible({ x, y, ink }: Painting, frame: Frame, most: number): number {
  const { codes } = ink;
  const [left, right] = frame.x;
  const [bottom, top] = frame.y;
  let visible = 0;
  for (let i = 0; i < x.length && visible <= most; i++) {
    const [px, py] = [x[i], y[i]];
    if (px >= left && px <= right && py >= bottom && py <= top && codes?.[i] !== HIDDEN) {
      visible++;
    }
  }
  return visible;
}

function radiiOf(visible: number, sized: boolean, pixel: number): Float32Array {
  const [, plain] = RADII.find(([most]) => visible <= most)!;
  return Float32Array.from({ length: 256 }, (_, code) => {
    const own = code < HIDDEN ? SMALLEST + (LARGEST - SMALLEST) * (code / (HIDDEN - 1)) : SMALLEST;
    return pixel * (sized ? own : plain);
  });
}
