/** The spectrum under the pointer: one request at a time, and the newest place next. */
import type { CubeRequests, SpectrumMeta } from '../../../core/cubes';
import type { Point } from '../../../core/geometry';
import { isAbort, type Requester } from '../../../core/request';
import { decode } from '../../../core/wire';

export interface LiveSpectrum {
  readonly x: number;
  readonly y: number;
  readonly values: ArrayLike<number>;
  readonly meta: SpectrumMeta;
}

/** At most some thirty a second. */
const PAUSE = 33;
/** One that takes longer is given up for a newer one. */
const PATIENCE = 1500;

export class Live {
  readonly #got: (spectrum: LiveSpectrum | null) => void;
  readonly #failed: (error: unknown) => void;
  #requester: Requester<CubeRequests> | null = null;
  #where: { hdu: number; plane: number; view: string } | null = null;
  #wanted: Point | null = null;
  #known: Point | null = null;
  #asked: { at: Point; since: number; controller: AbortController } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(got: (spectrum: LiveSpectrum | null) => void, failed: (error: unknown) => void) {
    this.#got = got;
    this.#failed = failed;
  }

  connect(requester: Requester<CubeRequests>): void {
    this.#requester = requester;
  }

  /** Reads of a cube, by one of its planes; null of none. */
  setWhere(where: { hdu: number; plane: number; view: string } | null): void {
    this.#forget();
    this.#where = where;
  }

  /** @param at - A pixel, null once the pointer left: the last spectrum stays. */
  look(at: Point | null): void {
    if (at?.x === this.#wanted?.x && at?.y === this.#wanted?.y) {
      return;
    }
    this.#wanted = at;
    this.#soon();
  }

  dispose(): void {
    this.#forget();
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asked?.controller.abort();
    this.#asked = null;
    this.#known = null;
    this.#wanted = null;
    this.#got(null);
  }

  #soon(): void {
    const asked = this.#asked;
    if (!this.#wanted || this.#timer !== undefined) {
      return;
    }
    if (asked && performance.now() - asked.since < PATIENCE) {
      return; // its answer asks for the newest place
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      asked?.controller.abort();
      void this.#ask();
    }, PAUSE);
  }

  async #ask(): Promise<void> {
    const [at, where] = [this.#wanted, this.#where];
    if (!at || !where || !this.#requester) {
      return;
    }
    const controller = new AbortController();
    this.#asked = { at, since: performance.now(), controller };
    try {
      const { meta, buffers } = await this.#requester.request(
        'spectrum',
        { x: at.x, y: at.y, ...where },
        controller.signal
      );
      if (this.#asked?.controller === controller && meta.ready) {
        this.#known = at;
        this.#got({ ...at, values: decode(meta, buffers[0]).data, meta });
      }
    } catch (error) {
      if (!isAbort(error) && this.#asked?.controller === controller) {
        this.#known = at;
        this.#failed(error);
      }
    }
    if (this.#asked?.controller === controller) {
      this.#asked = null;
      if (
        this.#wanted &&
        (this.#wanted.x !== this.#known?.x || this.#wanted.y !== this.#known?.y)
      ) {
        this.#soon();
      }
    }
  }
}
