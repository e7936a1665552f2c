/** The picture of the map: points, numbers at its edges, and what hands do on it. */
import type { Interval, Renderer } from '../../../core/latent';
import type { Corner } from '../../../core/polygon';
import { wheelFactor } from '../../common/wheel';
import { Later, make } from '../../common/dom';
import type { Target } from '../paint';
import { share } from '../../common/scale';
import { showTicks, type Numbering } from '../edgeTicks';
import { panned, valuesAt, zoomed, type Frame } from './frame';
import { findCard, GlPoints, knownCard } from './gl';
import { FEW, paint, type Painted, type Painting } from './painter';
import type { Remote } from './raster';

export type Tool = 'pan' | 'box' | 'lasso' | 'decode';
export type Mark = 'hover' | 'point';

export interface PlotHooks {
  /** A shape is being drawn; with `done` the hand let go. */
  drawn(tool: 'box' | 'lasso', corners: readonly Corner[], event: Keys, done: boolean): void;
  /** The pointer rests at values, or left; `near` is how far a few pixels reach. */
  hover(at: { values: Corner; near: Corner; place: { x: number; y: number } } | null): void;
  click(values: Corner, near: Corner): void;
  failed(error: unknown): void;
  /** The tool that decodes was drawn over a place. */
  walked(values: Corner): void;
  /** Another part is on show; `stage` is what the picture lies in. */
  framed?(frame: Frame, stage: HTMLElement): void;
}

export interface Keys {
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

const CLICK = 4;
const REACH = 12;
const STEP = 0.1;
/** A picture that takes longer is moved as it is while a hand is on it, and painted when it rests. */
const SLOW = 60;

export class Plot {
  readonly element: HTMLElement;
  readonly canvas = make('canvas', { tabindex: 0, role: 'img' });
  readonly #stage: HTMLElement;
  readonly #sketch = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  readonly #across = make('div', { class: 'astrodata-latent-ticks', 'aria-hidden': 'true' });
  readonly #up = make('div', {
    class: 'astrodata-latent-ticks astrodata-latent-upright',
    'aria-hidden': 'true'
  });
  readonly #marks: Record<Mark, HTMLElement>;
  readonly #box = make('div', { class: 'astrodata-latent-box', hidden: true });
  readonly #hooks: PlotHooks;
  readonly #rest = new Later(120);
  readonly #search = new Later(1000);
  #card: GlPoints | null = null;
  #renderer: Renderer = 'auto';
  #limits: { x: Interval | null; y: Interval | null } | null = null;
  #names: readonly [string, string] = ['', ''];
  #numbering: readonly (Numbering | null)[] = [null, null];
  #frame: Frame = { x: [0, 1], y: [0, 1] };
  #painted: Frame | null = null;
  #painting: Painting | Remote | null = null;
  #marked: Partial<Record<Mark, Corner | null>> = {};
  #request = 0;
  #cost = 0;
  #tool: Tool = 'pan';
  #shape: Corner[] = [];
  #begin: () => void = () => undefined;
  /** Settles with the first picture, or when the kernel has none to give. */
  readonly begun = new Promise<void>(done => (this.#begin = done));

  constructor(hooks: PlotHooks, signal: AbortSignal) {
    this.#hooks = hooks;
    const mark = (name: Mark) =>
      make('div', { class: `astrodata-latent-mark astrodata-latent-${name}`, hidden: true });
    this.#marks = { hover: mark('hover'), point: mark('point') };
    this.#sketch.setAttribute('class', 'astrodata-map-sketch');
    this.#stage = make(
      'div',
      { class: 'astrodata-map-stage' },
      this.canvas,
      this.#box,
      ...Object.values(this.#marks)
    );
    this.#stage.append(this.#sketch);
    this.element = make(
      'div',
      { class: 'astrodata-map-plot' },
      this.#up,
      this.#stage,
      make('div'),
      this.#across
    );
    const observer = new ResizeObserver(() => this.redraw());
    observer.observe(this.#stage);
    signal.addEventListener('abort', () => {
      observer.disconnect();
      this.#rest.cancel();
      this.#search.cancel();
      cancelAnimationFrame(this.#request);
    });
    this.#listen(signal);
  }

  /** Chooses what draws many points: the graphics card by itself only where there is one. */
  setRenderer(renderer: Renderer): void {
    this.#renderer = renderer;
    this.redraw();
  }

  /** The graphics card where it is to draw that many; it is looked for once the first picture is there. */
  #cardFor(points: number): GlPoints | null {
    const asked = this.#renderer === 'card';
    const many = points > FEW && this.#renderer === 'auto';
    if (many && knownCard() === null) {
      this.#search.run(() => findCard() && this.redraw());
    }
    if (!asked && !(many && knownCard())) {
      return null;
    }
    this.#card ??= GlPoints.make();
    return this.#card;
  }

  get frame(): Frame {
    return this.#frame;
  }

  set tool(tool: Tool) {
    this.#tool = tool;
    this.#stage.dataset.tool = tool;
  }

  setHeight(pixels: number): void {
    this.element.style.setProperty('--astrodata-map-height', `${pixels}px`);
  }

  /** @param numbering - Of axes whose places are not their numbers, such as logarithms. */
  setFrame(
    frame: Frame,
    names: readonly [string, string],
    numbering: readonly (Numbering | null)[] = [null, null]
  ): void {
    this.#names = names;
    this.#numbering = numbering;
    this.#frame = frame;
    this.#painted = null;
    this.redraw();
  }

  paint(painting: Painting | Remote): void {
    this.#painting = painting;
    this.redraw();
  }

  /** Moves the picture by shares of its size. */
  pan(dx: number, dy: number): void {
    this.#move(panned(this.#frame, dx, dy));
  }

  /** Comes closer to a place, given as shares from the upper left. */
  zoom(at: { x: number; y: number }, factor: number): void {
    this.#move(zoomed(this.#frame, at, factor));
  }

  mark(name: Mark, values: Corner | null): void {
    this.#marked[name] = values;
    this.#place(name);
  }

  /** Shows the garage's limits in the columns of the map, or none. */
  setGarage(limits: { x: Interval | null; y: Interval | null } | null): void {
    this.#limits = limits;
    this.#showGarage();
  }

  #showGarage(): void {
    const { x = null, y = null } = this.#limits ?? {};
    this.#box.hidden = !x && !y;
    const side = (limits: Interval | null, range: Interval) =>
      (limits ?? [-Infinity, Infinity]).map(end =>
        Math.min(1.1, Math.max(-0.1, share(end, range)))
      );
    const [left, right] = side(x, this.#frame.x);
    const [bottom, top] = side(y, this.#frame.y);
    Object.assign(this.#box.style, {
      left: `${100 * left}%`,
      right: `${100 * (1 - right)}%`,
      bottom: `${100 * bottom}%`,
      top: `${100 * (1 - top)}%`
    });
  }

  /** Shows a polygon, closed; none takes it away. */
  sketch(corners: readonly Corner[]): void {
    const points = corners.map(([x, y]) => {
      const { width, height } = this.#size();
      return `${share(x, this.#frame.x) * width},${(1 - share(y, this.#frame.y)) * height}`;
    });
    this.#sketch.replaceChildren();
    if (points.length) {
      const polygon = document.createElementNS('http://www.w3.org/2000/svg', 'polygon');
      polygon.setAttribute('points', points.join(' '));
      this.#sketch.append(polygon);
    }
  }

  redraw(): void {
    cancelAnimationFrame(this.#request);
    this.#request = requestAnimationFrame(() => this.#draw());
  }

  #move(frame: Frame): void {
    this.#frame = frame;
    if (this.#cost < SLOW || !this.#painted) {
      this.redraw();
      return;
    }
    // The picture that there is follows the hand; it is painted anew when the hand rests.
    this.#shift();
    this.#follow();
    this.#rest.run(() => this.redraw());
  }

  /** Shows the picture that there is where it lies in the frame of now. */
  #shift(): void {
    if (!this.#painted || this.#painted === this.#frame) {
      this.canvas.style.transform = '';
      return;
    }
    const frame = this.#frame;
    const { x, y } = this.#painted;
    const scale = (of: readonly [number, number], now: readonly [number, number]) =>
      (of[1] - of[0]) / (now[1] - now[0]);
    const [sx, sy] = [scale(x, frame.x), scale(y, frame.y)];
    const [left, top] = [share(x[0], frame.x), 1 - share(y[1], frame.y)];
    this.canvas.style.transform = `translate(${100 * left}%, ${100 * top}%) scale(${sx}, ${sy})`;
  }

  #draw(): void {
    const target = this.#target();
    this.#follow();
    if (!target || !this.#painting) {
      return;
    }
    const began = performance.now();
    if ('fetch' in this.#painting) {
      this.#drawRemote(this.#painting, target, began);
      return;
    }
    const pixel = globalThis.devicePixelRatio || 1;
    const card = this.#cardFor(this.#painting.x.length);
    const painted = paint(target, this.#painting, this.#frame, pixel, card);
    this.#show(target, this.#frame, painted, this.#painting.x.length, began);
  }

  #drawRemote(remote: Remote, target: Target, began: number): void {
    const frame = this.#frame;
    this.#shift();
    remote.fetch(target, frame).then(
      drawn => {
        if (drawn !== null && this.#painting === remote) {
          this.#show(target, frame, { drawn, how: 'density' }, remote.count, began);
        }
      },
      (error: unknown) => {
        this.#begin();
        this.#hooks.failed(error);
      }
    );
  }

  #show(target: Target, frame: Frame, painted: Painted, all: number, began: number): void {
    const { canvas } = this;
    const { drawn, how } = painted;
    canvas.width = target.width;
    canvas.height = target.height;
    // Its bytes come from the processor: a canvas on the card would take them there and back.
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (how === 'card') {
      context?.drawImage(this.#card!.canvas, 0, 0);
    } else {
      const bytes = new Uint8ClampedArray(target.pixels.buffer as ArrayBuffer);
      context?.putImageData(new ImageData(bytes, target.width, target.height), 0, 0);
    }
    this.#painted = frame;
    this.#begin();
    this.#shift();
    this.#cost = performance.now() - began;
    Object.assign(canvas.dataset, { drawn, how });
    const [across, up] = this.#names;
    const more = all > drawn ? `, ${(all - drawn).toLocaleString('en')} hidden or beyond` : '';
    canvas.setAttribute(
      'aria-label',
      `${up} against ${across}: ${drawn.toLocaleString('en')} points${more}`
    );
  }

  /** Brings numbers and marks to where the frame is. */
  #follow(): void {
    const [across, up] = this.#numbering.map(one => one ?? undefined);
    showTicks(this.#across, this.#names[0], this.#frame.x, false, { apart: 60, ends: 10 }, across);
    showTicks(this.#up, this.#names[1], this.#frame.y, true, { apart: 48, ends: 10 }, up);
    this.#hooks.framed?.(this.#frame, this.#stage);
    (['hover', 'point'] as const).forEach(name => this.#place(name));
    this.#showGarage();
  }

  #place(name: Mark): void {
    const values = this.#marked[name];
    const element = this.#marks[name];
    const left = values ? share(values[0], this.#frame.x) : NaN;
    const bottom = values ? share(values[1], this.#frame.y) : NaN;
    element.hidden = !(left >= 0 && left <= 1 && bottom >= 0 && bottom <= 1);
    if (!element.hidden) {
      element.style.left = `${100 * left}%`;
      element.style.bottom = `${100 * bottom}%`;
    }
  }

  #size(): { width: number; height: number } {
    return { width: this.#stage.clientWidth, height: this.#stage.clientHeight };
  }

  #target(): Target | null {
    const pixel = globalThis.devicePixelRatio || 1;
    const { width, height } = this.#size();
    const [w, h] = [Math.round(width * pixel), Math.round(height * pixel)];
    return w > 0 && h > 0 ? { width: w, height: h, pixels: new Uint32Array(w * h) } : null;
  }

  // --- hands ------------------------------------------------------------------------------------

  #listen(signal: AbortSignal): void {
    const stage = this.#stage;
    const options = { signal };
    const at = (event: MouseEvent) => {
      const box = stage.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    let down: { x: number; y: number } | null = null;
    let last = { x: 0, y: 0 };
    let dragging = false;
    stage.addEventListener(
      'pointerdown',
      event => {
        if (event.button === 0) {
          event.preventDefault(); // no text is marked while a lasso is drawn
          this.canvas.focus({ preventScroll: true });
          down = last = at(event);
          dragging = false;
          stage.setPointerCapture?.(event.pointerId);
        }
      },
      options
    );
    stage.addEventListener(
      'pointermove',
      event => {
        const now = at(event);
        if (!down) {
          this.#hooks.hover({ values: this.#valuesAt(now), near: this.#near(), place: now });
          return;
        }
        if (!dragging && Math.hypot(now.x - down.x, now.y - down.y) < CLICK) {
          return;
        }
        if (!dragging) {
          dragging = true;
          this.#hooks.hover(null);
          this.#shape = [this.#valuesAt(down)];
        }
        this.#drag(down, last, now, event);
        last = now;
      },
      options
    );
    const end = (event: PointerEvent, gaveUp: boolean) => {
      const from = down;
      down = null;
      if (!from) {
        return;
      }
      if (dragging && (this.#tool === 'box' || this.#tool === 'lasso')) {
        const corners = this.#corners(from, at(event));
        this.#shape = [];
        this.sketch([]);
        if (!gaveUp) {
          this.#hooks.drawn(this.#tool, corners, event, true);
        }
      } else if (!dragging && !gaveUp) {
        this.#hooks.click(this.#valuesAt(at(event)), this.#near());
      }
      dragging = false;
    };
    stage.addEventListener('pointerup', event => end(event, false), options);
    stage.addEventListener('pointercancel', event => end(event, true), options);
    stage.addEventListener('pointerleave', () => this.#hooks.hover(null), options);
    stage.addEventListener(
      'wheel',
      event => {
        event.preventDefault(); // the page would scroll away under the cursor
        this.zoom(this.#shareOf(at(event)), wheelFactor(event));
      },
      { signal, passive: false }
    );
    stage.addEventListener(
      'dblclick',
      event => this.zoom(this.#shareOf(at(event)), event.shiftKey ? 0.5 : 2),
      options
    );
    this.canvas.addEventListener('keydown', event => this.#onKey(event), options);
  }

  #drag(
    down: { x: number; y: number },
    last: { x: number; y: number },
    now: { x: number; y: number },
    event: Keys
  ): void {
    const { width, height } = this.#size();
    if (this.#tool === 'pan') {
      this.pan((now.x - last.x) / width, (now.y - last.y) / height);
      return;
    }
    if (this.#tool === 'decode') {
      this.#hooks.walked(this.#valuesAt(now));
      return;
    }
    if (this.#tool === 'lasso') {
      this.#shape.push(this.#valuesAt(now));
    }
    const corners = this.#corners(down, now);
    this.sketch(corners);
    this.#hooks.drawn(this.#tool, corners, event, false);
  }

  #corners(down: { x: number; y: number }, now: { x: number; y: number }): readonly Corner[] {
    if (this.#tool === 'lasso') {
      return this.#shape;
    }
    const [[ax, ay], [bx, by]] = [this.#valuesAt(down), this.#valuesAt(now)];
    return [
      [ax, ay],
      [bx, ay],
      [bx, by],
      [ax, by]
    ];
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return; // the browser's own
    }
    const step = event.shiftKey ? 5 * STEP : STEP;
    const middle = { x: 0.5, y: 0.5 };
    const actions: Record<string, () => void> = {
      ArrowLeft: () => this.pan(step, 0),
      ArrowRight: () => this.pan(-step, 0),
      ArrowUp: () => this.pan(0, step),
      ArrowDown: () => this.pan(0, -step),
      '+': () => this.zoom(middle, 1.5),
      '=': () => this.zoom(middle, 1.5),
      '-': () => this.zoom(middle, 1 / 1.5)
    };
    if (Object.hasOwn(actions, event.key)) {
      event.preventDefault();
      event.stopPropagation();
      actions[event.key]();
    }
  }

  #shareOf({ x, y }: { x: number; y: number }): { x: number; y: number } {
    const { width, height } = this.#size();
    return { x: x / width, y: y / height };
  }

  #valuesAt(at: { x: number; y: number }): Corner {
    return valuesAt(this.#frame, this.#shareOf(at));
  }

  #near(): Corner {
    const { width, height } = this.#size();
    const { x, y } = this.#frame;
    return [(REACH * (x[1] - x[0])) / width, (REACH * (y[1] - y[0])) / height];
  }
}
