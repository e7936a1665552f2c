/** Controls of one number or a few: a slider on a logarithmic scale, a pair of numbers, a list. */
import { field, make } from '../common/dom';
import { parseList, short } from './numbers';

const STEPS = 200;

/** A slider whose equal steps are equal factors. */
export class LogSlider {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #text = make('span', { class: 'astrodata-strain-value', 'aria-hidden': 'true' });
  readonly #low: number;
  readonly #high: number;
  readonly #unit: string;

  /** @param moved - Called with each value on the way. */
  constructor(
    label: string,
    [low, high]: readonly [number, number],
    unit: string,
    title: string,
    moved: (value: number) => void
  ) {
    [this.#low, this.#high, this.#unit] = [low, high, unit];
    this.#input = make('input', {
      type: 'range',
      min: 0,
      max: STEPS,
      step: 1,
      'aria-label': label,
      title
    });
    this.#input.addEventListener('input', () => {
      const value = this.value;
      this.#tell(value);
      moved(value);
    });
    this.element = field(label, make('span', { class: 'astrodata-row' }, this.#input, this.#text));
  }

  get value(): number {
    const place = this.#input.valueAsNumber / STEPS;
    return Number((this.#low * (this.#high / this.#low) ** place).toPrecision(3));
  }

  set(value: number): void {
    const place = Math.log(value / this.#low) / Math.log(this.#high / this.#low);
    // A value between two steps of the slider stays what it is.
    if (this.value !== value) {
      this.#input.value = String(Math.round(STEPS * place));
    }
    this.#tell(value);
  }

  #tell(value: number): void {
    const text = `${short(value, 3)}${this.#unit}`;
    this.#text.textContent = text;
    this.#input.setAttribute('aria-valuetext', text);
  }
}

export interface PairOptions {
  readonly captions: readonly [string, string];
  readonly labels: readonly [string, string];
  /** Whether a side may be left empty. */
  readonly open: boolean;
  readonly title: string;
}

/** Two numbers of which the first is the smaller one. */
export class PairControl {
  readonly elements: HTMLElement[];
  readonly #inputs: [HTMLInputElement, HTMLInputElement];
  readonly #open: boolean;
  #most = Infinity;

  constructor(
    { captions, labels, open, title }: PairOptions,
    picked: (pair: [number | null, number | null]) => void
  ) {
    this.#open = open;
    const input = (i: 0 | 1) =>
      make('input', {
        type: 'number',
        step: 'any',
        min: 0,
        'aria-label': labels[i],
        title,
        placeholder: open ? 'open' : '',
        autocomplete: 'off'
      });
    this.#inputs = [input(0), input(1)];
    for (const element of this.#inputs) {
      onEntry(element, () => {
        const pair = this.#read(element);
        if (pair) {
          picked(pair);
        }
      });
    }
    this.elements = [field(captions[0], this.#inputs[0]), field(captions[1], this.#inputs[1])];
  }

  /** @param most - What both numbers must stay below. */
  limit(most: number): void {
    this.#most = most;
  }

  set(low: number | null, high: number | null): void {
    [low, high].forEach((value, i) => {
      const input = this.#inputs[i];
      input.value = value === null ? '' : String(Number(value.toPrecision(7)));
      good(input, '');
    });
  }

  #read(edited: HTMLInputElement): [number | null, number | null] | null {
    const values = this.#inputs.map(input =>
      input.value.trim() === '' ? null : input.valueAsNumber
    );
    const [low, high] = values;
    const wrong = values.some(value => (value === null ? !this.#open : !(value > 0)))
      ? `Give frequencies above 0 Hz${this.#open ? ', or leave a side open' : ''}.`
      : values.some(value => value !== null && value >= this.#most)
        ? `Stay below ${short(this.#most)} Hz, half the sample rate.`
        : low !== null && high !== null && low >= high
          ? 'The low frequency must be below the high one.'
          : '';
    this.#inputs.forEach(input => good(input, ''));
    good(edited, wrong);
    if (wrong) {
      edited.reportValidity();
      return null;
    }
    return [low, high];
  }
}

/** A list of frequencies, typed with commas. */
export class ListControl {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  #most = Infinity;

  constructor(caption: string, label: string, title: string, picked: (list: number[]) => void) {
    this.#input = make('input', {
      type: 'text',
      class: 'astrodata-strain-list',
      'aria-label': label,
      title,
      placeholder: '60, 120',
      autocomplete: 'off',
      spellcheck: 'false'
    });
    onEntry(this.#input, () => {
      const list = parseList(this.#input.value);
      const wrong = !list
        ? 'Give frequencies in Hz, with commas between them.'
        : list.some(line => line >= this.#most)
          ? `Stay below ${short(this.#most)} Hz, half the sample rate.`
          : '';
      good(this.#input, wrong);
      if (wrong) {
        this.#input.reportValidity();
      } else {
        picked(list!);
      }
    });
    this.element = field(caption, this.#input);
  }

  limit(most: number): void {
    this.#most = most;
  }

  set(list: readonly number[]): void {
    this.#input.value = list.map(line => String(Number(line.toPrecision(7)))).join(', ');
    good(this.#input, '');
  }
}

/** Calls back when a person is done with a field: left it, or pressed Enter. */
export function onEntry(input: HTMLInputElement, done: () => void): void {
  input.addEventListener('change', done);
  input.addEventListener('keydown', event => {
    if (event.key === 'Enter') {
      event.preventDefault();
      done();
    }
  });
}

function good(input: HTMLInputElement, wrong: string): void {
  input.setCustomValidity(wrong);
  input.toggleAttribute('aria-invalid', !!wrong);
  if (wrong) {
    input.setAttribute('aria-invalid', 'true');
  }
}
