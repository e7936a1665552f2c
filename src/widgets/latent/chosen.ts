/** Which points are selected and shown: asked for in the kernel, which decides; the bits come back. */
import type { LatentRequests, LatentTraits, Lasso, MaskMeta, Op, Shape } from '../../core/latent';
import type { Reply, Requester } from '../../core/request';
import type { Traits } from '../common/traits';
import { Queue } from './queue';

/** A bit a point, the lowest first. */
export type Bits = Uint8Array;

/** Tells whether a point's bit is set. */
export function has(bits: Bits, point: number): boolean {
  return ((bits[point >> 3] >> (point & 7)) & 1) === 1;
}

const NOTHING: MaskMeta = {
  count: 0,
  shown: 0,
  selection: [],
  filters: [],
  words: '',
  filter: '',
  back: 0,
  forward: 0
};

export class Chosen {
  readonly #requester: Requester<LatentRequests>;
  readonly #signal: AbortSignal;
  readonly #queue: Queue;
  readonly #listeners: (() => void)[] = [];
  #meta: MaskMeta = NOTHING;
  #selected: Bits | null = null;
  #shown: Bits | null = null;

  /**
   * @param failed - Told what the kernel refused.
   * @param settled - Told whenever nothing is under way any more.
   */
  constructor(
    requester: Requester<LatentRequests>,
    traits: Traits<LatentTraits>,
    failed: (error: unknown) => void,
    settled: () => void,
    signal: AbortSignal
  ) {
    this.#requester = requester;
    this.#signal = signal;
    // In order: of two gestures the later one counts.
    this.#queue = new Queue(error => {
      failed(error);
      this.refresh();
    }, settled);
    traits.follow(['selection', 'filters'], () => {
      const { selection, filters } = this.#meta;
      const now = [traits.get('selection'), traits.get('filters')];
      if (JSON.stringify(now) !== JSON.stringify([selection, filters])) {
        this.refresh();
      }
    });
  }

  get busy(): boolean {
    return this.#queue.busy;
  }

  get meta(): MaskMeta {
    return this.#meta;
  }

  /** Null while nothing is selected. */
  get selected(): Bits | null {
    return this.#meta.selection.length ? this.#selected : null;
  }

  /** Null while all are shown that have finite latents. */
  get shown(): Bits | null {
    return this.#shown;
  }

  /** Calls back whenever selection or filters are others. */
  follow(changed: () => void): void {
    this.#listeners.push(changed);
  }

  select(op: Op, shape: Shape): void {
    this.#push('select', () =>
      this.#requester.request('select', { step: { op, ...shape } }, this.#signal)
    );
  }

  lasso(lasso: Lasso, op: Op): void {
    this.#push('lasso', () => this.#requester.request('lasso', { ...lasso, op }, this.#signal));
  }

  clear(): void {
    this.#push('select', () => this.#requester.request('select', { step: null }, this.#signal));
  }

  travel(what: 'back' | 'forward'): void {
    this.#push('travel', () => this.#requester.request('travel', { what }, this.#signal));
  }

  /** Shows only what fulfils each of some shapes. */
  filter(steps: readonly Shape[]): void {
    this.#push('filter', () => this.#requester.request('filter', { steps }, this.#signal));
  }

  /** Asks which points are selected and shown, as Python or another view made it. */
  refresh(): void {
    this.#push('mask', () => this.#requester.request('mask', {}, this.#signal));
  }

  dispose(): void {
    this.#queue.clear();
  }

  #push(name: string, ask: () => Promise<Reply<MaskMeta>>): void {
    // Each gesture counts but for filters and looks, of which the newest is enough.
    const only = name === 'mask' || name === 'filter' ? name : '';
    this.#queue.push(only, async () => {
      const { meta, buffers } = await ask();
      this.#meta = meta;
      // Without a selection or filters there are none, and of very many points they stay in the kernel.
      [this.#selected = null, this.#shown = null] = buffers.map(bytes);
      this.#listeners.forEach(changed => changed());
    });
  }
}

function bytes({ buffer, byteOffset, byteLength }: DataView<ArrayBuffer>): Bits {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
