/** The canvas over the picture that all layers are painted on, one over the other. */
import type { Size } from '../../../../core/geometry';
import type { View } from '../../../../core/protocol';
import { make } from '../../../common/dom';
import { paintClasses, type ClassWindow, type Inks } from './painting';

export interface Painted {
  readonly window: ClassWindow;
  readonly inks: Inks;
}

export class Sheet {
  readonly canvas = make('canvas', { class: 'astrodata-masks-sheet', 'aria-hidden': 'true' });
  /** What is put onto the sheet through it: a canvas takes pixels without what lies below them. */
  readonly #spare = make('canvas');
  #blank = true;

  /** Paints layers, the lowest one first. */
  draw(layers: readonly Painted[], view: View, screen: Size, density: number): void {
    const [width, height] = [screen.width * density, screen.height * density].map(Math.round);
    if (!layers.length && this.#blank) {
      return;
    }
    const context = this.canvas.getContext('2d');
    if (!context || !(width > 0 && height > 0)) {
      return;
    }
    for (const canvas of layers.length > 1 ? [this.canvas, this.#spare] : [this.canvas]) {
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
    }
    context.clearRect(0, 0, width, height);
    this.#blank = !layers.length;
    layers.forEach(({ window, inks }, number) => {
      const pixels = context.createImageData(width, height);
      paintClasses(new Uint32Array(pixels.data.buffer), window, view, screen, density, inks);
      if (!number) {
        context.putImageData(pixels, 0, 0);
        return;
      }
      this.#spare.getContext('2d')!.putImageData(pixels, 0, 0);
      context.drawImage(this.#spare, 0, 0);
    });
  }
}
