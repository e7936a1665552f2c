/** The list of columns: which are shown, and in what order. */
import type { ColumnFacts } from '../../core/table';
import { button, make } from '../common/dom';

export class ColumnMenu {
  readonly element = make('details', { class: 'astrodata-table-menu' });
  readonly #summary = make('summary', {
    'aria-label': 'Columns',
    title: 'Show, hide and order columns'
  });
  readonly #list = make('ul');
  readonly #changed: (names: readonly string[]) => void;
  #all: readonly ColumnFacts[] = [];
  #shown: readonly string[] = [];

  /** @param changed - Told the columns on show, in their order; none for all. */
  constructor(changed: (names: readonly string[]) => void) {
    this.#changed = changed;
    this.element.append(
      this.#summary,
      make(
        'div',
        { class: 'astrodata-table-list' },
        make(
          'div',
          { class: 'astrodata-buttons' },
          button('All', 'Show all columns', 'All columns, as they are in the file', () =>
            changed([])
          )
        ),
        this.#list
      )
    );
    this.element.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        this.element.open = false;
        this.#summary.focus();
        event.stopPropagation();
      }
    });
    this.element.addEventListener('focusout', event => {
      if (event.relatedTarget && !this.element.contains(event.relatedTarget as Node)) {
        this.element.open = false;
      }
    });
  }

  set(all: readonly ColumnFacts[], shown: readonly string[]): void {
    this.#all = all;
    this.#shown = shown.length ? shown : all.map(({ name }) => name);
    const hidden = all.length - this.#shown.length;
    this.#summary.textContent = hidden
      ? `${this.#shown.length} of ${all.length}`
      : `all ${all.length}`;
    const rest = all.map(({ name }) => name).filter(name => !this.#shown.includes(name));
    this.#list.replaceChildren(...[...this.#shown, ...rest].map(name => this.#item(name)));
  }

  #item(name: string): HTMLElement {
    const facts = this.#all.find(one => one.name === name);
    const box = make('input', { type: 'checkbox', 'aria-label': `Show ${name}` });
    box.checked = this.#shown.includes(name);
    box.addEventListener('change', () => this.#toggle(name, box.checked));
    const up = button('↑', `Move ${name} forward`, 'Nearer to the left', () => this.#forward(name));
    up.disabled = !box.checked || this.#shown[0] === name;
    return make(
      'li',
      { title: facts?.description ?? '' },
      make('label', {}, box, make('span', {}, name), make('small', {}, facts?.unit ?? '')),
      up
    );
  }

  #toggle(name: string, on: boolean): void {
    const names = on ? [...this.#shown, name] : this.#shown.filter(one => one !== name);
    if (names.length) {
      this.#changed(names);
    } else {
      this.set(this.#all, this.#shown); // a table without columns shows nothing
    }
  }

  #forward(name: string): void {
    const at = this.#shown.indexOf(name);
    const names = this.#shown.filter(one => one !== name);
    names.splice(Math.max(0, at - 1), 0, name);
    this.#changed(names);
  }
}
