/** What the colours of the map mean; a click on a category hides it or shows it again. */
import type { ColumnMeta, Shape } from '../../../core/latent';
import { make } from '../../common/dom';
import { colourOf, css, legendOf } from '../colours';

export class Legend {
  readonly element = make('div', { class: 'astrodata-latent-legend' });
  readonly #changed: () => void;
  #column: ColumnMeta | null = null;
  #off = new Set<string>();

  /** @param changed - Other categories are shown. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** What is to be shown, or null for all. */
  get shape(): Shape | null {
    const column = this.#column;
    if (!column || !this.#off.size) {
      return null;
    }
    const names = column.categories.map(({ name }) => name).filter(name => !this.#off.has(name));
    return { categories: { column: column.name, names } };
  }

  /** Keeps the place of a column that is on its way, so that nothing moves when it comes. */
  expect(name: string): void {
    this.element.hidden = !name;
    this.element.replaceChildren(make('b', {}, name));
  }

  /** @returns Whether categories that were hidden are shown again, since the column is another. */
  set(column: ColumnMeta | null): boolean {
    const hidden = this.#off.size > 0;
    const another = column?.name !== this.#column?.name;
    this.#column = column;
    if (another) {
      this.#off.clear();
    }
    this.#show();
    return another && hidden;
  }

  /** Shows all categories again, without telling. */
  clear(): void {
    this.#off.clear();
    this.#show();
  }

  #show(): void {
    const column = this.#column;
    this.element.hidden = !column;
    if (!column) {
      this.element.replaceChildren();
      return;
    }
    // What share a colour among the rest, or the garage, is no column of values.
    const counted = column.categories.reduce((all, { count }) => all + count, 0);
    if (column.kind === 'continuous' || column.name === 'garage' || !counted) {
      this.element.replaceChildren(legendOf(column));
      return;
    }
    const chips = column.categories.map(({ name, count }, code) => {
      const dot = make('i');
      dot.style.background = css(colourOf(column, code));
      const rest = code === column.categories.length - 1 && / others$/.test(name);
      const chip = make(
        'button',
        {
          type: 'button',
          class: 'astrodata-map-chip',
          'aria-pressed': String(!this.#off.has(name)),
          title: this.#off.has(name) ? `Show ${name}` : `Hide ${name}`,
          disabled: rest
        },
        dot,
        name,
        make('small', {}, ` ${count.toLocaleString('en')}`)
      );
      chip.addEventListener('click', () => {
        if (!this.#off.delete(name)) {
          this.#off.add(name);
        }
        this.#show();
        this.#changed();
      });
      return chip;
    });
    const missing = column.missing
      ? [make('small', {}, `${column.missing.toLocaleString('en')} without a value`)]
      : [];
    this.element.replaceChildren(make('b', {}, column.name), ...chips, ...missing);
  }
}
