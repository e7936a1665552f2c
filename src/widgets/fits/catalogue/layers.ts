/** Brings what the catalogues need from the kernel, each piece once, and gives what can be drawn. */
import type { CatalogueRequests, LayerFacts } from '../../../core/catalogue';
import { isAbort, type Requester } from '../../../core/request';
import { decode } from '../../../core/wire';
import { flagsOf, type Codes, type Layer } from './layer';

type Asking = Requester<CatalogueRequests>;
type Placed = Pick<Layer, 'places' | 'origin' | 'unplaced' | 'beyond'>;

export interface LayersHooks {
  /** Something else can be drawn. */
  came(): void;
  /** Work began or ended. */
  changed(): void;
  failed(error: unknown, retry: () => void): void;
}

export class Layers {
  readonly #hooks: LayersHooks;
  readonly #signal: AbortSignal;
  #requester: Asking | null = null;
  #facts: readonly LayerFacts[] = [];
  #hdu: number | null = null;
  #layers: readonly Layer[] = [];
  #working = 0;
  /** Pieces by what they are of. */
  readonly #pieces = new Map<string, Promise<unknown>>();
  #turn = 0;

  constructor(hooks: LayersHooks, signal: AbortSignal) {
    this.#hooks = hooks;
    this.#signal = signal;
  }

  get busy(): boolean {
    return this.#working > 0;
  }

  /** Those that can be drawn, in their order. */
  get all(): readonly Layer[] {
    return this.#layers;
  }

  get visible(): readonly Layer[] {
    return this.#layers.filter(({ facts }) => facts.visible);
  }

  connect(requester: Asking): void {
    this.#requester = requester;
    void this.#bring();
  }

  /** Follows what the kernel says; pieces that are known are not fetched again. */
  set(facts: readonly LayerFacts[], hdu: number | null): void {
    this.#facts = facts;
    this.#hdu = hdu;
    void this.#bring();
  }

  byName(name: string): Layer | undefined {
    return this.#layers.find(({ facts }) => facts.name === name);
  }

  async #bring(): Promise<void> {
    const [facts, hdu, turn] = [this.#facts, this.#hdu, ++this.#turn];
    if (!this.#requester || hdu === null || (!facts.length && !this.#layers.length)) {
      return;
    }
    this.#working++;
    this.#hooks.changed();
    try {
      const layers = await Promise.all(facts.map(one => this.#layer(one, hdu)));
      if (turn === this.#turn) {
        this.#layers = layers;
        this.#forget(facts);
      }
    } catch (error) {
      // What was taken from the picture meanwhile has no answer.
      if (!isAbort(error) && turn === this.#turn) {
        this.#hooks.failed(error, () => void this.#bring());
      }
    } finally {
      this.#working--;
      this.#hooks.came();
      this.#hooks.changed();
    }
  }

  async #layer(facts: LayerFacts, hdu: number): Promise<Layer> {
    const { ident, name, by, sized, version, rows } = facts;
    const codes = (column: string) =>
      column
        ? this.#once(`${ident} codes ${column}`, () => this.#codes(name, column))
        : Promise.resolve(null);
    const [placed, colours, sizes, flags] = await Promise.all([
      this.#once(`${ident} places ${hdu}`, () => this.#places(name, rows, hdu)),
      codes(by),
      codes(sized),
      this.#once(`${ident} bits ${version}`, () => this.#bits(name, rows))
    ]);
    return { facts, ...placed, colours, sizes, flags };
  }

  #once<Piece>(key: string, fetch: () => Promise<Piece>): Promise<Piece> {
    let found = this.#pieces.get(key) as Promise<Piece> | undefined;
    if (!found) {
      found = fetch();
      this.#pieces.set(key, found);
      found.catch(() => this.#pieces.delete(key));
    }
    return found;
  }

  /** Lets go of catalogues that are gone, of bits that are old, and of places on other images. */
  #forget(facts: readonly LayerFacts[]): void {
    const kept = new Set(
      facts.flatMap(({ ident, version }) => [
        `${ident} bits ${version}`,
        `${ident} places ${this.#hdu}`
      ])
    );
    const there = new Set(facts.map(({ ident }) => String(ident)));
    for (const key of this.#pieces.keys()) {
      const [ident, what] = key.split(' ');
      if (!there.has(ident) || (what !== 'codes' && !kept.has(key))) {
        this.#pieces.delete(key);
      }
    }
  }

  async #places(name: string, rows: number, hdu: number): Promise<Placed> {
    const places = new Float32Array(2 * rows);
    let start = 0;
    for (;;) {
      const msg = { name, hdu, start };
      const { meta, buffers } = await this.#requester!.request(
        'catalogue_places',
        msg,
        this.#signal
      );
      const part = decode(meta, buffers[0]).data as Float32Array;
      places.set(part.subarray(0, places.length - 2 * start), 2 * start);
      start += part.length / 2;
      if (start >= meta.total || !part.length) {
        const [x, y] = meta.origin;
        return { places, origin: { x, y }, unplaced: meta.unplaced, beyond: meta.beyond };
      }
    }
  }

  async #codes(name: string, column: string): Promise<Codes> {
    const msg = { name, column };
    const { meta, buffers } = await this.#requester!.request('catalogue_codes', msg, this.#signal);
    return { meta, data: decode(meta, buffers[0]).data as Uint8Array };
  }

  async #bits(name: string, rows: number): Promise<Uint8Array> {
    const { meta, buffers } = await this.#requester!.request(
      'catalogue_bits',
      { name },
      this.#signal
    );
    return flagsOf(decode(meta, buffers[0]).data as Uint8Array, rows);
  }
}
