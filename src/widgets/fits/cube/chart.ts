/** The plot of spectra: steps over the spectral axis, the channel on show, and the channels chosen. */
import { make } from '../../common/dom';
import { themed } from '../../common/theme';
import { contextOf, drawAxes, plotBox, type Box, type Interval } from './axes';

export interface Curve {
  readonly values: ArrayLike<number>;
  readonly colour: string;
  /** Drawn stronger. */
  readonly live: boolean;
}

export interface ChartHooks {
  /** A channel was clicked. */
  pick(channel: number): void;
  /** Channels were marked; null unmarks. */
  range(channels: readonly [number, number] | null): void;
  /** The pointer is over a channel, or left. */
  hover(channel: number | null): void;
}

const CLICK = 4;

export class Chart {
  readonly canvas = make('canvas', {
    class: 'astrodata-fits-spectrum',
    role: 'slider',
    tabindex: 0,
    'aria-label': 'Spectrum',
    'aria-valuemin': 0,
    title:
      'Click: show that channel. Drag: choose channels for a moment map. Keys: arrows, with Shift to ' +
      'choose, Escape to unchoose'
  });
  readonly #hooks: ChartHooks;
  #x: ArrayLike<number> = [];
  #labels: readonly [string, string] = ['', ''];
  #curves: readonly Curve[] = [];
  #channel = 0;
  #range: readonly [number, number] | null = null;
  #hovered: number | null = null;
  #drag: { from: number; x: number; moved: boolean } | null = null;
  #request = 0;

  constructor(hooks: ChartHooks, signal: AbortSignal) {
    this.#hooks = hooks;
    this.#listen();
    const observer = new ResizeObserver(() => this.redraw());
    observer.observe(this.canvas);
    signal.addEventListener('abort', () => {
      observer.disconnect();
      cancelAnimationFrame(this.#request);
    });
  }

  /** @param x - Value of each channel, rising or falling. */
  setAxis(x: ArrayLike<number>, xLabel: string, yLabel: string): void {
    this.#x = x;
    this.#labels = [xLabel, yLabel];
    this.canvas.setAttribute('aria-valuemax', String(Math.max(0, x.length - 1)));
    this.redraw();
  }

  setCurves(curves: readonly Curve[]): void {
    this.#curves = curves;
    this.redraw();
  }

  setChannel(channel: number, text: string): void {
    this.#channel = channel;
    this.canvas.setAttribute('aria-valuenow', String(channel));
    this.canvas.setAttribute('aria-valuetext', text);
    this.redraw();
  }

  setRange(range: readonly [number, number] | null): void {
    this.#range = range;
    this.redraw();
  }

  /** Paints in the next frame. */
  redraw(): void {
    this.#request ||= requestAnimationFrame(() => {
      this.#request = 0;
      this.#paint();
    });
  }

  // --- painting -----------------------------------------------------------------------------------

  #span(): Interval {
    const x = this.#x;
    const [first, last] = [x[0] ?? 0, x[x.length - 1] ?? 1];
    const half = x.length > 1 ? Math.abs(last - first) / (x.length - 1) / 2 : 0.5;
    return [Math.min(first, last) - half, Math.max(first, last) + half];
  }

  #heights(): Interval {
    let [low, high] = [Infinity, -Infinity];
    for (const { values } of this.#curves) {
      for (let i = 0; i < values.length; i++) {
        if (Number.isFinite(values[i])) {
          low = Math.min(low, values[i]);
          high = Math.max(high, values[i]);
        }
      }
    }
    if (!(low <= high)) {
      return [0, 1];
    }
    const room = (high - low || Math.abs(high) || 1) * 0.06;
    return [low - room, high + room];
  }

  #paint(): void {
    const { canvas } = this;
    const context = canvas.clientWidth ? contextOf(canvas) : null;
    if (!context || !this.#x.length) {
      return;
    }
    const box = plotBox(canvas);
    const [x, y] = [this.#span(), this.#heights()];
    const across = (value: number) => box.left + ((value - x[0]) / (x[1] - x[0])) * box.width;
    const up = (value: number) =>
      box.top + box.height - ((value - y[0]) / (y[1] - y[0])) * box.height;
    if (this.#range) {
      const [from, to] = this.#edges(this.#range).map(across);
      context.fillStyle = themed(canvas, '--astrodata-focus');
      context.globalAlpha = 0.18;
      context.fillRect(Math.min(from, to), box.top, Math.abs(to - from), box.height);
      context.globalAlpha = 1;
    }
    drawAxes(canvas, context, box, { x, y, xLabel: this.#labels[0], yLabel: this.#labels[1] });
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    if (y[0] < 0 && y[1] > 0) {
      context.strokeStyle = themed(canvas, '--astrodata-line');
      context.beginPath();
      context.moveTo(box.left, up(0));
      context.lineTo(box.left + box.width, up(0));
      context.stroke();
    }
    for (const curve of this.#curves) {
      context.strokeStyle = curve.colour || themed(canvas, '--astrodata-text');
      context.lineWidth = curve.live ? 1.5 : 1.25;
      this.#steps(context, curve.values, across, up, box);
    }
    this.#markers(context, across, box);
    context.restore();
  }

  #steps(
    context: CanvasRenderingContext2D,
    values: ArrayLike<number>,
    across: (value: number) => number,
    up: (value: number) => number,
    box: Box
  ): void {
    context.beginPath();
    let open = false;
    const count = Math.min(values.length, this.#x.length);
    const dense = count > 2 * box.width;
    let [column, low, high] = [NaN, 0, 0];
    for (let i = 0; i < count; i++) {
      if (!Number.isFinite(values[i])) {
        open = false;
        continue;
      }
      const at = up(values[i]);
      if (dense) {
        // More channels than pixels: a column's least and most tell all that can be seen.
        const here = Math.round(across(this.#x[i]));
        if (here !== column) {
          [column, low, high] = [here, at, at];
          context[open ? 'lineTo' : 'moveTo'](here, at);
          open = true;
        } else if (at < low || at > high) {
          low = Math.min(low, at);
          high = Math.max(high, at);
          context.lineTo(here, at);
        }
        continue;
      }
      const [from, to] = this.#edges([i, i]).map(across);
      context[open ? 'lineTo' : 'moveTo'](from, at);
      context.lineTo(to, at);
      open = true;
    }
    context.stroke();
  }

  #markers(context: CanvasRenderingContext2D, across: (value: number) => number, box: Box): void {
    const line = (channel: number, dash: number[]) => {
      const at = Math.round(across(this.#x[channel])) + 0.5;
      context.setLineDash(dash);
      context.beginPath();
      context.moveTo(at, box.top);
      context.lineTo(at, box.top + box.height);
      context.stroke();
    };
    context.lineWidth = 1;
    if (this.#hovered !== null) {
      context.strokeStyle = themed(this.canvas, '--astrodata-dim');
      line(this.#hovered, [2, 3]);
    }
    if (this.#channel in this.#x) {
      context.strokeStyle = themed(this.canvas, '--astrodata-focus');
      line(this.#channel, []);
    }
    context.setLineDash([]);
  }

  /** Gives where the first channel begins and the last one ends, half way to the neighbours. */
  #edges([first, last]: readonly [number, number]): [number, number] {
    const x = this.#x;
    const half = (channel: number, side: -1 | 1): number => {
      const other = channel + side;
      if (other in x) {
        return (x[channel] + x[other]) / 2;
      }
      const step = channel - side in x ? x[channel] - x[channel - side] : side;
      return x[channel] + step / 2;
    };
    return [half(first, -1), half(last, 1)];
  }

  // --- hands --------------------------------------------------------------------------------------

  /** Gives the channel under a point of the page. */
  #at(event: MouseEvent): number {
    const box = plotBox(this.canvas);
    const [low, high] = this.#span();
    const part = (event.clientX - this.canvas.getBoundingClientRect().left - box.left) / box.width;
    const value = low + Math.min(1, Math.max(0, part)) * (high - low);
    let best = 0;
    for (let i = 1; i < this.#x.length; i++) {
      if (Math.abs(this.#x[i] - value) < Math.abs(this.#x[best] - value)) {
        best = i;
      }
    }
    return best;
  }

  #listen(): void {
    const { canvas } = this;
    canvas.addEventListener('pointerdown', event => {
      if (event.button === 0 && this.#x.length) {
        canvas.setPointerCapture?.(event.pointerId);
        this.#drag = { from: this.#at(event), x: event.clientX, moved: false };
      }
    });
    canvas.addEventListener('pointermove', event => {
      const drag = this.#drag;
      if (!this.#x.length) {
        return;
      }
      this.#hovered = this.#at(event);
      this.#hooks.hover(this.#hovered);
      if (drag && (drag.moved || Math.abs(event.clientX - drag.x) >= CLICK)) {
        drag.moved = true;
        this.#range = ordered(drag.from, this.#hovered);
      }
      this.redraw();
    });
    canvas.addEventListener('pointerup', event => {
      const drag = this.#drag;
      this.#drag = null;
      if (drag?.moved) {
        this.#hooks.range(ordered(drag.from, this.#at(event)));
      } else if (drag) {
        this.#hooks.pick(this.#at(event));
      }
    });
    canvas.addEventListener('pointercancel', () => (this.#drag = null));
    canvas.addEventListener('pointerleave', () => {
      this.#hovered = null;
      this.#hooks.hover(null);
      this.redraw();
    });
    canvas.addEventListener('keydown', event => this.#key(event));
  }

  #key(event: KeyboardEvent): void {
    const rises = (this.#x[1] ?? 1) >= (this.#x[0] ?? 0) ? 1 : -1;
    const step = { ArrowLeft: -rises, ArrowRight: rises }[event.key];
    if (event.key === 'Escape' && this.#range) {
      this.#hooks.range(null);
    } else if (step && event.shiftKey) {
      const [first, last] = this.#range ?? [this.#channel, this.#channel];
      this.#hooks.range(
        step > 0 ? ordered(first, this.#within(last + 1)) : ordered(this.#within(first - 1), last)
      );
    } else if (step) {
      this.#hooks.pick(this.#within(this.#channel + step));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #within(channel: number): number {
    return Math.min(this.#x.length - 1, Math.max(0, channel));
  }
}

function ordered(a: number, b: number): readonly [number, number] {
  return a < b ? [a, b] : [b, a];
}
