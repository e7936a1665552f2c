/** Ranges of samples and of values: kept inside, zoomed, moved, and written. */
import type { Range, TracesMeta } from '../../core/waveforms';
import { shortNumber } from '../common/scale';

/** Gives whole samples inside a trace, at least `least` of them; null when that is all of it. */
export function samplesOf(low: number, high: number, samples: number, least = 8): Range | null {
  least = Math.min(least, samples);
  let first = Math.round(low);
  let last = Math.round(high);
  if (last - first < least) {
    first = Math.round((low + high - least) / 2);
    last = first + least;
  }
  if (last - first >= samples) {
    return null;
  }
  if (first < 0) {
    [first, last] = [0, last - first];
  }
  if (last > samples) {
    [first, last] = [samples - (last - first), samples];
  }
  return first <= 0 && last >= samples ? null : [first, last];
}

/** Gives a range that is `factor` times as wide, with `about` where it was. */
export function scaled([low, high]: Range, about: number, factor: number): Range {
  return [about - (about - low) * factor, about + (high - about) * factor];
}

/** Gives a range moved by a share of its width. */
export function moved([low, high]: Range, share: number): Range {
  const by = share * (high - low);
  return [low + by, high + by];
}

/** Gives a range with a little room on both sides; one of no width gets some. */
export function roomy(low: number, high: number, room = 0.04): Range {
  if (!(Number.isFinite(low) && Number.isFinite(high))) {
    return [0, 1];
  }
  const width = high - low || Math.abs(high) * 0.1 || 1;
  return [low - room * width, high + room * width];
}

/** Gives seconds with a prefix that suits them, such as `3.2 µs`. */
export function secondsText(seconds: number): string {
  const size = Math.abs(seconds);
  const [factor, unit] =
    size === 0 || size >= 1
      ? [1, 's']
      : size >= 1e-3
        ? [1e3, 'ms']
        : size >= 1e-6
          ? [1e6, 'µs']
          : [1e9, 'ns'];
  return `${shortNumber(seconds * factor, 8)} ${unit}`;
}

/** Gives the unit in which a stretch of seconds is best counted, and how many of it make one second. */
export function timeUnit(seconds: number): readonly [unit: string, factor: number] {
  return seconds >= 1
    ? ['s', 1]
    : seconds >= 1e-3
      ? ['ms', 1e3]
      : seconds >= 1e-6
        ? ['µs', 1e6]
        : ['ns', 1e9];
}

/** Gives a count with separated thousands. */
export function count(number: number): string {
  return number.toLocaleString('en');
}

/** Gives what the axis of values is called. */
export function unitLabel(facts: TracesMeta | null): string {
  return facts?.unit ? `value, ${facts.unit}` : 'value';
}
