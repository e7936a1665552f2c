/** What hands do on the picture: mouse, touch, wheel and keys, told as movements of the view. */
import type { Point } from '../../core/geometry';
import { wheelFactor } from '../common/wheel';

export interface GestureHooks {
  /** CSS pixels that the picture moves by. */
  pan(dx: number, dy: number): void;
  /** `point` null stands for the middle. */
  zoom(point: Point | null, factor: number): void;
  /** The right button drags: how far, as shares of the picture's size. */
  shade(dx: number, dy: number): void;
  /** A key that stands for a control. */
  key(key: Key): void;
  /** Another key: true when something took it. */
  other(event: KeyboardEvent): boolean;
  /** The left button or a finger went down: whoever wants the hand gives a grip, null moves the view. */
  grip(point: Point, event: PointerEvent): ScreenGrip | null;
  fit(): void;
  actual(): void;
  /** Where the pointer is, null once it left. */
  hover(point: Point | null, event: PointerEvent | null): void;
}

/** What holds the hand, in CSS pixels of the picture. */
export interface ScreenGrip {
  move(point: Point, event: PointerEvent): void;
  end(point: Point, event: PointerEvent, kept: boolean): void;
}

/** What keys and hands do, for the list of them. */
export const HELP: readonly (readonly [string, string])[] = [
  ['drag, arrows', 'move (Shift: five times as far)'],
  ['wheel, + −, double click', 'come closer, or go away'],
  ['0 or f', 'the whole image'],
  ['1', 'one screen pixel for each pixel of the image'],
  [', .', 'bias, as dragging with the right button to the sides'],
  ['< >', 'contrast, as dragging with the right button up and down'],
  ['r', 'contrast and bias as they were'],
  ['i', 'colours the other way'],
  ['h', 'the histogram, with the limits on it'],
  ['g', 'graticule, compass and scale bar'],
  ['?', 'these keys']
];

/** Keys that stand for controls. */
const KEYS = { i: 'reverse', r: 'reset', g: 'graticule', h: 'histogram', '?': 'help' } as const;
export type Key = (typeof KEYS)[keyof typeof KEYS];

const STEP = 60;
/** What a key moves contrast and bias by, as a share of the picture. */
const NUDGE = 0.02;

/** Listens on a canvas until `signal` ends it. */
export function listen(canvas: HTMLCanvasElement, hooks: GestureHooks, signal: AbortSignal): void {
  const at = (event: MouseEvent): Point => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  listenToPointers(canvas, hooks, at, signal);
  canvas.addEventListener('keydown', event => onKey(event, hooks), { signal });
  canvas.addEventListener(
    'dblclick',
    event => {
      event.preventDefault();
      hooks.zoom(at(event), event.shiftKey ? 0.5 : 2);
    },
    { signal }
  );
  canvas.addEventListener(
    'wheel',
    event => {
      event.preventDefault(); // the page would scroll away under the cursor
      hooks.zoom(at(event), wheelFactor(event));
    },
    { signal, passive: false }
  );
}

function listenToPointers(
  canvas: HTMLCanvasElement,
  hooks: GestureHooks,
  at: (event: MouseEvent) => Point,
  signal: AbortSignal
): void {
  const held = new Map<number, Point>();
  /** Where the right button is held. */
  let shading: Point | null = null;
  let grip: { readonly of: ScreenGrip; readonly id: number } | null = null;
  const release = (event: PointerEvent) => {
    shading = null;
    if (grip?.id === event.pointerId) {
      const { of } = grip;
      grip = null;
      of.end(at(event), event, event.type === 'pointerup');
    }
    held.delete(event.pointerId);
    canvas.classList.toggle('astrodata-fits-grabbed', held.size > 0);
  };
  const on = <
    K extends 'pointerdown' | 'pointermove' | 'pointerup' | 'pointercancel' | 'pointerleave'
  >(
    name: K,
    listener: (event: PointerEvent) => void
  ) => canvas.addEventListener(name, listener, { signal });

  canvas.addEventListener('contextmenu', event => event.preventDefault(), { signal });
  on('pointerdown', event => {
    if (event.button === 2) {
      canvas.setPointerCapture(event.pointerId);
      canvas.focus({ preventScroll: true });
      shading = at(event);
      return;
    }
    if (event.button !== 0) {
      return;
    }
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    const taken = held.size || grip ? null : hooks.grip(at(event), event);
    if (taken) {
      grip = { of: taken, id: event.pointerId };
      return;
    }
    held.set(event.pointerId, at(event));
    canvas.classList.add('astrodata-fits-grabbed');
  });
  on('pointermove', event => {
    const now = at(event);
    if (shading) {
      const { width, height } = canvas.getBoundingClientRect();
      hooks.shade((now.x - shading.x) / width, (now.y - shading.y) / height);
      shading = now;
    }
    if (grip?.id === event.pointerId) {
      grip.of.move(now, event);
    }
    const before = held.get(event.pointerId);
    if (before) {
      const others = [...held].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
      held.set(event.pointerId, now);
      move(before, now, others[0], hooks);
    }
    hooks.hover(now, event);
  });
  on('pointerup', release);
  on('pointercancel', release);
  on('pointerleave', () => hooks.hover(null, null));
}

/** One finger or button drags; of two, the one that moves turns the distance into zoom. */
function move(before: Point, now: Point, other: Point | undefined, hooks: GestureHooks): void {
  if (!other) {
    hooks.pan(now.x - before.x, now.y - before.y);
    return;
  }
  const middle = (p: Point) => ({ x: (p.x + other.x) / 2, y: (p.y + other.y) / 2 });
  const distance = (p: Point) => Math.max(1, Math.hypot(p.x - other.x, p.y - other.y));
  hooks.pan(middle(now).x - middle(before).x, middle(now).y - middle(before).y);
  hooks.zoom(middle(now), distance(now) / distance(before));
}

function onKey(event: KeyboardEvent, hooks: GestureHooks): void {
  if (hooks.other(event)) {
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return; // the browser's own
  }
  const step = event.shiftKey ? 5 * STEP : STEP;
  const actions: Record<string, () => void> = {
    // The view moves towards the arrow, so the picture moves away from it.
    ArrowLeft: () => hooks.pan(step, 0),
    ArrowRight: () => hooks.pan(-step, 0),
    ArrowUp: () => hooks.pan(0, step),
    ArrowDown: () => hooks.pan(0, -step),
    '+': () => hooks.zoom(null, 1.5),
    '=': () => hooks.zoom(null, 1.5),
    '-': () => hooks.zoom(null, 1 / 1.5),
    _: () => hooks.zoom(null, 1 / 1.5),
    '0': () => hooks.fit(),
    f: () => hooks.fit(),
    F: () => hooks.fit(),
    '1': () => hooks.actual(),
    ',': () => hooks.shade(-NUDGE, 0),
    '.': () => hooks.shade(NUDGE, 0),
    '<': () => hooks.shade(0, NUDGE),
    '>': () => hooks.shade(0, -NUDGE),
    ...Object.fromEntries(Object.entries(KEYS).map(([key, name]) => [key, () => hooks.key(name)]))
  };
  const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
  if (action) {
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}
