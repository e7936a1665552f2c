/** Single traces as lines: overlaid, in lanes above each other, or aligned. */
import type uPlot from 'uplot';
import type { EnvelopeMeta, Line, Mode, Pulse, Range, TracesMeta } from '../../core/waveforms';
import { decode, type WireArray } from '../../core/wire';
import { make } from '../common/dom';
import { themed } from '../common/theme';
import { Panel } from './panel';
import { type Curve, type PlotHooks } from './plot';
import { roomy, unitLabel } from './ranges';

/** Colours of further traces: each legible on light and on dark. */
export const PALETTE = [
  '#e07b00',
  '#009e73',
  '#cc5fa3',
  '#b08a00',
  '#7a6ff0',
  '#d1495b',
  '#2a9fb5',
  '#8a8a8a'
];

/** One line as it was fetched: lowest and highest value of each stretch. */
export interface Drawn {
  readonly trace: number;
  readonly line: Line;
  /** Middle of each stretch, in samples of the first trace. */
  readonly xs: Float64Array;
  readonly lows: ArrayLike<number>;
  readonly highs: ArrayLike<number>;
}

export interface Fetched {
  readonly meta: EnvelopeMeta;
  readonly drawn: readonly Drawn[];
}

/** Gives the lines of an answer, data first. */
export function fetched(meta: EnvelopeMeta, buffers: readonly DataView<ArrayBuffer>[]): Fetched {
  const xs = middles(meta.start, meta.stop, meta.shape[2]);
  const drawn = meta.lines.flatMap((line, i) => {
    const array = decode(meta, buffers[i]);
    return meta.traces.map((trace, t) => ({ trace, line, xs, ...ends(array, t) }));
  });
  return { meta, drawn };
}

function ends({ shape, data }: WireArray, trace: number) {
  const [, n, columns] = shape;
  return {
    lows: data.subarray(trace * columns, (trace + 1) * columns),
    highs: data.subarray((n + trace) * columns, (n + trace + 1) * columns)
  };
}

/** Gives the middle sample of each of equal stretches; where a stretch is one sample, that one. */
export function middles(start: number, stop: number, columns: number): Float64Array {
  const n = stop - start;
  const edge = (i: number) => start + Math.floor((i * n) / columns);
  return Float64Array.from({ length: columns }, (_, i) => (edge(i) + edge(i + 1) - 1) / 2);
}

/** Gives the lowest and the highest value of lines between two samples. */
export function extent(drawn: readonly Drawn[], [start, stop]: Range): Range | null {
  let [low, high] = [Infinity, -Infinity];
  for (const { xs, lows, highs } of drawn) {
    for (let i = 0; i < xs.length; i++) {
      if (xs[i] >= start - 1 && xs[i] <= stop && lows[i] <= highs[i]) {
        low = Math.min(low, lows[i]);
        high = Math.max(high, highs[i]);
      }
    }
  }
  return low <= high && Number.isFinite(high - low) ? [low, high] : null;
}

/** Gives how far each trace is moved upwards, so that lanes do not meet; the first one is on top. */
export function lanes(traces: readonly number[], drawn: readonly Drawn[]): Map<number, number> {
  const own = traces.map(trace => {
    const lines = drawn.filter(line => line.trace === trace && line.line !== 'residual');
    return extent(lines, [-Infinity, Infinity]) ?? ([0, 0] as const);
  });
  const step = 1.1 * Math.max(...own.map(([low, high]) => high - low)) || 1;
  return new Map(traces.map((trace, i) => [trace, -i * step - own[i][0]]));
}

export class Lines {
  readonly panel: Panel;
  readonly #legend = make('span', { class: 'astrodata-waveforms-legend' });
  #facts: TracesMeta | null = null;
  #shown: Fetched | null = null;
  #pulses: readonly (readonly Pulse[])[] = [];
  #moved = new Map<number, number>();
  #samples: Range = [0, 1];
  #mode: Mode = 'overlay';

  constructor(hooks: PlotHooks, sync: string, signal: AbortSignal) {
    this.panel = new Panel(
      'lines',
      { label: 'Traces', drag: 'pan', sync, grid: true },
      { ...hooks, after: plot => this.#mark(plot) },
      signal,
      this.#legend
    );
  }

  get shown(): Fetched | null {
    return this.#shown;
  }

  set facts(facts: TracesMeta) {
    this.#facts = facts;
    this.panel.plot.period = facts.sample_period;
  }

  /** @param values - Of the axis; null fits what is shown. */
  show(shown: Fetched, mode: Mode, samples: Range, values: Range | null): void {
    this.#shown = shown;
    this.#mode = mode;
    const { traces, exact } = shown.meta;
    this.#moved =
      mode === 'stack' ? lanes(traces, shown.drawn) : new Map(traces.map(trace => [trace, 0]));
    const named =
      mode === 'stack'
        ? traces.map(trace => {
            const own = shown.drawn.find(line => line.trace === trace)!;
            const first = Array.prototype.find.call(own.lows, Number.isFinite) ?? 0;
            return [(this.#moved.get(trace) ?? 0) + first, `#${trace}`] as const;
          })
        : undefined;
    this.panel.plot.axis = {
      label: mode === 'stack' ? 'trace' : unitLabel(this.#facts),
      direction: 1,
      ...(named ? { named } : {})
    };
    this.panel.plot.set(
      exact ? [...(shown.drawn[0]?.xs ?? [])] : borders(shown.meta),
      this.#curves(shown)
    );
    this.#explain(shown);
    this.look(samples, values);
  }

  /** Shows another part; what is sharper comes later. */
  look(samples: Range, values: Range | null, mode = this.#mode): void {
    this.#samples = samples;
    if (!this.#shown) {
      return;
    }
    if (mode !== this.#mode) {
      this.show(this.#shown, mode, samples, values);
      return;
    }
    const [start, stop] = samples;
    this.panel.plot.look([start, Math.max(start + 1, stop - 1)], this.values(values));
  }

  /** Gives the values at the edges. */
  values(wished: Range | null): Range {
    if (this.#mode === 'stack') {
      const traces = this.#shown?.meta.traces ?? [];
      const ranges = traces.map(trace => {
        const lines = (this.#shown?.drawn ?? []).filter(line => line.trace === trace);
        const [low, high] = extent(lines, [-Infinity, Infinity]) ?? [0, 0];
        const by = this.#moved.get(trace) ?? 0;
        return [low + by, high + by];
      });
      return roomy(Math.min(...ranges.map(r => r[0])), Math.max(...ranges.map(r => r[1])), 0.02);
    }
    const found = wished ?? extent(this.#shown?.drawn ?? [], this.#samples);
    return wished ?? (found ? roomy(...found) : [0, 1]);
  }

  setPulses(pulses: readonly (readonly Pulse[])[]): void {
    this.#pulses = pulses;
    this.panel.plot.redraw();
  }

  colour(trace: number): string {
    const i = this.#shown?.meta.traces.indexOf(trace) ?? 0;
    return i <= 0
      ? themed(this.panel.plot.element, '--astrodata-waveforms-line')
      : PALETTE[(i - 1) % PALETTE.length];
  }

  /** Paints anew, in the colours of now. */
  restyle(samples: Range, values: Range | null): void {
    if (this.#shown) {
      this.show(this.#shown, this.#mode, samples, values);
    }
  }

  /** Tells which colour is which trace. */
  #explain({ meta, drawn }: Fetched): void {
    const { traces, shifts } = meta;
    this.panel.say(
      traces.length > 1 ? `${traces.length} traces` : `Trace ${traces[0]}`,
      'Drag to move in time, wheel to zoom, Shift and wheel to zoom the values.'
    );
    const entry = (colour: string, text: string, title = text) => {
      const swatch = make('i', {});
      swatch.style.background = colour;
      return make('span', { title }, swatch, text);
    };
    const kinds = [...new Set(drawn.map(({ line }) => line))].filter(line => line !== 'data');
    this.#legend.replaceChildren(
      ...kinds.map(line => entry(this.#styleOf({ line, trace: traces[0] }).colour, line)),
      ...(traces.length > 1 ? traces : []).map((trace, i) => {
        const shift = shifts[i] ? `, ${shifts[i]} samples late` : '';
        return entry(this.colour(trace), `#${trace}`, `trace ${trace}${shift}`);
      })
    );
  }

  #styleOf({ line, trace }: Pick<Drawn, 'line' | 'trace'>): Omit<Curve, 'ys'> {
    const { element } = this.panel.plot;
    switch (line) {
      case 'data':
        return { colour: this.colour(trace) };
      case 'reconstruction':
        return { colour: themed(element, '--astrodata-waveforms-model'), width: 1.5 };
      case 'residual':
        return { colour: themed(element, '--astrodata-waveforms-residual'), dash: [4, 2] };
    }
  }

  #curves({ meta, drawn }: Fetched): Curve[] {
    const curves = drawn.map(line => {
      const by = this.#moved.get(line.trace) ?? 0;
      return { ...this.#styleOf(line), ys: meta.exact ? once(line.highs, by) : zigzag(line, by) };
    });
    // The trace in the foreground, whose lines come first, is painted last.
    return curves.reverse();
  }

  #mark(plot: uPlot): void {
    const shown = this.#shown;
    if (!shown) {
      return;
    }
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top - 6 * devicePixelRatio, bbox.width, bbox.height);
    ctx.clip();
    shown.meta.traces.forEach((trace, i) => {
      const line = shown.drawn.find(each => each.trace === trace);
      for (const pulse of line ? (this.#pulses[i] ?? []) : []) {
        this.#marker(plot, line!, pulse, shown.meta.shifts[i]);
      }
    });
    ctx.restore();
  }

  #marker(plot: uPlot, { trace, lows, highs, xs }: Drawn, pulse: Pulse, shift: number): void {
    const { ctx, bbox } = plot;
    const size = 4 * devicePixelRatio;
    const x = plot.valToPos(pulse.peak - shift, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) {
      return;
    }
    const column = nearest(xs, pulse.peak - shift);
    const value = highs[column] + (this.#moved.get(trace) ?? 0);
    const y = Math.max(bbox.top + size, plot.valToPos(value, 'y', true) - 3 * devicePixelRatio);
    ctx.fillStyle = this.colour(trace);
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x - size, y - 1.6 * size);
    ctx.lineTo(x + size, y - 1.6 * size);
    ctx.closePath();
    ctx.fill();
    // From its begin to its end, below the lines.
    const [from, to] = [pulse.start, pulse.stop - 1].map(each =>
      Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(each - shift, 'x', true)))
    );
    const floor =
      this.#mode === 'stack'
        ? plot.valToPos((this.#moved.get(trace) ?? 0) + lowest(lows), 'y', true) + size
        : bbox.top + bbox.height - 9 * devicePixelRatio;
    ctx.globalAlpha = 0.7;
    ctx.fillRect(from, floor, Math.max(1, to - from), 3 * devicePixelRatio);
    ctx.globalAlpha = 1;
  }
}

/** Gives the index of the number in ascending ones that is nearest to `x`. */
export function nearest(xs: ArrayLike<number>, x: number): number {
  let [low, high] = [0, xs.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return Math.abs(xs[high] - x) < Math.abs(xs[low] - x) ? high : low;
}

function lowest(values: ArrayLike<number>): number {
  return Array.prototype.reduce.call(
    values,
    (low, value) => (value < (low as number) ? value : low),
    Infinity
  ) as number;
}

/** First and last sample of each stretch: its limits are drawn there, so that slopes have no steps. */
function borders({ start, stop, shape }: EnvelopeMeta): number[] {
  const columns = shape[2];
  const edge = (i: number) => start + Math.floor((i * (stop - start)) / columns);
  return Array.from({ length: 2 * columns }, (_, i) =>
    i % 2 ? edge((i + 1) / 2) - 1 : edge(i / 2)
  );
}

function once(values: ArrayLike<number>, by: number): (number | null)[] {
  return Array.from(values, value => (Number.isFinite(value) ? value + by : null));
}

/** From the end of a stretch that is nearer to the one before, to the other: no line crosses the gap twice. */
function zigzag({ lows, highs }: Drawn, by: number): (number | null)[] {
  const ys = new Array<number | null>(2 * lows.length);
  let last = NaN;
  for (let i = 0; i < lows.length; i++) {
    const [low, high] = [lows[i], highs[i]];
    if (!(low <= high)) {
      ys[2 * i] = ys[2 * i + 1] = null;
      last = NaN;
      continue;
    }
    const up = !(Math.abs(last - low) > Math.abs(last - high));
    ys[2 * i] = (up ? low : high) + by;
    ys[2 * i + 1] = last = (up ? high : low) + by;
    last -= by;
  }
  return ys;
}
