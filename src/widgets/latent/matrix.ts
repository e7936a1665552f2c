/** The scatter matrix: panels, the numbers at its edges, and what stands in its free corner. */
import type { Box, Interval } from '../../core/latent';
import { make } from '../common/dom';
import type { Values } from './cloud';
import { css, PALETTE } from './colours';
import { density, dots, histogram, type Ink } from './paint';
import { Panel, type Mark, type PanelHooks } from './panel';
import { showTicks } from './edgeTicks';

/** Points up to which each is painted as a dot. */
export const DOTS = 50_000;
const BINS = 64;

/** What is painted. */
export interface Painting {
  readonly axes: readonly Values[];
  readonly ink: Ink;
  /** The groups whose histograms stand side by side. */
  readonly groups: { readonly codes: Uint8Array | null; readonly names: readonly string[] };
}

export class Matrix {
  readonly element = make('div', { class: 'astrodata-latent-matrix' });
  readonly #names: readonly string[];
  readonly #hooks: PanelHooks;
  readonly #corner: HTMLElement;
  #panels: Panel[] = [];
  #ticks: { axis: number; upright: boolean; element: HTMLElement }[] = [];
  #painting: Painting | null = null;
  #ranges: readonly Interval[] = [];
  #frame = 0;

  /** @param corner - What stands above the diagonal. */
  constructor(
    names: readonly string[],
    corner: HTMLElement,
    hooks: PanelHooks,
    signal: AbortSignal
  ) {
    this.#names = names;
    this.#hooks = hooks;
    this.#corner = corner;
    const observer = new ResizeObserver(() => {
      this.#showTicks();
      this.repaint();
    });
    observer.observe(this.element);
    signal.addEventListener('abort', () => {
      observer.disconnect();
      cancelAnimationFrame(this.#frame);
    });
  }

  setHeight(pixels: number): void {
    this.element.style.setProperty('--astrodata-latent-height', `${pixels}px`);
  }

  /** Makes the panels of some latents anew. */
  build(axes: readonly number[]): void {
    const count = axes.length;
    this.#panels = [];
    this.#ticks = [];
    const cells: HTMLElement[] = [];
    const put = (element: HTMLElement, row: number, column: number) => {
      element.style.gridArea = `${row + 1} / ${column + 1}`;
      cells.push(element);
    };
    axes.forEach((y, row) => {
      for (let column = 0; column <= row; column++) {
        const panel = new Panel(axes[column], column === row ? null : y, this.#names, this.#hooks);
        this.#panels.push(panel);
        put(panel.element, row, column + 1);
      }
      // The first row has a histogram only, whose height is no value of the latent.
      put(row ? this.#tickCell(y, true) : make('div'), row, 0);
      put(this.#tickCell(y, false), count, row + 1);
    });
    const free = Math.floor(count / 2);
    this.#corner.style.setProperty('--corner-rows', `1 / ${free + 1}`);
    this.#corner.style.setProperty('--corner-columns', `${free + 2} / ${count + 2}`);
    this.#corner.classList.toggle('astrodata-latent-below', count < 2);
    this.element.style.setProperty('--count', String(count));
    this.element.replaceChildren(...cells, this.#corner);
  }

  setRanges(ranges: readonly Interval[]): void {
    for (const panel of this.#panels) {
      panel.setRanges(ranges[panel.x], panel.y === null ? [0, 1] : ranges[panel.y]);
    }
    this.#ranges = ranges;
    this.#showTicks();
    this.repaint();
  }

  /** As many numbers as there is room for. */
  #showTicks(): void {
    for (const { axis, upright, element } of this.#ticks) {
      const room = { apart: upright ? 36 : 44, ends: 8 };
      showTicks(element, this.#names[axis], this.#ranges[axis], upright, room);
    }
  }

  setGarage(garage: readonly Interval[]): void {
    this.#panels.forEach(panel => panel.setGarage(garage));
  }

  setSelection(selection: Box | null): void {
    this.#panels.forEach(panel => panel.setSelection(selection));
  }

  mark(name: Mark, z: readonly number[] | null): void {
    this.#panels.forEach(panel => panel.mark(name, z));
  }

  paint(painting: Painting): void {
    this.#painting = painting;
    this.repaint();
  }

  /** Paints all panels anew, with the next frame. */
  repaint(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#next([...this.#panels]));
  }

  /** How many points are in all panels' reach was counted by whoever paints; here the panels follow. */
  #next(waiting: Panel[]): void {
    const painting = this.#painting;
    if (!painting) {
      return;
    }
    // Of many points one panel a frame, so that a hand is never held up by all of them.
    const many = painting.axes.some(values => values.length > DOTS);
    do {
      const panel = waiting.shift();
      if (!panel) {
        return;
      }
      if (panel.y === null) {
        paintHistograms(panel, painting);
      } else {
        paintPoints(panel, painting);
      }
    } while (!many);
    this.#frame = requestAnimationFrame(() => this.#next(waiting));
  }

  #tickCell(axis: number, upright: boolean): HTMLElement {
    const element = make('div', {
      class: `astrodata-latent-ticks${upright ? ' astrodata-latent-upright' : ''}`,
      'aria-hidden': 'true'
    });
    this.#ticks.push({ axis, upright, element });
    return element;
  }
}

function paintPoints(panel: Panel, { axes, ink }: Painting): void {
  const target = panel.target();
  if (!target || panel.y === null) {
    return;
  }
  const [x, y] = [axes[panel.x], axes[panel.y]];
  const { x: xRange, y: yRange } = panel.ranges;
  const all = panel.canvas.getAttribute('aria-label')!.replace(/:.*/, '');
  let drawn: number;
  if (x.length > DOTS) {
    drawn = density(target, x, y, xRange, yRange, ink);
  } else {
    const size = (x.length <= 2_000 ? 3 : 2) * (globalThis.devicePixelRatio || 1);
    drawn = dots(target, x, y, xRange, yRange, ink, Math.max(1, Math.round(size)));
  }
  panel.put(target);
  panel.canvas.dataset.drawn = String(drawn);
  const beyond = x.length - drawn;
  panel.canvas.setAttribute(
    'aria-label',
    `${all}: ${drawn.toLocaleString('en')} points${beyond ? `, ${beyond.toLocaleString('en')} beyond` : ''}`
  );
}

/** Counts on a logarithmic scale, since the garage's tails are what one looks at. */
function paintHistograms(panel: Panel, { axes, groups }: Painting): void {
  const target = panel.target();
  const context = panel.canvas.getContext('2d');
  if (!target || !context) {
    return;
  }
  const { width, height } = target;
  panel.canvas.width = width;
  panel.canvas.height = height;
  const number = Math.max(1, groups.names.length);
  const counts = histogram(axes[panel.x], panel.ranges.x, BINS, groups.codes, number);
  const most = Math.max(1, ...counts.map(bins => bins.reduce((a, b) => Math.max(a, b), 0)));
  const top = (count: number) => height * (1 - (0.86 * Math.log1p(count)) / Math.log1p(most));
  counts.forEach((bins, group) => {
    const colour = css(PALETTE[Math.min(group, PALETTE.length - 1)]);
    context.beginPath();
    context.moveTo(0, height + 2);
    bins.forEach((count, bin) => {
      const y = count ? top(count) : height + 2;
      context.lineTo((bin / BINS) * width, y);
      context.lineTo(((bin + 1) / BINS) * width, y);
    });
    context.lineTo(width, height + 2);
    context.fillStyle = colour;
    context.globalAlpha = 0.22;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = colour;
    context.lineWidth = 1.2 * (globalThis.devicePixelRatio || 1);
    context.stroke();
  });
}
