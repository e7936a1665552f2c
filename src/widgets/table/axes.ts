/** Axes of the plot: logarithmic, the other way round, or folded at a period; where values lie, and numbers. */
import type { AxisWish, Span } from '../../core/table';
import { tickText, ticks } from '../common/scale';
import type { Values } from '../latent/cloud';

/** How an axis is numbered; its places are those of the picture. */
export interface Numbering {
  ticks(range: Span, count: number): number[];
  text(place: number, all: readonly number[]): string;
}

/** Gives where a value lies along an axis: NaN where it has no place. */
export function placeOf(value: number, { log, flip, fold }: AxisWish): number {
  let place = fold ? phase(value, fold) : value;
  if (log) {
    place = place > 0 ? Math.log10(place) : NaN;
  }
  return flip ? -place : place;
}

/** Gives the value at a place; of a folded axis the phase. */
export function valueOf(place: number, { log, flip }: AxisWish): number {
  const value = flip ? -place : place;
  return log ? 10 ** value : value;
}

/** Gives the phase of a time, in [-0.5, 0.5). */
export function phase(time: number, [period, epoch]: readonly [number, number]): number {
  const turns = (time - epoch) / period;
  return turns - Math.floor(turns + 0.5);
}

/** Gives where a column's values lie along an axis. */
export function placesOf(values: Values, wish: AxisWish): Values {
  if (!wish.log && !wish.flip && !wish.fold) {
    return values;
  }
  const found = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    found[i] = placeOf(values[i], wish);
  }
  return found;
}

/** Gives the lowest and the highest finite number of some rows, or null. */
export function extentOf(values: Values, shown: (row: number) => boolean): Span | null {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isFinite(value) && shown(i)) {
      low = value < low ? value : low;
      high = value > high ? value : high;
    }
  }
  return low <= high ? [low, high] : null;
}

/** Gives the range of nearly all numbers of some rows: a few outliers would press a light curve flat. */
export function centralOf(values: Values, shown: (row: number) => boolean): Span | null {
  const found = Float64Array.from(values)
    .filter((value, i) => Number.isFinite(value) && shown(i))
    .sort();
  if (!found.length) {
    return null;
  }
  const at = (share: number) => found[Math.round(share * (found.length - 1))];
  const [low, high] = [at(0.002), at(0.998)];
  const room = 0.6 * (high - low);
  return [Math.max(found[0], low - room), Math.min(found[found.length - 1], high + room)];
}

/** Gives how an axis is numbered. */
export function numberingOf(wish: Pick<AxisWish, 'log' | 'flip'>): Numbering | null {
  if (!wish.log && !wish.flip) {
    return null;
  }
  const sign = wish.flip ? -1 : 1;
  const values = ([low, high]: Span): Span => (wish.flip ? [-high, -low] : [low, high]);
  if (!wish.log) {
    return {
      ticks: (range, count) => ticks(values(range), count).map(value => sign * value),
      text: (place, all) =>
        tickText(
          sign * place + 0,
          all.map(each => sign * each).sort((a, b) => a - b)
        )
    };
  }
  return {
    ticks: (range, count) => logTicks(values(range), count).map(place => sign * place),
    text: place => logText(sign * place)
  };
}

/** Gives the logarithms of round numbers: powers of ten, and 2 and 5 between them where there is room. */
function logTicks([low, high]: Span, count: number): number[] {
  const decades = high - low;
  if (decades < 0.8) {
    // Within a decade the numbers are even.
    return ticks([10 ** low, 10 ** high], count)
      .filter(value => value > 0)
      .map(Math.log10);
  }
  const parts = count > 3 * decades ? [1, 2, 5] : [1];
  const step = Math.max(1, Math.ceil(decades / Math.max(1, count)));
  const found: number[] = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power++) {
    if (((power % step) + step) % step === 0) {
      found.push(...parts.map(part => power + Math.log10(part)));
    }
  }
  return found.filter(place => place >= low && place <= high).slice(0, 40);
}

function logText(place: number): string {
  const value = Number((10 ** place).toPrecision(4));
  return value >= 1e5 || value < 1e-3
    ? value.toExponential().replace('e+', 'e').replace('-', '−')
    : String(value);
}
