/** A uPlot in the theme's colours, with what hands do on it told in the units of its axes. */
import uPlot from 'uplot';
import { themed } from './theme';

export interface PlotHooks {
  /** Where the pointer is in data units, and in pixels of the plotting area; null once it left. */
  hover(at: { x: number; y: number; left: number; top: number } | null): void;
  /** A click. */
  pick(x: number): void;
  /** A stretch of the x axis was marked. */
  zoom(low: number, high: number): void;
  /** The wheel was turned. */
  wheel(x: number, factor: number): void;
  /** A double click. */
  reset(): void;
  /** Paints below the axes' grid and lines. */
  before?(plot: uPlot): void;
  /** Paints above all. */
  after?(plot: uPlot): void;
}

export interface PlotAxis {
  readonly label: string;
  readonly log?: boolean;
  readonly values?: (plot: uPlot, splits: number[]) => (string | null)[];
  readonly splits?: (plot: uPlot, axis: number, low: number, high: number) => number[];
}

export interface PlotOptions {
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  readonly series: readonly Pick<uPlot.Series, 'stroke' | 'width' | 'dash'>[];
  /** Plots of one key show the pointer's x together. */
  readonly sync?: string;
  /** Whether lines run across the plot from the ticks. */
  readonly grid?: boolean;
}

/** Width of the y axis; the flags of the strain viewer line up with it. */
export const GUTTER = 74;
export const PAD = 14;
/** Of axes that nothing is shown on yet: a logarithmic one would look for 0 for ever. */
const FIRST: [number, number] = [1, 10];

export class Plot {
  readonly element: HTMLElement;
  readonly #plot: uPlot;
  #x = FIRST;
  #y = FIRST;
  #down: { x: number; y: number } | null = null;

  /** @param element - Where it is painted; it sets the size and inherits the theme. */
  constructor(element: HTMLElement, options: PlotOptions, hooks: PlotHooks, signal: AbortSignal) {
    this.element = element;
    element.classList.add('astrodata-plot');
    this.#plot = new uPlot(this.#options(options, hooks), [[], ...options.series.map(() => [])]);
    element.append(this.#plot.root);
    this.#listen(hooks, signal);
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

  /** Width of the plotting area in CSS pixels. */
  get width(): number {
    return Math.max(1, this.#plot.over.clientWidth || this.element.clientWidth - GUTTER - PAD);
  }

  /** Gives where a point lies in the plotting area, in CSS pixels. */
  readonly place = (x: number, y: number): { left: number; top: number } => ({
    left: this.#plot.valToPos(x, 'x'),
    top: this.#plot.valToPos(y, 'y')
  });

  /** Shows curves; an empty x shows none. */
  set(data: uPlot.AlignedData, x: [number, number], y: [number, number]): void {
    this.#x = x;
    this.#y = y;
    this.#plot.setData(data, false);
    this.#scale();
  }

  /** Shows another part of the axes. */
  look(x: [number, number], y: [number, number] = this.#y): void {
    this.#x = x;
    this.#y = y;
    this.#scale();
  }

  /** Names the x axis anew. */
  label(text: string): void {
    this.#plot.axes[0].label = text;
    this.redraw();
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

  #options(options: PlotOptions, hooks: PlotHooks): uPlot.Options {
    const colour = (name: string) => () => themed(this.element, name);
    const font = () => `11px ${getComputedStyle(this.element).fontFamily || 'sans-serif'}`;
    const axis = (side: 'x' | 'y', { label, values, splits }: PlotAxis): uPlot.Axis => ({
      scale: side,
      label,
      labelSize: 16,
      labelGap: 0,
      labelFont: font(),
      font: font(),
      size: side === 'x' ? 24 : GUTTER - 16,
      gap: 3,
      stroke: colour('--astrodata-dim'),
      grid: {
        show: options.grid ?? true,
        stroke: colour('--astrodata-grid'),
        width: 1
      },
      ticks: { stroke: colour('--astrodata-line'), width: 1, size: 4 },
      ...(values ? { values } : {}),
      ...(splits ? { splits } : {}),
      ...(side === 'x' ? { space: 60 } : { space: 28 })
    });
    const scale = ({ log }: PlotAxis, range: () => [number, number]): uPlot.Scale => ({
      time: false,
      auto: false,
      range,
      ...(log ? { distr: 3 as const } : {})
    });
    return {
      width: Math.max(120, this.element.clientWidth),
      height: Math.max(80, this.element.clientHeight),
      padding: [6, PAD, 0, 0],
      legend: { show: false },
      scales: { x: scale(options.x, () => this.#x), y: scale(options.y, () => this.#y) },
      axes: [axis('x', options.x), axis('y', options.y)],
      series: [
        {},
        ...options.series.map(series => ({ ...series, points: { show: false }, spanGaps: false }))
      ],
      cursor: {
        drag: { x: true, y: false, setScale: false },
        points: { show: false },
        bind: { dblclick: () => () => (hooks.reset(), null) },
        ...(options.sync
          ? {
              sync: {
                key: options.sync,
                scales: ['x', null] as [string, null],
                filters: {
                  pub: (type: string) => type === 'mousemove' || type === 'mouseleave'
                }
              }
            }
          : {})
      },
      hooks: {
        drawClear: [plot => hooks.before?.(plot)],
        draw: [plot => hooks.after?.(plot)],
        setSelect: [
          plot => {
            const { left, width } = plot.select;
            if (width > 4) {
              const ends = [left, left + width].map(x => plot.posToVal(x, 'x'));
              plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              hooks.zoom(ends[0], ends[1]);
            }
          }
        ]
      }
    };
  }

  #listen(hooks: PlotHooks, signal: AbortSignal): void {
    const { over } = this.#plot;
    const at = (event: MouseEvent) => {
      const box = over.getBoundingClientRect();
      const [left, top] = [event.clientX - box.left, event.clientY - box.top];
      return { left, top, x: this.#plot.posToVal(left, 'x'), y: this.#plot.posToVal(top, 'y') };
    };
    over.addEventListener('pointermove', event => hooks.hover(at(event)), { signal });
    over.addEventListener('pointerleave', () => hooks.hover(null), { signal });
    over.addEventListener(
      'pointerdown',
      event => {
        this.#down = event.button === 0 ? { x: event.clientX, y: event.clientY } : null;
      },
      { signal }
    );
    over.addEventListener(
      'pointerup',
      event => {
        const down = this.#down;
        this.#down = null;
        if (down && Math.hypot(event.clientX - down.x, event.clientY - down.y) < 4) {
          hooks.pick(at(event).x);
        }
      },
      { signal }
    );
    over.addEventListener(
      'wheel',
      event => {
        event.preventDefault(); // the page would scroll away under the cursor
        const pixels = event.deltaY * (event.deltaMode === 0 ? 1 : 16);
        hooks.wheel(at(event).x, Math.min(4, Math.max(0.25, Math.exp(pixels * 0.002))));
      },
      { signal, passive: false }
    );
  }
}
