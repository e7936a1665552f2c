/** What is painted into the plot around and over the curve: errors, masked stretches, lines, fits. */
import type uPlot from 'uplot';
import type { Measure, Range } from '../../core/spectrum';
import { themed } from '../common/theme';
import { rowsOf, type Marked } from './state';

export interface Band {
  readonly xs: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

export interface Scene {
  readonly shaded: readonly Range[];
  readonly band: Band | null;
  readonly lines: readonly Marked[];
  readonly measures: readonly Measure[];
}

const ROWS = 3;
const LABEL = 13;

/** Paints below the curve. */
export function paintBelow(plot: uPlot, element: Element, { shaded, band }: Scene): void {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.fillStyle = themed(element, '--astrodata-spectrum-masked');
  for (const [low, high] of shaded) {
    const [a, b] = [low, high].map(x => plot.valToPos(x, 'x', true));
    ctx.fillRect(a, top, Math.max(1, b - a), height);
  }
  if (band) {
    ctx.fillStyle = themed(element, '--astrodata-spectrum-band');
    paintBand(plot, band);
  }
  ctx.restore();
}

/** Fills between both edges, apart where there is no error. */
function paintBand(plot: uPlot, { xs, low, high }: Band): void {
  const { ctx } = plot;
  const at = (i: number, ys: ArrayLike<number>) =>
    [plot.valToPos(xs[i], 'x', true), plot.valToPos(ys[i], 'y', true)] as const;
  for (let i = 0; i < xs.length;) {
    if (!Number.isFinite(low[i])) {
      i++;
      continue;
    }
    let end = i;
    while (end < xs.length && Number.isFinite(low[end])) {
      end++;
    }
    ctx.beginPath();
    for (let k = i; k < end; k++) {
      ctx.lineTo(...at(k, high));
    }
    for (let k = end - 1; k >= i; k--) {
      ctx.lineTo(...at(k, low));
    }
    ctx.fill();
    i = end;
  }
}

/** Paints above the curve: fits, then lines with names where there is room for them. */
export function paintAbove(plot: uPlot, element: Element, { lines, measures }: Scene): string[] {
  const { ctx } = plot;
  const pixel = devicePixelRatio || 1;
  const { left, top, width, height } = plot.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  measures.forEach(measure => paintFit(plot, element, measure, pixel));
  const font = getComputedStyle(element).fontFamily || 'sans-serif';
  ctx.font = `${11 * pixel}px ${font}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'top';
  const places = lines.map(({ x }) => plot.valToPos(x, 'x', true));
  const widths = lines.map(({ line }) => ctx.measureText(line.label).width);
  // At the edges names stand beside their lines, and are not cut.
  const names = places.map((place, i) =>
    Math.min(left + width - widths[i] / 2, Math.max(left + widths[i] / 2, place))
  );
  const rows = rowsOf(names, widths, ROWS);
  ctx.lineWidth = pixel;
  const labelled: string[] = [];
  lines.forEach(({ line }, i) => {
    const colour = themed(element, `--astrodata-spectrum-${line.seen}`);
    const from = top + (rows[i] < 0 ? ROWS * LABEL : (rows[i] + 1) * LABEL) * pixel;
    ctx.globalAlpha = 0.55;
    ctx.strokeStyle = colour;
    ctx.setLineDash(line.seen === 'absorption' ? [4 * pixel, 3 * pixel] : []);
    ctx.beginPath();
    ctx.moveTo(Math.round(places[i]) + 0.5, from);
    ctx.lineTo(Math.round(places[i]) + 0.5, top + height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    if (rows[i] >= 0) {
      ctx.fillStyle = colour;
      ctx.fillText(line.label, names[i], top + (rows[i] * LABEL + 1) * pixel);
      labelled.push(line.name);
    }
  });
  ctx.restore();
  return labelled;
}

function paintFit(
  plot: uPlot,
  element: Element,
  { x, fit, continuum }: Measure,
  pixel: number
): void {
  const { ctx } = plot;
  const trace = (ys: readonly number[]) => {
    ctx.beginPath();
    ys.forEach((y, i) => ctx.lineTo(plot.valToPos(x[i], 'x', true), plot.valToPos(y, 'y', true)));
    ctx.stroke();
  };
  ctx.strokeStyle = themed(element, '--astrodata-spectrum-fit');
  ctx.lineWidth = 2 * pixel;
  ctx.setLineDash([]);
  trace(fit);
  ctx.lineWidth = pixel;
  ctx.setLineDash([5 * pixel, 3 * pixel]);
  trace(continuum);
  ctx.setLineDash([]);
}
