/** Spectra that stay: at pixels and in regions, each fetched once. */
import { samePin, type CubeRequests, type Pin, type Statistic } from '../../../core/cubes';
import { isAbort, type Requester } from '../../../core/request';
import { decode } from '../../../core/wire';
import { css, PALETTE } from '../../common/palette';
import { whenReady } from './pending';

export interface Pinned {
  readonly pin: Pin;
  readonly colour: string;
  /** null while it is read. */
  readonly values: ArrayLike<number> | null;
  readonly pixels: number;
}

interface Kept {
  readonly pin: Pin;
  readonly key: string;
  readonly controller: AbortController;
  colour: string;
  values: ArrayLike<number> | null;
  pixels: number;
}

export class Pins {
  readonly #changed: () => void;
  readonly #failed: (error: unknown) => void;
  #requester: Requester<CubeRequests> | null = null;
  #kept: Kept[] = [];

  constructor(changed: () => void, failed: (error: unknown) => void) {
    this.#changed = changed;
    this.#failed = failed;
  }

  get all(): readonly Pinned[] {
    return this.#kept;
  }

  get busy(): boolean {
    return this.#kept.some(({ values }) => !values);
  }

  connect(requester: Requester<CubeRequests>): void {
    this.#requester = requester;
  }

  /** Shows some spectra of a cube, or none; those that stay keep their colour. */
  set(
    pins: readonly Pin[],
    where: { hdu: number; plane: number; view: string } | null,
    statistic: Statistic
  ): void {
    const before = this.#kept;
    const list = where ? pins : [];
    const stay = (pin: Pin) => before.find(one => samePin(one.pin, pin));
    const used = new Set(list.flatMap(pin => stay(pin)?.colour ?? []));
    const free = () => PALETTE.map(css).find(one => !used.has(one)) ?? css(PALETTE[0]);
    this.#kept = list.map((pin, number) => {
      const key = JSON.stringify([where!.hdu, where!.plane, 'shape' in pin ? statistic : '']);
      const known = stay(pin);
      const colour = known?.colour ?? free();
      used.add(colour);
      if (known?.key === key) {
        return known;
      }
      const kept: Kept = {
        pin,
        key,
        controller: new AbortController(),
        colour,
        values: null,
        pixels: 0
      };
      void this.#read(kept, { ...where!, view: `${where!.view} ${number}` }, statistic);
      return kept;
    });
    for (const one of before) {
      if (!this.#kept.includes(one)) {
        one.controller.abort();
      }
    }
    this.#changed();
  }

  async #read(
    kept: Kept,
    where: { hdu: number; plane: number; view: string },
    statistic: Statistic
  ): Promise<void> {
    const { pin, controller } = kept;
    const what = 'shape' in pin ? { region: pin, statistic } : { x: pin.x, y: pin.y };
    try {
      const { meta, buffers } = await whenReady(
        this.#requester!,
        'spectrum',
        { ...what, ...where },
        controller.signal
      );
      kept.values = decode(meta, buffers[0]).data;
      kept.pixels = meta.pixels;
    } catch (error) {
      if (!isAbort(error)) {
        kept.values = [];
        this.#failed(error);
      }
    }
    if (!controller.signal.aborted) {
      this.#changed();
    }
  }
}
