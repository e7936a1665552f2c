/** A waveform as a line; where several samples share a pixel, between their lowest and highest value. */
import type { EventMeta } from '../../core/label';
import type { WireArray } from '../../core/wire';
import { ticks, tickText, valueText } from '../common/scale';
import type { Frame, Picture, Place, Theme } from './drawing';

const LEFT = 58;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 34;

const UNITS: readonly (readonly [number, string])[] = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
  [1e-12, 'ps']
];

type Range = readonly [number, number];

export class Trace implements Picture {
  readonly #low: ArrayLike<number>;
  readonly #high: ArrayLike<number>;
  readonly #samples: number;
  /** Samples in a column of the bytes: 1 unless only the envelope came. */
  readonly #step: number;
  readonly #values: Range;
  readonly #scale: number;
  readonly #unit: string;
  #range: Range;
  #width = 0;

  /** @param period - Seconds from sample to sample. */
  constructor(meta: EventMeta, array: WireArray, period: number | null) {
    const columns = array.shape[2];
    this.#low = array.data.subarray(0, columns);
    this.#high = array.shape[1] === 2 ? array.data.subarray(columns) : this.#low;
    this.#samples = meta.samples!;
    this.#step = this.#samples / Math.max(1, columns);
    const [low, high] = [meta.low!, meta.high!];
    const margin = (high - low) * 0.04 || Math.abs(low) * 0.04 || 1;
    this.#values = [low - margin, high + margin];
    const whole = this.#samples * (period ?? 0);
    const [size, name] =
      period === null ? [1, 'sample'] : (UNITS.find(([unit]) => whole >= unit) ?? UNITS.at(-1)!);
    this.#scale = period === null ? 1 : period / size;
    this.#unit = period === null ? name : `time / ${name}`;
    this.#range = this.#all;
  }

  get #all(): Range {
    return [-0.5, this.#samples - 0.5];
  }

  home(): void {
    this.#range = this.#all;
  }

  zoom({ x }: Place, factor: number): void {
    const [first, last] = this.#range;
    const width = Math.min(this.#samples, Math.max(4, (last - first) / factor));
    const part = (x - first) / (last - first);
    this.#to(x - part * width, width);
  }

  pan(dx: number): void {
    const [first, last] = this.#range;
    const pixels = Math.max(1, this.#width - LEFT - RIGHT);
    this.#to(first - (dx / pixels) * (last - first), last - first);
  }

  #to(first: number, width: number): void {
    const [low, high] = this.#all;
    const start = Math.min(high - width, Math.max(low, first));
    this.#range = [start, start + width];
  }

  frame(width: number, height: number): Frame {
    const [x0, x1] = this.#range;
    const [y0, y1] = this.#values;
    const [w, h] = [Math.max(1, width - LEFT - RIGHT), Math.max(1, height - TOP - BOTTOM)];
    return {
      left: LEFT,
      top: TOP,
      right: LEFT + w,
      bottom: TOP + h,
      toCanvas: ({ x, y }) => ({
        x: LEFT + ((x - x0) / (x1 - x0)) * w,
        y: TOP + (1 - (y - y0) / (y1 - y0)) * h
      }),
      toData: ({ x, y }) => ({
        x: x0 + ((x - LEFT) / w) * (x1 - x0),
        y: y0 + (1 - (y - TOP) / h) * (y1 - y0)
      })
    };
  }

  readout({ x }: Place): string {
    const sample = Math.round(x);
    if (sample < 0 || sample >= this.#samples) {
      return '';
    }
    const column = Math.min(this.#low.length - 1, Math.floor((sample + 0.5) / this.#step));
    const [low, high] = [this.#low[column], this.#high[column]];
    const value = low === high ? valueText(low) : `${valueText(low)} to ${valueText(high)}`;
    const time = this.#unit === 'sample' ? '' : ` (${valueText(sample * this.#scale, 4)})`;
    return `sample ${sample}${time}: ${Number.isNaN(low) ? 'NaN' : value}`;
  }

  paint(context: CanvasRenderingContext2D, width: number, height: number, theme: Theme): void {
    this.#width = width;
    const frame = this.frame(width, height);
    this.#axes(context, frame, width, height, theme);
    context.save();
    context.beginPath();
    context.rect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top);
    context.clip();
    context.strokeStyle = theme.line;
    context.fillStyle = theme.line;
    const [first, last] = this.#range;
    const perPixel = (last - first) / this.#step / (frame.right - frame.left);
    if (perPixel > 1) {
      this.#envelope(context, frame);
    } else {
      this.#polyline(context, frame, perPixel < 0.12);
    }
    context.restore();
  }

  #envelope(context: CanvasRenderingContext2D, frame: Frame): void {
    context.lineWidth = 1;
    context.beginPath();
    let [before, below] = [NaN, NaN];
    for (let px = Math.floor(frame.left); px < frame.right; px++) {
      const from = Math.max(0, Math.floor((frame.toData({ x: px, y: 0 }).x + 0.5) / this.#step));
      const to = Math.min(
        this.#low.length,
        Math.ceil((frame.toData({ x: px + 1, y: 0 }).x + 0.5) / this.#step)
      );
      let [low, high] = [Infinity, -Infinity];
      for (let i = from; i < to; i++) {
        low = Math.min(low, Number.isNaN(this.#low[i]) ? Infinity : this.#low[i]);
        high = Math.max(high, Number.isNaN(this.#high[i]) ? -Infinity : this.#high[i]);
      }
      if (low > high) {
        [before, below] = [NaN, NaN];
        continue;
      }
      let top = frame.toCanvas({ x: 0, y: high }).y;
      let bottom = frame.toCanvas({ x: 0, y: low }).y;
      const [ownTop, ownBottom] = [top, bottom];
      // Neighbours meet, or a steep edge would fall apart into dashes.
      if (below < top) {
        top = below;
      }
      if (before > bottom) {
        bottom = before;
      }
      context.moveTo(px + 0.5, top - 0.5);
      context.lineTo(px + 0.5, bottom + 0.5);
      [before, below] = [ownTop, ownBottom];
    }
    context.stroke();
  }

  #polyline(context: CanvasRenderingContext2D, frame: Frame, dots: boolean): void {
    const [first, last] = this.#range;
    const from = Math.max(0, Math.floor(first / this.#step) - 1);
    const to = Math.min(this.#low.length, Math.ceil(last / this.#step) + 2);
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    context.beginPath();
    let drawing = false;
    for (let i = from; i < to; i++) {
      for (const values of this.#low === this.#high ? [this.#low] : [this.#low, this.#high]) {
        const value = values[i];
        if (!Number.isFinite(value)) {
          drawing = false;
          continue;
        }
        const place = frame.toCanvas({ x: (i + 0.5) * this.#step - 0.5, y: value });
        if (drawing) {
          context.lineTo(place.x, place.y);
        } else {
          context.moveTo(place.x, place.y);
          drawing = true;
        }
        if (dots) {
          context.fillRect(place.x - 1.5, place.y - 1.5, 3, 3);
        }
      }
    }
    context.stroke();
  }

  #axes(
    context: CanvasRenderingContext2D,
    frame: Frame,
    width: number,
    height: number,
    theme: Theme
  ): void {
    context.font = theme.font;
    context.strokeStyle = theme.grid;
    context.fillStyle = theme.dim;
    context.lineWidth = 1;
    const across = ticks(
      [this.#range[0] * this.#scale, this.#range[1] * this.#scale],
      Math.max(2, Math.floor(width / 90))
    );
    const up = ticks(this.#values, Math.max(2, Math.floor(height / 60)));
    context.beginPath();
    context.textAlign = 'center';
    for (const tick of across) {
      const { x } = frame.toCanvas({ x: tick / this.#scale, y: 0 });
      context.moveTo(Math.round(x) + 0.5, frame.top);
      context.lineTo(Math.round(x) + 0.5, frame.bottom);
      context.fillText(tickText(tick, across), x, frame.bottom + 14);
    }
    context.textAlign = 'right';
    for (const tick of up) {
      const { y } = frame.toCanvas({ x: 0, y: tick });
      context.moveTo(frame.left, Math.round(y) + 0.5);
      context.lineTo(frame.right, Math.round(y) + 0.5);
      context.fillText(tickText(tick, up), frame.left - 5, y + 4);
    }
    context.stroke();
    context.textAlign = 'center';
    context.fillText(this.#unit, (frame.left + frame.right) / 2, height - 5);
    context.textAlign = 'left';
  }
}
