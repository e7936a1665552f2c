/** One panel of the scatter matrix: two latents against each other, or the histograms of one. */
import type { Box, Interval } from '../../core/latent';
import { make } from '../common/dom';
import { share, valueAt } from '../common/scale';
import { Edge, type EdgeHooks } from './edge';
import type { Target } from './paint';

export type Mark = 'hover' | 'point' | 'probe';

export interface PanelHooks extends EdgeHooks {
  /** Where the pointer is, in CSS pixels of the panel; null once it left. */
  hover(panel: Panel, at: { x: number; y: number } | null): void;
  click(panel: Panel, at: { x: number; y: number }): void;
  /** A rectangle is drawn, `done` when the hand let go. */
  marked(selection: Box, done: boolean): void;
}

const CLICK = 4;

export class Panel {
  readonly element: HTMLElement;
  readonly x: number;
  /** null is a panel of histograms. */
  readonly y: number | null;
  readonly canvas = make('canvas');
  readonly #box = make('div', { class: 'astrodata-latent-box' });
  readonly #chosen = make('div', { class: 'astrodata-latent-chosen', hidden: true });
  readonly #marks: Record<Mark, HTMLElement>;
  readonly #edges: { edge: Edge; axis: number; side: 0 | 1 }[];
  readonly #hooks: PanelHooks;
  readonly #names: readonly string[];
  #xRange: Interval = [0, 1];
  #yRange: Interval = [0, 1];
  #down: { x: number; y: number; id: number } | null = null;
  #dragging = false;

  constructor(x: number, y: number | null, names: readonly string[], hooks: PanelHooks) {
    this.x = x;
    this.y = y;
    this.#hooks = hooks;
    this.#names = names;
    const mark = (name: Mark) =>
      make('div', { class: `astrodata-latent-mark astrodata-latent-${name}`, hidden: true });
    this.#marks = { hover: mark('hover'), point: mark('point'), probe: mark('probe') };
    const edge = (axis: number, side: 0 | 1, upright: boolean) => {
      const called = y === null ? `${names[axis]} ${side ? 'upper' : 'lower'} limit` : null;
      return { edge: new Edge(axis, side, upright, called, hooks), axis, side };
    };
    this.#edges = [edge(x, 0, false), edge(x, 1, false)];
    if (y !== null) {
      this.#edges.push(edge(y, 0, true), edge(y, 1, true));
    }
    const what = y === null ? `Histograms of ${names[x]}` : `${names[y]} against ${names[x]}`;
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', what);
    this.element = make(
      'div',
      { class: `astrodata-latent-panel${y === null ? ' astrodata-latent-diagonal' : ''}` },
      this.canvas,
      this.#box,
      this.#chosen,
      ...Object.values(this.#marks),
      ...this.#edges.map(one => one.edge.element),
      ...(y === null ? [make('span', { class: 'astrodata-latent-name' }, names[x])] : [])
    );
    this.#listen();
  }

  get ranges(): { x: Interval; y: Interval } {
    return { x: this.#xRange, y: this.#yRange };
  }

  /** Gives an empty picture as large as the panel on the screen, or null while it has no size. */
  target(): Target | null {
    const { clientWidth, clientHeight } = this.element;
    const density = globalThis.devicePixelRatio || 1;
    const [width, height] = [clientWidth, clientHeight].map(size => Math.round(size * density));
    return width > 0 && height > 0
      ? { width, height, pixels: new Uint32Array(width * height) }
      : null;
  }

  /** Shows a picture. */
  put({ pixels, width, height }: Target): void {
    this.canvas.width = width;
    this.canvas.height = height;
    const bytes = new Uint8ClampedArray(pixels.buffer as ArrayBuffer);
    this.canvas.getContext('2d')?.putImageData(new ImageData(bytes, width, height), 0, 0);
  }

  setRanges(x: Interval, y: Interval): void {
    this.#xRange = x;
    this.#yRange = y;
  }

  setGarage(garage: readonly Interval[]): void {
    const [left, right] = garage[this.x];
    const [bottom, top] = this.y === null ? this.#yRange : garage[this.y];
    this.#place(this.#box, [left, right], [bottom, top]);
    for (const { edge, axis, side } of this.#edges) {
      edge.set(garage[axis][side], axis === this.x ? this.#xRange : this.#yRange);
      if (this.y !== null) {
        // As long as the side of the box that it is.
        const [along, start, end] =
          axis === this.x
            ? [share(bottom, this.#yRange), 'bottom', 'top']
            : [share(left, this.#xRange), 'left', 'right'];
        const far = axis === this.x ? share(top, this.#yRange) : share(right, this.#xRange);
        const style = edge.element.style as unknown as Record<string, string>;
        style[start] = cut(along);
        style[end] = cut(1 - far);
      }
    }
  }

  setSelection(selection: Box | null): void {
    const ranges = selection ? this.#rangesOf(selection) : null;
    this.#chosen.hidden = !ranges;
    if (ranges) {
      this.#place(this.#chosen, ranges.x ?? this.#xRange, ranges.y ?? this.#yRange);
    }
  }

  /** Marks a place in the latent space; null takes the mark away. */
  mark(name: Mark, z: readonly number[] | null): void {
    const element = this.#marks[name];
    const left = z ? share(z[this.x], this.#xRange) : NaN;
    const bottom = z && this.y !== null ? share(z[this.y], this.#yRange) : 0;
    element.hidden = !(left >= 0 && left <= 1 && bottom >= 0 && bottom <= 1);
    if (!element.hidden) {
      element.style.left = `${100 * left}%`;
      element.style.bottom = `${100 * bottom}%`;
    }
  }

  /** Gives the values at a place in the panel. */
  valuesAt({ x, y }: { x: number; y: number }): { x: number; y: number } {
    const { clientWidth, clientHeight } = this.element;
    return {
      x: valueAt(x / clientWidth, this.#xRange),
      y: valueAt(1 - y / clientHeight, this.#yRange)
    };
  }

  #rangesOf({ x, x_range, y, y_range }: Box): { x?: Interval; y?: Interval } | null {
    const of = (axis: number | null): Interval | undefined => {
      const name = axis === null ? undefined : this.#names[axis];
      return name === undefined ? name : name === x ? x_range : name === y ? y_range : undefined;
    };
    const [mine, other] = [of(this.x), of(this.y)];
    return mine || other ? { x: mine, y: other } : null;
  }

  #place(element: HTMLElement, [left, right]: Interval, [bottom, top]: Interval): void {
    element.style.left = cut(share(left, this.#xRange));
    element.style.right = cut(1 - share(right, this.#xRange));
    element.style.bottom = cut(share(bottom, this.#yRange));
    element.style.top = cut(1 - share(top, this.#yRange));
  }

  #listen(): void {
    const { element } = this;
    const at = (event: MouseEvent) => {
      const box = element.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    element.addEventListener('pointerdown', event => {
      if (event.button === 0) {
        this.#down = { ...at(event), id: event.pointerId };
        this.#dragging = false;
      }
    });
    element.addEventListener('pointermove', event => {
      const now = at(event);
      const down = this.#down;
      if (down && (this.#dragging || Math.hypot(now.x - down.x, now.y - down.y) >= CLICK)) {
        if (!this.#dragging) {
          this.#dragging = true;
          element.setPointerCapture?.(down.id);
        }
        this.#hooks.marked(this.#rectangle(down, now), false);
      } else {
        this.#hooks.hover(this, now);
      }
    });
    element.addEventListener('pointerup', event => {
      const down = this.#down;
      this.#down = null;
      if (down && this.#dragging) {
        this.#hooks.marked(this.#rectangle(down, at(event)), true);
      } else if (down) {
        this.#hooks.click(this, at(event));
      }
    });
    element.addEventListener('pointercancel', () => (this.#down = null));
    element.addEventListener('pointerleave', () => this.#hooks.hover(this, null));
  }

  #rectangle(a: { x: number; y: number }, b: { x: number; y: number }): Box {
    const [from, to] = [this.valuesAt(a), this.valuesAt(b)];
    const sorted = (one: number, other: number): Interval =>
      one < other ? [one, other] : [other, one];
    const [x, x_range] = [this.#names[this.x], sorted(from.x, to.x)];
    return this.y === null
      ? { x, x_range }
      : { x, x_range, y: this.#names[this.y], y_range: sorted(from.y, to.y) };
  }
}

/** Gives a share in per cent, at the border when it lies far beyond. */
function cut(part: number): string {
  return `${100 * Math.min(1.1, Math.max(-0.1, part))}%`;
}
