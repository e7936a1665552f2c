/** The controls of a cube's plane: a slider and a number, counted from 1 as people count, or a list of names. */
import { make, select, setChoices } from '../common/dom';

export class PlaneControl {
  readonly element: HTMLElement;
  readonly #slider = make('input', { type: 'range', min: 1, step: 1, 'aria-label': 'Plane' });
  readonly #number = make('input', {
    type: 'number',
    min: 1,
    step: 1,
    'aria-label': 'Plane number'
  });
  readonly #of = make('span', {});
  readonly #caption = make('span', {}, 'Plane');
  readonly #names: HTMLSelectElement;
  readonly #row: HTMLElement;
  #count = 1;
  #plane = 0;

  /** @param picked - Called with the plane, from 0, that a person chose. */
  constructor(picked: (plane: number) => void) {
    const pick = (input: HTMLInputElement) => {
      const plane = Math.round(input.valueAsNumber) - 1;
      if (plane >= 0 && plane < this.#count && plane !== this.#plane) {
        this.set(plane, this.#count);
        picked(plane);
      }
    };
    this.#slider.addEventListener('input', () => pick(this.#slider));
    this.#number.addEventListener('input', () => pick(this.#number));
    this.#number.addEventListener('change', () => this.set(this.#plane, this.#count));
    this.#names = select('Band', [], plane => {
      this.set(Number(plane), this.#count);
      picked(this.#plane);
    });
    this.#names.hidden = true;
    this.#row = make('span', { class: 'astrodata-row' }, this.#slider, this.#number, this.#of);
    this.element = make(
      'div',
      { class: 'astrodata-field', hidden: true },
      this.#caption,
      this.#row,
      this.#names
    );
  }

  /** Has planes picked by their names. */
  setNames(names: readonly string[], title: string): void {
    setChoices(
      this.#names,
      names.map((text, plane) => ({ value: String(plane), text }))
    );
    this.#names.value = String(this.#plane);
    this.#names.title = title;
    this.#caption.textContent = 'Band';
    this.#names.hidden = false;
    this.#row.hidden = true;
  }

  /** Shows plane number `plane` (from 0) of `count`; an image of one plane shows nothing. */
  set(plane: number, count: number): void {
    this.#plane = plane;
    this.#count = count;
    this.element.hidden = count < 2;
    this.#slider.max = this.#number.max = String(count);
    this.#slider.value = this.#number.value = String(plane + 1);
    this.#names.value = String(plane);
    this.#slider.setAttribute('aria-valuetext', `Plane ${plane + 1} of ${count}`);
    this.#of.textContent = `of ${count}`;
  }
}
