/** Two columns against each other: the map's picture of points, with lines and error bars, linked to the rows. */
import type { Requester } from '../../core/request';
import { isAbort } from '../../core/request';
import type { AxisWish, Op, Span, TableMeta, TableRequests } from '../../core/table';
import { decode } from '../../core/wire';
import { make } from '../common/dom';
import { valueText } from '../common/scale';
import { has, type Bits } from '../latent/chosen';
import type { Values } from '../latent/cloud';
import { tableOf } from '../latent/colours';
import { inkOf } from '../latent/ink';
import { nearest } from '../latent/paint';
import { whole } from '../latent/map/frame';
import { FEW, type Painting } from '../latent/map/painter';
import { Plot, type PlotHooks } from '../latent/map/plot';
import { paint as paintCounts, type Remote } from '../latent/map/raster';
import { asked } from '../common/feed';
import { centralOf, extentOf, numberingOf, placeOf, placesOf, valueOf } from './axes';
import { Overlay } from './overlay';
import { Plotbar, type PlotState } from './plotbar';
import { Columns } from './values';

export interface ScatterHooks {
  change(values: Partial<PlotState>): void;
  box(op: Op, x: Span, y: Span): void;
  open(row: number): void;
  failed(error: unknown): void;
  /** Work began or ended. */
  changed(): void;
}

/** What decides which rows are drawn. */
export interface Drawn {
  readonly where: string;
  readonly good: boolean;
  /** Of the selection. */
  readonly version: number;
  readonly selected: number;
}

export class Scatter {
  readonly element: HTMLElement;
  readonly #bar: Plotbar;
  readonly #plot: Plot;
  readonly #overlay = new Overlay();
  readonly #readout = make('div', { class: 'astrodata-table-readout', role: 'status' });
  readonly #hooks: ScatterHooks;
  readonly #signal: AbortSignal;
  #turn = new AbortController();
  #requester: Requester<TableRequests> | null = null;
  #facts: TableMeta | null = null;
  #columns: Columns | null = null;
  #state: PlotState | null = null;
  #drawn: Drawn | null = null;
  #painting: Painting | null = null;
  #shown: Bits | null = null;
  #selected: Bits | null = null;
  /** What is painted, as text, so that only what changed is done anew. */
  #axesKey = '';
  #bitsKey = '';
  #loading = 0;
  #row = -1;

  constructor(hooks: ScatterHooks, signal: AbortSignal) {
    this.#hooks = hooks;
    this.#signal = signal;
    this.#plot = new Plot(this.#plotHooks(), signal);
    this.#plot.tool = 'box';
    this.#bar = new Plotbar({
      change: values => hooks.change(values),
      tool: tool => {
        this.#plot.tool = tool;
        this.#bar.setTool(tool);
      },
      fit: () => this.fit()
    });
    this.#bar.setTool('box');
    this.element = make(
      'section',
      { class: 'astrodata-table-plot', 'aria-label': 'Plot', hidden: true },
      this.#bar.element,
      this.#plot.element,
      this.#readout
    );
    signal.addEventListener('abort', () => this.#turn.abort());
  }

  get busy(): boolean {
    return this.#loading > 0;
  }

  connect(requester: Requester<TableRequests>, facts: TableMeta): void {
    this.#requester = requester;
    this.#facts = facts;
    this.#columns = new Columns(requester, facts, this.#signal);
    this.#bar.setFacts(facts.columns);
    this.#axesKey = this.#bitsKey = '';
    this.#painting = null;
  }

  /** Shows what the traits say; without columns there is no plot. */
  show(state: PlotState, drawn: Drawn): void {
    this.#state = state;
    this.#drawn = drawn;
    const facts = this.#facts;
    this.element.hidden = !state.x || !state.y;
    if (this.element.hidden || !facts) {
      return;
    }
    this.#bar.set(state, facts.curve, !!this.#errorsOf(state.y));
    void this.#load();
  }

  mark(row: number): void {
    this.#row = row;
    const [x, y] = [this.#painting?.x[row], this.#painting?.y[row]];
    const there = row >= 0 && x !== undefined && y !== undefined && Number.isFinite(x + y);
    this.#plot.mark('point', there ? [x, y] : null);
  }

  /** Shows all points. */
  fit(): void {
    if (this.#facts?.many) {
      this.#axesKey = '';
      void this.#load();
    } else {
      this.#frame(true);
    }
  }

  /** Paints anew, in the colours of now. */
  restyle(): void {
    this.#plot.redraw();
  }

  // --- what is drawn ----------------------------------------------------------------------------

  async #load(): Promise<void> {
    const [state, drawn, facts] = [this.#state!, this.#drawn!, this.#facts!];
    const wishes = this.#wishes();
    const axesKey = JSON.stringify([wishes, state.marks, state.errors]);
    const bitsKey = JSON.stringify(drawn);
    const [axes, bits] = [axesKey !== this.#axesKey, bitsKey !== this.#bitsKey];
    if (!axes && !bits) {
      return;
    }
    const framed =
      JSON.stringify(wishes) !== JSON.stringify(this.#axesKey && JSON.parse(this.#axesKey)[0]);
    [this.#axesKey, this.#bitsKey] = [axesKey, bitsKey];
    this.#turn.abort();
    const turn = (this.#turn = new AbortController());
    this.#loading++;
    this.#hooks.changed();
    try {
      if (facts.many) {
        await this.#showMany(wishes, drawn, framed, turn.signal);
      } else {
        await this.#showAll(wishes, drawn, framed, turn.signal);
      }
    } catch (error) {
      if (!isAbort(error)) {
        this.#axesKey = this.#bitsKey = '';
        this.#hooks.failed(error);
      }
    } finally {
      this.#loading--;
      this.#hooks.changed();
    }
  }

  async #showAll(
    wishes: readonly [AxisWish, AxisWish],
    drawn: Drawn,
    framed: boolean,
    signal: AbortSignal
  ): Promise<void> {
    const [requester, columns, facts] = [this.#requester!, this.#columns!, this.#facts!];
    const { where, good } = drawn;
    const msg = { where, good, flux: wishes[1].name, view: 'plot' };
    const error = this.#state!.errors ? this.#errorsOf(wishes[1].name) : '';
    const [x, y, sigma, bits] = await Promise.all([
      columns.values(wishes[0].name),
      columns.values(wishes[1].name),
      error ? columns.values(error) : null,
      asked(requester, 'bits', msg, signal)
    ]);
    if (signal.aborted) {
      return;
    }
    const all = bits.meta.shown === facts.rows;
    this.#shown = all ? null : bytes(bits.buffers[0]);
    this.#selected = bits.meta.selected ? bytes(bits.buffers[1]) : null;
    const { marks } = this.#state!;
    const few = facts.rows <= FEW;
    const ink = inkOf(null, facts.rows, this.#selected, this.#shown, few);
    const hidden = { ...ink, table: new Uint32Array(256) };
    const places = { x: placesOf(x, wishes[0]), y: placesOf(y, wishes[1]) };
    this.#painting = { ...places, ink: marks === 'line' ? hidden : ink, sizes: null };
    this.#overlay.set({
      ...places,
      shown: row => this.#isShown(row),
      lines: marks !== 'points',
      bars: sigma && [placesOf(sum(y, sigma, -1), wishes[1]), placesOf(sum(y, sigma, 1), wishes[1])]
    });
    if (framed) {
      this.#frame(false);
    }
    this.#plot.paint(this.#painting);
    this.mark(this.#row);
  }

  async #showMany(
    wishes: readonly [AxisWish, AxisWish],
    drawn: Drawn,
    framed: boolean,
    signal: AbortSignal
  ): Promise<void> {
    const [requester, facts] = [this.#requester!, this.#facts!];
    if (framed) {
      const found = await Promise.all(
        wishes.map(({ name, log }) => requester.request('extent', { name, log }, signal))
      );
      const [x, y] = found.map(({ meta: { low, high } }, i): Span => {
        const ends = [low ?? (wishes[i].log ? 1 : 0), high ?? 1];
        const places = wishes[i].fold ? [-0.5, 0.5] : ends.map(end => placeOf(end, wishes[i]));
        return [Math.min(...places), Math.max(...places)];
      });
      this.#setFrame(x, y);
    }
    const remote: Remote = {
      count: facts.rows,
      fetch: async (target, frame) => {
        const { width, height } = target;
        const ranges = { x_range: frame.x, y_range: frame.y, width, height };
        const { where, good } = drawn;
        const msg = { x: wishes[0], y: wishes[1], ...ranges, where, good };
        const { meta, buffers } = await requester.request('raster', msg, signal);
        const counts = decode(meta, buffers[0]).data as Uint32Array;
        const look = { table: tableOf(null), selected: drawn.selected > 0 };
        return paintCounts(target, counts, new Uint8Array(0), look);
      }
    };
    this.#overlay.set(null);
    this.#plot.paint(remote);
  }

  /** Shows the points that are drawn; of a light curve the fluxes without outliers, unless all are asked for. */
  #frame(all: boolean): void {
    const painting = this.#painting;
    if (painting) {
      const shown = (row: number) => this.#isShown(row);
      const x = extentOf(painting.x, shown) ?? [0, 1];
      const { curve } = this.#facts!;
      const timed = !all && !!curve && this.#state?.x === curve.time;
      const y = (timed ? centralOf : extentOf)(painting.y, shown) ?? [0, 1];
      this.#setFrame(this.#wishes()[0].fold ? [-0.5, 0.5] : x, y);
    }
  }

  #setFrame(x: Span, y: Span): void {
    const wishes = this.#wishes();
    const names = wishes.map(wish => this.#label(wish)) as [string, string];
    this.#plot.setFrame(whole(x, y), names, wishes.map(numberingOf));
  }

  #label({ name, fold }: AxisWish): string {
    const facts = this.#facts?.columns.find(column => column.name === name);
    const curve = this.#facts?.curve;
    if (fold && curve) {
      return `phase of ${fold[0]}${curve.unit && ` ${curve.unit}`}`;
    }
    if (curve && name === curve.time && curve.system) {
      const zero = curve.zero ? ` − ${curve.zero}` : '';
      return `${name}, ${curve.system}${zero}${curve.unit && ` (${curve.unit})`}`;
    }
    return facts?.unit ? `${name} (${facts.unit})` : name;
  }

  #wishes(): readonly [AxisWish, AxisWish] {
    const state = this.#state!;
    const { x, y, x_log, x_flip, y_log, y_flip, period, epoch } = state;
    const fold =
      period !== null && x === this.#facts?.curve?.time ? ([period, epoch] as const) : null;
    return [
      { name: x, log: x_log && !fold, flip: x_flip, fold },
      { name: y, log: y_log, flip: y_flip, fold: null }
    ];
  }

  #errorsOf(name: string): string {
    return this.#facts?.columns.find(column => column.name === name)?.error ?? '';
  }

  #isShown(row: number): boolean {
    return !this.#shown || has(this.#shown, row);
  }

  // --- hands ------------------------------------------------------------------------------------

  #plotHooks(): PlotHooks {
    return {
      drawn: (tool, corners, { shiftKey, altKey }, done) => {
        if (!done || tool !== 'box') {
          return;
        }
        const [x, y] = this.#wishes();
        const span = (axis: 0 | 1, wish: AxisWish): Span => {
          const ends = corners.map(corner => valueOf(corner[axis], wish));
          return [Math.min(...ends), Math.max(...ends)];
        };
        const op =
          shiftKey && altKey ? 'intersect' : shiftKey ? 'add' : altKey ? 'subtract' : 'replace';
        this.#hooks.box(op, span(0, x), span(1, y));
      },
      hover: at => this.#hover(at?.values ?? null, at?.near ?? null),
      click: (values, near) => {
        const row = this.#nearest(values, near);
        if (row >= 0) {
          this.#hooks.open(row);
        }
      },
      failed: error => this.#hooks.failed(error),
      walked: () => undefined,
      framed: (frame, stage) => this.#overlay.draw(frame, stage)
    };
  }

  #hover(values: readonly [number, number] | null, near: readonly [number, number] | null): void {
    if (!values || !near || !this.#state) {
      this.#plot.mark('hover', null);
      this.#readout.textContent = '';
      return;
    }
    const row = this.#nearest(values, near);
    const painting = this.#painting;
    this.#plot.mark('hover', row >= 0 && painting ? [painting.x[row], painting.y[row]] : null);
    const [x, y] = this.#wishes();
    const at = row >= 0 && painting ? ([painting.x[row], painting.y[row]] as const) : values;
    const said = [x, y].map((wish, i) => {
      const name = wish.fold ? 'phase' : wish.name;
      return `${name} ${valueText(valueOf(at[i], wish), 8)}`;
    });
    this.#readout.textContent = [...(row >= 0 ? [`row ${row}`] : []), ...said].join('   ');
  }

  #nearest(values: readonly [number, number], near: readonly [number, number]): number {
    const painting = this.#painting;
    if (!painting || painting.x.length > FEW) {
      return -1; // one point of a density is nothing that one could point at
    }
    const at = { x: values[0], y: values[1] };
    return nearest(painting.x, painting.y, at, { x: near[0], y: near[1] }, 1, painting.ink.codes);
  }
}

function bytes({ buffer, byteOffset, byteLength }: DataView<ArrayBuffer>): Bits {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function sum(values: Values, errors: Values, sign: number): Values {
  return Float64Array.from(values, (value, i) => value + sign * errors[i]);
}
