/** The heads of the columns: name, unit, what it is; they sort, are dragged, and open what their values are like. */
import type { Cell, ColumnFacts, Sort } from '../../core/table';
import { button, make } from '../common/dom';

export interface HeadHooks {
  sort(sort: Sort): void;
  /** A column shall stand before another one; null puts it last. */
  move(column: string, before: string | null): void;
  statistics(column: string): void;
}

/** Characters that a column is wide at least and at most. */
const [NARROW, WIDE] = [6, 26];
const CHARACTER = 6.6;
const NUMBERS = 62;

interface Head {
  readonly cell: HTMLTableCellElement;
  readonly name: HTMLButtonElement;
  readonly width: HTMLTableColElement;
  characters: number;
}

export class Heads {
  readonly element = make('tr', { role: 'row' });
  readonly widths = make('colgroup');
  readonly #hooks: HeadHooks;
  readonly #signal: AbortSignal;
  #heads = new Map<string, Head>();
  #names: readonly string[] = [];
  #sort: Sort = [];
  #dragged = '';

  constructor(hooks: HeadHooks, signal: AbortSignal) {
    this.#hooks = hooks;
    this.#signal = signal;
  }

  set(columns: readonly ColumnFacts[]): void {
    const before = this.#heads;
    this.#names = columns.map(({ name }) => name);
    this.#heads = new Map(
      columns.map(facts => [facts.name, this.#head(facts, before.get(facts.name)?.characters)])
    );
    const corner = make('col');
    corner.style.width = `${NUMBERS}px`;
    this.widths.replaceChildren(corner, ...[...this.#heads.values()].map(({ width }) => width));
    this.element.replaceChildren(
      make('th', { scope: 'col', role: 'columnheader', title: 'Number of the row, from 0' }, 'row'),
      ...[...this.#heads.values()].map(({ cell }) => cell)
    );
    this.setSort(this.#sort);
  }

  setSort(sort: Sort): void {
    this.#sort = sort;
    this.#heads.forEach(({ cell, name }, column) => {
      const [by, direction] = sort;
      const sorted = by === column ? direction : null;
      const said = sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : 'none';
      cell.setAttribute('aria-sort', said);
      name.textContent = `${column}${sorted === 'asc' ? ' ▲' : sorted === 'desc' ? ' ▼' : ''}`;
    });
  }

  /** Widens columns for what is in them; none becomes narrower, so that nothing jumps. */
  fit(cells: readonly (readonly Cell[])[]): void {
    this.#names.forEach((name, i) => {
      const head = this.#heads.get(name);
      const longest = Math.max(0, ...(cells[i] ?? []).map(cell => cell?.length ?? 1));
      const characters = Math.min(WIDE, longest);
      if (head && characters > head.characters) {
        head.characters = characters;
        head.width.style.width = `${Math.ceil(characters * CHARACTER) + 18}px`;
      }
    });
  }

  #head(facts: ColumnFacts, characters = NARROW): Head {
    const { name: column, unit, dtype, kind, description } = facts;
    const sortable = kind !== 'vector' && kind !== 'other';
    const told = [description, unit && `in ${unit}`, dtype].filter(Boolean).join('\n');
    const name = button(column, `Sort by ${column}`, `${column}\n${told}`, () =>
      this.#turn(column)
    );
    name.disabled = !sortable;
    const like = button('Σ', `Statistics of ${column}`, 'What its values are like', () =>
      this.#hooks.statistics(column)
    );
    like.hidden = !(kind === 'number' || kind === 'flag' || kind === 'text');
    const cell = make(
      'th',
      { scope: 'col', role: 'columnheader', draggable: 'true', 'data-column': column },
      make('div', {}, name, like),
      make('small', { title: told }, unit || dtype)
    );
    this.#listen(cell, column);
    const width = make('col');
    const wide = Math.min(WIDE, Math.max(characters, column.length + 3, NARROW));
    width.style.width = `${Math.ceil(wide * CHARACTER) + 18}px`;
    return { cell, name, width, characters: wide };
  }

  /** Up, down, and as they come. */
  #turn(column: string): void {
    const [by, direction] = this.#sort;
    const next: Sort =
      by !== column ? [column, 'asc'] : direction === 'asc' ? [column, 'desc'] : [];
    this.#hooks.sort(next);
  }

  #listen(cell: HTMLElement, column: string): void {
    const options = { signal: this.#signal };
    cell.addEventListener(
      'dragstart',
      event => {
        this.#dragged = column;
        event.dataTransfer?.setData('text/plain', column);
        event.stopPropagation(); // JupyterLab would drag the cell of the notebook
      },
      options
    );
    cell.addEventListener(
      'dragover',
      event => {
        if (this.#dragged && this.#dragged !== column) {
          event.preventDefault();
          cell.classList.add('astrodata-table-over');
        }
      },
      options
    );
    cell.addEventListener(
      'dragleave',
      () => cell.classList.remove('astrodata-table-over'),
      options
    );
    cell.addEventListener('dragend', () => (this.#dragged = ''), options);
    cell.addEventListener(
      'drop',
      event => {
        event.preventDefault();
        event.stopPropagation();
        cell.classList.remove('astrodata-table-over');
        if (this.#dragged && this.#dragged !== column) {
          const from = this.#names.indexOf(this.#dragged);
          const to = this.#names.indexOf(column);
          // Dropped on one to the right it goes behind that, as the hand means it.
          this.#hooks.move(this.#dragged, from < to ? (this.#names[to + 1] ?? null) : column);
        }
        this.#dragged = '';
      },
      options
    );
    cell.addEventListener(
      'keydown',
      event => {
        const at = this.#names.indexOf(column);
        if (event.altKey && event.key === 'ArrowLeft' && at > 0) {
          this.#hooks.move(column, this.#names[at - 1]);
        } else if (event.altKey && event.key === 'ArrowRight' && at < this.#names.length - 1) {
          this.#hooks.move(column, this.#names[at + 2] ?? null);
        } else {
          return;
        }
        event.preventDefault();
        event.stopPropagation();
        this.#heads.get(column)?.name.focus();
      },
      options
    );
  }
}
