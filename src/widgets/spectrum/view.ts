/** One view of a SpectrumViewer: joins controls, plot, measures, the traits and the kernel. */
import type uPlot from 'uplot';
import { isAbort, Requester, type Channel } from '../../core/request';
import {
  wavelengthAt,
  type CurveMeta,
  type MeasuresMeta,
  type Range,
  type SpectrumMeta,
  type SpectrumRequests,
  type SpectrumTraits,
  type Unit
} from '../../core/spectrum';
import { decode } from '../../core/wire';
import { copyText } from '../common/clipboard';
import { Later, make } from '../common/dom';
import { download } from '../common/download';
import { ErrorStrip } from '../common/errors';
import { greet } from '../common/greeting';
import { Help } from '../common/help';
import { keepKeys } from '../common/keys';
import { Notes } from '../common/notes';
import { valueText } from '../common/scale';
import type { Startable } from '../common/start';
import { followTheme, themed } from '../common/theme';
import { Traits, type TraitModel } from '../common/traits';
import { Plot } from '../common/plot';
import { Measures } from './measures';
import { paintAbove, paintBelow, type Scene } from './picture';
import {
  axisLabel,
  axisOf,
  linesWithin,
  NAMES,
  rangeOn,
  referenceOf,
  unitOf,
  type State
} from './state';
import { Toolbar, type Drag, type Wish } from './toolbar';

const SAVE = 120;
const KEYS: readonly (readonly [string, string])[] = [
  ['← →', 'move; with Shift by more'],
  ['↑ ↓', 'redshift by 0.001; with Shift by 0.01'],
  ['+ −', 'closer, farther'],
  ['0', 'show all'],
  ['z l', 'dragging zooms, dragging measures a line'],
  ['r', 'type a redshift'],
  ['e m', 'errors, mask'],
  ['Escape', 'take the measures away'],
  ['?', 'this list']
];
const EMPTY: MeasuresMeta = { measures: [], units: { axis: '', flux: '' } };

interface Curve {
  readonly meta: CurveMeta;
  readonly xs: Float64Array;
  readonly rows: readonly Float32Array[];
}

export class SpectrumView implements Startable {
  readonly #root: HTMLElement;
  readonly #signal: AbortSignal;
  readonly #traits: Traits<SpectrumTraits>;
  readonly #toolbar: Toolbar;
  readonly #errors = new ErrorStrip();
  readonly #stage = make('div', { class: 'astrodata-spectrum-stage' });
  readonly #place = make('div', { class: 'astrodata-spectrum-plot', tabindex: 0, role: 'img' });
  readonly #readout = make('div', { class: 'astrodata-spectrum-readout', role: 'status' });
  readonly #measures: Measures;
  readonly #notes = new Notes();
  readonly #help = new Help();
  readonly #save = new Later(SAVE);
  readonly #moving = new Later(40);
  readonly #probing = new Later(25);
  #plot: Plot | null = null;
  #state: State;
  #drag: Drag = 'zoom';
  #requester: Requester<SpectrumRequests> | null = null;
  #facts: SpectrumMeta | null = null;
  #curve: Curve | null = null;
  #fits: MeasuresMeta = EMPTY;
  #fitsKey = '';
  #asked = '';
  #turn = new AbortController();
  #probe = new AbortController();
  #busy = 0;
  #starting = true;

  constructor(model: TraitModel<SpectrumTraits>, el: HTMLElement, signal: AbortSignal) {
    this.#signal = signal;
    this.#traits = new Traits(model, signal);
    this.#state = this.#read();
    this.#toolbar = new Toolbar({
      change: (values, soon) => this.#change(values, soon),
      unit: unit => this.#changeUnit(unit),
      drag: drag => this.#setDrag(drag),
      fit: () => this.#change({ x_range: null, y_range: null }),
      save: what => void this.#saveAs(what),
      help: () => this.#toggleHelp()
    });
    this.#measures = new Measures(() => void this.#clear());
    this.#stage.append(this.#place);
    this.#root = make(
      'div',
      { class: 'astrodata-widget astrodata-spectrum', 'aria-busy': 'true' },
      this.#toolbar.element,
      this.#errors.element,
      this.#stage,
      this.#readout,
      this.#measures.element,
      this.#notes.element,
      this.#help.element
    );
    el.append(this.#root);
    keepKeys(this.#root);
    this.#root.addEventListener('keydown', event => this.#key(event), { signal });
    this.#traits.follow(NAMES, () => {
      this.#save.cancel();
      this.#state = this.#read();
      this.#show();
    });
    followTheme(() => this.#plot?.redraw(), signal);
    const sizes = new ResizeObserver(() => this.#moving.run(() => this.#ask()));
    sizes.observe(this.#stage);
    signal.addEventListener('abort', () => {
      sizes.disconnect();
      this.#dispose();
    });
    this.#show();
  }

  /** Greets the kernel on the data channel and shows the spectrum. */
  connect(channel: Channel): void {
    const requester = (this.#requester = new Requester<SpectrumRequests>(channel));
    void greet(requester, this.#signal, {
      starting: () => (this.#starting = true),
      ask: async () => (await requester.request('describe', {}, this.#signal)).meta,
      begin: facts => {
        this.#facts = facts;
        this.#toolbar.setFacts(facts);
        this.#notes.set(facts.warnings, 'this spectrum');
        this.#plot = this.#makePlot(facts);
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

  #change(values: Partial<State>, soon = false): void {
    const before = this.#state;
    this.#state = { ...before, ...values };
    if (
      values.medium ||
      values.reference ||
      (values.redshift !== undefined && before.unit === 'km/s')
    ) {
      this.#keepRange(before);
    }
    if (soon) {
      this.#save.run(() => this.#traits.write(this.#written()));
    } else {
      this.#save.cancel();
      this.#traits.write(this.#written());
    }
    this.#show(soon);
  }

  #written(): Partial<State> {
    const values: Partial<State> = { ...this.#state };
    delete values.version; // the kernel counts
    return values;
  }

  #changeUnit(unit: Unit): void {
    this.#change({ unit, x_range: this.#moved({ unit }) });
  }

  /** The same stretch of the spectrum stays on show on another axis. */
  #keepRange(before: State): void {
    const after = this.#state;
    this.#state = { ...before, x_range: before.x_range };
    const x_range = this.#moved(after);
    this.#state = { ...after, x_range };
  }

  #moved(to: Partial<State>): Range | null {
    const [facts, state] = [this.#facts, this.#state];
    if (!facts || !state.x_range || !facts.has_units) {
      return null;
    }
    const after = { ...state, ...to };
    const axis = (one: State) => ({
      unit: unitOf(one, facts),
      medium: one.medium,
      reference: referenceOf(one, facts)
    });
    return rangeOn(state.x_range, axis(state), axis(after));
  }

  #setDrag(drag: Drag): void {
    this.#drag = drag;
    this.#place.dataset.drag = drag;
    this.#toolbar.set(this.#state, drag);
  }

  // --- what is on show --------------------------------------------------------------------------

  #makePlot(facts: SpectrumMeta): Plot {
    const name = facts.flux_unit ? `flux (${facts.flux_unit})` : 'flux';
    return new Plot(
      this.#place,
      {
        x: { label: axisLabel(this.#state, facts) },
        y: { label: name },
        series: [{ stroke: () => themed(this.#root, '--astrodata-spectrum-curve'), width: 1 }]
      },
      {
        hover: at => this.#hover(at?.x ?? null),
        pick: () => this.#place.focus({ preventScroll: true }),
        zoom: (low, high) => this.#dragged(low, high),
        wheel: (x, factor) => this.#zoom(factor, x),
        reset: () => this.#change({ x_range: null, y_range: null }),
        before: plot => this.#paint(plot, false),
        after: plot => this.#paint(plot, true)
      },
      this.#signal
    );
  }

  #paint(plot: uPlot, above: boolean): void {
    const [facts, curve, state] = [this.#facts, this.#curve, this.#state];
    if (!facts || !curve) {
      return;
    }
    const { rows, xs, meta } = curve;
    const scene: Scene = {
      shaded: state.mask ? meta.shaded : [],
      band: state.errors && facts.has_errors ? { xs, low: rows[3], high: rows[4] } : null,
      lines: linesWithin(state, facts, this.#shown),
      measures: this.#fits.measures
    };
    if (above) {
      const labelled = paintAbove(plot, this.#root, scene);
      this.#place.dataset.lines = labelled.join(', ');
    } else {
      paintBelow(plot, this.#root, scene);
    }
  }

  get #shown(): Range {
    return this.#state.x_range ?? this.#curve?.meta.full ?? [0, 1];
  }

  #show(soon = false): void {
    const [state, facts] = [this.#state, this.#facts];
    this.#toolbar.set(state, this.#drag);
    this.#stage.style.height = `${state.height}px`;
    if (!facts || !this.#plot) {
      return;
    }
    this.#plot.label(axisLabel(state, facts));
    this.#scale();
    if (soon) {
      this.#moving.run(() => this.#ask());
    } else {
      this.#moving.cancel();
      this.#ask();
    }
    this.#askFits();
  }

  #ask(): void {
    const [requester, facts, state, plot] = [this.#requester, this.#facts, this.#state, this.#plot];
    if (!requester || !facts || !plot) {
      return;
    }
    const { smoothing, width, x_range } = state;
    const columns = Math.max(100, Math.min(4096, Math.round(plot.width * 1.5)));
    // Lines move with the redshift, and the curve only where velocities are about a line.
    const axis = axisOf(state, facts);
    const reference = state.unit === 'km/s' ? axis.reference : 1;
    const msg = { ...axis, reference, columns, smoothing, width, x_range };
    const key = JSON.stringify(msg);
    if (key === this.#asked) {
      return;
    }
    this.#asked = key;
    this.#turn.abort();
    const { signal } = (this.#turn = new AbortController());
    void this.#work(async () => {
      try {
        const { meta, buffers } = await requester.request('curve', msg, signal);
        if (!signal.aborted) {
          this.#take(meta, decode(meta, buffers[0]).data as Float32Array);
        }
      } catch (error) {
        if (!isAbort(error)) {
          this.#asked = '';
          this.fail(error, () => this.#show());
        }
      }
    });
  }

  #take(meta: CurveMeta, data: Float32Array): void {
    const n = meta.shape[2];
    const rows = Array.from({ length: 5 }, (_, i) => data.subarray(i * n, (i + 1) * n));
    const xs = Float64Array.from(rows[0], offset => meta.zero + offset);
    this.#curve = { meta, xs, rows };
    this.#draw();
  }

  /** Draws lowest and highest value of each stretch as one line; where both are one, once. */
  #draw(): void {
    const [curve, plot] = [this.#curve, this.#plot];
    if (!curve || !plot) {
      return;
    }
    const { xs, rows, meta } = curve;
    const [, low, high] = rows;
    const [x, y]: [number[], (number | null)[]] = [[], []];
    let last = NaN;
    for (let i = 0; i < xs.length; i++) {
      const there = low[i] <= high[i];
      if (!there || low[i] === high[i]) {
        x.push(xs[i]);
        y.push(there ? low[i] : null);
      } else {
        const up = !(Math.abs(last - low[i]) > Math.abs(last - high[i]));
        x.push(xs[i], xs[i]);
        y.push(up ? low[i] : high[i], up ? high[i] : low[i]);
      }
      last = y[y.length - 1] ?? NaN;
    }
    plot.set([x, y] as uPlot.AlignedData, [...this.#shown], this.#values());
    const exact = meta.exact ? 'each pixel' : 'lowest and highest of several pixels';
    this.#place.setAttribute(
      'aria-label',
      `Spectrum ${this.#facts?.name}: ${meta.pixels} pixels from ${valueText(this.#shown[0])} to ` +
        `${valueText(this.#shown[1])}, ${exact}`
    );
  }

  #scale(): void {
    if (this.#curve && this.#plot) {
      this.#plot.look([...this.#shown], this.#values());
    }
  }

  /** Gives the fluxes on show: what the trait says, or those of the stretch, with room for names of lines. */
  #values(): [number, number] {
    const { y_range } = this.#state;
    if (y_range) {
      return [...y_range];
    }
    const [low, high] = this.#shown;
    const { xs, rows } = this.#curve!;
    let [least, most] = [Infinity, -Infinity];
    for (let i = 0; i < xs.length; i++) {
      if (xs[i] >= low && xs[i] <= high && rows[1][i] <= rows[2][i]) {
        least = Math.min(least, rows[1][i]);
        most = Math.max(most, rows[2][i]);
      }
    }
    if (!(least <= most) || !Number.isFinite(most - least)) {
      return [0, 1];
    }
    const span = most - least || Math.abs(most) || 1;
    return [least - 0.05 * span, most + 0.22 * span];
  }

  // --- hands ------------------------------------------------------------------------------------

  #dragged(low: number, high: number): void {
    if (this.#drag === 'zoom') {
      this.#change({ x_range: [low, high] });
    } else {
      void this.#measure(low, high);
    }
  }

  #zoom(factor: number, about?: number): void {
    const [low, high] = this.#shown;
    const x = about ?? (low + high) / 2;
    const range: Range = [x - (x - low) * factor, x + (high - x) * factor];
    const full = this.#curve?.meta.full ?? range;
    const all = range[0] <= full[0] && range[1] >= full[1];
    if (all || range[1] - range[0] > Math.abs(x) * 1e-9) {
      this.#change({ x_range: all ? null : range }, true);
    }
  }

  #pan(share: number): void {
    const [low, high] = this.#shown;
    const by = share * (high - low);
    const [first, last] = this.#curve?.meta.full ?? [low, high];
    if (low + by < last && high + by > first) {
      this.#change({ x_range: [low + by, high + by] }, true);
    }
  }

  #key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (
      target.matches('input, select, textarea') ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey
    ) {
      return;
    }
    const far = event.shiftKey;
    const shift = (by: number) =>
      this.#change({ redshift: Number((this.#state.redshift + by).toFixed(6)) }, true);
    const actions: Record<string, () => void> = {
      ArrowLeft: () => this.#pan(far ? -0.5 : -0.1),
      ArrowRight: () => this.#pan(far ? 0.5 : 0.1),
      ArrowUp: () => shift(far ? 0.01 : 0.001),
      ArrowDown: () => shift(far ? -0.01 : -0.001),
      '+': () => this.#zoom(1 / 1.5),
      '=': () => this.#zoom(1 / 1.5),
      '-': () => this.#zoom(1.5),
      '0': () => this.#change({ x_range: null, y_range: null }),
      z: () => this.#setDrag('zoom'),
      l: () => this.#setDrag('measure'),
      r: () => this.#toolbar.focusRedshift(),
      e: () => this.#change({ errors: !this.#state.errors }),
      m: () => this.#change({ mask: !this.#state.mask }),
      Escape: () => (this.#help.open ? this.#help.close() : void this.#clear()),
      '?': () => this.#toggleHelp()
    };
    if (Object.hasOwn(actions, event.key)) {
      event.preventDefault();
      event.stopPropagation();
      actions[event.key]();
    }
  }

  #hover(x: number | null): void {
    const [requester, facts, state] = [this.#requester, this.#facts, this.#state];
    this.#probe.abort();
    this.#probing.cancel();
    if (x === null || !requester || !facts) {
      this.#readout.textContent = '';
      return;
    }
    const { signal } = (this.#probe = new AbortController());
    this.#probing.run(() => {
      requester.request('probe', { ...axisOf(state, facts), x }, signal).then(
        ({ meta }) => (this.#readout.textContent = this.#told(meta)),
        (error: unknown) => this.fail(error)
      );
    });
  }

  #told({ x, flux, error, bad, pixel }: SpectrumRequests['probe']['meta']): string {
    const [facts, state] = [this.#facts!, this.#state];
    const unit = unitOf(state, facts);
    const short = unit === 'Angstrom' ? 'Å' : unit;
    const observed = `${valueText(x, 8)} ${short}`;
    const parts = [observed];
    if (facts.has_units) {
      const angstrom = wavelengthAt(x, unit, state.medium, referenceOf(state, facts));
      parts.push(`at rest ${valueText(angstrom / (1 + state.redshift), 7)} Å (vacuum)`);
    }
    const sigma = error === null ? '' : ` ± ${valueText(error, 3)}`;
    const value = flux === null ? 'NaN' : valueText(flux, 6);
    parts.push(`flux ${value}${sigma} ${facts.flux_unit}`.trim());
    parts.push(`pixel ${pixel}${bad ? ', masked' : ''}`);
    return parts.join('   |   ');
  }

  // --- measures, what leaves --------------------------------------------------------------------

  async #measure(low: number, high: number): Promise<void> {
    const [requester, facts] = [this.#requester, this.#facts];
    if (!requester || !facts) {
      return;
    }
    await this.#work(async () => {
      try {
        const msg = { ...axisOf(this.#state, facts), low, high };
        const { meta } = await requester.request('measure', msg, this.#signal);
        this.#errors.clear();
        this.#takeFits(meta);
      } catch (error) {
        this.fail(error);
      }
    });
  }

  /** Asks for the fits on the axis on show, where they are others than those here. */
  #askFits(): void {
    const [requester, facts] = [this.#requester, this.#facts];
    if (!requester || !facts) {
      return;
    }
    const axis = axisOf(this.#state, facts);
    const reference = this.#state.unit === 'km/s' ? axis.reference : 1;
    const key = JSON.stringify([axis.unit, axis.medium, reference, this.#state.version]);
    if (key === this.#fitsKey || !this.#state.version) {
      return;
    }
    this.#fitsKey = key;
    requester.request('measures', { ...axis, reference }, this.#signal).then(
      ({ meta }) => this.#takeFits(meta),
      (error: unknown) => this.fail(error)
    );
  }

  #takeFits(meta: MeasuresMeta): void {
    this.#fits = meta;
    this.#measures.set(meta);
    this.#plot?.redraw();
  }

  async #clear(): Promise<void> {
    try {
      await this.#requester?.request('clear', {}, this.#signal);
      this.#takeFits(EMPTY);
    } catch (error) {
      this.fail(error);
    }
  }

  async #saveAs(what: Wish): Promise<void> {
    const requester = this.#requester;
    if (!requester) {
      return;
    }
    await this.#work(async () => {
      try {
        const msg = { what: what === 'copy' ? ('py' as const) : what };
        const { meta, buffers } = await requester.request('save', msg, this.#signal);
        if (what !== 'copy') {
          download(meta.name, new Blob([buffers[0]]));
        } else if (!(await copyText(new TextDecoder().decode(buffers[0])))) {
          this.fail('The browser does not let this page use the clipboard: save a Python file.');
        }
      } catch (error) {
        this.fail(error);
      }
    });
  }

  #toggleHelp(): void {
    if (this.#help.open) {
      this.#help.close();
    } else {
      this.#help.show(KEYS);
    }
  }

  async #work(work: () => Promise<void>): Promise<void> {
    this.#busy++;
    this.#showBusy();
    try {
      await work();
    } finally {
      this.#busy--;
      this.#showBusy();
    }
  }

  #showBusy(): void {
    this.#root.setAttribute('aria-busy', String(this.#starting || this.#busy > 0));
  }

  #dispose(): void {
    this.#save.cancel();
    this.#moving.cancel();
    this.#probing.cancel();
    this.#turn.abort();
    this.#probe.abort();
    this.#requester?.dispose();
    this.#root.remove();
  }
}
