/** Colours of categories, the same in all pictures of points. */
import type { Rgb } from '../../core/colormap';

/** Of categories in their order; legible on light and dark grounds, and told apart by the colour-blind. */
export const PALETTE: readonly Rgb[] = [
  [58, 134, 200],
  [230, 134, 42],
  [61, 164, 91],
  [168, 107, 201],
  [209, 73, 91],
  [26, 163, 154],
  [164, 117, 81],
  [224, 123, 181],
  [154, 154, 46],
  [138, 138, 138]
];

export function css([red, green, blue]: readonly number[]): string {
  return `rgb(${red}, ${green}, ${blue})`;
}
