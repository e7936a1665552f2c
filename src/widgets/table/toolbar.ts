/** The controls above the rows: the filter, what is looked for, columns, and what leaves. */
import type { ColumnFacts, TableFormat, TableMeta, Which } from '../../core/table';
import { detachButton } from '../common/detach';
import { button, field, make, select, setChoices } from '../common/dom';
import { ColumnMenu } from './columnmenu';

export type Wish = TableFormat | 'copy';

export interface ToolbarHooks {
  hdu(index: number): void;
  filter(text: string): void;
  find(text: string): void;
  columns(names: readonly string[]): void;
  save(what: Wish, which: Which): void;
  copyRows(): void;
  plot(): void;
  cancel(): void;
  help(): void;
}

const SAVES: readonly { value: Wish | ''; text: string }[] = [
  { value: '', text: 'save as …' },
  { value: 'fits', text: 'FITS' },
  { value: 'ecsv', text: 'ECSV' },
  { value: 'parquet', text: 'Parquet' },
  { value: 'csv', text: 'CSV, without units' },
  { value: 'json', text: 'state as JSON' },
  { value: 'py', text: 'Python file' },
  { value: 'copy', text: 'copy as code' }
];

export class Toolbar {
  readonly element: HTMLElement;
  readonly #hooks: ToolbarHooks;
  readonly #hdu: HTMLSelectElement;
  readonly #hduField: HTMLElement;
  readonly #menu: ColumnMenu;
  readonly #filter = typed('Filter', 'parallax > 5 & mag < 18');
  readonly #find = typed('Find', 'text, number');
  readonly #count = make('span', { class: 'astrodata-table-count', role: 'status' });
  readonly #progress = make('progress', { max: 1, 'aria-label': 'Work in the kernel' });
  readonly #doing = make('span');
  readonly #work: HTMLElement;
  readonly #which: HTMLSelectElement;
  readonly #plot: HTMLButtonElement;
  #held = '';

  constructor(hooks: ToolbarHooks) {
    this.#hooks = hooks;
    this.#hdu = select('HDU', [], index => hooks.hdu(Number(index)));
    this.#hduField = field('HDU', this.#hdu);
    this.#menu = new ColumnMenu(names => hooks.columns(names));
    this.#which = select<Which>(
      'Rows to save',
      [
        { value: 'filtered', text: 'rows shown' },
        { value: 'selected', text: 'rows selected' },
        { value: 'all', text: 'all rows' }
      ],
      () => undefined
    );
    const save: HTMLSelectElement = select<Wish | ''>('Save', SAVES, what => {
      save.value = '';
      if (what) {
        hooks.save(what, this.#which.value as Which);
      }
    });
    this.#plot = button('Plot', 'Plot', 'Two columns against each other (p)', hooks.plot);
    this.#work = make(
      'span',
      { class: 'astrodata-row', hidden: true },
      this.#progress,
      this.#doing,
      button('Cancel', 'Cancel', 'Give this work up', hooks.cancel)
    );
    this.#listen();
    this.element = make(
      'div',
      { class: 'astrodata-toolbar', role: 'toolbar', 'aria-label': 'Table' },
      this.#hduField,
      grown(field('Filter', this.#filter)),
      field('Find', this.#find),
      field('Columns', this.#menu.element),
      field('Rows', this.#which),
      field('Save', save),
      make(
        'span',
        { class: 'astrodata-buttons' },
        button('Copy', 'Copy rows', 'Copy the selected rows (Ctrl+C)', hooks.copyRows),
        this.#plot,
        button('?', 'Keys', 'Keys (?)', hooks.help)
      ),
      detachButton(),
      make('span', { class: 'astrodata-table-said' }, this.#count, this.#work)
    );
  }

  setFacts(facts: TableMeta): void {
    this.#hduField.hidden = facts.parts.length < 2;
    setChoices(
      this.#hdu,
      facts.parts.map(({ index, name, rows }) => ({
        value: String(index),
        text: `${index} ${name || 'table'} · ${rows.toLocaleString('en')} rows`
      }))
    );
    this.#hdu.value = String(facts.hdu);
  }

  setColumns(all: readonly ColumnFacts[], shown: readonly string[]): void {
    this.#menu.set(all, shown);
  }

  setFilter(text: string): void {
    if (text !== this.#held || this.#filter.getAttribute('aria-invalid') === null) {
      this.#filter.value = text;
      this.#held = text;
      this.#filter.removeAttribute('aria-invalid');
    }
  }

  /** The filter that was typed means nothing. */
  refuse(): void {
    this.#filter.setAttribute('aria-invalid', 'true');
  }

  setPlot(on: boolean): void {
    this.#plot.setAttribute('aria-pressed', String(on));
  }

  /** Says how many rows there are, and how many are selected. */
  setCounts(total: number, all: number, selected: number): void {
    const number = (count: number) => count.toLocaleString('en');
    const rows = total === all ? `${number(all)} rows` : `${number(total)} of ${number(all)} rows`;
    this.#count.textContent = selected ? `${rows}, ${number(selected)} selected` : rows;
  }

  setWork(doing: string, progress: number): void {
    this.#work.hidden = !doing;
    this.#doing.textContent = doing && `${doing} ${Math.round(100 * progress)} %`;
    this.#progress.value = progress;
  }

  focusFilter(): void {
    this.#filter.focus();
    this.#filter.select();
  }

  focusFind(): void {
    this.#find.focus();
    this.#find.select();
  }

  #listen(): void {
    const take = () => this.#hooks.filter(this.#filter.value.trim());
    this.#filter.addEventListener('change', take);
    this.#filter.addEventListener('input', () => this.#filter.removeAttribute('aria-invalid'));
    this.#filter.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        this.#filter.value = this.#held;
        this.#filter.removeAttribute('aria-invalid');
      }
      event.stopPropagation();
    });
    this.#find.addEventListener('keydown', event => {
      if (event.key === 'Enter' && this.#find.value.trim()) {
        this.#hooks.find(this.#find.value.trim());
      }
      event.stopPropagation();
    });
  }
}

function typed(label: string, placeholder: string): HTMLInputElement {
  return make('input', {
    type: 'search',
    'aria-label': label,
    placeholder,
    autocomplete: 'off',
    spellcheck: 'false'
  });
}

function grown(element: HTMLElement): HTMLElement {
  element.classList.add('astrodata-table-grown');
  return element;
}
