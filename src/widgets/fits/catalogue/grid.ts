/** The rows of a catalogue, of which only those in sight are on the page; pages come from the kernel. */
import type { LayerFacts, RowsMeta } from '../../../core/catalogue';
import { make } from '../../common/dom';
import { SELECTED } from './layer';

const [LINE, PAGE] = [22, 100];
/** Browsers lay out no taller than some 17 million pixels; beyond, the bar moves by shares. */
const TALLEST = 12e6;
const [NARROWEST, WIDEST, LETTER] = [56, 210, 7.4];

export interface GridHooks {
  /** Asks for the rows from `start` to before `stop`, as they are listed. */
  ask(start: number, stop: number): Promise<RowsMeta>;
  failed(error: unknown): void;
  sort(sort: string): void;
  /** Places in the list, both ends among them. */
  select(first: number, last: number, toggle: boolean): void;
  all(): void;
  /** Look at a row. */
  go(row: number): void;
  /** Another row is the one that keys are about. */
  active(row: number): void;
  leave(): void;
}

export class Grid {
  readonly element: HTMLElement;
  readonly #hooks: GridHooks;
  readonly #head = make('div', { class: 'astrodata-catalogue-head', role: 'row' });
  readonly #space = make('div', { class: 'astrodata-catalogue-space', role: 'rowgroup' });
  readonly #empty = make('p', { hidden: true });
  readonly #pages = new Map<number, RowsMeta | null>();
  readonly #lines = new Map<number, HTMLElement>();
  #key = '';
  #facts: LayerFacts | null = null;
  #flags: Uint8Array | null = null;
  #total = 0;
  /** Places in the list. */
  #active = -1;
  #anchor = -1;
  #columns: RowsMeta['columns'] = [];

  constructor(hooks: GridHooks) {
    this.#hooks = hooks;
    this.element = make(
      'div',
      {
        class: 'astrodata-catalogue-grid',
        role: 'grid',
        tabindex: 0,
        'aria-multiselectable': 'true',
        'aria-label': 'Rows of the catalogue'
      },
      this.#head,
      this.#space,
      this.#empty
    );
    this.element.addEventListener('scroll', () => this.#draw());
    this.element.addEventListener('keydown', event => this.#onKey(event));
    this.#space.addEventListener('click', event => this.#onClick(event));
    this.#space.addEventListener('dblclick', event => {
      const at = this.#lineOf(event);
      const row = this.#rowAt(at);
      if (row >= 0) {
        this.#hooks.go(row);
      }
    });
  }

  /** @param flags - Bits of each row, once they are known. */
  set(facts: LayerFacts | null, flags: Uint8Array | null): void {
    const key = facts
      ? JSON.stringify([
          ...[facts.ident, facts.where, facts.sort, facts.only_selected],
          facts.only_selected ? facts.version : 0
        ])
      : '';
    const other = facts?.ident !== this.#facts?.ident;
    this.#facts = facts;
    this.#flags = flags;
    if (key !== this.#key) {
      this.#key = key;
      this.#pages.clear();
      this.#lines.forEach(line => line.remove());
      this.#lines.clear();
      this.#active = this.#anchor = -1;
      this.#total = facts ? (facts.only_selected ? facts.selected : facts.matching) : 0;
      if (other) {
        this.#columns = [];
        this.element.scrollTop = this.element.scrollLeft = 0;
      }
      this.#measure();
    }
    this.#showHead();
    this.#draw();
  }

  /** Brings a row of the list into sight and makes it the active one. */
  reveal(at: number): void {
    if (at < 0 || at >= this.#total) {
      return;
    }
    this.#active = this.#anchor = at;
    this.#bringIntoSight();
    this.#draw();
  }

  get columns(): RowsMeta['columns'] {
    return this.#columns;
  }

  #measure(): void {
    this.#space.style.height = `${Math.min(TALLEST, this.#total * LINE)}px`;
    this.element.setAttribute('aria-rowcount', String(this.#total + 1));
  }

  /** Lines that fit. */
  get #fit(): number {
    return Math.max(1, Math.floor((this.element.clientHeight - LINE) / LINE));
  }

  /** Gives the first line in sight, with the part of it that is above. */
  get #first(): number {
    const { scrollTop } = this.element;
    if (this.#total * LINE <= TALLEST) {
      return scrollTop / LINE;
    }
    const way = TALLEST - this.#fit * LINE;
    return Math.min(1, scrollTop / way) * (this.#total - this.#fit);
  }

  #bringIntoSight(): void {
    const [first, fit] = [this.#first, this.#fit];
    const wanted =
      this.#active < first
        ? this.#active
        : this.#active > first + fit - 1
          ? this.#active - fit + 1
          : first;
    if (wanted !== first) {
      const way = TALLEST - fit * LINE;
      this.element.scrollTop =
        this.#total * LINE <= TALLEST
          ? wanted * LINE
          : (wanted / Math.max(1, this.#total - fit)) * way;
    }
  }

  // --- what is seen -----------------------------------------------------------------------------

  #draw(): void {
    const first = Math.floor(this.#first);
    const last = Math.min(this.#total, first + this.#fit + 2);
    const top = this.element.scrollTop - (this.#first - first) * LINE;
    for (const [at, line] of this.#lines) {
      if (at < first || at >= last) {
        line.remove();
        this.#lines.delete(at);
      }
    }
    // The last first: each new one then has its neighbour to stand before.
    for (let at = last - 1; at >= first; at--) {
      this.#showLine(at, top + (at - first) * LINE);
    }
    this.#empty.hidden = this.#total > 0;
    this.#empty.textContent = this.#facts ? 'No rows.' : '';
    const active = this.#active >= first && this.#active < last ? this.#idOf(this.#active) : '';
    this.element.setAttribute('aria-activedescendant', active);
    for (let page = Math.floor(first / PAGE); page * PAGE < last; page++) {
      this.#need(page);
    }
  }

  /** A line stays the same element: a double click would not be one on two. */
  #showLine(at: number, top: number): void {
    const page = this.#pages.get(Math.floor(at / PAGE));
    const row = page?.rows[at - page.start] ?? -1;
    let line = this.#lines.get(at);
    if (!line) {
      line = make('div', {
        role: 'row',
        id: this.#idOf(at),
        'aria-rowindex': at + 2,
        'data-at': at
      });
      this.#lines.set(at, line);
      const next = this.#lines.get(at + 1);
      if (next) {
        next.before(line);
      } else {
        this.#space.append(line);
      }
    }
    const known = `${this.#key} ${row}`;
    if (line.dataset.known !== known) {
      line.dataset.known = known;
      line.replaceChildren(
        make('span', { role: 'rowheader' }, row >= 0 ? String(row) : '…'),
        ...(page?.cells[at - page.start] ?? []).map((text, i) =>
          make('span', { role: 'gridcell', class: this.#kind(i) }, text)
        )
      );
    }
    const selected = row >= 0 && !!((this.#flags?.[row] ?? 0) & SELECTED);
    line.setAttribute('aria-selected', String(selected));
    line.classList.toggle('astrodata-catalogue-active', at === this.#active);
    line.style.top = `${top}px`;
  }

  #kind(column: number): string {
    return this.#columns[column]?.number ? 'astrodata-catalogue-number' : '';
  }

  #idOf(at: number): string {
    return `astrodata-catalogue-${this.#facts?.ident ?? 0}-${at}`;
  }

  #need(page: number): void {
    if (this.#pages.has(page)) {
      return;
    }
    this.#pages.set(page, null);
    const key = this.#key;
    this.#hooks.ask(page * PAGE, (page + 1) * PAGE).then(
      rows => {
        if (key !== this.#key) {
          return;
        }
        this.#pages.set(page, rows);
        if (!this.#columns.length) {
          this.#columns = rows.columns;
          this.#setWidths(rows);
        }
        this.#total = rows.total;
        this.#measure();
        this.#showHead();
        this.#draw();
      },
      error => {
        if (key === this.#key) {
          this.#pages.delete(page);
          this.#hooks.failed(error);
        }
      }
    );
  }

  #setWidths(rows: RowsMeta): void {
    const widths = rows.columns.map(({ name, unit }, i) => {
      const texts = rows.cells.slice(0, 30).map(cells => cells[i].length);
      const letters = Math.max(name.length + (unit ? unit.length + 3 : 2), ...texts);
      return Math.round(Math.min(WIDEST, Math.max(NARROWEST, letters * LETTER + 14)));
    });
    const first = Math.max(NARROWEST, String(this.#facts?.rows ?? 0).length * LETTER + 18);
    const columns = [first, ...widths].map(width => `${width}px`).join(' ');
    this.element.style.setProperty('--astrodata-catalogue-columns', columns);
  }

  #showHead(): void {
    const sort = this.#facts?.sort ?? '';
    const cells = this.#columns.map(({ name, unit, number }) => {
      const how = sort === name ? 'ascending' : sort === `-${name}` ? 'descending' : 'none';
      const mark = { ascending: ' ▲', descending: ' ▼', none: '' }[how];
      const next = { none: name, ascending: `-${name}`, descending: '' }[how];
      const press = make(
        'button',
        { type: 'button', title: `Sort by ${name}${unit ? `, ${unit}` : ''}` },
        `${name}${mark}`,
        ...(unit ? [make('small', {}, ` ${unit}`)] : [])
      );
      press.addEventListener('click', () => this.#hooks.sort(next));
      return make(
        'span',
        {
          role: 'columnheader',
          'aria-sort': how,
          class: number ? 'astrodata-catalogue-number' : ''
        },
        press
      );
    });
    const focused = [...this.#head.querySelectorAll('button')].findIndex(
      one => one === document.activeElement
    );
    this.#head.replaceChildren(make('span', { role: 'columnheader' }, 'row'), ...cells);
    this.#head.querySelectorAll('button')[focused]?.focus({ preventScroll: true });
  }

  // --- hands and keys ---------------------------------------------------------------------------

  #lineOf(event: MouseEvent): number {
    const line = (event.target as Element).closest<HTMLElement>('[data-at]');
    return line ? Number(line.dataset.at) : -1;
  }

  #rowAt(at: number): number {
    const page = this.#pages.get(Math.floor(at / PAGE));
    return page?.rows[at - page.start] ?? -1;
  }

  #onClick(event: MouseEvent): void {
    const at = this.#lineOf(event);
    if (at < 0) {
      return;
    }
    this.#active = at;
    if (event.shiftKey && this.#anchor >= 0) {
      this.#hooks.select(this.#anchor, at, false);
    } else {
      this.#anchor = at;
      this.#hooks.select(at, at, event.ctrlKey || event.metaKey);
    }
    this.#tellActive();
    this.#draw();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.target !== this.element) {
      return;
    }
    const [fit, last] = [this.#fit, this.#total - 1];
    const moves: Record<string, number> = {
      ArrowDown: this.#active + 1,
      ArrowUp: Math.max(0, this.#active) - 1,
      PageDown: this.#active + fit,
      PageUp: this.#active - fit,
      Home: 0,
      End: last
    };
    if (event.key in moves && last >= 0) {
      this.#move(Math.max(0, Math.min(last, moves[event.key])), event.shiftKey);
    } else if (event.key === ' ' && this.#active >= 0) {
      this.#hooks.select(this.#active, this.#active, true);
    } else if (event.key === 'Enter' && this.#rowAt(this.#active) >= 0) {
      this.#hooks.go(this.#rowAt(this.#active));
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      this.#hooks.all();
    } else if (event.key === 'Escape') {
      this.#hooks.leave();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #move(to: number, spanning: boolean): void {
    this.#active = to;
    if (spanning) {
      this.#anchor = this.#anchor < 0 ? to : this.#anchor;
      this.#hooks.select(this.#anchor, to, false);
    } else {
      this.#anchor = to;
    }
    this.#bringIntoSight();
    this.#tellActive();
    this.#draw();
  }

  #tellActive(): void {
    this.#hooks.active(this.#rowAt(this.#active));
  }
}
