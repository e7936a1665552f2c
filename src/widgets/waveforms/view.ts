/** One view of a WaveformViewer: joins the controls, the pictures, the table, the traits and the kernel. */
import { isAbort, Requester, type Channel } from '../../core/request';
import type { Filter, TracesMeta, WaveformRequests, WaveformTraits } from '../../core/waveforms';
import { Later, make } from '../common/dom';
import { download } from '../common/download';
import { ErrorStrip } from '../common/errors';
import { greet } from '../common/greeting';
import { keepKeys } from '../common/keys';
import { Notes } from '../common/notes';
import type { Startable } from '../common/start';
import { Traits, type TraitModel } from '../common/traits';
import { followTheme, themed } from '../common/theme';
import { figure, linesCsv } from './export';
import { asked } from '../common/feed';
import { FilterBar } from './filterbar';
import { filterText, withLimits } from './filters';
import { Hands } from './hands';
import { Lines } from './lines';
import { Overview } from './overview';
import { count } from './ranges';
import { Readout } from './readout';
import { Sources } from './sources';
import { drawnTraces, NAMES, samplesShown, toggled, type State } from './state';
import { Table } from './table';
import { Toolbar, type Export } from './toolbar';
import { Walker } from './walker';

const SAVE = 200;
const MOVING = 60;

let views = 0;

/** Draws into `el` until `signal` ends it; several views of one model live side by side. */
export class WaveformView implements Startable {
  readonly #root: HTMLElement;
  readonly #signal: AbortSignal;
  readonly #traits: Traits<WaveformTraits>;
  readonly #toolbar: Toolbar;
  readonly #errors = new ErrorStrip();
  readonly #overview: Overview;
  readonly #lines: Lines;
  readonly #filterBar: FilterBar;
  readonly #table: Table;
  readonly #readout: Readout;
  readonly #notes = new Notes();
  readonly #sources: Sources;
  readonly #walker: Walker;
  readonly #hands: Hands;
  readonly #save = new Later(SAVE);
  readonly #moving = new Later(MOVING);
  readonly #name = `waveforms-${(views += 1)}-${Math.random().toString(36).slice(2, 8)}`;
  #state: State;
  #requester: Requester<WaveformRequests> | null = null;
  #facts: TracesMeta | null = null;
  #starting = true;

  constructor(model: TraitModel<WaveformTraits>, el: HTMLElement, signal: AbortSignal) {
    this.#signal = signal;
    this.#traits = new Traits(model, signal);
    this.#state = this.#read();
    this.#walker = new Walker({
      step: by => this.#step(by),
      changed: () => this.#toolbar.set(this.#state, this.#walker.playing),
      failed: error => this.fail(error)
    });
    this.#toolbar = new Toolbar({
      change: values => this.#change(values),
      extras: () => this.#show(),
      step: by => void this.#walker.step(by),
      play: () => this.#walker.toggle(),
      fit: () => this.#hands.fit(),
      clear: () => this.#change({ traces: [] }),
      export: what => this.#export(what)
    });
    this.#readout = new Readout(error => this.fail(error));
    this.#hands = new Hands(this.#name, {
      now: () => ({
        state: this.#state,
        facts: this.#facts,
        requester: this.#requester,
        overview: this.#overview,
        lines: this.#lines
      }),
      change: (values, soon) => this.#change(values, soon),
      step: by => void this.#walker.step(by),
      play: () => this.#walker.toggle(),
      stop: () => this.#walker.stop(),
      readout: this.#readout,
      failed: error => this.fail(error)
    });
    const sync = `astrodata-${this.#name}`;
    this.#overview = new Overview(this.#hands.overview, sync, signal);
    this.#lines = new Lines(this.#hands.lines, sync, signal);
    this.#filterBar = new FilterBar({
      filter: filter => void this.#tryFilter(filter),
      failed: error => this.fail(error)
    });
    this.#table = new Table(
      {
        look: () => this.#sources?.page(this.#state),
        sort: sort => this.#change({ sort }),
        brush: (column, limits) =>
          this.#change({ filter: withLimits(this.#state.filter, column, limits) }),
        pick: (trace, more) => this.#change(more ? toggled(this.#state, trace) : { trace })
      },
      signal
    );
    this.#sources = new Sources(this.#name, {
      overview: this.#overview,
      lines: this.#lines,
      table: this.#table,
      filterBar: this.#filterBar,
      failed: error => this.fail(error, () => this.#show()),
      mended: () => this.#errors.clear(),
      changed: () => this.#showBusy(),
      state: () => this.#state
    });
    this.#root = make(
      'div',
      { class: 'astrodata-widget astrodata-waveforms', 'aria-busy': 'true' },
      this.#toolbar.element,
      this.#errors.element,
      make(
        'div',
        { class: 'astrodata-waveforms-body' },
        make(
          'div',
          { class: 'astrodata-waveforms-pictures' },
          this.#overview.panel.element,
          this.#lines.panel.element
        ),
        make(
          'div',
          { class: 'astrodata-waveforms-side' },
          this.#filterBar.element,
          this.#table.element
        )
      ),
      this.#readout.element,
      this.#notes.element
    );
    el.append(this.#root);
    keepKeys(this.#root);
    this.#listen();
    this.#traits.follow(NAMES, () => this.#follow());
    this.#show();
    signal.addEventListener('abort', () => this.#dispose());
  }

  /** Greets the kernel on the data channel and shows the traces. */
  connect(channel: Channel): void {
    this.#requester = new Requester<WaveformRequests>(channel);
    void this.#greet(this.#requester);
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

  #greet(requester: Requester<WaveformRequests>): Promise<void> {
    return greet(requester, this.#signal, {
      starting: () => (this.#starting = true),
      ask: async () => (await requester.request('describe', {}, this.#signal)).meta,
      begin: facts => {
        this.#setFacts(facts);
        this.#starting = false;
        this.#sources.connect(requester, facts);
        this.#show();
      },
      failed: (error, retry) => this.fail(error, retry)
    });
  }

  #setFacts(facts: TracesMeta): void {
    this.#facts = facts;
    this.#toolbar.setFacts(facts);
    this.#overview.facts = facts;
    this.#lines.facts = facts;
    this.#readout.facts = facts;
    this.#notes.set(facts.warnings, 'these traces');
  }

  // --- what Python and the person say -----------------------------------------------------------

  #read(): State {
    return Object.fromEntries(
      NAMES.map(name => [name, this.#traits.get(name)])
    ) as unknown as State;
  }

  #follow(): void {
    this.#save.cancel();
    this.#state = this.#read();
    this.#show();
  }

  /** @param soon - The hand is still moving: what is asked for may wait for a moment. */
  #change(values: Partial<State>, soon = false): void {
    const { trace } = values;
    if (trace !== undefined && this.#facts && !(trace >= 0 && trace < this.#facts.traces)) {
      this.fail(`There is no trace ${trace}: they are 0 to ${this.#facts.traces - 1}.`);
      this.#toolbar.set(this.#state, this.#walker.playing);
      return;
    }
    this.#state = { ...this.#state, ...values };
    this.#save.run(() => this.#traits.write(this.#state));
    this.#show(soon);
  }

  /** Takes a filter that a person wrote, if the kernel can apply it. */
  async #tryFilter(where: Filter): Promise<void> {
    const [requester, { sort, trace }] = [this.#requester, this.#state];
    if (!requester) {
      return;
    }
    try {
      const msg = { where, sort, trace, start: 0, count: 0 };
      await asked(requester, 'table', msg, this.#signal);
    } catch (error) {
      this.#filterBar.refuse();
      this.fail(error);
      return;
    }
    this.#errors.clear();
    this.#change({ filter: where });
  }

  async #step(by: number): Promise<boolean> {
    const requester = this.#requester;
    if (!requester) {
      return false;
    }
    const { trace, sort, filter: where } = this.#state;
    const { meta } = await asked(requester, 'step', { trace, by, where, sort }, this.#signal);
    if (meta.trace === null || meta.trace === trace) {
      return false;
    }
    this.#change({ trace: meta.trace });
    return true;
  }

  #listen(): void {
    this.#root.addEventListener(
      'keydown',
      event => {
        const target = event.target as HTMLElement;
        const ours = target.matches('.astrodata-waveforms-plot, .astrodata-waveforms-scroll');
        const plain = !(event.ctrlKey || event.metaKey || event.altKey);
        if (ours && plain && this.#hands.key(event.key, event.shiftKey)) {
          event.preventDefault();
          event.stopPropagation();
        }
      },
      { signal: this.#signal }
    );
    followTheme(() => this.#restyle(), this.#signal);
    const resized = new Later(150);
    const sizes = new ResizeObserver(() => resized.run(() => this.#show()));
    sizes.observe(this.#root);
    this.#signal.addEventListener('abort', () => {
      sizes.disconnect();
      resized.cancel();
    });
  }

  // --- what is on show --------------------------------------------------------------------------

  #show(soon = false): void {
    const state = this.#state;
    this.#toolbar.set(state, this.#walker.playing);
    this.#root.style.setProperty('--astrodata-waveforms-height', `${state.height}px`);
    this.#overview.style(state.brightness, state.colormap);
    this.#filterBar.set(state.filter);
    this.#table.setFilter(state.filter);
    this.#table.setSort(state.sort);
    this.#table.mark(state.trace, state.traces);
    const facts = this.#facts;
    if (!facts) {
      return;
    }
    const samples = samplesShown(state, facts);
    this.#overview.look(samples, state.value_range);
    this.#lines.look(samples, state.value_range, state.mode);
    const drawn = drawnTraces(state, facts).length;
    const more = drawn > 1 ? ` with ${drawn - 1} more` : '';
    this.#readout.rest(
      `${count(facts.traces)} ${facts.traces === 1 ? 'trace' : 'traces'} of ` +
        `${count(facts.samples)} samples, ${facts.dtype}  |  trace ${state.trace}${more}`
    );
    if (soon) {
      this.#moving.run(() => this.#ask());
    } else {
      this.#moving.cancel();
      this.#ask();
    }
  }

  #ask(): void {
    this.#sources.ask(this.#state, this.#toolbar.extras);
  }

  #restyle(): void {
    if (this.#facts) {
      const { value_range: values } = this.#state;
      this.#overview.panel.plot.redraw();
      this.#lines.restyle(samplesShown(this.#state, this.#facts), values);
      this.#table.restyle();
    }
  }

  #showBusy(): void {
    this.#root.setAttribute('aria-busy', String(this.#starting || this.#sources.busy));
  }

  #export(what: Export): void {
    const [facts, shown] = [this.#facts, this.#lines.shown];
    if (!facts || !shown) {
      return;
    }
    const name = `${facts.name.replace(/\.[^.]*$/, '') || 'traces'}-trace-${this.#state.trace}`;
    if (what === 'csv') {
      download(`${name}.csv`, new Blob([linesCsv(shown, facts)], { type: 'text/csv' }));
      return;
    }
    const text = filterText(this.#state.filter);
    const picture = figure(
      [this.#overview.panel, this.#lines.panel].map(({ title, plot }) => ({
        title,
        canvas: plot.canvas
      })),
      [facts.title || facts.name, text].filter(part => part).join('   |   '),
      {
        background: getComputedStyle(this.#root).backgroundColor,
        text: themed(this.#root, '--astrodata-text')
      },
      devicePixelRatio || 1
    );
    picture.toBlob(blob => blob && download(`${name}.png`, blob), 'image/png');
  }

  #dispose(): void {
    this.#save.cancel();
    this.#moving.cancel();
    this.#hands.dispose();
    this.#walker.stop();
    this.#readout.dispose();
    this.#sources.dispose();
    this.#requester?.dispose();
    this.#root.remove();
  }
}
