/** The tiles on the graphics card, and the requests for those that are still missing. */
import { tileBox, type Size, type TileIndex } from '../../core/geometry';
import type { DescribeMeta, Where } from '../../core/protocol';
import { isAbort, type Requester } from '../../core/request';
import { decode, type WireArray } from '../../core/wire';
import type { Layer, Painting } from './renderer';

const CAP_BYTES = 128 * 1024 * 1024;

interface Tile extends TileIndex {
  readonly image: string;
  readonly layer: Layer;
  /** Whether pixels were left out. */
  readonly strided: boolean;
  /** Whether there is a better one now. */
  stale?: boolean;
}

export interface TilesHooks {
  upload(array: WireArray): Painting;
  free(painting: Painting): void;
  /** A tile came or the last request ended. */
  changed(): void;
  failed(error: unknown): void;
}

/** Tiles of whatever image is on show, the least recently shown given up beyond 128 MB. */
export class Tiles {
  readonly #requester: Requester;
  readonly #hooks: TilesHooks;
  readonly #capBytes: number;
  /** Least recently shown first. */
  readonly #tiles = new Map<string, Tile>();
  readonly #asked = new Map<string, AbortController>();
  readonly #failed = new Set<string>();
  #bytes = 0;
  /** Image and level that were last complete: shown while the next level is on its way. */
  #complete: { image: string; level: number } | null = null;

  constructor(requester: Requester, hooks: TilesHooks, capBytes = CAP_BYTES) {
    this.#requester = requester;
    this.#hooks = hooks;
    this.#capBytes = capBytes;
  }

  get busy(): boolean {
    return this.#asked.size > 0;
  }

  /**
   * Gives the layers to paint for some tiles of one level, asks for those that are missing and takes
   * back requests for all others: the newest view wins.
   *
   * @param wanted - Of one level, the most important first.
   */
  show(facts: DescribeMeta, where: Where, wanted: readonly TileIndex[]): Layer[] {
    const image = `${where.hdu}/${where.plane}`;
    const keys = new Map(wanted.map(tile => [keyOf(image, tile), tile]));
    for (const [key, controller] of this.#asked) {
      if (!keys.has(key)) {
        this.#asked.delete(key);
        controller.abort();
      }
    }
    // Requests start newest first, so the most important one is made last.
    for (const [key, tile] of [...keys].reverse()) {
      const known = this.#tiles.get(key);
      if (known) {
        this.#tiles.delete(key);
        this.#tiles.set(key, known);
      }
      if ((!known || known.stale) && !this.#asked.has(key) && !this.#failed.has(key)) {
        void this.#ask(key, image, facts, where, tile);
      }
    }
    const layers = [...keys.keys()].flatMap(key => this.#tiles.get(key)?.layer ?? []);
    if (!wanted.length || layers.length === wanted.length) {
      this.#complete = wanted.length ? { image, level: wanted[0].level } : null;
      return layers;
    }
    return [...this.#lastComplete(image, wanted[0].level), ...layers];
  }

  /** Asks anew for tiles of which pixels were left out, or all `reduced` ones; they are shown until then. */
  sharpen(reduced = false): void {
    for (const tile of this.#tiles.values()) {
      tile.stale = tile.strided || (reduced && tile.level > 0);
    }
  }

  /** Asks again for tiles that failed. */
  retry(): void {
    this.#failed.clear();
  }

  /** Takes all requests back and forgets all tiles; `gone` when their textures no longer exist. */
  clear(gone: boolean): void {
    for (const controller of this.#asked.values()) {
      controller.abort();
    }
    for (const tile of gone ? [] : this.#tiles.values()) {
      this.#hooks.free(tile.layer.painting);
    }
    this.#asked.clear();
    this.#tiles.clear();
    this.#failed.clear();
    this.#bytes = 0;
    this.#complete = null;
  }

  #lastComplete(image: string, level: number): Layer[] {
    const last = this.#complete;
    if (!last || last.image !== image || last.level === level) {
      return [];
    }
    return [...this.#tiles.values()]
      .filter(tile => tile.image === image && tile.level === last.level)
      .map(tile => tile.layer);
  }

  async #ask(key: string, image: string, facts: DescribeMeta, where: Where, tile: TileIndex) {
    const controller = new AbortController();
    this.#asked.set(key, controller);
    try {
      const msg = { ...tile, hdu: where.hdu, plane: where.plane };
      const { meta, buffers } = await this.#requester.request('tile', msg, controller.signal);
      if (!controller.signal.aborted) {
        const painting = this.#hooks.upload(decode(meta, buffers[0]));
        const strided = meta.reduction === 'strided';
        this.#keep(key, { ...tile, image, strided, layer: layerOf(painting, tile, facts) });
      }
    } catch (error) {
      if (!isAbort(error)) {
        this.#failed.add(key);
        this.#hooks.failed(error);
      }
    }
    // A tile that left the view and came back has been asked for anew.
    if (this.#asked.get(key) === controller) {
      this.#asked.delete(key);
      this.#hooks.changed();
    }
  }

  #keep(key: string, tile: Tile): void {
    const before = this.#tiles.get(key)?.layer.painting;
    if (before) {
      this.#bytes -= before.bytes;
      this.#hooks.free(before);
    }
    this.#tiles.set(key, tile);
    this.#bytes += tile.layer.painting.bytes;
    for (const [oldest, { layer }] of this.#tiles) {
      if (this.#bytes <= this.#capBytes || oldest === key) {
        break;
      }
      this.#tiles.delete(oldest);
      this.#bytes -= layer.painting.bytes;
      this.#hooks.free(layer.painting);
    }
  }
}

function keyOf(image: string, { level, x, y }: TileIndex): string {
  return `${image}/${level}/${x}/${y}`;
}

function layerOf(painting: Painting, tile: TileIndex, facts: DescribeMeta): Layer {
  const image: Size = facts;
  return { painting, box: tileBox(tile, image, facts.tile), step: 2 ** tile.level };
}
