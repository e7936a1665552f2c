/** Brightness as a function of value, as in `astropy.visualization` with its usual constants. */
import type { Formula, Stretch } from './protocol';

/** In the order of the shader's `kind`. */
export const FORMULAS: readonly Formula[] = ['linear', 'sqrt', 'square', 'log', 'asinh', 'sinh'];
export const STRETCHES: readonly Stretch[] = [...FORMULAS, 'histogram'];

const LOG_A = 1000;
const ASINH_A = 0.1;
const SINH_A = 1 / 3;

/** How values become brightness; what a person drags on the picture is `contrast` and `bias`. */
export interface Shade {
  readonly stretch: Stretch;
  /** Slope of the brightness about its middle; 1 changes nothing. */
  readonly contrast: number;
  /** The stretched brightness, 0 to 1, that is shown as the middle one; 0.5 changes nothing. */
  readonly bias: number;
  /** Whether the colours run the other way. */
  readonly reverse: boolean;
  /** Of `histogram`: brightness at evenly spaced places between the limits; null while it is on its way. */
  readonly curve: Float32Array | null;
}

/** Gives the place in the colour table, 0 to 1, of a value's place between the limits. */
export function brightness(shade: Shade, t: number): number {
  const { stretch, contrast, bias, reverse, curve } = shade;
  const plain = stretch === 'histogram' ? along(curve, t) : stretched(stretch, t);
  const moved = Math.min(1, Math.max(0, (plain - bias) * contrast + 0.5));
  return reverse ? 1 - moved : moved;
}

/**
 * Gives the brightness, 0 to 1, of a value by a stretch that is a formula.
 *
 * @param t - The value's place between the limits, 0 at the low and 1 at the high one; clipped.
 */
export function stretched(stretch: Formula, t: number): number {
  const x = Math.min(1, Math.max(0, t));
  switch (stretch) {
    case 'linear':
      return x;
    case 'sqrt':
      return Math.sqrt(x);
    case 'square':
      return x * x;
    case 'log':
      return Math.log(LOG_A * x + 1) / Math.log(LOG_A + 1);
    case 'asinh':
      return Math.asinh(x / ASINH_A) / Math.asinh(1 / ASINH_A);
    case 'sinh':
      return Math.sinh(x / SINH_A) / Math.sinh(1 / SINH_A);
  }
}

/** Gives the value of a curve at a place, 0 to 1, by straight lines between its points. */
function along(curve: Float32Array | null, t: number): number {
  const x = Math.min(1, Math.max(0, t));
  if (!curve || curve.length < 2) {
    return x;
  }
  const at = x * (curve.length - 1);
  const i = Math.min(curve.length - 2, Math.floor(at));
  return curve[i] + (curve[i + 1] - curve[i]) * (at - i);
}

/** Gives the curve that makes every brightness as frequent: the share of pixels up to each edge of bins. */
export function equalised(counts: ArrayLike<number>): Float32Array {
  const curve = new Float32Array(counts.length + 1);
  let total = 0;
  for (let i = 0; i < counts.length; i++) {
    total += counts[i];
    curve[i + 1] = total;
  }
  return total > 0 ? curve.map(sum => sum / total) : curve.map((_, i) => i / counts.length);
}

/**
 * The same in the shader: `float stretched(int kind, float t)`, `kind` an index of {@link STRETCHES} but for
 * its last, whose curve is `uniform sampler2D curve`.
 */
export const STRETCH_GLSL = `
float along(float x) {
  int last = textureSize(curve, 0).x - 1;
  float at = x * float(last);
  int i = min(last - 1, int(floor(at)));
  float low = texelFetch(curve, ivec2(i, 0), 0).r;
  float high = texelFetch(curve, ivec2(i + 1, 0), 0).r;
  return mix(low, high, at - float(i));
}
float stretched(int kind, float t) {
  float x = clamp(t, 0.0, 1.0);
  if (kind == 1) return sqrt(x);
  if (kind == 2) return x * x;
  if (kind == 3) return log(${LOG_A.toFixed(1)} * x + 1.0) / ${Math.log(LOG_A + 1)};
  if (kind == 4) return asinh(x / ${ASINH_A}) / ${Math.asinh(1 / ASINH_A)};
  if (kind == 5) return sinh(x / ${SINH_A}) / ${Math.sinh(1 / SINH_A)};
  if (kind == 6) return along(x);
  return x;
}`;
