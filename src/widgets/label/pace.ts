/** How fast one labels. */

/** Longer pauses are breaks, which are not counted. */
const BREAK = 60_000;
const COUNTED = 20;

export class Pace {
  readonly #at: number[] = [];

  /** Notes a label. @param now - Milliseconds. */
  note(now: number): void {
    this.#at.push(now);
    if (this.#at.length > COUNTED + 1) {
      this.#at.shift();
    }
  }

  /** Labels a minute over the last few, without breaks; null before there are three. */
  get perMinute(): number | null {
    const gaps = this.#at.slice(1).map((time, i) => time - this.#at[i]);
    const worked = gaps.filter(gap => gap < BREAK);
    const spent = worked.reduce((sum, gap) => sum + gap, 0);
    return worked.length < 2 || spent <= 0 ? null : (60_000 * worked.length) / spent;
  }
}

/** Gives a stretch of time as a person says it. */
export function inWords(minutes: number): string {
  if (minutes < 1) {
    return 'less than a minute';
  }
  const whole = Math.round(minutes);
  return whole < 90 ? `${whole} min` : `${(whole / 60).toFixed(whole < 600 ? 1 : 0)} h`;
}
