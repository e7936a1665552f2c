/** A slider for each latent: what the decoder makes of a place of one's own choice. */
import type { AxisFacts, Interval } from '../../core/latent';
import { button, make } from '../common/dom';
import { valueText } from '../common/scale';

export interface SliderHooks {
  /** A slider was moved. */
  moved(z: readonly number[]): void;
  /** The sliders shall go where the noise, or the point on show, is. */
  home(where: 'median' | 'point'): void;
}

export class Sliders {
  readonly element: HTMLElement;
  readonly #inputs: HTMLInputElement[];
  readonly #outputs: HTMLOutputElement[];
  readonly #toPoint: HTMLButtonElement;
  #z: number[];

  constructor(
    axes: readonly AxisFacts[],
    ranges: readonly Interval[],
    start: readonly number[],
    hooks: SliderHooks
  ) {
    this.#z = [...start];
    this.#outputs = axes.map(() => make('output'));
    this.#inputs = axes.map(({ name }, axis) => {
      const [low, high] = ranges[axis];
      const input = make('input', {
        type: 'range',
        min: low,
        max: high,
        step: (high - low) / 1000,
        'aria-label': `Decode at ${name}`
      });
      input.addEventListener('input', () => {
        this.#z[axis] = Number(input.value);
        this.#tell(axis);
        hooks.moved([...this.#z]);
      });
      return input;
    });
    this.#toPoint = button(
      'At the point',
      'Sliders to the point',
      'Put the sliders where the point is',
      () => hooks.home('point')
    );
    this.element = make(
      'div',
      { class: 'astrodata-latent-sliders', role: 'group', 'aria-label': 'Decode at' },
      make('b', {}, 'Decode at'),
      ...axes.map(({ name }, axis) =>
        make(
          'label',
          { class: 'astrodata-row' },
          make('span', {}, name),
          this.#inputs[axis],
          this.#outputs[axis]
        )
      ),
      make(
        'span',
        { class: 'astrodata-buttons' },
        this.#toPoint,
        button(
          'At the median',
          'Sliders to the median',
          "Put the sliders at the noise's median",
          () => hooks.home('median')
        )
      )
    );
    this.set(start);
    this.setPoint(false);
  }

  get z(): readonly number[] {
    return this.#z;
  }

  /** Moves the sliders without a wish of anybody. */
  set(z: readonly number[]): void {
    this.#z = [...z];
    this.#z.forEach((_, axis) => this.#tell(axis));
  }

  /** @param there - Whether a point is on show. */
  setPoint(there: boolean): void {
    this.#toPoint.disabled = !there;
  }

  #tell(axis: number): void {
    const text = valueText(this.#z[axis], 4);
    this.#inputs[axis].value = String(this.#z[axis]);
    this.#inputs[axis].setAttribute('aria-valuetext', text);
    this.#outputs[axis].textContent = text;
  }
}
