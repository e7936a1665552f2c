/** One view of a TableViewer: joins controls, rows, plot, the traits and the kernel. */
import { isAbort, Requester, type Channel } from '../../core/request';
import type { Op, Span, TableMeta, TableRequests, TableTraits, Which } from '../../core/table';
import { decode } from '../../core/wire';
import { copyText } from '../common/clipboard';
import { make } from '../common/dom';
import { download } from '../common/download';
import { ErrorStrip } from '../common/errors';
import { asked, Feed } from '../common/feed';
import { greet } from '../common/greeting';
import { Help } from '../common/help';
import { keepKeys } from '../common/keys';
import { Notes } from '../common/notes';
import type { Startable } from '../common/start';
import { followTheme } from '../common/theme';
import { Traits, type TraitModel } from '../common/traits';
import { Grid } from './grid';
import { Scatter } from './scatter';
import { clauseOf, columnsShown, moved, NAMES, replaced, type State } from './state';
import { StatisticsPanel } from './statistics';
import { Toolbar, type Wish } from './toolbar';

const KEYS: readonly (readonly [string, string])[] = [
  ['↑ ↓', 'row before, row after; with Shift all between'],
  ['Page Up, Page Down', 'as many rows as are in sight'],
  ['Home, End', 'first row, last row'],
  ['← →', 'scroll sideways'],
  ['Enter', 'take the row into the selection, or out of it'],
  ['Ctrl+A', 'select all rows that pass the filter'],
  ['Ctrl+C', 'copy the selected rows'],
  ['Escape', 'nothing selected'],
  ['f', 'filter'],
  ['/', 'find; Enter finds the next'],
  ['p', 'plot'],
  ['Alt+← Alt+→', 'move a column, from its head'],
  ['?', 'this list']
];

let views = 0;

/** Draws into `el` until `signal` ends it; several views of one model live side by side. */
export class TableView implements Startable {
  readonly #root: HTMLElement;
  readonly #signal: AbortSignal;
  readonly #traits: Traits<TableTraits>;
  readonly #toolbar: Toolbar;
  readonly #errors = new ErrorStrip();
  readonly #grid: Grid;
  readonly #scatter: Scatter;
  readonly #statistics: StatisticsPanel;
  readonly #notes = new Notes();
  readonly #help = new Help();
  readonly #pages: Feed<TableRequests, 'page'>;
  readonly #figures: Feed<TableRequests, 'statistics'>;
  readonly #name = `table-${(views += 1)}-${Math.random().toString(36).slice(2, 8)}`;
  readonly #rebuild: () => void;
  #state: State;
  #requester: Requester<TableRequests> | null = null;
  #facts: TableMeta | null = null;
  #starting = true;
  /** What the rows on show were asked with. */
  #rowsKey = '';
  #version = -1;
  /** Conditions that a hand made on a histogram, by column. */
  readonly #brushed = new Map<string, string>();
  #before: Pick<State, 'filter' | 'sort'> | null = null;
  #finding = new AbortController();

  constructor(
    model: TraitModel<TableTraits>,
    el: HTMLElement,
    signal: AbortSignal,
    rebuild: () => void
  ) {
    this.#signal = signal;
    this.#rebuild = rebuild;
    this.#traits = new Traits(model, signal);
    this.#state = this.#read();
    this.#toolbar = new Toolbar({
      hdu: hdu => this.#change({ hdu }),
      filter: text => void this.#tryFilter(text),
      find: text => void this.#find(text),
      columns: columns => this.#change({ columns }),
      save: (what, which) => void this.#save(what, which),
      copyRows: () => void this.#copyRows(),
      plot: () => this.#togglePlot(),
      cancel: () => this.#cancel(),
      help: () => this.#toggleHelp()
    });
    this.#grid = new Grid(
      {
        look: () => this.#askRows(),
        sort: sort => this.#change({ sort }),
        move: (column, before) => this.#move(column, before),
        statistics: column => this.#look(column),
        current: row => this.#change({ row }),
        choose: (op, places) => void this.#select(places ? { op, places } : { op, rows: [] }),
        chooseAll: () => void this.#select({ op: 'replace', every: true })
      },
      signal
    );
    this.#scatter = new Scatter(
      {
        change: values => this.#change(values),
        box: (op, x, y) => void this.#box(op, x, y),
        open: row => this.#open(row),
        failed: error => this.fail(error, () => this.#show()),
        changed: () => this.#showBusy()
      },
      signal
    );
    this.#statistics = new StatisticsPanel(
      {
        brush: (column, limits) => this.#brush(column, limits),
        close: () => this.#closeStatistics()
      },
      signal
    );
    const hooks = {
      failed: (error: unknown) => this.fail(error, () => this.#show()),
      changed: () => this.#showBusy()
    };
    this.#pages = new Feed('page', {
      ...hooks,
      got: ({ meta }) => {
        this.#before = { filter: this.#state.filter, sort: this.#state.sort };
        this.#grid.show(meta);
        this.#grid.setRow(this.#state.row, meta.place);
        this.#grid.notice(meta.total ? null : 'No row passes the filter.');
        this.#showCounts();
      }
    });
    this.#figures = new Feed('statistics', {
      ...hooks,
      got: ({ meta, buffers }) =>
        this.#statistics.show(
          meta.statistics,
          buffers.length ? decode({ shape: meta.shape!, dtype: meta.dtype! }, buffers[0]) : null
        )
    });
    this.#root = make(
      'div',
      { class: 'astrodata-widget astrodata-table', 'aria-busy': 'true' },
      this.#toolbar.element,
      this.#errors.element,
      make(
        'div',
        { class: 'astrodata-table-body' },
        this.#scatter.element,
        this.#statistics.element,
        this.#grid.element
      ),
      this.#notes.element,
      this.#help.element
    );
    el.append(this.#root);
    keepKeys(this.#root);
    this.#listen();
    this.#traits.follow(NAMES, () => this.#follow());
    this.#show();
    signal.addEventListener('abort', () => this.#dispose());
  }

  /** Greets the kernel on the data channel and shows the rows. */
  connect(channel: Channel): void {
    const requester = (this.#requester = new Requester<TableRequests>(channel));
    void greet(requester, this.#signal, {
      starting: () => (this.#starting = true),
      ask: async () => (await requester.request('describe', {}, this.#signal)).meta,
      begin: facts => {
        this.#facts = facts;
        this.#toolbar.setFacts(facts);
        this.#notes.set(facts.warnings, 'this table');
        this.#scatter.connect(requester, facts);
        this.#starting = false;
        this.#show();
      },
      failed: (error, retry) => this.fail(error, retry)
    });
  }

  /** Tells what went wrong, and offers a remedy. */
  fail(error: unknown, retry?: () => void): void {
    if (isAbort(error)) {
      return;
    }
    this.#starting = false;
    this.#errors.show(error, retry);
    this.#showBusy();
  }

  // --- what Python and the person say -----------------------------------------------------------

  #read(): State {
    return Object.fromEntries(
      NAMES.map(name => [name, this.#traits.get(name)])
    ) as unknown as State;
  }

  #follow(): void {
    const before = this.#state;
    this.#state = this.#read();
    if (this.#state.hdu !== before.hdu) {
      this.#rebuild(); // another table, with other columns
      return;
    }
    this.#show();
  }

  #change(values: Partial<State>): void {
    this.#state = { ...this.#state, ...values };
    this.#traits.write(values);
    this.#show();
  }

  /** Takes a filter that a person wrote, if it means something. */
  async #tryFilter(where: string): Promise<void> {
    const requester = this.#requester;
    if (!requester || where === this.#state.filter) {
      return;
    }
    try {
      const msg = { ...this.#rowsMsg(), where, start: 0, count: 0, row: null };
      // Whether it can be read is known before any row is.
      await requester.request('page', msg, this.#signal);
    } catch (error) {
      this.#toolbar.refuse();
      this.fail(error);
      return;
    }
    this.#errors.clear();
    this.#change({ filter: where });
  }

  /** Goes back to the order and the filter of before. */
  #cancel(): void {
    this.#finding.abort();
    this.#pages.forget();
    this.#closeStatistics();
    if (this.#before) {
      this.#change(this.#before);
    }
    this.#showBusy();
  }

  #move(column: string, before: string | null): void {
    const shown = columnsShown(this.#facts?.columns ?? [], this.#state.columns);
    this.#change({
      columns: moved(
        shown.map(({ name }) => name),
        column,
        before
      )
    });
  }

  #open(row: number): void {
    void this.#select({ op: 'replace', rows: [row] });
    this.#change({ row });
  }

  async #box(op: Op, x: Span, y: Span): Promise<void> {
    await this.#select({ op, box: [x, y] });
  }

  async #select(msg: TableRequests['select']['msg']): Promise<void> {
    try {
      await this.#requester?.request('select', msg, this.#signal);
    } catch (error) {
      this.fail(error);
    }
  }

  async #find(text: string): Promise<void> {
    const requester = this.#requester;
    if (!requester) {
      return;
    }
    this.#finding.abort();
    const { signal } = (this.#finding = new AbortController());
    const { where, sort, columns } = this.#rowsMsg();
    const msg = { text, start: this.#grid.place + 1, where, sort, columns, view: this.#name };
    try {
      const { meta } = await asked(requester, 'find', msg, signal, ({ doing, progress }) =>
        this.#toolbar.setWork(doing, progress)
      );
      if (meta.row === null) {
        this.fail(`No row has “${text}” in the columns on show.`);
      } else {
        this.#errors.clear();
        this.#change({ row: meta.row });
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.#showBusy();
    }
  }

  async #save(what: Wish, which: Which): Promise<void> {
    const requester = this.#requester;
    if (!requester) {
      return;
    }
    try {
      const msg = { what: what === 'copy' ? ('py' as const) : what, which };
      const { meta, buffers } = await requester.request('save', msg, this.#signal);
      if (what === 'copy') {
        await this.#copy(new TextDecoder().decode(buffers[0]));
      } else {
        download(meta.name, new Blob([buffers[0]]));
      }
    } catch (error) {
      this.fail(error);
    }
  }

  async #copyRows(): Promise<void> {
    try {
      const reply = await this.#requester?.request('copy', {}, this.#signal);
      if (reply) {
        await this.#copy(reply.meta.text);
        if (reply.meta.of > reply.meta.rows) {
          this.fail(
            `The first ${reply.meta.rows.toLocaleString('en')} of ` +
              `${reply.meta.of.toLocaleString('en')} selected rows were copied: save the others to a file.`
          );
        }
      }
    } catch (error) {
      this.fail(error);
    }
  }

  async #copy(text: string): Promise<void> {
    if (!(await copyText(text))) {
      this.fail('The browser does not let this page use the clipboard: save to a file instead.');
    }
  }

  #togglePlot(): void {
    const { x, y } = this.#state;
    if (x && y) {
      this.#change({ x: '', y: '' });
      return;
    }
    const { curve, columns = [] } = this.#facts ?? {};
    const numbers = columns.filter(
      ({ kind, name }) => kind === 'number' && !/(^|_)id$/i.test(name)
    );
    const [first, second = first] = numbers.map(({ name }) => name);
    if (first) {
      this.#change(curve ? { x: curve.time, y: curve.flux } : { x: first, y: second });
    }
  }

  // --- statistics -------------------------------------------------------------------------------

  #look(column: string): void {
    this.#statistics.begin(column);
    this.#askStatistics();
  }

  #closeStatistics(): void {
    this.#figures.forget();
    this.#statistics.hide();
    this.#showBusy();
  }

  #brush(column: string, limits: readonly [number | null, number | null] | null): void {
    const clause = clauseOf(column, limits);
    const filter = replaced(this.#state.filter, this.#brushed.get(column) ?? '', clause);
    this.#brushed.set(column, clause);
    this.#change({ filter });
  }

  #askStatistics(): void {
    const { column } = this.#statistics;
    if (column && this.#requester) {
      const msg = { column, bins: 120, where: this.#state.filter, view: this.#name };
      void this.#figures.ask(this.#requester, msg);
    }
  }

  // --- what is on show --------------------------------------------------------------------------

  #show(): void {
    const [state, facts] = [this.#state, this.#facts];
    this.#toolbar.setFilter(state.filter);
    this.#toolbar.setPlot(!!state.x && !!state.y);
    this.#grid.setHeight(state.height);
    this.#grid.setSort(state.sort);
    if (!facts) {
      return;
    }
    this.#toolbar.setColumns(facts.columns, state.columns);
    this.#grid.setColumns(columnsShown(facts.columns, state.columns));
    const { where, sort, columns } = this.#rowsMsg();
    const key = JSON.stringify([where, sort, columns]);
    if (key !== this.#rowsKey) {
      this.#rowsKey = key;
      this.#grid.forget();
    }
    if (state.selection.version !== this.#version) {
      this.#version = state.selection.version;
      this.#pages.forget(); // the same rows, but others of them are selected
    }
    this.#grid.setRow(state.row, null);
    this.#scatter.show(state, {
      where: state.filter,
      good: state.good_only,
      version: state.selection.version,
      selected: state.selection.count
    });
    this.#scatter.mark(state.row);
    this.#showCounts();
    this.#askRows();
    this.#askStatistics();
  }

  #rowsMsg() {
    const { filter: where, sort, columns } = this.#state;
    return { where, sort, columns, view: this.#name };
  }

  #askRows(): void {
    if (this.#requester && this.#facts) {
      const row = this.#state.row < 0 ? null : this.#state.row;
      void this.#pages.ask(this.#requester, { ...this.#rowsMsg(), ...this.#grid.wanted, row });
    }
  }

  #showCounts(): void {
    if (this.#facts) {
      const { count } = this.#state.selection;
      this.#toolbar.setCounts(this.#grid.total, this.#facts.rows, count);
    }
  }

  #showBusy(): void {
    const busy = this.#pages.busy || this.#figures.busy || this.#scatter.busy;
    this.#root.setAttribute('aria-busy', String(this.#starting || busy));
    const later = this.#pages.later ?? this.#figures.later;
    this.#toolbar.setWork(later?.doing ?? '', later?.progress ?? 0);
  }

  #toggleHelp(): void {
    if (this.#help.open) {
      this.#help.close();
    } else {
      this.#help.show(KEYS);
    }
  }

  #listen(): void {
    const options = { signal: this.#signal };
    this.#root.addEventListener('keydown', event => this.#key(event), options);
    this.#root.addEventListener(
      'copy',
      event => {
        if (event.target === this.#grid.scroll || document.activeElement === this.#grid.scroll) {
          event.preventDefault();
          void this.#copyRows();
        }
      },
      options
    );
    followTheme(() => {
      this.#scatter.restyle();
      this.#statistics.restyle();
    }, this.#signal);
  }

  #key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const typing = target.matches('input, select, textarea');
    if (typing || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const actions: Record<string, () => void> = {
      f: () => this.#toolbar.focusFilter(),
      '/': () => this.#toolbar.focusFind(),
      p: () => this.#togglePlot(),
      '0': () => this.#scatter.fit(),
      '?': () => this.#toggleHelp(),
      ...(this.#help.open ? { Escape: () => this.#help.close() } : {})
    };
    if (Object.hasOwn(actions, event.key)) {
      event.preventDefault();
      event.stopPropagation();
      actions[event.key]();
    }
  }

  #dispose(): void {
    this.#finding.abort();
    this.#pages.forget();
    this.#figures.forget();
    this.#requester?.dispose();
    this.#root.remove();
  }
}
