/** Points in a polygon. Mirror of `kernel/astrodata_kernel/latent/polygons.py`, which decides. */

type Numbers = Float32Array | Float64Array;

export type Corner = readonly [number, number];

/**
 * Counts the points in a polygon, concave or crossing itself (what an odd number of its turns goes around).
 *
 * @param skip - Tells which points are left out.
 */
export function countInside(
  x: Numbers,
  y: Numbers,
  polygon: readonly Corner[],
  skip?: (point: number) => boolean
): number {
  const slabs = slabsOf(polygon);
  if (!slabs) {
    return 0;
  }
  const { left, right, bottom, top, starts, edges } = slabs;
  const last = starts.length - 2;
  const scale = (last + 1) / (top - bottom);
  let found = 0;
  for (let i = 0; i < x.length; i++) {
    const [px, py] = [x[i], y[i]];
    if (!(px >= left && px <= right && py >= bottom && py <= top)) {
      continue; // NaN among them
    }
    const slab = Math.min(last, Math.floor((py - bottom) * scale));
    let odd = false;
    for (let at = 4 * starts[slab]; at < 4 * starts[slab + 1]; at += 4) {
      const above = edges[at] > py;
      if (above !== edges[at + 1] > py && px < (py - edges[at]) * edges[at + 3] + edges[at + 2]) {
        odd = !odd;
      }
    }
    if (odd && !skip?.(i)) {
      found++;
    }
  }
  return found;
}

interface Slabs {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
  readonly starts: Int32Array;
  /** Of each edge its y from and to, its x from, and its slope in x. */
  readonly edges: Float64Array;
}

/** A point is held against the edges at its height only: these lie in slabs. */
function slabsOf(polygon: readonly Corner[]): Slabs | null {
  const [left, right] = ends(polygon, 0);
  const [bottom, top] = ends(polygon, 1);
  if (!(right > left && top > bottom)) {
    return null; // a line holds nothing
  }
  const count = Math.min(4096, 4 * polygon.length);
  const height = (top - bottom) / count;
  const into: number[][] = Array.from({ length: count }, () => []);
  polygon.forEach(([ax, ay], i) => {
    const [bx, by] = polygon[(i + 1) % polygon.length];
    if (ay === by) {
      return;
    }
    const at = (value: number, more: number) =>
      Math.min(count - 1, Math.max(0, Math.floor((value - bottom) / height) + more));
    for (let slab = at(Math.min(ay, by), -1); slab <= at(Math.max(ay, by), 1); slab++) {
      into[slab].push(ay, by, ax, (bx - ax) / (by - ay));
    }
  });
  const starts = new Int32Array(count + 1);
  into.forEach((edges, slab) => (starts[slab + 1] = starts[slab] + edges.length / 4));
  return { left, right, bottom, top, starts, edges: Float64Array.from(into.flat()) };
}

function ends(polygon: readonly Corner[], side: 0 | 1): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const corner of polygon) {
    low = Math.min(low, corner[side]);
    high = Math.max(high, corner[side]);
  }
  return [low, high];
}
