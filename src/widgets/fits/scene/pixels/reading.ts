/** Fetches spectra and series of places, each once, one after the other: pictures come first. */
import { isAbort } from '../../../../core/request';
import { messageOf } from '../../../common/errors';
import type { SceneRequester } from '../traits';
import type { Place, SpectrumMeta } from './wire';

/** Indices of one place, as far as they are read. */
export interface Series {
  readonly dates: string[];
  readonly cloud: boolean[];
  readonly values: Record<string, (number | null)[]>;
  untold: number;
  total: number;
}

export interface Wanted {
  readonly pixels: readonly Place[];
  /** Number of the date of which the spectra are. */
  readonly date: number;
  readonly indices: readonly string[];
  /** Whether series are wanted at all. */
  readonly series: boolean;
}

/** Things that are kept. */
const KEPT = 200;

export class Reading {
  readonly #changed: () => void;
  #requester: SceneRequester | null = null;
  #wanted: Wanted = { pixels: [], date: 0, indices: [], series: false };
  #turn = new AbortController();
  #going = false;
  readonly #spectra = new Map<string, SpectrumMeta>();
  readonly #series = new Map<string, Series>();
  /** What could not be read, and why. */
  readonly #failed = new Map<string, string>();

  /** @param changed - Something came, failed, began or ended. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get busy(): boolean {
    return this.#going;
  }

  connect(requester: SceneRequester): void {
    this.#requester = requester;
    this.#go();
  }

  /** Says what is wanted now; what is no longer is given up. */
  want(wanted: Wanted): void {
    if (JSON.stringify(wanted) !== JSON.stringify(this.#wanted)) {
      this.#wanted = wanted;
      this.#failed.clear();
      this.#turn.abort();
      this.#turn = new AbortController();
      this.#go();
    }
  }

  dispose(): void {
    this.#turn.abort();
  }

  spectrum(place: Place): SpectrumMeta | undefined {
    return this.#spectra.get(this.#spectrumKey(place));
  }

  series(place: Place): Series | undefined {
    return this.#series.get(this.#seriesKey(place));
  }

  /** Why some spectra or series are not there, each reason once. */
  reasons(of: 'spectrum' | 'series'): string[] {
    return [
      ...new Set([...this.#failed].filter(([key]) => key.startsWith(of)).map(([, why]) => why))
    ];
  }

  #spectrumKey([x, y]: Place): string {
    return `spectrum ${x} ${y} ${this.#wanted.date}`;
  }

  #seriesKey([x, y]: Place): string {
    return `series ${x} ${y} ${JSON.stringify(this.#wanted.indices)}`;
  }

  #go(): void {
    if (this.#requester) {
      void this.#run(this.#requester, this.#turn.signal);
    }
  }

  async #run(requester: SceneRequester, signal: AbortSignal): Promise<void> {
    this.#going = true;
    this.#changed();
    const { pixels, series, date } = this.#wanted;
    for (const place of pixels) {
      await this.#try(this.#spectrumKey(place), signal, async key => {
        const [x, y] = place;
        if (!this.#spectra.has(key)) {
          const { meta } = await requester.request('scene_spectrum', { x, y, date }, signal);
          keep(this.#spectra, key, meta);
        }
      });
    }
    for (const place of series ? pixels : []) {
      await this.#try(this.#seriesKey(place), signal, key =>
        this.#readSeries(requester, place, key, signal)
      );
    }
    if (!signal.aborted) {
      this.#going = false;
      this.#changed();
    }
  }

  async #try(
    key: string,
    signal: AbortSignal,
    read: (key: string) => Promise<void>
  ): Promise<void> {
    if (signal.aborted || this.#failed.has(key)) {
      return;
    }
    try {
      await read(key);
    } catch (error) {
      if (signal.aborted || isAbort(error)) {
        return;
      }
      this.#failed.set(key, messageOf(error));
    }
    if (!signal.aborted) {
      this.#changed();
    }
  }

  async #readSeries(
    requester: SceneRequester,
    [x, y]: Place,
    key: string,
    signal: AbortSignal
  ): Promise<void> {
    const { indices } = this.#wanted;
    const found: Series = this.#series.get(key) ?? {
      dates: [],
      cloud: [],
      values: {},
      untold: 0,
      total: Infinity
    };
    while (found.dates.length < found.total) {
      const msg = { x, y, indices, first: found.dates.length };
      const { meta } = await requester.request('scene_series', msg, signal);
      if (signal.aborted) {
        return;
      }
      found.total = meta.dates.length ? meta.total : found.dates.length;
      found.dates.push(...meta.dates);
      found.cloud.push(...meta.cloud);
      found.untold += meta.untold.length;
      for (const [name, values] of Object.entries(meta.values)) {
        (found.values[name] ??= []).push(...values);
      }
      keep(this.#series, key, found);
      this.#changed();
    }
  }
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value);
  while (map.size > KEPT) {
    map.delete(map.keys().next().value!);
  }
}
