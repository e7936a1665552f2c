/** Numbers as they stand on axes and in the read-out. */

/** Gives a number in few digits, with a power of ten where it is very large or small. */
export function short(value: number, digits = 4): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e6)) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
    return `${Number(mantissa)}×10${superscript(Number(exponent))}`;
  }
  return String(Number(value.toPrecision(digits)));
}

/** Gives `10ⁿ`. */
export function power(exponent: number): string {
  return `10${superscript(exponent)}`;
}

function superscript(exponent: number): string {
  return [...String(exponent)].map(sign => '⁰¹²³⁴⁵⁶⁷⁸⁹⁻'['0123456789-'.indexOf(sign)]).join('');
}

/** Gives a time with as many decimals as a step of it deserves. */
export function seconds(value: number, step = 1e-4): string {
  const decimals = Math.min(6, Math.max(0, Math.ceil(-Math.log10(step))));
  return value.toFixed(decimals);
}

/** Gives a list of positive numbers that a person typed, or null for anything else. */
export function parseList(text: string): number[] | null {
  const words = text.split(/[\s,;]+/).filter(word => word !== '');
  const numbers = words.map(Number);
  return numbers.every(n => Number.isFinite(n) && n > 0) ? numbers : null;
}

/**
 * Gives where decades lie between two exponents of ten, or evenly spaced values where fewer than two do.
 */
export function decades(low: number, high: number, most = 6): number[] {
  const [first, last] = [Math.ceil(low - 1e-9), Math.floor(high + 1e-9)];
  if (last - first >= 1) {
    const step = Math.max(1, Math.ceil((last - first) / most));
    const out: number[] = [];
    for (let n = Math.ceil(first / step) * step; n <= last; n += step) {
      out.push(n);
    }
    return out;
  }
  const step = Math.max(0.1, Math.ceil((10 * (high - low)) / 4) / 10);
  const out: number[] = [];
  for (let n = Math.ceil(low / step); n * step <= high; n++) {
    out.push(n * step);
  }
  return out;
}
