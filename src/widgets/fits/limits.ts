/** The controls of the limits: a way to find them, and the two numbers. */
import type { Limits } from '../../core/protocol';
import { type Choice, field, make, select, setChoices } from '../common/dom';
import { shortNumber } from '../common/scale';
import type { Range } from './scene';

const MODES: readonly Choice<string>[] = [
  { value: 'zscale', text: 'zscale' },
  { value: '99.5%', text: '99.5 %' },
  { value: '99%', text: '99 %' },
  { value: '95%', text: '95 %' },
  { value: 'minmax', text: 'min–max' },
  { value: 'manual', text: 'manual' }
];

export class LimitsControl {
  readonly element: HTMLElement;
  readonly #picked: (limits: Limits) => void;
  readonly #mode: HTMLSelectElement;
  readonly #low = number('Low limit');
  readonly #high = number('High limit');
  #range: Range | null = null;
  #limits: Limits = 'zscale';

  /** @param picked - Called with what a person chose. */
  constructor(picked: (limits: Limits) => void) {
    this.#picked = picked;
    this.#mode = select('Limits', MODES, mode => this.#pickMode(mode));
    for (const input of [this.#low, this.#high]) {
      input.addEventListener('input', () => {
        input.dataset.edited = '';
        input.setCustomValidity('');
      });
      input.addEventListener('change', () => this.#pickNumbers());
      // Leaving with Escape brings back what holds.
      input.addEventListener('keydown', event => {
        if (event.key === 'Escape') {
          this.#reset();
        }
      });
      // A number that was typed back is no change to the browser, and would be held for ever.
      input.addEventListener('blur', () => {
        if (input.dataset.edited !== undefined && input.getAttribute('aria-invalid') !== 'true') {
          this.#reset();
        }
      });
    }
    this.element = make(
      'div',
      { class: 'astrodata-fits-limits' },
      field('Limits', this.#mode),
      field('Low', this.#low),
      field('High', this.#high)
    );
  }

  /** Shows the trait's value. */
  setLimits(limits: Limits): void {
    this.#limits = limits;
    const mode = typeof limits === 'string' ? limits : 'manual';
    const known = MODES.some(({ value }) => value === mode);
    setChoices(this.#mode, known ? MODES : [{ value: mode, text: mode }, ...MODES]);
    this.#mode.value = mode;
  }

  /** Shows the numbers in force. */
  setRange(range: Range): void {
    this.#range = range;
    for (const [input, value] of [
      [this.#low, range.low],
      [this.#high, range.high]
    ] as const) {
      if (input.dataset.edited === undefined) {
        input.value = shortNumber(value);
      }
    }
  }

  #pickMode(mode: string): void {
    this.#reset();
    if (mode !== 'manual') {
      this.#picked(mode);
    } else if (this.#range) {
      this.#picked([this.#range.low, this.#range.high]);
    } else {
      this.setLimits(this.#limits); // nothing is on show yet that the numbers could be about
    }
  }

  #pickNumbers(): void {
    // A number that was not touched keeps the digits that its input does not show.
    const read = (input: HTMLInputElement, held: number | undefined) =>
      input.dataset.edited === undefined && held !== undefined ? held : input.valueAsNumber;
    const low = read(this.#low, this.#range?.low);
    const high = read(this.#high, this.#range?.high);
    const wrong = !(Number.isFinite(low) && Number.isFinite(high))
      ? 'Give a number in the unit of the image.'
      : low < high
        ? ''
        : 'The low limit must be below the high one.';
    const edited = this.#low.dataset.edited === undefined ? this.#high : this.#low;
    edited.setCustomValidity(wrong);
    edited.setAttribute('aria-invalid', String(!!wrong));
    if (wrong) {
      edited.reportValidity();
      return;
    }
    this.#settle();
    this.#picked([low, high]);
  }

  #settle(): void {
    for (const input of [this.#low, this.#high]) {
      delete input.dataset.edited;
      input.setCustomValidity('');
      input.removeAttribute('aria-invalid');
    }
  }

  #reset(): void {
    this.#settle();
    if (this.#range) {
      this.setRange(this.#range);
    }
  }
}

function number(label: string): HTMLInputElement {
  return make('input', { type: 'number', step: 'any', 'aria-label': label, autocomplete: 'off' });
}
