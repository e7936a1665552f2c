/** What is drawn over the points of the plot: lines from row to row, and error bars. */
import { make } from '../common/dom';
import { share } from '../common/scale';
import { themed } from '../common/theme';
import type { Values } from '../latent/cloud';
import type { Frame } from '../latent/map/frame';

/** Error bars up to that many in sight; more are a smear. */
const BARS = 20_000;
/** Error bars up to that many are drawn in full, and more of them fainter. */
const FEW_BARS = 500;
const FAINTEST = 0.08;

export interface Drawing {
  /** Places along the axes. */
  readonly x: Values;
  readonly y: Values;
  readonly shown: (row: number) => boolean;
  readonly lines: boolean;
  /** Lower and upper ends of bars, as places; null without errors. */
  readonly bars: readonly [low: Values, high: Values] | null;
}

export class Overlay {
  readonly #canvas = make('canvas', { class: 'astrodata-table-overlay', 'aria-hidden': 'true' });
  #drawing: Drawing | null = null;
  /** Rows from left to right. */
  #order: Uint32Array | null = null;

  set(drawing: Drawing | null): void {
    this.#drawing = drawing;
    this.#order = drawing?.lines ? fromLeft(drawing) : null;
  }

  draw(frame: Frame, stage: HTMLElement): void {
    if (this.#canvas.parentElement !== stage) {
      stage.append(this.#canvas);
    }
    const pixel = globalThis.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = stage;
    this.#canvas.width = Math.round(width * pixel);
    this.#canvas.height = Math.round(height * pixel);
    const context = this.#canvas.getContext('2d');
    const drawing = this.#drawing;
    if (!context || !drawing || !width || !height) {
      return;
    }
    context.scale(pixel, pixel);
    const across = (x: number) => share(x, frame.x) * width;
    const up = (y: number) => (1 - share(y, frame.y)) * height;
    if (drawing.bars) {
      context.strokeStyle = themed(stage, '--astrodata-table-bar');
      context.lineWidth = 1;
      bars(context, drawing, drawing.bars, frame, across, up);
    }
    if (this.#order) {
      context.strokeStyle = themed(stage, '--astrodata-table-line');
      context.lineWidth = 1.2;
      lines(context, drawing, this.#order, across, up, width);
    }
  }
}

type To = (value: number) => number;

function bars(
  context: CanvasRenderingContext2D,
  { x, y, shown }: Drawing,
  [low, high]: readonly [Values, Values],
  frame: Frame,
  across: To,
  up: To
): void {
  const seen: number[] = [];
  for (let i = 0; i < x.length && seen.length <= BARS; i++) {
    if (x[i] >= frame.x[0] && x[i] <= frame.x[1] && Number.isFinite(y[i]) && shown(i)) {
      seen.push(i);
    }
  }
  if (seen.length > BARS) {
    return;
  }
  // Many would hide the points that they belong to.
  context.globalAlpha = Math.min(1, Math.max(FAINTEST, FEW_BARS / seen.length));
  context.beginPath();
  for (const i of seen) {
    const px = across(x[i]);
    // On a logarithmic axis an error as large as its value has no lower end.
    const bottom = Number.isFinite(low[i]) ? up(low[i]) : 1e5;
    context.moveTo(px, bottom);
    context.lineTo(px, up(high[i]));
  }
  context.stroke();
  context.globalAlpha = 1;
}

/** Joins rows from left to right; of many in one pixel column the lowest and the highest. */
function lines(
  context: CanvasRenderingContext2D,
  { x, y }: Drawing,
  order: Uint32Array,
  across: To,
  up: To,
  width: number
): void {
  context.beginPath();
  let column = NaN;
  let [first, last, top, bottom] = [0, 0, 0, 0];
  let pen = false;
  const flush = () => {
    if (Number.isNaN(column)) {
      return;
    }
    const px = column + 0.5;
    context[pen ? 'lineTo' : 'moveTo'](px, first);
    if (top !== bottom) {
      context.lineTo(px, top);
      context.lineTo(px, bottom);
      context.lineTo(px, last);
    }
    pen = true;
    column = NaN;
  };
  for (const i of order) {
    const [px, py] = [across(x[i]), up(y[i])];
    if (!Number.isFinite(py)) {
      flush();
      pen = false; // a gap is no straight line
      continue;
    }
    if (px < -width || px > 2 * width) {
      continue;
    }
    if (Math.floor(px) !== column) {
      flush();
      column = Math.floor(px);
      first = top = bottom = py;
    }
    top = Math.min(top, py);
    bottom = Math.max(bottom, py);
    last = py;
  }
  flush();
  context.stroke();
}

function fromLeft({ x, shown }: Drawing): Uint32Array {
  const rows: number[] = [];
  let sorted = true;
  let before = -Infinity;
  for (let i = 0; i < x.length; i++) {
    if (Number.isFinite(x[i]) && shown(i)) {
      rows.push(i);
      sorted &&= x[i] >= before;
      before = x[i];
    }
  }
  const order = Uint32Array.from(rows);
  return sorted ? order : order.sort((a, b) => x[a] - x[b]);
}
