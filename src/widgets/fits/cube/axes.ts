/** Axes of the panel's plots: a frame, ticks with numbers, and what they count. */
import { tickText, ticks } from '../../common/scale';
import { themed } from '../../common/theme';

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export type Interval = readonly [number, number];

export interface AxesOptions {
  readonly x: Interval;
  readonly y: Interval;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Where a value of an axis that is not even lies, as a share of its length. */
  readonly yShare?: (value: number) => number;
}

const LEFT = 62;
const BOTTOM = 34;
const TOP = 8;
const RIGHT = 12;
const FONT = 11;

/** Gives the plotting area of a canvas, in CSS pixels. */
export function plotBox(canvas: HTMLElement): Box {
  return {
    left: LEFT,
    top: TOP,
    width: Math.max(1, canvas.clientWidth - LEFT - RIGHT),
    height: Math.max(1, canvas.clientHeight - TOP - BOTTOM)
  };
}

/** Gives a cleared context in CSS pixels at the screen's density, null where there is none. */
export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * density);
  canvas.height = Math.round(canvas.clientHeight * density);
  const context = canvas.getContext('2d');
  context?.scale(density, density);
  return context;
}

export function drawAxes(
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  box: Box,
  { x, y, xLabel, yLabel, yShare }: AxesOptions
): void {
  context.font = `${FONT}px ${getComputedStyle(canvas).fontFamily || 'sans-serif'}`;
  context.strokeStyle = themed(canvas, '--astrodata-line');
  context.fillStyle = themed(canvas, '--astrodata-dim');
  context.lineWidth = 1;
  context.strokeRect(box.left + 0.5, box.top + 0.5, box.width - 1, box.height - 1);
  context.textAlign = 'center';
  context.textBaseline = 'top';
  const bottom = box.top + box.height;
  const across = ticks([Math.min(...x), Math.max(...x)], Math.max(2, box.width / 90));
  for (const tick of across) {
    const at = box.left + ((tick - x[0]) / (x[1] - x[0])) * box.width;
    line(context, at, bottom, at, bottom + 4);
    context.fillText(tickText(tick, across), at, bottom + 6);
  }
  context.fillText(xLabel, box.left + box.width / 2, bottom + 20);
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  const up = ticks([Math.min(...y), Math.max(...y)], Math.max(2, box.height / 36));
  for (const tick of up) {
    const share = yShare ? yShare(tick) : (tick - y[0]) / (y[1] - y[0]);
    const at = bottom - share * box.height;
    line(context, box.left - 4, at, box.left, at);
    context.fillText(tickText(tick, up), box.left - 6, at);
  }
  context.save();
  context.translate(11, box.top + box.height / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = 'center';
  context.fillText(yLabel, 0, 0);
  context.restore();
}

function line(
  context: CanvasRenderingContext2D,
  x0: number,
  y0: number,
  x1: number,
  y1: number
): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}
