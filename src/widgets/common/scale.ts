/** From values to shares of a picture, and numbers as people read them. */
type Interval = readonly [number, number];

/** Gives where a value lies, 0 at the lower end and 1 at the upper one. */
export function share(value: number, [low, high]: Interval): number {
  return (value - low) / (high - low);
}

/** Gives the value at a share. */
export function valueAt(part: number, [low, high]: Interval): number {
  return low + part * (high - low);
}

/** Gives about `count` round numbers within a range. */
export function ticks([low, high]: Interval, count: number): number[] {
  const step = roundStep((high - low) / Math.max(1, count));
  if (!(step > 0) || !Number.isFinite(step)) {
    return [];
  }
  const found: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high && found.length < 20; i++) {
    found.push(i * step + 0); // no negative zero
  }
  return found;
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const part = rough / power;
  return (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10) * power;
}

/** Gives a tick's number with as many digits as tell it from its neighbours. */
export function tickText(value: number, all: readonly number[]): string {
  const step = all.length > 1 ? all[1] - all[0] : Math.abs(value) || 1;
  const largest = Math.max(...all.map(Math.abs), step);
  if (largest >= 1e5 || largest < 1e-3) {
    return Math.abs(value) < step / 1e6 ? '0' : trimmed(value.toExponential(2));
  }
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const text = value.toFixed(Math.min(12, digits));
  return Number(text) === 0 ? '0' : text.replace('-', '−');
}

function trimmed(text: string): string {
  return text
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e')
    .replaceAll('-', '−');
}

/** Gives a number as a person would copy it: seven digits, no padding. */
export function shortNumber(value: number, digits = 7): string {
  return String(Number(value.toPrecision(digits)));
}

/** Gives a value as it is read. */
export function valueText(value: number, digits = 5): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  }
  const size = Math.abs(value);
  const text =
    size !== 0 && (size >= 1e6 || size < 1e-4)
      ? trimmed(value.toExponential(digits - 1))
      : String(Number(value.toPrecision(digits)));
  return text.replace('-', '−');
}

/** Gives a share in per cent. */
export function percent(part: number): string {
  const value = 100 * part;
  return value === 0 || value === 100
    ? `${value} %`
    : `${value.toFixed(value < 0.1 || value > 99.9 ? 3 : 2)} %`;
}

/** Gives a range whose ends are 1, 2 or 5 times a power of ten, for a logarithmic axis. */
export function logRange(low: number, high: number): Interval {
  const round = (value: number, up: boolean) => {
    const power = 10 ** Math.floor(Math.log10(value));
    const steps = [1, 2, 5, 10].map(step => step * power);
    const below = steps.filter(step => step <= value);
    return up ? steps.find(step => step >= value)! : below[below.length - 1];
  };
  return [round(low, false), round(high, true)];
}
