/** Paints windows of classes as pixels of the screen: each is looked up, so that all edges are crisp. */
import type { Size } from '../../../../core/geometry';
import type { View } from '../../../../core/protocol';
import type { ClassFacts, Edges } from './facts';

/** Classes of a part of the picture, rows from the south. */
export interface ClassWindow {
  readonly box: Edges;
  /** Pixels of the picture a side of one of its own. */
  readonly step: number;
  readonly columns: number;
  readonly rows: number;
  readonly classes: Uint8Array;
}

/** Colours by class, as bytes red, green, blue, alpha of a screen's pixel; 0 paints nothing. */
export interface Inks {
  readonly fill: Uint32Array;
  readonly line: Uint32Array;
}

/** Gives the colours of a layer: what it fills with, and its outlines, which are opaque. */
export function inksOf(
  classes: readonly ClassFacts[],
  opacity: number,
  { filled, outlined }: { readonly filled: boolean; readonly outlined: boolean }
): Inks {
  const [fill, line] = [new Uint32Array(256), new Uint32Array(256)];
  for (const { value, color } of classes) {
    fill[value] = filled ? inkOf(color, opacity) : 0;
    line[value] = outlined ? inkOf(color, 1) : fill[value];
  }
  return { fill, line };
}

function inkOf(color: string, opacity: number): number {
  const number = Number.parseInt(color.slice(1), 16) || 0;
  const bytes = [number >> 16, (number >> 8) & 255, number & 255, Math.round(255 * opacity)];
  // In the order of the machine's bytes, as ImageData has them.
  return new Uint32Array(Uint8ClampedArray.from(bytes).buffer)[0];
}

/** Gives how many pixels a cell has a side: no cell is smaller than a pixel of the screen, or it could be lost. */
export function stepFor(scale: number): number {
  return 2 ** Math.max(0, Math.ceil(-Math.log2(scale) - 1e-9));
}

/**
 * Paints into the pixels of a screen, row by row from its top.
 *
 * @param density - Pixels of the screen per CSS pixel.
 */
export function paintClasses(
  out: Uint32Array,
  window: ClassWindow,
  view: View,
  screen: Size,
  density: number,
  { fill, line }: Inks
): void {
  const [width, height] = [Math.round(screen.width * density), Math.round(screen.height * density)];
  const { classes, columns } = window;
  const [left, bottom, right, top] = window.box;
  // One more on each side: what lies beside a pixel decides whether it is an outline.
  const across = cells(width, window.step, left, right, i => {
    return view.x + ((i + 0.5) / density - screen.width / 2) / view.zoom;
  });
  const down = cells(height, window.step, bottom, top, j => {
    return view.y - ((j + 0.5) / density - screen.height / 2) / view.zoom;
  });
  let alike = -1;
  for (let j = 0; j < height; j++) {
    const [up, row, low] = [down[j], down[j + 1], down[j + 2]];
    if (row < 0) {
      continue;
    }
    const inner = up === row && low === row;
    if (inner && alike === row) {
      out.copyWithin(j * width, (j - 1) * width, j * width);
      continue;
    }
    alike = inner ? row : -1;
    const at = row * columns;
    const above = up < 0 ? -1 : up * columns;
    const below = low < 0 ? -1 : low * columns;
    for (let i = 0; i < width; i++) {
      const column = across[i + 1];
      if (column < 0) {
        continue;
      }
      const own = classes[at + column];
      if (!fill[own] && !line[own]) {
        continue;
      }
      const [before, behind] = [across[i], across[i + 2]];
      // Of two classes side by side the higher one has the line, which is one pixel wide so.
      const edge =
        own > 0 &&
        ((before >= 0 && classes[at + before] < own) ||
          (behind >= 0 && classes[at + behind] < own) ||
          (above >= 0 && classes[above + column] < own) ||
          (below >= 0 && classes[below + column] < own));
      out[j * width + i] = edge ? line[own] : fill[own];
    }
  }
}

/** Gives the cell of each pixel of the screen and of one more on both sides, -1 beside the window. */
function cells(
  count: number,
  step: number,
  first: number,
  end: number,
  place: (at: number) => number
): Int32Array {
  const made = new Int32Array(count + 2);
  for (let i = 0; i < made.length; i++) {
    const pixel = Math.floor(place(i - 1) + 0.5);
    made[i] = pixel >= first && pixel < end ? Math.floor((pixel - first) / step) : -1;
  }
  return made;
}

/**
 * Gives cells a class where a disc moves along a path, by the kernel's rule: pixels whose centre is near
 * enough, and those that the points lie in. Of coarser cells it is the middle that counts.
 *
 * @param path - x and y in pixels of the picture.
 * @param size - Diameter in pixels.
 */
export function stamp(
  window: ClassWindow,
  path: readonly (readonly [number, number])[],
  size: number,
  value: number
): void {
  const { step, columns, rows, classes } = window;
  const [left, bottom] = window.box;
  const radius = size / 2;
  const middle = (step - 1) / 2;
  const set = (column: number, row: number) => {
    if (column >= 0 && row >= 0 && column < columns && row < rows) {
      classes[row * columns + column] = value;
    }
  };
  path.forEach(([x1, y1], i) => {
    const [x0, y0] = path[Math.max(0, i - 1)];
    const cell = (at: number, from: number) => (at - from - middle) / step;
    const firstColumn = Math.max(0, Math.ceil(cell(Math.min(x0, x1) - radius, left)));
    const lastColumn = Math.min(columns - 1, Math.floor(cell(Math.max(x0, x1) + radius, left)));
    const firstRow = Math.max(0, Math.ceil(cell(Math.min(y0, y1) - radius, bottom)));
    const lastRow = Math.min(rows - 1, Math.floor(cell(Math.max(y0, y1) + radius, bottom)));
    const [dx, dy] = [x1 - x0, y1 - y0];
    const length = dx * dx + dy * dy;
    for (let row = firstRow; row <= lastRow; row++) {
      const v = bottom + row * step + middle - y0;
      for (let column = firstColumn; column <= lastColumn; column++) {
        const u = left + column * step + middle - x0;
        const share = length ? Math.min(1, Math.max(0, (u * dx + v * dy) / length)) : 0;
        if ((u - share * dx) ** 2 + (v - share * dy) ** 2 <= radius * radius) {
          classes[row * columns + column] = value;
        }
      }
    }
    const [px, py] = [Math.floor(x1 + 0.5) - left, Math.floor(y1 + 0.5) - bottom];
    set(Math.floor(px / step), Math.floor(py / step));
  });
}
