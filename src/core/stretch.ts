/** Brightness as a function of value, as in `astropy.visualization` with its usual constants. */
import type { Stretch } from './protocol';

export const STRETCHES: readonly Stretch[] = ['linear', 'sqrt', 'log', 'asinh'];

const LOG_A = 1000;
const ASINH_A = 0.1;

/**
 * Gives the brightness, 0 to 1, of a value.
 *
 * @param t - The value's place between the limits, 0 at the low and 1 at the high one; clipped.
 */
export function stretched(stretch: Stretch, t: number): number {
  const x = Math.min(1, Math.max(0, t));
  switch (stretch) {
    case 'linear':
      return x;
    case 'sqrt':
      return Math.sqrt(x);
    case 'log':
      return Math.log(LOG_A * x + 1) / Math.log(LOG_A + 1);
    case 'asinh':
      return Math.asinh(x / ASINH_A) / Math.asinh(1 / ASINH_A);
  }
}

/** The same in the shader: `float stretched(int kind, float t)`, `kind` an index of {@link STRETCHES}. */
export const STRETCH_GLSL = `
float stretched(int kind, float t) {
  float x = clamp(t, 0.0, 1.0);
  if (kind == 1) return sqrt(x);
  if (kind == 2) return log(${LOG_A.toFixed(1)} * x + 1.0) / ${Math.log(LOG_A + 1)};
  if (kind == 3) return asinh(x / ${ASINH_A}) / ${Math.asinh(1 / ASINH_A)};
  return x;
}`;
