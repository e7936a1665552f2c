import { describe, expect, it } from 'vitest';
import {
  brightness,
  equalised,
  FORMULAS,
  STRETCH_GLSL,
  STRETCHES,
  stretched,
  type Shade
} from '../../../src/core/stretch';

const shade = (values: Partial<Shade> = {}): Shade => ({
  stretch: 'linear',
  contrast: 1,
  bias: 0.5,
  reverse: false,
  curve: null,
  ...values
});

describe('stretched', () => {
  it.each([
    // astropy.visualization: SqrtStretch(), LogStretch(a=1000), AsinhStretch(a=0.1)
    ['linear', 0.25, 0.25],
    ['sqrt', 0.25, 0.5],
    ['log', 0.1, 0.668010468494],
    ['log', 0.5, 0.899815712044],
    ['asinh', 0.1, 0.293965326005],
    ['asinh', 0.5, 0.77126964192],
    ['square', 0.5, 0.25],
    ['sinh', 0.5, 0.21254801747]
  ] as const)('%s of %f is %f, as in astropy', (stretch, t, expected) => {
    expect(stretched(stretch, t)).toBeCloseTo(expected, 11);
  });

  it.each(FORMULAS)('%s climbs from 0 to 1 and clips beyond', stretch => {
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

describe('brightness', () => {
  it('is the stretched value where nothing was moved', () => {
    for (const stretch of FORMULAS) {
      expect(brightness(shade({ stretch }), 0.3)).toBeCloseTo(stretched(stretch, 0.3), 12);
    }
  });

  it('turns about the bias by the contrast, clips, and runs the other way on demand', () => {
    expect(brightness(shade({ contrast: 2 }), 0.6)).toBeCloseTo(0.7, 12);
    expect(brightness(shade({ bias: 0.7 }), 0.6)).toBeCloseTo(0.4, 12);
    expect(brightness(shade({ contrast: 10 }), 0.9)).toBe(1);
    expect(brightness(shade({ contrast: 2, reverse: true }), 0.6)).toBeCloseTo(0.3, 12);
  });

  it('follows the curve of a histogram, and is linear until it is there', () => {
    const curve = equalised([1, 0, 0, 3]);
    expect(Array.from(curve)).toEqual([0, 0.25, 0.25, 0.25, 1]);
    const at = (t: number) => brightness(shade({ stretch: 'histogram', curve }), t);
    expect([-1, 0, 0.125, 0.5, 0.875, 1, 2].map(at)).toEqual([0, 0, 0.125, 0.25, 0.625, 1, 1]);
    expect(brightness(shade({ stretch: 'histogram' }), 0.3)).toBe(0.3);
    expect(Array.from(equalised([0, 0]))).toEqual([0, 0.5, 1]);
  });
});
