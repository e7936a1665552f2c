/** The three planes of a composite, each painted in a colour of its own. */
import type { Size } from '../../core/geometry';
import type { Limits, View } from '../../core/protocol';
import type { Requester } from '../../core/request';
import { PaintedPlane, type PaintedHooks } from './painted';
import type { Band, Renderer } from './renderer';

export type BandHooks = Pick<PaintedHooks, 'dirty' | 'changed' | 'failed'>;

const COUNT = 3;

export class Bands {
  readonly #planes: readonly PaintedPlane[];
  #hdu: number | null = null;
  #limits = '';

  constructor(requester: Requester, renderer: () => Renderer | null, hooks: BandHooks) {
    const { dirty, changed, failed } = hooks;
    this.#planes = Array.from(
      { length: COUNT },
      () =>
        new PaintedPlane(requester, renderer, {
          ...{ dirty, changed, failed },
          described: () => undefined,
          shown: dirty,
          ranged: dirty
        })
    );
  }

  get busy(): boolean {
    return this.#planes.some(plane => plane.busy);
  }

  /** @param limits - Of each band. */
  show(hdu: number, limits: readonly Limits[]): void {
    const key = JSON.stringify(limits);
    if (hdu !== this.#hdu) {
      this.#planes.forEach((plane, number) => plane.show({ hdu, plane: number }, limits[number]));
    } else if (key !== this.#limits) {
      this.#planes.forEach((plane, number) => plane.setLimits(limits[number]));
    }
    [this.#hdu, this.#limits] = [hdu, key];
  }

  /** Gives what to paint, red first; null until all three are there. */
  frame(view: View, screen: Size, density: number): readonly Band[] | null {
    const bands = this.#planes.map(plane => {
      const layers = plane.layers(view, screen, density);
      return layers && { layers, ...plane.range! };
    });
    return bands.every(band => band !== null) ? bands : null;
  }

  sharpen(reduced = false): void {
    this.#planes.forEach(plane => plane.sharpen(reduced));
  }

  restore(): void {
    this.#planes.forEach(plane => plane.restore());
  }

  dispose(gone: boolean): void {
    this.#planes.forEach(plane => plane.dispose(gone));
  }
}
