import { describe, expect, it } from 'vitest';
import { STRETCH_GLSL, STRETCHES, stretched } from '../../../src/core/stretch';

describe('stretched', () => {
  it.each([
    // astropy.visualization: SqrtStretch(), LogStretch(a=1000), AsinhStretch(a=0.1)
    ['linear', 0.25, 0.25],
    ['sqrt', 0.25, 0.5],
    ['log', 0.1, 0.668010468494],
    ['log', 0.5, 0.899815712044],
    ['asinh', 0.1, 0.293965326005],
    ['asinh', 0.5, 0.77126964192]
  ] as const)('%s of %f is %f, as in astropy', (stretch, t, expected) => {
    expect(stretched(stretch, t)).toBeCloseTo(expected, 11);
  });

  it.each(STRETCHES)('%s climbs from 0 to 1 and clips beyond', stretch => {
    expect([-1, -Infinity, 0].map(t => stretched(stretch, t))).toEqual([0, 0, 0]);
    expect([1, 2, Infinity].map(t => stretched(stretch, t))).toEqual([1, 1, 1]);
    for (let i = 1; i <= 100; i++) {
      expect(stretched(stretch, i / 100)).toBeGreaterThan(stretched(stretch, (i - 1) / 100));
    }
  });

  it('has a case for each stretch in the shader, with numbers that are floats there', () => {
    STRETCHES.slice(1).forEach((_, i) => expect(STRETCH_GLSL).toContain(`kind == ${i + 1}`));
    expect(STRETCH_GLSL).not.toMatch(/[/*] \d+[ ;]/);
  });
});
