/** What is on show: which image, its overview and its limits, fetched so that the newest wish wins. */
import type { DescribeMeta, Limits, Where } from '../../core/protocol';
import { isAbort, type Requester } from '../../core/request';
import { decode, type WireArray } from '../../core/wire';

/** Pixels of the longer side of an overview. */
export const OVERVIEW_WIDTH = 1024;

export interface Overview {
  readonly array: WireArray;
  /** Array pixels that make one of its own. */
  readonly step: number;
}

/** Values painted in the first and the last colour. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

export interface Shown {
  readonly facts: DescribeMeta;
  readonly where: Where;
  readonly overview: Overview;
}

export interface SceneHooks {
  /** The facts of a wished image are known; its pixels are not here yet. */
  described(facts: DescribeMeta, where: Where): void;
  /** Another image is on show. */
  shown(): void;
  /** The same image has a better overview. */
  sharper(): void;
  /** The limits changed. */
  ranged(): void;
  /** Work began or ended. */
  changed(): void;
  failed(error: unknown): void;
}

interface Pending {
  readonly facts: DescribeMeta;
  readonly where: Where;
  overview?: Overview;
  /** null when the kernel could not tell. */
  range?: Range | null;
}

/** An image appears with its limits, and the one before it stays until then. */
export class Scene {
  readonly #requester: Requester;
  readonly #hooks: SceneHooks;
  readonly #facts = new Map<number, DescribeMeta>();
  #imageTurn = new AbortController();
  #limitsTurn = new AbortController();
  #limits: Limits = 'zscale';
  #pending: Pending | null = null;
  #shown: Shown | null = null;
  #range: Range | null = null;
  #working = 0;

  constructor(requester: Requester, hooks: SceneHooks) {
    this.#requester = requester;
    this.#hooks = hooks;
  }

  get shown(): Shown | null {
    return this.#shown;
  }

  get range(): Range | null {
    return this.#range;
  }

  get busy(): boolean {
    return this.#working > 0;
  }

  /** Brings an image on show; a plane that it does not have becomes its last one. */
  async show(wish: Where, limits: Limits): Promise<void> {
    this.#imageTurn.abort();
    this.#limitsTurn.abort();
    this.#imageTurn = new AbortController();
    this.#limits = limits;
    this.#pending = null;
    const { signal } = this.#imageTurn;
    await this.#work(signal, async () => {
      const facts = await this.#describe(wish.hdu, signal);
      const plane = Math.max(0, Math.min(facts.planes - 1, wish.plane));
      const where = { hdu: wish.hdu, plane };
      this.#hooks.described(facts, where);
      const pending: Pending = (this.#pending = { facts, where });
      void this.#askLimits();
      pending.overview = await this.#overview(where, signal);
      this.#appear();
    });
  }

  /** Fetches the overview of what is on show anew. */
  sharpen(): void {
    const [shown, { signal }] = [this.#shown, this.#imageTurn];
    if (!shown || this.#pending) {
      return;
    }
    void this.#overview(shown.where, signal).then(
      overview => {
        if (!signal.aborted && this.#shown === shown) {
          this.#shown = { ...shown, overview };
          this.#hooks.sharper();
        }
      },
      (error: unknown) => {
        if (!isAbort(error)) {
          this.#hooks.failed(error);
        }
      }
    );
  }

  /** Changes the limits of what is on show, or about to be. */
  setLimits(limits: Limits): void {
    this.#limits = limits;
    this.#limitsTurn.abort();
    if (this.#pending || this.#shown) {
      void this.#askLimits();
    }
  }

  dispose(): void {
    this.#imageTurn.abort();
    this.#limitsTurn.abort();
  }

  async #describe(hdu: number, signal: AbortSignal): Promise<DescribeMeta> {
    let facts = this.#facts.get(hdu);
    if (!facts) {
      facts = (await this.#requester.request('describe', { hdu }, signal)).meta;
      if (!(facts.width > 0 && facts.height > 0 && facts.planes > 0)) {
        throw new Error(`${facts.name}, HDU ${hdu} holds no pixels: choose another HDU.`);
      }
      this.#facts.set(hdu, facts);
    }
    return facts;
  }

  async #overview(where: Where, signal: AbortSignal): Promise<Overview> {
    const msg = { width: OVERVIEW_WIDTH, ...where };
    const { meta, buffers } = await this.#requester.request('overview', msg, signal);
    return { array: decode(meta, buffers[0]), step: meta.step };
  }

  async #askLimits(): Promise<void> {
    this.#limitsTurn = new AbortController();
    const { signal } = this.#limitsTurn;
    const limits = this.#limits;
    const where = (this.#pending ?? this.#shown)!.where;
    if (typeof limits !== 'string') {
      this.#setRange({ low: limits[0], high: limits[1] });
      return;
    }
    const known = await this.#work(signal, async () => {
      const { meta } = await this.#requester.request('limits', { limits, ...where }, signal);
      this.#setRange({ low: meta.low, high: meta.high });
    });
    if (!known && !signal.aborted) {
      this.#setRange(null);
    }
  }

  #setRange(range: Range | null): void {
    if (this.#pending) {
      this.#pending.range = range;
      this.#appear();
    } else if (range) {
      this.#range = range;
      this.#hooks.ranged();
    }
  }

  #appear(): void {
    const { facts, where, overview, range } = this.#pending ?? {};
    if (!facts || !where || !overview || range === undefined) {
      return;
    }
    this.#pending = null;
    this.#shown = { facts, where, overview };
    this.#range = range ?? extremes(overview.array);
    this.#hooks.shown();
    this.#hooks.ranged();
  }

  /** Does a piece of work, and gives whether it went well. */
  async #work(signal: AbortSignal, piece: () => Promise<void>): Promise<boolean> {
    this.#working += 1;
    this.#hooks.changed();
    try {
      await piece();
      return true;
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) {
        if (signal === this.#imageTurn.signal) {
          // The picture before it would be taken for the one that was asked for.
          this.#pending = null;
          this.#limitsTurn.abort();
          this.#shown = null;
          this.#hooks.shown();
        }
        this.#hooks.failed(error);
      }
      return false;
    } finally {
      this.#working -= 1;
      this.#hooks.changed();
    }
  }
}

/** Gives limits that hold all of an array, for when the kernel cannot tell better ones. */
function extremes({ data }: WireArray): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const value of data) {
    if (Number.isFinite(value)) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return low < high ? { low, high } : { low: 0, high: 1 };
}
