/** The hand that paints a mask: a brush, or a polygon by its corners. What it does is told the kernel in order. */
import { imageToScreen, type Point, type Size } from '../../../../core/geometry';
import type { View } from '../../../../core/protocol';
import { isAbort } from '../../../../core/request';
import { make } from '../../../common/dom';
import type { Grip } from '../../part';
import type { SceneRequester } from '../traits';
import type { Corner, MaskRequests, MaskTool } from './facts';
import type { Pending } from './layers';
import { stamp, type ClassWindow } from './painting';

const SVG = 'http://www.w3.org/2000/svg';
/** Milliseconds after which what is painted so far is told: it outlives the page. */
const TELL = 300;
/** CSS pixels within which a click on the first corner closes a polygon. */
const NEAR = 8;

export interface EditorHooks {
  /** Name of the mask that is painted, or empty. */
  name(): string;
  tool(): MaskTool;
  size(): number;
  /** 0 erases. */
  value(): number;
  /** Paints what the kernel does not have yet, at once and until it has. */
  preview(pending: Pending): void;
  /** Paints what is part of one of these. */
  more(paint: (window: ClassWindow) => void): void;
  /** The kernel did not take it. */
  refused(pending: Pending, error: unknown): void;
  failed(error: unknown): void;
  changed(): void;
  /** Looks at a place. */
  goto(place: Point): void;
  dirty(): void;
}

export class Editor {
  readonly element: HTMLElement;
  readonly #circle = make('div', { class: 'astrodata-masks-brush', hidden: true });
  readonly #lines = document.createElementNS(SVG, 'svg');
  readonly #dark = document.createElementNS(SVG, 'path');
  readonly #light = document.createElementNS(SVG, 'path');
  readonly #hooks: EditorHooks;
  #requester: SceneRequester | null = null;
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #strokes = 0;
  #corners: Point[] = [];
  #pointer: Point | null = null;
  #erasing = false;
  #seen: { readonly view: View; readonly screen: Size } | null = null;

  constructor(hooks: EditorHooks) {
    this.#hooks = hooks;
    this.#lines.setAttribute('class', 'astrodata-masks-lines');
    this.#dark.setAttribute('class', 'astrodata-masks-below');
    this.#lines.append(this.#dark, this.#light);
    this.element = make('div', { class: 'astrodata-masks-hand' }, this.#circle);
    this.element.append(this.#lines);
  }

  /** Whether something is still to be told. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  get drawing(): boolean {
    return this.#corners.length > 0;
  }

  connect(requester: SceneRequester | null): void {
    this.#requester = requester;
  }

  /** Asks the kernel once all that was done before is answered: what hands do has an order. */
  tell<K extends keyof MaskRequests & string>(
    kind: K,
    msg: MaskRequests[K]['msg'],
    done: (meta: MaskRequests[K]['meta']) => void = () => undefined,
    failed: (error: unknown) => void = error => this.#hooks.failed(error)
  ): Promise<void> {
    this.#waiting += 1;
    this.#hooks.changed();
    this.#queue = this.#queue.then(async () => {
      try {
        const reply = await this.#requester!.request(kind, msg as never);
        done((reply as { meta: MaskRequests[K]['meta'] }).meta);
      } catch (error) {
        if (!isAbort(error)) {
          failed(error);
        }
      } finally {
        this.#waiting -= 1;
        this.#hooks.changed();
      }
    });
    return this.#queue;
  }

  hover(at: Point | null, event: PointerEvent | null): void {
    this.#pointer = at;
    this.#erasing = !!event?.altKey;
    this.place();
  }

  frame(view: View, screen: Size): void {
    this.#seen = { view, screen };
    this.place();
  }

  grip(at: Point, event: PointerEvent): Grip | null {
    const name = this.#hooks.name();
    if (!name || event.button !== 0) {
      return null;
    }
    if (event.shiftKey) {
      return this.#pan(at);
    }
    return this.#hooks.tool() === 'brush' ? this.#paint(name, at, event) : this.#corner(at);
  }

  /** Fills the polygon. */
  close(): void {
    const points = this.#corners.map(({ x, y }): Corner => [x, y]);
    const [name, value] = [this.#hooks.name(), this.#hooks.value()];
    this.drop();
    if (points.length > 2 && name) {
      void this.tell('mask_fill', { name, points, value });
    }
  }

  /** Forgets the polygon that is under way. */
  drop(): void {
    this.#corners = [];
    this.place();
  }

  /** Takes the last corner back. */
  back(): void {
    this.#corners.pop();
    this.place();
  }

  /** Brings the circle of the brush and the polygon to where they are on the screen. */
  place(): void {
    const { view, screen } = this.#seen ?? {};
    const at = view && screen && this.#pointer && imageToScreen(view, screen, this.#pointer);
    const brush = !!at && !!this.#hooks.name() && this.#hooks.tool() === 'brush';
    this.#circle.hidden = !brush;
    if (brush) {
      const size = Math.max(3, this.#hooks.size() * view.zoom);
      this.#circle.classList.toggle(
        'astrodata-masks-erases',
        this.#erasing || this.#hooks.value() === 0
      );
      Object.assign(this.#circle.style, {
        width: `${size}px`,
        height: `${size}px`,
        transform: `translate(${at.x - size / 2}px, ${at.y - size / 2}px)`
      });
    }
    const corners = this.#corners.length && this.#pointer ? [...this.#corners, this.#pointer] : [];
    const d = view
      ? corners
          .map((corner, i) => {
            const { x, y } = imageToScreen(view, screen!, corner);
            return `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
          })
          .join('')
      : '';
    [this.#dark, this.#light].forEach(path => path.setAttribute('d', d && `${d}Z`));
  }

  #paint(name: string, from: Point, event: PointerEvent): Grip {
    const { size, value } = { size: this.#hooks.size(), value: this.#hooks.value() };
    const painted = event.altKey ? 0 : value;
    const stroke = `${Date.now()}-${(this.#strokes += 1)}`;
    let points: Corner[] = [];
    let told = performance.now();
    const tell = () => {
      const part = points;
      points = part.slice(-1);
      told = performance.now();
      const pending: Pending = {
        apply: window => stamp(window, part, size, painted),
        version: null
      };
      this.#hooks.preview(pending);
      void this.tell(
        'mask_paint',
        { name, points: part, size, value: painted, stroke },
        ({ version }) => (pending.version = version),
        error => this.#hooks.refused(pending, error)
      );
    };
    /** What is not told yet, painted as it grows. */
    const fresh: Pending = {
      apply: window => stamp(window, points, size, painted),
      version: null
    };
    const draw = (at: Point) => {
      points.push([at.x, at.y]);
      this.#hooks.more(window => stamp(window, points.slice(-2), size, painted));
    };
    this.#hooks.preview(fresh);
    draw(from);
    return {
      move: at => {
        this.#pointer = at;
        const [x, y] = points.at(-1)!;
        const least = Math.min(size / 8, 0.5 / (this.#seen?.view.zoom ?? 1));
        if (Math.hypot(at.x - x, at.y - y) > least) {
          draw(at);
        }
        if (points.length > 1 && performance.now() - told > TELL) {
          tell();
        }
      },
      // Also where the browser took the pointer away: what is seen is what is kept.
      end: () => {
        fresh.version = -1;
        tell();
      }
    };
  }

  #corner(at: Point): Grip {
    const [first] = this.#corners;
    const near = NEAR / (this.#seen?.view.zoom ?? 1);
    if (first && this.#corners.length > 2 && Math.hypot(at.x - first.x, at.y - first.y) < near) {
      this.close();
    } else {
      const last = this.#corners.at(-1);
      const apart = !last || Math.hypot(at.x - last.x, at.y - last.y) > near / 4;
      if (apart) {
        this.#corners.push(at);
      }
    }
    this.#pointer = at;
    this.place();
    return { move: place => this.hover(place, null), end: () => undefined };
  }

  /** Moves the picture, which a drag without Shift does not while one paints. */
  #pan(from: Point): Grip {
    return {
      move: at => {
        const view = this.#seen?.view;
        if (view) {
          this.#hooks.goto({ x: view.x + from.x - at.x, y: view.y + from.y - at.y });
        }
      },
      end: () => undefined
    };
  }
}
