/** Small pictures of events: asked for in batches, kept, and painted in the theme's ink. */
import type { LatentRequests } from '../../../core/latent';
import { isAbort, type Requester } from '../../../core/request';
import { paintPicture, picturesOf, type Picture } from '../../common/pictures';

/** Pixels of a thumbnail; twice its size on the page, for fine screens. */
export const [WIDTH, HEIGHT] = [192, 128];
const BATCH = 48;
const KEPT = 3000;

export class Thumbnails {
  readonly #requester: Requester<LatentRequests>;
  readonly #signal: AbortSignal;
  readonly #failed: (error: unknown) => void;
  readonly #known = new Map<number, Picture>();
  readonly #wanted = new Map<number, ((picture: Picture) => void)[]>();
  #waiting = false;

  constructor(
    requester: Requester<LatentRequests>,
    failed: (error: unknown) => void,
    signal: AbortSignal
  ) {
    this.#requester = requester;
    this.#failed = failed;
    this.#signal = signal;
  }

  /** Paints the picture of a point into a canvas, now or as soon as it is there. */
  show(point: number, canvas: HTMLCanvasElement): void {
    canvas.dataset.point = String(point);
    delete canvas.dataset.painted;
    const paintIt = (picture: Picture) => {
      if (canvas.dataset.point === String(point)) {
        paintPicture(canvas, picture, canvas);
        canvas.dataset.painted = 'yes';
      }
    };
    const known = this.#known.get(point);
    if (known) {
      paintIt(known);
      return;
    }
    const waiting = this.#wanted.get(point);
    if (waiting) {
      waiting.push(paintIt);
    } else {
      this.#wanted.set(point, [paintIt]);
      this.#askSoon();
    }
  }

  /** Gives up what was wanted and has not been asked for: one scrolled on. */
  forget(): void {
    this.#wanted.clear();
  }

  // What is wanted in one go is asked for together.
  #askSoon(): void {
    if (!this.#waiting) {
      this.#waiting = true;
      queueMicrotask(() => void this.#ask());
    }
  }

  async #ask(): Promise<void> {
    try {
      while (this.#wanted.size && !this.#signal.aborted) {
        const rows = [...this.#wanted.keys()].slice(0, BATCH);
        const waiting = rows.map(row => this.#wanted.get(row)!);
        rows.forEach(row => this.#wanted.delete(row));
        const msg = { rows, width: WIDTH, height: HEIGHT };
        const { meta, buffers } = await this.#requester.request('thumbnails', msg, this.#signal);
        const pictures = picturesOf(meta, buffers[0]);
        rows.forEach((row, i) => {
          const picture = pictures.get(row)!;
          this.#keep(row, picture);
          waiting[i].forEach(show => show(picture));
        });
      }
    } catch (error) {
      if (!isAbort(error)) {
        this.#failed(error);
      }
    } finally {
      this.#waiting = false;
    }
  }

  #keep(row: number, picture: Picture): void {
    this.#known.set(row, picture);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KEPT) {
        return;
      }
      this.#known.delete(oldest);
    }
  }
}
