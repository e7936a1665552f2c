/** Filters as people write them, `0.01 < peak < 0.5 and pulses = 1`, and as the kernel takes them. */
import type { Filter, Limits } from '../../core/waveforms';

const NUMBER = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?`;
const NAME = String.raw`[^<>=,&\s][^<>=,&]*?`;
const BETWEEN = new RegExp(`^(${NUMBER})\\s*(<=?|>=?)\\s*(${NAME})\\s*(<=?|>=?)\\s*(${NUMBER})$`);
const ONE = new RegExp(`^(${NAME})\\s*(<=?|>=?|==?)\\s*(${NUMBER})$`);
const TURNED = new RegExp(`^(${NUMBER})\\s*(<=?|>=?|==?)\\s*(${NAME})$`);
const MIRROR: Record<string, string> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/**
 * Gives the filter that a text means; an empty text is none.
 *
 * @throws Error - a text that is no filter, or that nothing can pass.
 */
export function parseFilter(text: string): Filter {
  const filter: Record<string, Limits> = {};
  const terms = text
    .split(/\s*(?:\band\b|&&?|,|;)\s*/i)
    .map(term => term.trim())
    .filter(term => term);
  for (const term of terms) {
    const [column, limits] = termOf(term);
    const before = Object.hasOwn(filter, column) ? filter[column] : [null, null];
    const both = intersected(before as Limits, limits);
    if (both[0] !== null && both[1] !== null && both[0] > both[1]) {
      throw new Error(
        `No ${column} passes “${text.trim()}”: the lower limit is above the upper one.`
      );
    }
    filter[column] = both;
  }
  return filter;
}

/** Gives a filter as text that {@link parseFilter} reads. */
export function filterText(filter: Filter): string {
  return Object.entries(filter)
    .map(([column, limits]) => limitsText(column, limits))
    .filter(text => text)
    .join(' and ');
}

/** Gives one column's limits as text, such as `0.01 ≤ peak`; written with what a keyboard has. */
export function limitsText(column: string, [low, high]: Limits): string {
  if (low !== null && low === high) {
    return `${column} = ${low}`;
  }
  const below = low === null ? null : bound(low, 1);
  const above = high === null ? null : bound(high, -1);
  if (below && above) {
    return `${below.text} ${below.open ? '<' : '<='} ${column} ${above.open ? '<' : '<='} ${above.text}`;
  }
  if (below) {
    return `${column} ${below.open ? '>' : '>='} ${below.text}`;
  }
  return above ? `${column} ${above.open ? '<' : '<='} ${above.text}` : '';
}

/** Gives a filter with another pair of limits for a column; null takes the column out. */
export function withLimits(filter: Filter, column: string, limits: Limits | null): Filter {
  const rest = Object.entries(filter).filter(([name]) => name !== column);
  return Object.fromEntries(limits ? [...rest, [column, limits]] : rest);
}

/** Gives the next number after a finite one in a direction, as computers count. */
export function nextAfter(value: number, direction: 1 | -1): number {
  if (value === 0) {
    return direction * Number.MIN_VALUE;
  }
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const up = value > 0 === direction > 0;
  view.setBigInt64(0, view.getBigInt64(0) + (up ? 1n : -1n));
  return view.getFloat64(0);
}

function termOf(term: string): [column: string, limits: Limits] {
  const between = BETWEEN.exec(term);
  if (between) {
    const [, first, left, column, right, second] = between;
    if (left[0] === right[0]) {
      const one = side(MIRROR[left], Number(first));
      return [column, intersected(one, side(right, Number(second)))];
    }
  }
  const one = ONE.exec(term);
  if (one) {
    return [one[1], side(one[2], Number(one[3]))];
  }
  const turned = TURNED.exec(term);
  if (turned) {
    return [turned[3], side(MIRROR[turned[2]] ?? '=', Number(turned[1]))];
  }
  throw new Error(
    `“${term}” is no filter: write conditions such as 0.01 < peak < 0.5 and pulses = 1.`
  );
}

// Limits on the wire belong to what passes, so that "<" means "up to the number before".
function side(sign: string, value: number): Limits {
  switch (sign) {
    case '<':
      return [null, nextAfter(value, -1)];
    case '<=':
      return [null, value];
    case '>':
      return [nextAfter(value, 1), null];
    case '>=':
      return [value, null];
    default:
      return [value, value];
  }
}

function intersected([a, b]: Limits, [c, d]: Limits): Limits {
  const low = a === null ? c : c === null ? a : Math.max(a, c);
  const high = b === null ? d : d === null ? b : Math.min(b, d);
  return [low, high];
}

function bound(value: number, direction: 1 | -1): { text: string; open: boolean } {
  const round = value === direction * Number.MIN_VALUE ? 0 : Number(value.toPrecision(15));
  const open = round !== value && nextAfter(round, direction) === value;
  return { text: String(open ? round : value), open };
}
