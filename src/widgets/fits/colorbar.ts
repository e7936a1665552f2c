/** The bar that tells which colour stands for which value. */
import { colour } from '../../core/colormap';
import type { Colormap } from '../../core/protocol';
import { brightness, type Shade } from '../../core/stretch';
import { make } from '../common/dom';
import { shortNumber } from '../common/scale';
import type { Range } from './scene';

const STOPS = 64;

export class Colorbar {
  readonly element: HTMLElement;
  readonly #low = make('span', {});
  readonly #bar = make('span', { class: 'astrodata-fits-ramp' });
  readonly #high = make('span', {});

  constructor() {
    this.element = make(
      'div',
      { class: 'astrodata-fits-colorbar', role: 'img' },
      this.#low,
      this.#bar,
      this.#high
    );
    this.element.hidden = true;
  }

  /** Shows the colours of the values between the limits, evenly spaced. */
  set(range: Range | null, unit: string, shade: Shade, colormap: Colormap): void {
    this.element.hidden = !range;
    if (!range) {
      return;
    }
    const [low, high] = [shortNumber(range.low), `${shortNumber(range.high)} ${unit}`.trimEnd()];
    this.#low.textContent = low;
    this.#high.textContent = high;
    this.#bar.style.background = gradient(shade, colormap);
    this.element.setAttribute(
      'aria-label',
      `Colour bar, ${colormap}, ${shade.stretch}: ${low} to ${high}`
    );
  }
}

function gradient(shade: Shade, colormap: Colormap): string {
  const stops = Array.from({ length: STOPS + 1 }, (_, i) => {
    // Closer together at the low end, where the logarithm climbs.
    const t = (i / STOPS) ** 2;
    const rgb = colour(colormap, brightness(shade, t));
    return `rgb(${rgb.join(',')}) ${(100 * t).toFixed(2)}%`;
  });
  return `linear-gradient(90deg, ${stops.join(', ')})`;
}
