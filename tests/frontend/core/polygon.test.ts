import { describe, expect, it } from 'vitest';
import { countInside, type Corner } from '../../../src/core/polygon';

/** The rule itself, edge by edge. */
function slowly(x: Float64Array, y: Float64Array, polygon: readonly Corner[]): number {
  let found = 0;
  for (let i = 0; i < x.length; i++) {
    let odd = false;
    polygon.forEach(([ax, ay], k) => {
      const [bx, by] = polygon[(k + 1) % polygon.length];
      if (ay > y[i] !== by > y[i] && x[i] < ((bx - ax) * (y[i] - ay)) / (by - ay) + ax) {
        odd = !odd;
      }
    });
    found += Number(odd);
  }
  return found;
}

function cloud(count: number): [Float64Array, Float64Array] {
  // A plain generator of pseudo-random numbers, so that each run sees the same points.
  let state = 1;
  const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const [x, y] = [new Float64Array(count), new Float64Array(count)];
  for (let i = 0; i < count; i++) {
    [x[i], y[i]] = [4 * next() - 2, 4 * next() - 2];
  }
  return [x, y];
}

const star = (corners: number, wiggles: number): Corner[] =>
  Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners;
    const radius = 1 + 0.7 * Math.sin(wiggles * angle);
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });

describe('Points in a polygon', () => {
  const [x, y] = cloud(5000);

  it.each([
    ['a triangle', star(3, 0)],
    ['a star', star(300, 7)],
    ['one that crosses itself', star(11, 3).map((_, i, all) => all[(4 * i) % 11])]
  ])('are counted as the rule says, in %s', (_, polygon) => {
    expect(countInside(x, y, polygon)).toBe(slowly(x, y, polygon));
    expect(countInside(x, y, polygon)).toBeGreaterThan(100);
  });

  it('leaves out NaN and what is skipped, and finds nothing in a line', () => {
    const square: Corner[] = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1]
    ];
    const points = [
      Float32Array.of(0.5, NaN, 0.5, 3),
      Float32Array.of(0.5, 0.5, NaN, 0.5)
    ] as const;
    expect(countInside(...points, square)).toBe(1);
    expect(countInside(...points, square, point => point === 0)).toBe(0);
    expect(countInside(x, y, [square[0], square[2], square[0]])).toBeLessThan(2);
    expect(countInside(x, y, [square[0], square[1]])).toBe(0);
  });
});
