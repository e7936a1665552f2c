/** Picks several indices out of a list, and takes formulas. */
import { make } from '../../../common/dom';

export class IndexPicker {
  readonly element: HTMLDetailsElement;
  readonly #picked: (names: readonly string[]) => void;
  readonly #summary = make('summary', { 'aria-label': 'Indices' });
  readonly #list = make('div', { class: 'astrodata-scene-picklist', role: 'group' });
  readonly #formula = make('input', {
    type: 'text',
    'aria-label': 'Formula or name of an index',
    placeholder: '(B08 - B12) / (B08 + B12)',
    spellcheck: 'false'
  });
  #names: readonly string[] = [];
  #chosen: readonly string[] = [];

  /** @param picked - Called with all that are chosen. */
  constructor(picked: (names: readonly string[]) => void, signal: AbortSignal) {
    this.#picked = picked;
    this.#formula.addEventListener('change', () => {
      const text = this.#formula.value.trim();
      if (text) {
        this.#formula.value = '';
        this.#picked([...new Set([...this.#chosen, text])]);
      }
    });
    this.element = make(
      'details',
      { class: 'astrodata-scene-pick' },
      this.#summary,
      make(
        'div',
        { class: 'astrodata-scene-picks' },
        this.#list,
        make(
          'label',
          {},
          make('span', {}, 'Formula, or any index by name; Enter adds'),
          this.#formula
        )
      )
    );
    this.element.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Escape') {
        this.element.open = false;
        this.#summary.focus();
      }
    });
    document.addEventListener(
      'pointerdown',
      event => {
        if (event.target instanceof Node && !this.element.contains(event.target)) {
          this.element.open = false;
        }
      },
      { signal }
    );
  }

  /** @param names - What is offered. */
  set(names: readonly string[], chosen: readonly string[]): void {
    const all = [...names, ...chosen.filter(name => !names.includes(name))];
    const same = all.join('\n') === this.#names.join('\n');
    this.#chosen = chosen;
    this.#summary.textContent = chosen.length > 3 ? `${chosen.length} indices` : chosen.join(', ');
    this.#summary.title = `Indices: ${chosen.join(', ')}`;
    if (!same) {
      this.#names = all;
      this.#list.replaceChildren(...all.map(name => this.#choice(name)));
    }
    for (const box of this.#list.querySelectorAll('input')) {
      box.checked = chosen.includes(box.value);
    }
  }

  #choice(name: string): HTMLElement {
    const box = make('input', { type: 'checkbox', value: name });
    box.addEventListener('change', () => {
      const chosen = box.checked
        ? [...this.#chosen, name]
        : this.#chosen.filter(one => one !== name);
      if (chosen.length) {
        this.#picked(chosen);
      } else {
        box.checked = true; // a series of nothing
      }
    });
    return make('label', { title: name }, box, name);
  }
}
