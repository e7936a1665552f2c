/** Rows as far as they are looked at, with heads that sort, in a table of any length. */
import type { Cell, ColumnFacts, PageMeta, Sort } from '../../core/table';
import { make } from '../common/dom';
import { Heads, type HeadHooks } from './heads';

export interface GridHooks extends HeadHooks {
  /** Rows are looked at that are not here. */
  look(): void;
  /** A row was brought to the foreground. */
  current(row: number): void;
  /** Rows at places were chosen; without places none. */
  choose(op: 'replace' | 'add' | 'toggle', places: readonly [number, number] | null): void;
  chooseAll(): void;
}

export const ROW = 22;
/** Rows asked for at once. */
export const PAGE = 120;
/** Browsers lay out no element that is much higher than this. */
const TALLEST = 8e6;
const MARK = 'data-lm-suppress-shortcuts';

interface Line {
  readonly row: number;
  readonly cells: readonly Cell[];
  readonly selected: boolean;
}

export class Grid {
  readonly element: HTMLElement;
  readonly scroll = make('div', {
    class: 'astrodata-scroll astrodata-table-scroll',
    tabindex: 0,
    role: 'grid',
    'aria-label': 'Rows',
    'aria-multiselectable': 'true'
  });
  readonly #hooks: GridHooks;
  readonly #sizer = make('div', { class: 'astrodata-table-sizer' });
  readonly #body = make('tbody');
  readonly #note = make('div', { class: 'astrodata-table-empty', hidden: true });
  readonly #heads: Heads;
  #columns: readonly ColumnFacts[] = [];
  readonly #lines = new Map<number, Line>();
  #total = 0;
  #row = -1;
  /** Where the row in the foreground lies. */
  #place = -1;
  /** Where a stretch of rows begins. */
  #anchor = -1;
  /** A place whose row is not here yet. */
  #awaited = -1;
  /** The first place in sight of a table that is too long for a scroll bar of its own. */
  #first = 0;
  #turned = false;

  constructor(hooks: GridHooks, signal: AbortSignal) {
    this.#hooks = hooks;
    this.#heads = new Heads(hooks, signal);
    const table = make('table', { role: 'presentation' }, this.#heads.widths);
    table.append(make('thead', {}, this.#heads.element), this.#body);
    this.#sizer.append(table);
    this.scroll.append(this.#sizer);
    this.element = make('div', { class: 'astrodata-table-grid' }, this.scroll, this.#note);
    this.#listen(signal);
  }

  get total(): number {
    return this.#total;
  }

  /** Where the row in the foreground lies; -1 where it does not. */
  get place(): number {
    return this.#place;
  }

  /** Gives what to ask for, so that the rows that are looked at are here. */
  get wanted(): { start: number; count: number } {
    const { first, rows } = this.#window();
    return { start: Math.max(0, first - Math.floor((PAGE - rows) / 2)), count: PAGE };
  }

  setColumns(columns: readonly ColumnFacts[]): void {
    if (JSON.stringify(columns) !== JSON.stringify(this.#columns)) {
      this.#columns = columns;
      this.#heads.set(columns);
      this.forget();
    }
  }

  setSort(sort: Sort): void {
    this.#heads.setSort(sort);
  }

  setHeight(pixels: number): void {
    this.element.style.height = `${pixels}px`;
  }

  /** Forgets all rows: another filter or order holds. */
  forget(): void {
    this.#lines.clear();
    this.#place = -1;
  }

  /** Takes up a page of rows. */
  show(page: PageMeta): void {
    this.#total = page.total;
    page.rows.forEach((row, i) =>
      this.#lines.set(page.start + i, {
        row,
        cells: page.cells.map(column => column[i]),
        selected: page.selected[i]
      })
    );
    this.#heads.fit(page.cells);
    this.scroll.setAttribute('aria-rowcount', String(page.total));
    this.#sizer.style.height = `${this.#height()}px`;
    if (page.place !== null && this.#lines.get(page.place)?.row === this.#row) {
      this.#place = page.place;
    }
    const awaited = this.#lines.get(this.#awaited);
    if (awaited) {
      this.#place = this.#awaited;
      this.#awaited = -1;
      this.#hooks.current(awaited.row);
    }
    this.#paint();
  }

  /** Says something where rows would be; null shows them. */
  notice(text: string | null): void {
    this.#note.hidden = text === null;
    this.#note.textContent = text ?? '';
  }

  /** Marks the row in the foreground, and brings it into sight where it lies. */
  setRow(row: number, place: number | null): void {
    const moved = row !== this.#row;
    this.#row = row;
    if (place !== null) {
      this.#place = place;
      if (moved) {
        this.reveal(place);
      }
    } else if (moved && row < 0) {
      this.#place = -1;
    }
    this.#paint();
  }

  /** Brings a place into sight. */
  reveal(place: number): void {
    const { first, rows } = this.#window();
    if (place >= first && place < first + rows) {
      return;
    }
    this.#scrollTo(place < first ? place : place - rows + 1);
  }

  // --- where one looks --------------------------------------------------------------------------

  #rows(): number {
    const room = this.scroll.clientHeight - this.#heads.element.clientHeight;
    return Math.max(1, Math.min(PAGE, Math.floor(room / ROW)));
  }

  #window(): { first: number; rows: number } {
    const rows = this.#rows();
    const most = Math.max(0, this.#total - rows);
    return { first: Math.min(most, Math.max(0, this.#first)), rows };
  }

  #height(): number {
    return Math.min(TALLEST, this.#heads.element.clientHeight + this.#total * ROW);
  }

  #reach(): number {
    return Math.max(1, this.#height() - this.scroll.clientHeight);
  }

  #scrollTo(first: number): void {
    const most = Math.max(1, this.#total - this.#rows());
    this.#first = Math.min(most, Math.max(0, first));
    const top = (this.#first / most) * this.#reach();
    if (Math.abs(this.scroll.scrollTop - top) >= 1) {
      this.#turned = true;
      this.scroll.scrollTop = top;
    }
    this.#paint();
  }

  #scrolled(): void {
    if (this.#turned) {
      this.#turned = false; // where one looks was said in rows, which pixels cannot tell
      return;
    }
    const most = Math.max(0, this.#total - this.#rows());
    this.#first = Math.round((this.scroll.scrollTop / this.#reach()) * most);
    this.#paint();
  }

  // --- hands and keys ---------------------------------------------------------------------------

  #listen(signal: AbortSignal): void {
    const { scroll } = this;
    scroll.addEventListener('scroll', () => this.#scrolled(), { signal, passive: true });
    scroll.addEventListener(
      'wheel',
      event => {
        // A pixel of the bar of a very long table is many rows: the wheel goes by rows.
        if (this.#total * ROW > TALLEST && event.deltaY && !event.ctrlKey && !event.shiftKey) {
          event.preventDefault();
          const rows = event.deltaMode === 0 ? event.deltaY / ROW : 3 * Math.sign(event.deltaY);
          this.#scrollTo(Math.round(this.#window().first + (rows || 0)));
        }
      },
      { signal, passive: false }
    );
    const observer = new ResizeObserver(() => this.#paint());
    observer.observe(scroll);
    signal.addEventListener('abort', () => observer.disconnect());
    this.#body.addEventListener('click', event => this.#clicked(event), { signal });
    scroll.addEventListener('keydown', event => this.#key(event), { signal });
    // JupyterLab listens on the document for these two, which mean our rows while they have the focus.
    window.addEventListener(
      'keydown',
      event => {
        const ours = event.target === scroll && (event.ctrlKey || event.metaKey);
        if (ours && (event.key === 'a' || event.key === 'c')) {
          scroll.setAttribute(MARK, '');
        }
      },
      { signal, capture: true }
    );
  }

  #clicked(event: MouseEvent): void {
    const row = (event.target as HTMLElement).closest('tr');
    if (!row?.dataset.place) {
      return;
    }
    this.scroll.focus({ preventScroll: true });
    this.#moveTo(Number(row.dataset.place), event.shiftKey, event.ctrlKey || event.metaKey);
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.scroll || event.altKey) {
      return;
    }
    const { first, rows } = this.#window();
    const from = this.#place < 0 ? first : this.#place;
    const steps: Record<string, number> = {
      ArrowDown: this.#place < 0 ? first : from + 1,
      ArrowUp: from - 1,
      PageDown: from + rows,
      PageUp: from - rows,
      Home: 0,
      End: this.#total - 1
    };
    const done = () => {
      event.preventDefault();
      event.stopPropagation();
    };
    if ((event.ctrlKey || event.metaKey) && event.key === 'a') {
      this.#hooks.chooseAll();
      done();
    } else if (event.ctrlKey || event.metaKey) {
      return;
    } else if (Object.hasOwn(steps, event.key) && this.#total) {
      this.#moveTo(Math.min(this.#total - 1, Math.max(0, steps[event.key])), event.shiftKey, false);
      done();
    } else if ((event.key === 'Enter' || event.key === ' ') && this.#place >= 0) {
      this.#hooks.choose('toggle', [this.#place, this.#place]);
      done();
    } else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      this.scroll.scrollLeft += event.key === 'ArrowLeft' ? -80 : 80;
      done();
    } else if (event.key === 'Escape') {
      this.#hooks.choose('replace', null);
      done();
    }
  }

  #moveTo(place: number, extend: boolean, toggle: boolean): void {
    if (!extend) {
      this.#anchor = place;
    } else if (this.#anchor < 0) {
      this.#anchor = this.#place < 0 ? place : this.#place;
    }
    this.#place = place;
    this.reveal(place);
    this.#hooks.choose(
      toggle ? 'toggle' : 'replace',
      [this.#anchor, place].sort((a, b) => a - b) as [number, number]
    );
    const line = this.#lines.get(place);
    if (line) {
      this.#hooks.current(line.row);
    } else {
      this.#awaited = place;
    }
  }

  // --- paint ------------------------------------------------------------------------------------

  #paint(): void {
    const { first, rows } = this.#window();
    const shown = Math.max(0, Math.min(rows + 1, this.#total - first));
    this.#body.replaceChildren(...Array.from({ length: shown }, (_, i) => this.#line(first + i)));
    if (Array.from({ length: shown }, (_, i) => first + i).some(i => !this.#lines.has(i))) {
      this.#hooks.look();
    }
  }

  #line(place: number): HTMLTableRowElement {
    const line = this.#lines.get(place);
    if (!line) {
      const wait = make('td', { colspan: this.#columns.length + 1 }, '…');
      return make('tr', { 'data-place': place, 'aria-busy': 'true' }, wait);
    }
    const current = line.row === this.#row;
    return make(
      'tr',
      {
        role: 'row',
        'data-place': place,
        'data-row': line.row,
        'aria-rowindex': place + 1,
        'aria-selected': String(line.selected),
        ...(current ? { 'aria-current': 'true' } : {})
      },
      make('th', { scope: 'row' }, String(line.row)),
      ...line.cells.map((cell, i) => cellOf(cell, this.#columns[i]))
    );
  }
}

function cellOf(cell: Cell, facts: ColumnFacts | undefined): HTMLTableCellElement {
  if (cell === null) {
    return make('td', { role: 'gridcell', class: 'missing', title: 'No value: masked' }, '—');
  }
  const number = facts?.kind === 'number';
  const nan = number && cell === 'NaN';
  const kind = nan ? 'number nan' : number ? 'number' : '';
  const title = nan ? 'Not a number' : cell;
  return make('td', { role: 'gridcell', class: kind, ...(cell ? { title } : {}) }, cell);
}
