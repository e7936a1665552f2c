/** Where one is: the events that were shown, and those that come next. */
import type { Next } from '../../core/label';

/** Shown events that can be gone back to. */
const KEPT = 500;
/** Of these the kernel is told, so that it does not offer them again before it knows their labels. */
const HELD = 200;

/** Names an event as it came up: a repetition is another one. */
export const nameOf = ({ row, turn }: Pick<Next, 'row' | 'turn'>): string => `${row}/${turn}`;

export class Trail {
  #shown: Next[] = [];
  #at = -1;
  #ahead: readonly Next[] = [];

  get now(): Next | null {
    return this.#shown[this.#at] ?? null;
  }

  /** The last few before the one on show, oldest first. */
  before(count: number): readonly Next[] {
    return this.#shown.slice(Math.max(0, this.#at - count), Math.max(0, this.#at));
  }

  /** The next few after it. */
  after(count: number): readonly Next[] {
    return [...this.#shown.slice(this.#at + 1), ...this.#ahead].slice(0, count);
  }

  /** Rows that the kernel must not offer as new ones: they are here. */
  get held(): readonly number[] {
    return this.#shown.slice(-HELD).map(({ row }) => row);
  }

  /** Takes what the kernel says comes next, less what came up here while it answered. */
  offer(ahead: readonly Next[]): void {
    const here = new Set(this.#shown.slice(-HELD).map(nameOf));
    this.#ahead = ahead.filter(next => !here.has(nameOf(next)));
  }

  /** Goes on; gives whether there was one to go to. */
  next(): boolean {
    if (this.#at + 1 < this.#shown.length) {
      this.#at += 1;
      return true;
    }
    const [next, ...rest] = this.#ahead;
    if (!next) {
      return false;
    }
    this.#ahead = rest;
    this.#append(next);
    return true;
  }

  back(): boolean {
    if (this.#at <= 0) {
      return false;
    }
    this.#at -= 1;
    return true;
  }

  /** Goes to an event: where it was in the trail, else as the newest that was shown. */
  to(next: Next): void {
    const place = this.#shown.map(({ row }) => row).lastIndexOf(next.row);
    if (place >= 0) {
      this.#at = place;
    } else {
      this.#ahead = this.#ahead.filter(({ row }) => row !== next.row);
      this.#append(next);
    }
  }

  /** Begins another pass. */
  again(): void {
    this.#shown = [];
    this.#at = -1;
    this.#ahead = [];
  }

  #append(next: Next): void {
    this.#shown.push(next);
    if (this.#shown.length > KEPT) {
      this.#shown.shift();
    }
    this.#at = this.#shown.length - 1;
  }
}
