/** Dates as the x of a plot: milliseconds, with ticks at the beginnings of days, months or years. */

const DAY = 86_400_000;
/** Of ticks: days, or months. */
const STEPS: readonly { readonly days?: number; readonly months?: number }[] = [
  ...[1, 2, 5, 10].map(days => ({ days })),
  ...[1, 2, 3, 6, 12, 24, 60, 120].map(months => ({ months }))
];

/** Gives the moment of a date that Python told, which is UTC. */
export function momentOf(iso: string): number {
  return Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(iso) ? iso : `${iso}Z`);
}

/** Gives a date as people write it. */
export function dayText(moment: number): string {
  return Number.isFinite(moment) ? new Date(moment).toISOString().slice(0, 10) : 'no date';
}

/** Gives at most `count` moments between two, as far apart as days, months or years are. */
export function dateTicks(low: number, high: number, count: number): number[] {
  for (const { days, months } of STEPS) {
    const apart = (days ?? months! * 30.4) * DAY;
    if ((high - low) / apart <= Math.max(1, count)) {
      return days ? evenDays(low, high, days) : evenMonths(low, high, months!);
    }
  }
  return [];
}

function evenDays(low: number, high: number, days: number): number[] {
  const found: number[] = [];
  for (let at = Math.ceil(low / (days * DAY)) * days * DAY; at <= high; at += days * DAY) {
    found.push(at);
  }
  return found;
}

function evenMonths(low: number, high: number, months: number): number[] {
  const found: number[] = [];
  const begin = new Date(low);
  const first = begin.getUTCFullYear() * 12 + begin.getUTCMonth();
  for (let month = Math.ceil(first / months) * months; ; month += months) {
    const at = Date.UTC(Math.floor(month / 12), month % 12, 1);
    if (at > high) {
      return found;
    }
    if (at >= low) {
      found.push(at);
    }
  }
}

/** Gives the ticks' texts: years, months or days, as far as they differ. */
export function tickTexts(moments: readonly number[]): string[] {
  const days = moments.map(dayText);
  if (moments.length && days.every(day => day.endsWith('-01-01'))) {
    return days.map(day => day.slice(0, 4));
  }
  return moments.length && days.every(day => day.endsWith('-01'))
    ? days.map(day => day.slice(0, 7))
    : days;
}
