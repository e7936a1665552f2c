/** Thumbnails of dates, fetched as they come into sight and kept until they would look otherwise. */
import { isAbort } from '../../../../core/request';
import { decode } from '../../../../core/wire';
import { paintPicture } from '../../../common/pictures';
import type { SceneRequester } from '../traits';

/** Pixels of the longer side: enough for a dense screen. */
export const THUMBNAIL = 128;

interface Small {
  readonly canvas: HTMLCanvasElement;
  seen: boolean;
  stale: boolean;
  turn: AbortController | null;
}

export class Thumbnails {
  readonly #observer: IntersectionObserver | null;
  readonly #changed: () => void;
  readonly #failed: (date: number, error: unknown) => void;
  #all: Small[] = [];
  #requester: SceneRequester | null = null;
  #asking = 0;
  /** The picture itself comes first. */
  #begun = false;

  /**
   * @param strip - In which they are scrolled.
   * @param failed - One cannot be had; the others may.
   */
  constructor(
    strip: HTMLElement,
    changed: () => void,
    failed: (date: number, error: unknown) => void
  ) {
    this.#changed = changed;
    this.#failed = failed;
    const options = { root: strip, rootMargin: '0px 120px' };
    this.#observer =
      'IntersectionObserver' in window
        ? new IntersectionObserver(entries => this.#see(entries), options)
        : null;
  }

  get busy(): boolean {
    return this.#asking > 0;
  }

  /** Begins with others, one for each date. */
  set(canvases: readonly HTMLCanvasElement[]): void {
    this.clear();
    this.#all = canvases.map(canvas => {
      this.#observer?.observe(canvas);
      return { canvas, seen: !this.#observer, stale: true, turn: null };
    });
    this.#ask();
  }

  connect(requester: SceneRequester): void {
    this.#requester = requester;
  }

  /** All would look otherwise now: those in sight are fetched anew, and stay until then. */
  renew(): void {
    this.#begun = true;
    for (const small of this.#all) {
      small.turn?.abort();
      [small.turn, small.stale] = [null, true];
    }
    this.#ask();
  }

  clear(): void {
    this.#all.forEach(({ turn }) => turn?.abort());
    this.#observer?.disconnect();
    this.#all = [];
  }

  #see(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const small = this.#all.find(({ canvas }) => canvas === target);
      if (small) {
        small.seen = isIntersecting;
      }
    }
    this.#ask();
  }

  #ask(): void {
    // The newest request is answered first, and one reads from the left.
    for (let date = this.#all.length - 1; date >= 0; date--) {
      const small = this.#all[date];
      if (this.#requester && this.#begun && small.seen && small.stale && !small.turn) {
        void this.#fetch(this.#requester, small, date);
      }
    }
  }

  async #fetch(requester: SceneRequester, small: Small, date: number): Promise<void> {
    const turn = (small.turn = new AbortController());
    this.#asking += 1;
    this.#changed();
    try {
      const msg = { date, size: THUMBNAIL };
      const { meta, buffers } = await requester.request('thumbnail', msg, turn.signal);
      const { width, height } = meta;
      const { data } = decode(meta, buffers[0]);
      paintPicture(small.canvas, { width, height, data: data as Uint8Array }, small.canvas);
    } catch (error) {
      if (!isAbort(error)) {
        this.#failed(date, error);
      }
    } finally {
      if (small.turn === turn) {
        [small.turn, small.stale] = [null, false];
      }
      this.#asking -= 1;
      this.#changed();
    }
  }
}
