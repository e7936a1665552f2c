/** One limit of the garage, to be dragged by mouse or moved by keys. */
import type { Interval } from '../../core/latent';
import { make } from '../common/dom';
import { share, valueAt, valueText } from '../common/scale';

export type Side = 0 | 1;

export interface EdgeHooks {
  /** A movement begins, which is one step to undo; `held` until it is released. */
  grabbed(held: boolean): void;
  moved(axis: number, side: Side, value: number): void;
  /** The hand let go. */
  released(): void;
}

const STEPS = 200;
const KEYS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10
};

export class Edge {
  readonly element: HTMLElement;
  readonly #axis: number;
  readonly #side: Side;
  readonly #upright: boolean;
  readonly #hooks: EdgeHooks;
  #range: Interval = [0, 1];
  #value = 0;
  #held: number | null = null;

  /**
   * @param upright - Whether it moves up and down.
   * @param named - What it is called if keys can reach it; the others are for the mouse only.
   */
  constructor(axis: number, side: Side, upright: boolean, named: string | null, hooks: EdgeHooks) {
    this.#axis = axis;
    this.#side = side;
    this.#upright = upright;
    this.#hooks = hooks;
    const place = upright ? ['bottom', 'top'][side] : ['left', 'right'][side];
    this.element = make('div', {
      class: `astrodata-latent-edge astrodata-latent-${place}`,
      ...(named === null
        ? { 'aria-hidden': 'true' }
        : {
            role: 'slider',
            tabindex: 0,
            'aria-label': named,
            title: `${named}: drag, or arrow keys (Shift: larger steps)`
          })
    });
    this.#listen();
  }

  /** Shows the limit, at the panel's border when it lies beyond. */
  set(value: number, range: Interval): void {
    this.#value = value;
    this.#range = range;
    const part = share(value, range);
    this.element.style[this.#upright ? 'bottom' : 'left'] =
      `${100 * Math.min(1, Math.max(0, part))}%`;
    this.element.classList.toggle('astrodata-latent-beyond', !(part >= 0 && part <= 1));
    if (this.element.hasAttribute('role')) {
      this.element.setAttribute('aria-valuemin', String(range[0]));
      this.element.setAttribute('aria-valuemax', String(range[1]));
      this.element.setAttribute('aria-valuenow', String(value));
      this.element.setAttribute('aria-valuetext', valueText(value));
    }
  }

  #listen(): void {
    const { element } = this;
    element.addEventListener('pointerdown', event => {
      if (event.button !== 0) {
        return;
      }
      event.stopPropagation(); // the panel would mark a rectangle
      event.preventDefault();
      element.setPointerCapture?.(event.pointerId);
      if (element.hasAttribute('tabindex')) {
        element.focus({ preventScroll: true });
      }
      this.#held = this.#value;
      this.#hooks.grabbed(true);
    });
    element.addEventListener('pointermove', event => {
      const box = this.#held === null ? null : element.parentElement?.getBoundingClientRect();
      if (box) {
        event.stopPropagation();
        const part = this.#upright
          ? (box.bottom - event.clientY) / box.height
          : (event.clientX - box.left) / box.width;
        this.#move(valueAt(part, this.#range));
      }
    });
    const release = (event: Event) => {
      if (this.#held !== null) {
        event.stopPropagation();
        this.#held = null;
        this.#hooks.released();
      }
    };
    element.addEventListener('pointerup', release);
    element.addEventListener('pointercancel', release);
    element.addEventListener('keydown', event => this.#onKey(event));
  }

  #move(value: number): void {
    if (Number.isFinite(value) && value !== this.#value) {
      this.#hooks.moved(this.#axis, this.#side, value);
    }
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (event.key === 'Escape' && this.#held !== null) {
      const before = this.#held;
      this.#held = null;
      this.#move(before);
      this.#hooks.released();
    } else if (event.key in KEYS) {
      if (!event.repeat) {
        this.#hooks.grabbed(false);
      }
      const steps = KEYS[event.key] * (event.shiftKey ? 10 : 1);
      this.#move(this.#value + (steps * (this.#range[1] - this.#range[0])) / STEPS);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
