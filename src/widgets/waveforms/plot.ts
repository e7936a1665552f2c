/** A uPlot over samples in the theme's colours, with what hands do on it told in the axes' units. */
import uPlot from 'uplot';
import type { Range } from '../../core/waveforms';
import { shortNumber } from '../common/scale';
import { themed } from '../common/theme';
import { timeUnit } from './ranges';

export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface PlotHooks {
  /** Where the pointer is in data units; null once it left. */
  hover(at: Place | null): void;
  pick(at: Place): void;
  /** A box was marked; `y` is null when it is flat. */
  box?(x: Range, y: Range | null): void;
  /** The plot is dragged by shares of its width and its height, to the right and upwards. */
  pan?(x: number, y: number): void;
  /** The wheel was turned; with Shift it is about the values. */
  wheel(at: Place, factor: number, values: boolean): void;
  reset(): void;
  /** Paints below the grid and the lines. */
  before?(plot: uPlot): void;
  /** Paints above all. */
  after?(plot: uPlot): void;
}

export interface PlotOptions {
  /** Called, as with what a screen reader says of it. */
  readonly label: string;
  /** What drags do. */
  readonly drag: 'box' | 'pan';
  /** Plots of one key show the pointer's x together. */
  readonly sync: string;
  readonly grid: boolean;
}

/** How the y axis is written. */
export interface YAxis {
  readonly label: string;
  /** -1 for one that runs downwards. */
  readonly direction: 1 | -1;
  /** Places that have names, instead of numbers. */
  readonly named?: readonly (readonly [y: number, name: string])[];
}

export interface Curve {
  readonly colour: string;
  readonly width?: number;
  readonly dash?: number[];
  readonly ys: (number | null)[];
}

const GUTTER = 64;
const TIME_STEPS = [1, 2, 5];

export class Plot {
  readonly element: HTMLElement;
  readonly #plot: uPlot;
  readonly #hooks: PlotHooks;
  #x: Range = [0, 1];
  #y: Range = [0, 1];
  #axis: YAxis = { label: '', direction: 1 };
  /** Seconds between samples. */
  #period: number | null = null;
  #curves: readonly Curve[] = [];

  /** @param element - Where it is painted; it sets the size and inherits the theme. */
  constructor(element: HTMLElement, options: PlotOptions, hooks: PlotHooks, signal: AbortSignal) {
    this.element = element;
    this.#hooks = hooks;
    element.setAttribute('aria-label', options.label);
    this.#plot = new uPlot(this.#options(options), [[]]);
    element.append(this.#plot.root);
    this.#listen(options.drag, signal);
    const observer = new ResizeObserver(() => this.#fit());
    observer.observe(element);
    signal.addEventListener('abort', () => {
      observer.disconnect();
      this.#plot.destroy();
    });
  }

  /** The whole picture with its axes. */
  get canvas(): HTMLCanvasElement {
    return this.#plot.ctx.canvas;
  }

  /** Of the plotting area in CSS pixels. */
  get size(): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.#plot.over;
    return {
      width: Math.max(1, clientWidth || this.element.clientWidth - GUTTER),
      height: Math.max(1, clientHeight || this.element.clientHeight - 40)
    };
  }

  set period(seconds: number | null) {
    this.#period = seconds;
    this.redraw();
  }

  set axis(axis: YAxis) {
    this.#axis = axis;
    this.#plot.axes[1].label = axis.label;
    this.#plot.scales.y.dir = axis.direction;
    this.redraw();
  }

  /** Shows curves over the same xs. */
  set(xs: number[], curves: readonly Curve[]): void {
    this.#curves = curves;
    // uPlot cannot take away a series that has no point under the cursor: those too many are kept, empty.
    while (this.#plot.series.length <= curves.length) {
      const place = this.#plot.series.length - 1;
      this.#plot.addSeries({
        scale: 'y',
        stroke: () => this.#curves[place]?.colour ?? 'transparent',
        points: { show: false },
        spanGaps: false
      });
    }
    this.#plot.series.slice(1).forEach((series, i) => {
      series.width = curves[i]?.width ?? 1;
      series.dash = curves[i]?.dash;
      series.show = i < curves.length;
    });
    const spare = new Array<null>(xs.length).fill(null);
    const data = this.#plot.series.slice(1).map((_, i) => curves[i]?.ys ?? spare);
    this.#plot.setData([xs, ...data] as uPlot.AlignedData, false);
    this.#scale();
  }

  /** Shows a part of the axes. */
  look(x: Range, y: Range): void {
    this.#x = x;
    this.#y = y;
    this.#scale();
  }

  /** Paints anew, in the colours of now. */
  redraw(): void {
    this.#plot.redraw(false, true);
  }

  #scale(): void {
    this.#plot.batch(() => {
      this.#plot.setScale('x', { min: this.#x[0], max: this.#x[1] });
      this.#plot.setScale('y', { min: this.#y[0], max: this.#y[1] });
    });
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width > 0 && height > 0) {
      this.#plot.setSize({ width, height });
    }
  }

  /**
   * Gives even ticks in samples, or in a unit of time that suits what is shown.
   *
   * @param room - Samples that a label takes.
   */
  #ticks(
    low: number,
    high: number,
    room: number
  ): { unit: string; scale: number; splits: number[] } {
    const period = this.#period;
    const span = (high - low) * (period ?? 1);
    const [unit, factor] = period ? timeUnit(span) : (['sample', 1] as const);
    const scale = period ? period * factor : 1;
    const wanted = Math.max(room * scale, Number.MIN_VALUE);
    const power = 10 ** Math.floor(Math.log10(wanted));
    const nice = TIME_STEPS.map(step => step * power).find(step => step >= wanted) ?? 10 * power;
    const step = period ? nice : Math.max(1, nice);
    const splits = [];
    for (let i = Math.ceil((low * scale) / step); i * step <= high * scale; i++) {
      splits.push((i * step) / scale);
    }
    return { unit, scale, splits };
  }

  #options(options: PlotOptions): uPlot.Options {
    const colour = (name: string) => () => themed(this.element, name);
    const font = `11px ${getComputedStyle(this.element).fontFamily || 'sans-serif'}`;
    const common: uPlot.Axis = {
      labelSize: 16,
      labelGap: 0,
      labelFont: font,
      font,
      gap: 3,
      stroke: colour('--astrodata-dim'),
      grid: { show: options.grid, stroke: colour('--astrodata-grid'), width: 1 },
      ticks: { stroke: colour('--astrodata-line'), width: 1, size: 4 }
    };
    return {
      width: Math.max(120, this.element.clientWidth),
      height: Math.max(80, this.element.clientHeight),
      padding: [8, 20, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, auto: false, range: () => [...this.#x] },
        y: { auto: false, range: () => [...this.#y] }
      },
      axes: [
        {
          ...common,
          scale: 'x',
          label: 'sample',
          size: 24,
          splits: (plot, _axis, low, high, step, pixels) => {
            const { unit, splits } = this.#ticks(low, high, (90 * step) / pixels);
            plot.axes[0].label = this.#period ? `time, ${unit}` : 'sample';
            return splits;
          },
          values: (_, splits) => {
            const { scale } = this.#ticks(...this.#x, 1);
            return splits.map(split => shortNumber(split * scale, 9));
          }
        },
        {
          ...common,
          scale: 'y',
          // Without one from the beginning, uPlot leaves no room for it.
          label: 'value',
          size: GUTTER - 16,
          space: 26,
          splits: (_plot, _axis, low, high, step, pixels) =>
            this.#axis.named
              ? this.#axis.named.map(([y]) => y).filter(y => y >= low && y <= high)
              : evenly(low, high, (34 * step) / pixels),
          values: (_, splits) =>
            splits.map(
              split => this.#axis.named?.find(([y]) => y === split)?.[1] ?? axisNumber(split)
            )
        }
      ],
      series: [{}],
      cursor: {
        drag: { x: options.drag === 'box', y: options.drag === 'box', uni: 12, setScale: false },
        points: { show: false },
        bind: { dblclick: () => () => (this.#hooks.reset(), null) },
        sync: {
          key: options.sync,
          scales: ['x', null] as [string, null],
          filters: { pub: type => type === 'mousemove' || type === 'mouseleave' }
        }
      },
      hooks: {
        drawClear: [plot => this.#hooks.before?.(plot)],
        draw: [plot => this.#hooks.after?.(plot)],
        setSelect: [plot => this.#select(plot)]
      }
    };
  }

  #select(plot: uPlot): void {
    const { left, top, width, height } = plot.select;
    if (width < 4 && height < 4) {
      return;
    }
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const across = width < 4 ? [0, plot.over.clientWidth] : [left, left + width];
    const [x0, x1] = across.map(x => plot.posToVal(x, 'x'));
    // uPlot marks the whole height when the hand went sideways.
    const flat = height < 4 || height >= plot.over.clientHeight - 1;
    const ys = [top + height, top].map(y => plot.posToVal(y, 'y'));
    this.#hooks.box?.([x0, x1], flat ? null : [Math.min(...ys), Math.max(...ys)]);
  }

  #listen(drag: 'box' | 'pan', signal: AbortSignal): void {
    const { over } = this.#plot;
    const hooks = this.#hooks;
    let down: { x: number; y: number } | null = null;
    let last: { x: number; y: number } | null = null;
    const at = (event: MouseEvent): Place => {
      const box = over.getBoundingClientRect();
      return {
        x: this.#plot.posToVal(event.clientX - box.left, 'x'),
        y: this.#plot.posToVal(event.clientY - box.top, 'y')
      };
    };
    const on = <K extends 'pointerdown' | 'pointermove' | 'pointerup' | 'pointercancel'>(
      name: K,
      listener: (event: PointerEvent) => void
    ) => over.addEventListener(name, listener, { signal });
    on('pointermove', event => {
      hooks.hover(at(event));
      if (last && drag === 'pan') {
        const { width, height } = this.size;
        hooks.pan?.((event.clientX - last.x) / width, (last.y - event.clientY) / height);
        last = { x: event.clientX, y: event.clientY };
      }
    });
    over.addEventListener('pointerleave', () => hooks.hover(null), { signal });
    on('pointerdown', event => {
      this.element.focus({ preventScroll: true });
      if (event.button !== 0) {
        return;
      }
      down = last = { x: event.clientX, y: event.clientY };
      if (drag === 'pan') {
        over.setPointerCapture(event.pointerId);
      }
    });
    on('pointercancel', () => (down = last = null));
    on('pointerup', event => {
      const from = down;
      down = last = null;
      if (from && Math.hypot(event.clientX - from.x, event.clientY - from.y) < 4) {
        hooks.pick(at(event));
      }
    });
    over.addEventListener(
      'wheel',
      event => {
        event.preventDefault(); // the page would scroll away under the cursor
        // With Shift, browsers turn the wheel's direction.
        const delta = event.deltaY || event.deltaX;
        const pixels = delta * (event.deltaMode === 0 ? 1 : 16);
        const factor = Math.min(4, Math.max(0.25, Math.exp(pixels * 0.002)));
        hooks.wheel(at(event), factor, event.shiftKey);
      },
      { signal, passive: false }
    );
  }
}

/** Gives round numbers between two, which are at least `room` from each other. */
export function evenly(low: number, high: number, room: number): number[] {
  const rough = Math.min(room, (high - low) / 2);
  if (!(rough > 0) || !Number.isFinite(rough)) {
    return [low];
  }
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(n => n * power).find(n => n >= rough)!;
  const first = Math.ceil(low / step);
  const count = Math.min(50, Math.floor(high / step) - first + 1);
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function axisNumber(value: number): string {
  const size = Math.abs(value);
  return size && (size < 1e-3 || size >= 1e6)
    ? value
        .toExponential()
        .replace(/(\.\d{3})\d*e/, '$1e')
        .replace('e+', 'e')
    : String(Number(value.toPrecision(6)));
}
