/** The table of features: rows as far as they are looked at, columns with histograms to filter by. */
import type {
  Cell,
  Column,
  Filter,
  HistogramMeta,
  Limits,
  PageMeta,
  Sort
} from '../../core/waveforms';
import type { WireArray } from '../../core/wire';
import { make } from '../common/dom';
import { Histogram } from '../common/brush';
import { count } from './ranges';

export interface TableHooks {
  /** Rows are looked at that are not here. */
  look(): void;
  sort(sort: Sort): void;
  brush(column: string, limits: Limits | null): void;
  /** A row was chosen; `more` draws it with those on show, or takes it away. */
  pick(trace: number, more: boolean): void;
}

const ROW = 22;
/** Rows asked for at once. */
export const PAGE = 100;
/** Browsers lay out no element that is much higher than this. */
const TALLEST = 8e6;

interface Head {
  readonly cell: HTMLTableCellElement;
  readonly button: HTMLButtonElement;
  readonly histogram: Histogram | null;
}

export class Table {
  readonly element: HTMLElement;
  readonly #hooks: TableHooks;
  readonly #signal: AbortSignal;
  readonly #scroll = make('div', {
    class: 'astrodata-scroll astrodata-waveforms-scroll',
    tabindex: 0,
    role: 'region',
    'aria-label': 'Features of the traces'
  });
  readonly #sizer = make('div', { class: 'astrodata-waveforms-sizer' });
  readonly #table = make('table', { 'aria-label': 'Features of the traces' });
  readonly #headRow = make('tr', {});
  readonly #body = make('tbody', {});
  readonly #note = make('div', { class: 'astrodata-waveforms-empty', hidden: true });
  readonly #heads = new Map<string, Head>();
  readonly #histograms = new Map<string, { meta: HistogramMeta; counts: WireArray }>();
  #columns: readonly Column[] = [];
  readonly #rows = new Map<number, readonly Cell[]>();
  #total = 0;
  #trace = 0;
  #others: ReadonlySet<number> = new Set();
  #sort: Sort = ['trace', 'asc'];
  #filter: Filter = {};

  constructor(hooks: TableHooks, signal: AbortSignal) {
    this.#hooks = hooks;
    this.#signal = signal;
    this.#table.append(make('thead', {}, this.#headRow), this.#body);
    this.#sizer.append(this.#table);
    this.#scroll.append(this.#sizer);
    this.element = make('div', { class: 'astrodata-waveforms-table' }, this.#scroll, this.#note);
    this.#scroll.addEventListener('scroll', () => this.#paint(), { signal, passive: true });
    const observer = new ResizeObserver(() => {
      this.#paint();
      this.#heads.forEach(({ histogram }) => histogram?.paint());
    });
    observer.observe(this.#scroll);
    signal.addEventListener('abort', () => observer.disconnect());
    this.#body.addEventListener(
      'click',
      event => {
        const row = (event.target as HTMLElement).closest('tr');
        if (row?.dataset.trace) {
          const box = (event.target as HTMLElement).closest('input');
          hooks.pick(Number(row.dataset.trace), !!box || event.ctrlKey || event.metaKey);
        }
      },
      { signal }
    );
  }

  /** Columns that have a histogram. */
  get brushed(): readonly string[] {
    return this.#columns
      .filter(({ kind }) => kind === 'number' || kind === 'flag')
      .map(c => c.name);
  }

  get total(): number {
    return this.#total;
  }

  /** Gives which rows are looked at. */
  get window(): { first: number; rows: number } {
    const room = this.#scroll.clientHeight - this.#headRow.clientHeight;
    const rows = Math.max(1, Math.min(PAGE, Math.floor(room / ROW)));
    const most = Math.max(0, this.#total - rows);
    const reach = this.#height() - this.#scroll.clientHeight;
    const share = reach > 0 ? this.#scroll.scrollTop / reach : 0;
    return { first: Math.min(most, Math.round(share * most)), rows };
  }

  /** Gives what to ask for, so that the rows that are looked at are here. */
  get wanted(): { start: number; count: number } {
    const { first, rows } = this.window;
    return { start: Math.max(0, first - Math.floor((PAGE - rows) / 2)), count: PAGE };
  }

  /** Forgets all rows: another filter or order holds. */
  forget(): void {
    this.#rows.clear();
  }

  /** Takes up a page of rows. */
  show(page: PageMeta): void {
    const changed = page.total !== this.#total;
    this.#total = page.total;
    if (JSON.stringify(page.columns) !== JSON.stringify(this.#columns)) {
      this.#columns = page.columns;
      this.#rows.clear();
      this.#makeHeads();
    }
    page.rows.forEach((row, i) => this.#rows.set(page.start + i, row));
    if (changed) {
      this.#sizer.style.height = `${this.#height()}px`;
    }
    this.#paint();
  }

  /** Says something where rows would be; null shows them. */
  notice(text: string | null): void {
    this.#note.hidden = text === null;
    this.#note.textContent = text ?? '';
  }

  /** Marks the traces that are drawn. */
  mark(trace: number, others: readonly number[]): void {
    this.#trace = trace;
    this.#others = new Set(others);
    this.#paint();
  }

  setSort(sort: Sort): void {
    this.#sort = sort;
    this.#showSort();
  }

  setFilter(filter: Filter): void {
    this.#filter = filter;
    this.#heads.forEach(({ cell, histogram }, column) => {
      const limits = Object.hasOwn(filter, column) ? filter[column] : null;
      histogram?.brush(limits);
      cell.classList.toggle('astrodata-waveforms-filtered', !!limits);
    });
  }

  setHistogram(meta: HistogramMeta, counts: WireArray): void {
    this.#histograms.set(meta.column, { meta, counts });
    this.#heads.get(meta.column)?.histogram?.show({ meta, counts });
  }

  /** Brings a row into sight. */
  reveal(place: number): void {
    const { first, rows } = this.window;
    if (place >= first && place < first + rows) {
      return;
    }
    const most = Math.max(1, this.#total - rows);
    const top = Math.min(most, Math.max(0, place - Math.floor(rows / 2)));
    this.#scroll.scrollTop = (top / most) * (this.#height() - this.#scroll.clientHeight);
    this.#paint();
  }

  /** Paints anew, in the colours of now. */
  restyle(): void {
    this.#heads.forEach(({ histogram }) => histogram?.paint());
  }

  #height(): number {
    return Math.min(TALLEST, this.#headRow.clientHeight + this.#total * ROW);
  }

  #makeHeads(): void {
    this.#heads.clear();
    const cells = this.#columns.map(column => {
      const { name, unit, kind } = column;
      const button = make(
        'button',
        { type: 'button', title: `Sort by ${name}`, 'aria-label': `Sort by ${name}` },
        name
      );
      button.addEventListener('click', () => {
        const same = this.#sort[0] === name;
        this.#hooks.sort([name, same && this.#sort[1] === 'asc' ? 'desc' : 'asc']);
      });
      const numeric = kind === 'number' || kind === 'flag';
      const histogram = numeric
        ? new Histogram(name, limits => this.#hooks.brush(name, limits), this.#signal)
        : null;
      const cell = make(
        'th',
        { scope: 'col' },
        button,
        make('small', {}, unit),
        ...(histogram ? [histogram.element] : [])
      );
      this.#heads.set(name, { cell, button, histogram });
      return cell;
    });
    const mark = make('th', { scope: 'col', title: 'Drawn with the trace in the foreground' }, '+');
    this.#headRow.replaceChildren(mark, ...cells);
    this.#showSort();
    this.setFilter(this.#filter);
    // Those that are known already are not asked for again.
    this.#histograms.forEach((data, name) => this.#heads.get(name)?.histogram?.show(data));
  }

  #showSort(): void {
    const [column, direction] = this.#sort;
    this.#heads.forEach(({ cell, button }, name) => {
      const sorted = name === column;
      cell.setAttribute(
        'aria-sort',
        sorted ? (direction === 'asc' ? 'ascending' : 'descending') : 'none'
      );
      button.textContent = sorted ? `${name} ${direction === 'asc' ? '▲' : '▼'}` : name;
    });
  }

  #paint(): void {
    const { first, rows } = this.window;
    const shown = Math.min(rows, this.#total - first);
    const lines = Array.from({ length: Math.max(0, shown) }, (_, i) => this.#line(first + i));
    this.#body.replaceChildren(...lines);
    const { start, count: n } = { start: first, count: shown };
    if (Array.from({ length: Math.max(0, n) }, (_, i) => start + i).some(i => !this.#rows.has(i))) {
      this.#hooks.look();
    }
  }

  #line(place: number): HTMLTableRowElement {
    const row = this.#rows.get(place);
    if (!row) {
      return make('tr', {}, make('td', { colspan: this.#columns.length + 1 }, '…'));
    }
    const trace = Number(row[0]);
    const box = make('input', {
      type: 'checkbox',
      'aria-label': `Draw trace ${trace} too`,
      tabindex: -1
    });
    box.checked = trace === this.#trace || this.#others.has(trace);
    box.disabled = trace === this.#trace;
    return make(
      'tr',
      { 'data-trace': trace, ...(trace === this.#trace ? { 'aria-current': 'true' } : {}) },
      make('td', {}, box),
      ...row.map((value, i) =>
        make('td', { class: typeof value === 'string' ? '' : 'number' }, cellText(value, i === 0))
      )
    );
  }
}

/** Gives how a value is written in a cell. */
export function cellText(value: Cell, whole = false): string {
  if (value === null) {
    return 'NaN';
  }
  if (typeof value === 'boolean') {
    return value ? 'yes' : 'no';
  }
  if (typeof value === 'string') {
    return value;
  }
  return whole || Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
}

/** Gives how many traces pass, as a line of text. */
export function passed(total: number, all: number): string {
  return `${count(total)} of ${count(all)}`;
}
