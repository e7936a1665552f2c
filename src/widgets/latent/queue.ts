/** Requests that wait for each other: none of them is overtaken, and old wishes make room for newer ones. */
import { isAbort } from '../../core/request';

interface Wish {
  /** Of two waiting neighbours of one key the newer one stays. */
  readonly key: string;
  run(): Promise<void>;
}

/** Runs one wish at a time, in order. */
export class Queue {
  readonly #waiting: Wish[] = [];
  readonly #failed: (error: unknown) => void;
  readonly #changed: () => void;
  #running = false;

  /** @param changed - Work began or ended. */
  constructor(failed: (error: unknown) => void, changed: () => void) {
    this.#failed = failed;
    this.#changed = changed;
  }

  get busy(): boolean {
    return this.#running;
  }

  /** @param key - A waiting wish of the same key that would be next before this one is dropped. */
  push(key: string, run: () => Promise<void>): void {
    if (key && this.#waiting.at(-1)?.key === key) {
      this.#waiting.pop();
    }
    this.#waiting.push({ key, run });
    if (!this.#running) {
      void this.#work();
    }
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  async #work(): Promise<void> {
    this.#running = true;
    this.#changed();
    for (let wish = this.#waiting.shift(); wish; wish = this.#waiting.shift()) {
      try {
        await wish.run();
      } catch (error) {
        if (!isAbort(error)) {
          this.#failed(error);
        }
      }
    }
    this.#running = false;
    this.#changed();
  }
}
