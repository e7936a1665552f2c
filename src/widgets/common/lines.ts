/** A uPlot in the theme's colours. */
import uPlot from 'uplot';
import { themed } from './theme';

export interface LineOptions {
  readonly x: string;
  readonly y: string;
  readonly series: readonly Pick<
    uPlot.Series,
    'stroke' | 'width' | 'dash' | 'spanGaps' | 'points'
  >[];
  readonly log?: boolean;
  /** Plots of one key show the pointer, and zoom, together. */
  readonly sync?: string;
  /** Numbers at the y axis; the x axis has none when this is false. */
  readonly bottom?: boolean;
  /** Of a logarithmic axis. */
  readonly range?: readonly [number, number];
  after?(plot: uPlot): void;
}

export class Lines {
  readonly #plot: uPlot;
  readonly #element: HTMLElement;
  readonly #observer: ResizeObserver;

  /** @param element - Where it is painted; it sets the size and inherits the theme. */
  constructor(element: HTMLElement, options: LineOptions, data: uPlot.AlignedData) {
    this.#element = element;
    element.classList.add('astrodata-plot');
    this.#plot = new uPlot(this.#options(options), data, element);
    this.#observer = new ResizeObserver(() => this.#fit());
    this.#observer.observe(element);
  }

  set(data: uPlot.AlignedData): void {
    this.#plot.setData(data);
  }

  redraw(): void {
    this.#plot.redraw(false, true);
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#plot.destroy();
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#element;
    if (width > 0 && height > 0) {
      this.#plot.setSize({ width, height });
    }
  }

  #options(options: LineOptions): uPlot.Options {
    const colour = (name: string) => () => themed(this.#element, name);
    const font = `11px ${getComputedStyle(this.#element).fontFamily || 'sans-serif'}`;
    const common: uPlot.Axis = {
      font,
      labelFont: font,
      labelGap: 0,
      gap: 3,
      stroke: colour('--astrodata-dim'),
      grid: { stroke: colour('--astrodata-grid'), width: 1 },
      ticks: { stroke: colour('--astrodata-line'), width: 1, size: 3 }
    };
    const bottom = options.bottom ?? true;
    return {
      width: Math.max(100, this.#element.clientWidth),
      height: Math.max(60, this.#element.clientHeight),
      padding: [6, 20, bottom ? 0 : 4, 0],
      legend: { show: false },
      scales: {
        x: { time: false },
        y: options.log
          ? { distr: 3, auto: false, range: () => [...options.range!] as [number, number] }
          : {}
      },
      axes: [
        {
          ...common,
          label: bottom ? options.x : undefined,
          labelSize: bottom ? 15 : 0,
          size: bottom ? 20 : 0,
          space: 56,
          ...(bottom ? {} : { values: () => [] })
        },
        { ...common, label: options.y, labelSize: 15, size: 50, space: 22 }
      ],
      series: [{}, ...options.series.map(one => ({ points: { show: false }, ...one }))],
      cursor: {
        points: { show: false },
        drag: { x: true, y: false },
        ...(options.sync ? { sync: { key: options.sync, scales: ['x', null] } } : {})
      },
      hooks: { draw: [plot => options.after?.(plot)] }
    };
  }
}
