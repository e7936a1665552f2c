/** A small histogram of a column, whose brush filters by it. */
import type { HistogramMeta, Limits } from '../../core/waveforms';
import type { WireArray } from '../../core/wire';
import { make } from './dom';
import { shortNumber } from './scale';
import { themed } from './theme';

export class Histogram {
  readonly element: HTMLElement;
  readonly #canvas = make('canvas', { class: 'astrodata-brush' });
  readonly #column: string;
  readonly #picked: (limits: Limits | null) => void;
  #data: { meta: HistogramMeta; counts: WireArray } | null = null;
  #limits: Limits | null = null;
  #drag: { from: number; to: number } | null = null;

  /** @param picked - Called with limits that a hand marked, or null for none. */
  constructor(column: string, picked: (limits: Limits | null) => void, signal: AbortSignal) {
    this.#column = column;
    this.#picked = picked;
    this.#canvas.setAttribute('role', 'img');
    this.element = this.#canvas;
    this.#listen(signal);
  }

  /** Shows counts; null for none. */
  show(data: { meta: HistogramMeta; counts: WireArray } | null): void {
    this.#data = data;
    this.paint();
  }

  /** Shows the brush. */
  brush(limits: Limits | null): void {
    if (JSON.stringify(limits) !== JSON.stringify(this.#limits)) {
      this.#limits = limits;
      this.paint();
    }
  }

  /** Paints anew, in the colours of now. */
  paint(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const ctx = this.#canvas.getContext('2d');
    this.#describe();
    if (!ctx || !width || !height) {
      return;
    }
    const density = devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * density);
    this.#canvas.height = Math.round(height * density);
    ctx.scale(density, density);
    if (!this.#data) {
      return;
    }
    const { meta, counts } = this.#data;
    const bins = meta.shape[2];
    const most = Math.max(1, ...counts.data.subarray(0, bins));
    const colours = ['--astrodata-bins-all', '--astrodata-bins-passed'];
    colours.forEach((name, row) => {
      ctx.fillStyle = themed(this.#canvas, name);
      for (let i = 0; i < bins; i++) {
        const n = counts.data[row * bins + i];
        // The root keeps single traces in sight beside a bin of thousands.
        const tall = n ? Math.max(1, Math.sqrt(n / most) * (height - 2)) : 0;
        ctx.fillRect((i * width) / bins, height - tall, Math.max(1, width / bins - 0.3), tall);
      }
    });
    this.#paintBrush(ctx, width, height);
  }

  #paintBrush(ctx: CanvasRenderingContext2D, width: number, height: number): void {
    const marked = this.#drag
      ? [Math.min(this.#drag.from, this.#drag.to), Math.max(this.#drag.from, this.#drag.to)]
      : this.#limits &&
        ([this.#limits[0] ?? -Infinity, this.#limits[1] ?? Infinity] as const).map(value =>
          Math.min(1, Math.max(0, this.#share(value)))
        );
    if (!marked) {
      return;
    }
    const [low, high] = marked;
    const colour = themed(this.#canvas, '--astrodata-focus');
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = colour;
    ctx.fillRect(low * width, 0, Math.max(1, (high - low) * width), height);
    ctx.globalAlpha = 1;
    ctx.fillRect(Math.max(0, low * width - 0.5), 0, 1.5, height);
    ctx.fillRect(Math.min(width - 1.5, high * width - 0.5), 0, 1.5, height);
  }

  #describe(): void {
    const meta = this.#data?.meta;
    if (!meta) {
      return;
    }
    const range = `${shortNumber(meta.low, 4)} to ${shortNumber(meta.high, 4)}${meta.log ? ', logarithmic' : ''}`;
    const missing = meta.missing ? `, ${meta.missing} without a value` : '';
    this.#canvas.setAttribute('aria-label', `Histogram of ${this.#column}: ${range}${missing}`);
    this.#canvas.title = `${this.#column}: ${range}${missing}. Drag to filter, click to clear.`;
  }

  #share(value: number): number {
    const { low, high, log } = this.#data?.meta ?? { low: 0, high: 1, log: false };
    if (value === -Infinity) {
      return 0;
    }
    return log
      ? Math.log(Math.max(value, low) / low) / Math.log(high / low)
      : (value - low) / (high - low);
  }

  #value(share: number): number {
    const { low, high, log } = this.#data!.meta;
    return log ? low * (high / low) ** share : low + share * (high - low);
  }

  #listen(signal: AbortSignal): void {
    const canvas = this.#canvas;
    const at = (event: PointerEvent) => {
      const box = canvas.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left) / (box.width || 1)));
    };
    const end = (picked: boolean) => {
      const drag = this.#drag;
      this.#drag = null;
      if (drag && picked) {
        const [low, high] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
        // Half a bin is no brush, but a click.
        this.#picked(
          high - low < 0.03
            ? null
            : [
                low <= 0.005 ? null : Number(this.#value(low).toPrecision(4)),
                high >= 0.995 ? null : Number(this.#value(high).toPrecision(4))
              ]
        );
      }
      this.paint();
    };
    canvas.addEventListener(
      'pointerdown',
      event => {
        if (event.button === 0 && this.#data) {
          canvas.setPointerCapture?.(event.pointerId);
          this.#drag = { from: at(event), to: at(event) };
          event.preventDefault();
        }
      },
      { signal }
    );
    canvas.addEventListener(
      'pointermove',
      event => {
        if (this.#drag) {
          this.#drag.to = at(event);
          this.paint();
        }
      },
      { signal }
    );
    canvas.addEventListener('pointerup', () => end(true), { signal });
    canvas.addEventListener('pointercancel', () => end(false), { signal });
  }
}
