/** The line that tells and takes the filter: conditions as text, and how many traces pass. */
import type { Filter } from '../../core/waveforms';
import { button, make } from '../common/dom';
import { filterText, parseFilter } from './filters';
import { passed } from './table';

export interface FilterHooks {
  /** A person wrote a filter. */
  filter(filter: Filter): void;
  failed(error: unknown): void;
}

export class FilterBar {
  readonly element: HTMLElement;
  readonly #hooks: FilterHooks;
  readonly #input = make('input', {
    type: 'text',
    'aria-label': 'Filter',
    placeholder: 'Filter, such as 0.01 < peak < 0.5 and pulses = 1',
    autocomplete: 'off',
    spellcheck: 'false'
  });
  readonly #count = make('span', { class: 'astrodata-waveforms-count', role: 'status' });
  readonly #clear: HTMLButtonElement;
  #filter: Filter = {};

  constructor(hooks: FilterHooks) {
    this.#hooks = hooks;
    this.#clear = button('Clear', 'Clear the filter', 'Let all traces pass', () =>
      hooks.filter({})
    );
    this.#input.addEventListener('change', () => this.#take());
    this.#input.addEventListener('input', () => {
      this.#input.dataset.edited = '';
      this.#input.removeAttribute('aria-invalid');
    });
    this.#input.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        delete this.#input.dataset.edited;
        this.set(this.#filter);
      }
    });
    this.element = make(
      'div',
      { class: 'astrodata-waveforms-filter' },
      this.#input,
      this.#clear,
      this.#count
    );
  }

  /** Shows the filter that holds. */
  set(filter: Filter): void {
    const changed = JSON.stringify(filter) !== JSON.stringify(this.#filter);
    this.#filter = filter;
    this.#clear.hidden = !Object.keys(filter).length;
    if (this.#input.dataset.edited !== undefined && !changed) {
      return; // what a person is writing stays
    }
    delete this.#input.dataset.edited;
    this.#input.value = filterText(filter);
    this.#input.removeAttribute('aria-invalid');
  }

  /** Marks what was written as wrong; it stays, to be mended. */
  refuse(): void {
    this.#input.dataset.edited = '';
    this.#input.setAttribute('aria-invalid', 'true');
  }

  count(total: number | null, all: number, doing: string | null): void {
    this.#count.textContent = [total === null ? '' : `${passed(total, all)} traces`, doing ?? '']
      .filter(part => part)
      .join('  ·  ');
  }

  #take(): void {
    try {
      this.#hooks.filter(parseFilter(this.#input.value));
    } catch (error) {
      this.refuse();
      this.#hooks.failed(error);
    }
  }
}
