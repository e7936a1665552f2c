/** Lines with dots on the axes that all plots of widgets have: spectra, series, histograms. */
import type uPlot from 'uplot';
import { make } from '../../../common/dom';
import { Plot, type PlotAxis } from '../../../common/plot';
import { themed } from '../../../common/theme';

export interface Curve {
  /** Rising. */
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  readonly colour: string;
  readonly dash?: readonly number[];
  /** Of these points only the rim is drawn, and the line goes past them. */
  readonly hollow?: readonly boolean[];
  readonly dots?: boolean;
}

/** A line across the plot. */
export interface Mark {
  readonly x: number;
  readonly text?: string;
  readonly strong?: boolean;
}

export interface CurvesOptions {
  readonly name: string;
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  /** The nearest x of a point to the pointer, null once it left. */
  hover?(x: number | null): void;
  pick?(x: number): void;
}

const DOT = 3;
const ROW = 12;
/** Rows of names that marks may take. */
const ROWS = 3;

export class Curves {
  readonly element: HTMLElement;
  readonly #make: () => Plot;
  /** Made when there is something to show first: most panels are never opened. */
  #plot: Plot | null = null;
  #curves: readonly Curve[] = [];
  #marks: readonly Mark[] = [];
  #hovered: number | null = null;

  constructor(options: CurvesOptions, signal: AbortSignal) {
    this.element = make('div', {
      class: 'astrodata-scene-plot',
      role: 'img',
      'aria-label': options.name
    });
    this.#make = () =>
      new Plot(
        this.element,
        { x: options.x, y: options.y, series: [{ stroke: 'transparent', width: 0 }] },
        {
          hover: at => this.#hover(at && this.#nearest(at.x), options),
          pick: x => {
            const near = this.#nearest(x);
            if (near !== null) {
              options.pick?.(near);
            }
          },
          zoom: () => undefined,
          wheel: () => undefined,
          reset: () => undefined,
          after: plot => this.#paint(plot)
        },
        signal
      );
  }

  /** @param marks - Lines with names above the curves. */
  show(curves: readonly Curve[], marks: readonly Mark[] = []): void {
    if (!curves.length && !this.#plot) {
      return;
    }
    this.#plot ??= this.#make();
    this.#curves = curves;
    this.#marks = marks;
    const xs = curves.flatMap(({ x }) => [...x]).concat(marks.map(({ x }) => x));
    const ys = curves.flatMap(({ y }) => y.filter(value => value !== null));
    const names = marks.some(({ text }) => text);
    const all = [...new Set(xs)].sort((a, b) => a - b);
    this.#plot.set([all, all.map(() => null)], roomy(xs, 0.04), roomy(ys, 0.06, names ? 0.3 : 0));
  }

  redraw(): void {
    this.#plot?.redraw();
  }

  #hover(x: number | null, { hover }: CurvesOptions): void {
    if (x !== this.#hovered) {
      this.#hovered = x;
      hover?.(x);
      this.#plot?.redraw();
    }
  }

  #nearest(x: number): number | null {
    let best: number | null = null;
    for (const curve of this.#curves) {
      for (const at of curve.x) {
        if (best === null || Math.abs(at - x) < Math.abs(best - x)) {
          best = at;
        }
      }
    }
    return best;
  }

  #paint(plot: uPlot): void {
    const { ctx, bbox } = plot;
    // The canvas is as fine as the screen.
    const fine = ctx.canvas.width / Math.max(1, ctx.canvas.clientWidth) || 1;
    const across = (x: number) => plot.valToPos(x, 'x', true);
    const up = (y: number) => plot.valToPos(y, 'y', true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    this.#paintMarks(ctx, bbox, across, fine);
    for (const curve of this.#curves) {
      ctx.strokeStyle = ctx.fillStyle = curve.colour;
      ctx.lineWidth = 1.5 * fine;
      ctx.setLineDash((curve.dash ?? []).map(part => part * fine));
      ctx.beginPath();
      let open = false;
      curve.x.forEach((x, i) => {
        const y = curve.y[i];
        if (curve.hollow?.[i]) {
          return;
        }
        if (y === null) {
          open = false;
          return;
        }
        ctx[open ? 'lineTo' : 'moveTo'](across(x), up(y));
        open = true;
      });
      ctx.stroke();
      ctx.setLineDash([]);
      if (curve.dots) {
        this.#paintDots(ctx, curve, across, up, fine);
      }
    }
    ctx.restore();
  }

  #paintDots(
    ctx: CanvasRenderingContext2D,
    curve: Curve,
    across: (x: number) => number,
    up: (y: number) => number,
    fine: number
  ): void {
    const ground = themed(this.element, '--jp-layout-color1');
    curve.x.forEach((x, i) => {
      const y = curve.y[i];
      if (y === null) {
        return;
      }
      const hollow = curve.hollow?.[i];
      ctx.beginPath();
      ctx.arc(across(x), up(y), (x === this.#hovered ? DOT + 1.5 : DOT) * fine, 0, 2 * Math.PI);
      ctx.fillStyle = hollow ? ground : curve.colour;
      ctx.fill();
      ctx.lineWidth = 1.25 * fine;
      ctx.stroke();
    });
  }

  #paintMarks(
    ctx: CanvasRenderingContext2D,
    bbox: uPlot.BBox,
    across: (x: number) => number,
    fine: number
  ): void {
    const { fontFamily } = getComputedStyle(this.element);
    ctx.font = `${10 * fine}px ${fontFamily || 'sans-serif'}`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'top';
    /** Where the last name of each row ends. */
    const ends = Array<number>(ROWS).fill(-Infinity);
    for (const { x, text, strong } of this.#marks) {
      const at = across(x);
      const width = text ? ctx.measureText(text).width : 0;
      const row = ends.findIndex(end => at - width / 2 > end + 3 * fine);
      const top = bbox.top + (text ? (Math.max(0, row) + 1) * ROW * fine + 2 * fine : 0);
      this.#line(ctx, at, top, bbox, strong ? '--astrodata-focus' : '--astrodata-grid', fine);
      if (text && row >= 0) {
        ends[row] = at + width / 2;
        ctx.fillStyle = themed(this.element, '--astrodata-dim');
        const half = width / 2;
        const inside = Math.min(Math.max(at, bbox.left + half), bbox.left + bbox.width - half);
        ctx.fillText(text, inside, bbox.top + row * ROW * fine + 2 * fine);
      }
    }
    if (this.#hovered !== null) {
      ctx.setLineDash([2 * fine, 3 * fine]);
      this.#line(ctx, across(this.#hovered), bbox.top, bbox, '--astrodata-dim', fine);
      ctx.setLineDash([]);
    }
  }

  #line(
    ctx: CanvasRenderingContext2D,
    at: number,
    top: number,
    bbox: uPlot.BBox,
    colour: string,
    fine: number
  ): void {
    ctx.strokeStyle = themed(this.element, colour);
    ctx.lineWidth = fine;
    ctx.beginPath();
    ctx.moveTo(at, top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
  }
}

/** Gives ends beyond all values, by shares of how far they reach. */
export function roomy(values: readonly number[], share: number, above = 0): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!(low <= high)) {
    return [0, 1];
  }
  const far = high - low || Math.abs(high) || 1;
  return [low - share * far, high + (share + above) * far];
}
