/** What the hand does among the points: finds the row under the pointer, clicks it, and draws boxes. */
import type { SelectOp } from '../../../core/catalogue';
import { imageToScreen, type Point, type Size } from '../../../core/geometry';
import type { View } from '../../../core/protocol';
import { make } from '../../common/dom';
import type { Grip } from '../part';
import { countIn, nearestRow, type Edges, type Layer } from './layer';

/** CSS pixels that a row may be away from the pointer, and that a click may move. */
const [REACH, STILL] = [9, 4];

/** A row of a catalogue. */
export interface Found {
  readonly layer: Layer;
  readonly row: number;
}

export interface HandHooks {
  /** What can be pointed at. */
  layers(): readonly Layer[];
  clicked(found: Found, op: SelectOp): void;
  boxed(box: Edges, op: SelectOp): void;
  /** The box has another shape. */
  changed(): void;
}

export class Hand {
  /** The box that is being drawn. */
  readonly element = make('div', { class: 'astrodata-catalogue-box', hidden: true });
  readonly #count = make('span', { role: 'status' });
  readonly #hooks: HandHooks;
  readonly #signal: AbortSignal;
  #box: Edges | null = null;
  #zoom = 1;

  constructor(hooks: HandHooks, signal: AbortSignal) {
    this.#hooks = hooks;
    this.#signal = signal;
    this.element.append(this.#count);
  }

  /** Brings the box to where the image is. */
  frame(view: View, screen: Size): void {
    this.#zoom = view.zoom;
    this.element.hidden = !this.#box;
    if (!this.#box) {
      return;
    }
    const { left, right, bottom, top } = this.#box;
    const from = imageToScreen(view, screen, { x: left, y: top });
    const to = imageToScreen(view, screen, { x: right, y: bottom });
    Object.assign(this.element.style, {
      left: `${from.x}px`,
      top: `${from.y}px`,
      width: `${to.x - from.x}px`,
      height: `${to.y - from.y}px`
    });
    const box = this.#box;
    const count = this.#hooks.layers().reduce((all, layer) => all + countIn(layer, box), 0);
    this.#count.textContent = `${count.toLocaleString('en')} ${count === 1 ? 'row' : 'rows'}`;
  }

  /** Gives the row under a place, of the uppermost catalogue that has one as near. */
  under(at: Point): Found | null {
    let [found, best]: [Found | null, number] = [null, REACH / this.#zoom];
    for (const layer of this.#hooks.layers()) {
      const { row, distance } = nearestRow(layer, at, best);
      if (row >= 0) {
        [found, best] = [{ layer, row }, distance];
      }
    }
    return found;
  }

  /** @param boxing - Whether the drag that begins draws a box. */
  grip(at: Point, event: PointerEvent, boxing: boolean): Grip | null {
    if (!this.#hooks.layers().length) {
      return null;
    }
    if (!boxing) {
      this.#awaitClick(at, event);
      return null;
    }
    const still = (now: PointerEvent) => isStill(event, now);
    return {
      move: (now, moved) => {
        this.#box = still(moved) ? null : edges(at, now);
        this.#hooks.changed();
      },
      end: (now, last, kept) => {
        this.#box = null;
        this.#hooks.changed();
        const found = kept && still(last) ? this.under(now) : null;
        if (found) {
          this.#hooks.clicked(found, 'toggle');
        } else if (kept && !still(last)) {
          this.#hooks.boxed(edges(at, now), opOf(last));
        }
      }
    };
  }

  /** The picture is moved by the same button: a click is what did not move it, nor was taken by another part. */
  #awaitClick(at: Point, event: PointerEvent): void {
    event.target?.addEventListener(
      'pointerup',
      up => {
        const held = (up.target as Element).classList.contains('astrodata-fits-grabbed');
        const found = held && isStill(event, up as PointerEvent) ? this.under(at) : null;
        if (found) {
          const toggles = event.ctrlKey || event.metaKey;
          this.#hooks.clicked(found, toggles ? 'toggle' : 'replace');
        }
      },
      // Before the picture lets go of it.
      { once: true, capture: true, signal: this.#signal }
    );
  }
}

function isStill(before: PointerEvent, now: PointerEvent): boolean {
  return Math.hypot(now.clientX - before.clientX, now.clientY - before.clientY) < STILL;
}

function edges(a: Point, b: Point): Edges {
  return {
    left: Math.min(a.x, b.x),
    right: Math.max(a.x, b.x),
    bottom: Math.min(a.y, b.y),
    top: Math.max(a.y, b.y)
  };
}

/** Ctrl adds, Alt takes away. */
function opOf(event: PointerEvent): SelectOp {
  return event.altKey ? 'subtract' : event.ctrlKey || event.metaKey ? 'add' : 'replace';
}
