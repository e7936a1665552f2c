/** Small pictures of events: asked for in batches, kept, and painted in the theme's ink. */
import type { LatentRequests } from '../../../core/latent';
import { isAbort, type Requester } from '../../../core/request';
import { decode } from '../../../core/wire';
import { packed } from '../paint';

/** Pixels of a thumbnail; twice its size on the page, for fine screens. */
export const [WIDTH, HEIGHT] = [192, 128];
const BATCH = 48;
const KEPT = 3000;

/** A picture: opacities of ink, or colours. */
interface Picture {
  readonly data: Uint8Array;
  readonly colours: boolean;
}

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
        paint(canvas, picture);
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
        const colours = meta.shape.length === 4;
        const { data } = decode({ ...meta, shape: [1, 1, size(meta.shape)] }, buffers[0]);
        const each = data.length / rows.length;
        rows.forEach((row, i) => {
          const own = (data as Uint8Array).slice(i * each, (i + 1) * each);
          const picture = { data: own, colours };
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

function size(shape: readonly number[]): number {
  return shape.reduce((all, one) => all * one, 1);
}

function paint(canvas: HTMLCanvasElement, { data, colours }: Picture): void {
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext('2d');
  const image = context?.createImageData(WIDTH, HEIGHT);
  if (!context || !image) {
    return;
  }
  // One number a pixel, as it lies in memory: 0xAABBGGRR.
  const pixels = new Uint32Array(image.data.buffer);
  const ink = packed(...inkOf(canvas), 0);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = colours
      ? packed(data[3 * i], data[3 * i + 1], data[3 * i + 2])
      : (ink | (data[i] << 24)) >>> 0;
  }
  context.putImageData(image, 0, 0);
  canvas.dataset.painted = 'yes';
}

/** The colour of text, in whichever theme. */
function inkOf(element: HTMLElement): [number, number, number] {
  const found = /(\d+)[, ]+(\d+)[, ]+(\d+)/.exec(getComputedStyle(element).color);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3])] : [128, 128, 128];
}
