/** What is said of each event: what the log has, and what is on its way there. */
import type { Mark, Next } from '../../core/label';
import type { Saved } from './strip';
import { nameOf } from './trail';

export const NOTHING: Omit<Mark, 'row'> = {
  label: [],
  note: '',
  confidence: null,
  skipped: false,
  regions: []
};

export class Marks {
  readonly #inLog = new Map<string, Mark>();
  readonly #wished = new Map<string, Mark>();
  readonly #open = new Map<string, number>();
  readonly #saved = new Map<string, Saved>();

  /** Gives what is shown: what was pressed last, whether or not the log has it yet. */
  of(next: Next): Mark {
    const name = nameOf(next);
    return this.#wished.get(name) ?? this.#inLog.get(name) ?? { ...NOTHING, row: next.row };
  }

  saved(next: Next): Saved | null {
    const name = nameOf(next);
    return this.#open.get(name) ? 'pending' : (this.#saved.get(name) ?? null);
  }

  /** Takes what the kernel says of an event that was fetched, unless more is known already. */
  found(next: Next, mark: Mark): void {
    const name = nameOf(next);
    if (!this.#inLog.has(name)) {
      this.#inLog.set(name, mark);
    }
  }

  /** A step is on its way. */
  wish(next: Next, mark: Mark): void {
    const name = nameOf(next);
    this.#wished.set(name, mark);
    this.#open.set(name, (this.#open.get(name) ?? 0) + 1);
  }

  /** The log has the step. */
  done(next: Next, mark: Mark | null): void {
    const name = nameOf(next);
    if (mark) {
      this.#inLog.set(name, mark);
    }
    this.#end(name);
    this.#saved.set(name, 'done');
  }

  /** The log has it not: the event is again what it was. */
  failed(next: Next): void {
    const name = nameOf(next);
    this.#end(name);
    this.#saved.set(name, 'failed');
  }

  /** A step back or forth changed an event. */
  changed(mark: Mark): void {
    for (const name of [...this.#inLog.keys()].filter(key => key.startsWith(`${mark.row}/`))) {
      this.#inLog.set(name, mark);
      this.#saved.delete(name);
    }
    this.#inLog.set(nameOf({ row: mark.row, turn: 0 }), mark);
  }

  #end(name: string): void {
    const open = (this.#open.get(name) ?? 1) - 1;
    if (open > 0) {
      this.#open.set(name, open);
    } else {
      this.#open.delete(name);
      this.#wished.delete(name);
    }
  }
}
