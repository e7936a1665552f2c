/** The windows of classes that the screen shows, fetched from the kernel as one moves and paints. */
import { visibleBox, type Size } from '../../../../core/geometry';
import type { View } from '../../../../core/protocol';
import { isAbort } from '../../../../core/request';
import { decode } from '../../../../core/wire';
import { Later } from '../../../common/dom';
import type { SceneRequester } from '../traits';
import type { Edges, LayerFacts } from './facts';
import { stepFor, type ClassWindow } from './painting';

/** Milliseconds that a view rests before what it shows is fetched. */
const REST = 70;
/** Share of the screen that is fetched on each side beyond it. */
const BEYOND = 0.4;

/** A change that the hand made and that is painted before the kernel has it. */
export interface Pending {
  apply(window: ClassWindow): void;
  /** Of the mask with it, once the kernel has told. */
  version: number | null;
}

export interface LayerHooks {
  came(): void;
  /** Work began or ended. */
  changed(): void;
  failed(error: unknown): void;
}

/** One layer's window. */
export class LayerWindow {
  window: ClassWindow | null = null;
  readonly #hooks: LayerHooks;
  readonly #date: number | null;
  readonly #rest = new Later(REST);
  #requester: SceneRequester | null = null;
  #turn = new AbortController();
  #asked: { readonly box: Edges; readonly step: number; readonly version: number } | null = null;
  #pending: Pending[] = [];
  #working = 0;

  /** @param date - Number of the date that a layer of a scene is of; null for a mask, which is of no date. */
  constructor(hooks: LayerHooks, date: number | null) {
    this.#hooks = hooks;
    this.#date = date;
  }

  get busy(): boolean {
    return this.#working > 0;
  }

  connect(requester: SceneRequester | null): void {
    this.#requester = requester;
  }

  /** Has what a screen shows fetched, unless it is here. */
  show(facts: LayerFacts, view: View, image: Size, screen: Size, density: number): void {
    const seen = visibleBox(view, image, screen);
    if (!(seen.left < seen.right && seen.bottom < seen.top)) {
      return;
    }
    const step = stepFor(view.zoom * density);
    const asked = this.#asked;
    const held = asked && contains(asked.box, seen);
    if (held && asked.step === step && asked.version >= facts.version) {
      return;
    }
    const wish = () => void this.#ask(facts, around(seen, image, step), step);
    if (!asked || (held && asked.step === step)) {
      this.#rest.cancel();
      wish();
    } else {
      this.#rest.run(wish);
    }
  }

  /** Paints what a hand does, at once, and again over whatever comes before the kernel has it. */
  add(pending: Pending): void {
    this.#pending.push(pending);
    if (this.window) {
      pending.apply(this.window);
    }
  }

  /** Paints into what is here. */
  paint(paint: (window: ClassWindow) => void): void {
    if (this.window) {
      paint(this.window);
    }
  }

  /** Forgets a change that the kernel did not take, and fetches what it has. */
  drop(pending: Pending): void {
    this.#pending = this.#pending.filter(one => one !== pending);
    this.#asked = null;
  }

  dispose(): void {
    this.#rest.cancel();
    this.#turn.abort();
  }

  async #ask({ name, version }: LayerFacts, box: Edges, step: number): Promise<void> {
    if (!this.#requester) {
      return;
    }
    this.#turn.abort();
    this.#turn = new AbortController();
    const { signal } = this.#turn;
    this.#asked = { box, step, version };
    const msg = { name, box, step, ...(this.#date === null ? {} : { date: this.#date }) };
    this.#working += 1;
    this.#hooks.changed();
    try {
      const reply = await this.#requester.request('classes', msg, signal);
      if (!signal.aborted) {
        const { meta, buffers } = reply;
        this.#asked = { box, step, version: Math.max(version, meta.version) };
        const { shape, data } = decode(meta, buffers[0]);
        // A copy: strokes are painted into it.
        const classes = Uint8Array.from(data as Uint8Array);
        this.window = { box: meta.box, step, rows: shape[1], columns: shape[2], classes };
        this.#pending = this.#pending.filter(
          one => one.version === null || one.version > meta.version
        );
        this.#pending.forEach(one => one.apply(this.window!));
        this.#hooks.came();
      }
    } catch (error) {
      if (!isAbort(error)) {
        this.#hooks.failed(error);
      }
    } finally {
      this.#working -= 1;
      this.#hooks.changed();
    }
  }
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

function contains([left, bottom, right, top]: Edges, seen: Box): boolean {
  return (
    seen.left >= left - 0.5 &&
    seen.bottom >= bottom - 0.5 &&
    seen.right <= right - 0.5 &&
    seen.top <= top - 0.5
  );
}

/** Gives what is seen and some more, in whole cells: those of two windows lie on each other. */
function around({ left, right, bottom, top }: Box, image: Size, step: number): Edges {
  const [dx, dy] = [BEYOND * (right - left), BEYOND * (top - bottom)];
  const down = (at: number) => Math.max(0, Math.floor((at + 0.5) / step) * step);
  const up = (at: number, most: number) => Math.min(most, Math.ceil((at + 0.5) / step) * step);
  return [
    down(left - dx),
    down(bottom - dy),
    up(right + dx, image.width),
    up(top + dy, image.height)
  ];
}
