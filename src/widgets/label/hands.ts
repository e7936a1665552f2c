/** The mouse on a picture: it moves and enlarges, and in region mode it marks. */
import type { Region } from '../../core/label';
import type { Canvas, Place } from './drawing';

export type Tool = 'look' | 'interval' | 'box' | 'polygon';

export interface HandHooks {
  /** A region is being drawn, or was finished: null takes it away. */
  drawn(region: Region | null, finished: boolean): void;
  pointed(text: string): void;
}

/** Shorter movements are clicks. */
const SLOP = 3;
const NEAR = 8;

export class Hands {
  readonly #canvas: Canvas;
  readonly #hooks: HandHooks;
  #tool: Tool = 'look';
  #held: { readonly canvas: Place; readonly data: Place; last: Place } | null = null;
  #points: Place[] = [];

  constructor(canvas: Canvas, hooks: HandHooks) {
    this.#canvas = canvas;
    this.#hooks = hooks;
    const { element } = canvas;
    element.addEventListener('pointerdown', event => this.#down(event));
    element.addEventListener('pointermove', event => this.#move(event));
    element.addEventListener('pointerup', event => this.#up(event));
    element.addEventListener('pointercancel', () => (this.#held = null));
    element.addEventListener('pointerleave', () => hooks.pointed(''));
    element.addEventListener('dblclick', () => {
      if (this.#tool === 'look') {
        canvas.picture?.home();
        canvas.redraw();
      } else {
        this.close();
      }
    });
    element.addEventListener(
      'wheel',
      event => {
        const frame = canvas.frame;
        if (frame && canvas.picture) {
          event.preventDefault();
          const factor = Math.exp(-Math.max(-240, Math.min(240, event.deltaY)) / 400);
          canvas.picture.zoom(frame.toData(canvas.at(event)), factor);
          canvas.redraw();
        }
      },
      { passive: false }
    );
  }

  get tool(): Tool {
    return this.#tool;
  }

  use(tool: Tool): void {
    this.#tool = tool;
    this.cancel();
    this.#canvas.element.classList.toggle('astrodata-label-marking', tool !== 'look');
  }

  /** Gives up what is half drawn. */
  cancel(): void {
    this.#held = null;
    this.#points = [];
  }

  /** Ends a polygon. */
  close(): void {
    if (this.#tool === 'polygon' && this.#points.length >= 3) {
      const region = polygon(this.#points);
      this.#points = [];
      this.#hooks.drawn(region, true);
    }
  }

  #down(event: PointerEvent): void {
    const frame = this.#canvas.frame;
    if (event.button !== 0 || !frame) {
      return;
    }
    const canvas = this.#canvas.at(event);
    this.#canvas.element.setPointerCapture?.(event.pointerId);
    this.#held = { canvas, data: frame.toData(canvas), last: canvas };
  }

  #move(event: PointerEvent): void {
    const frame = this.#canvas.frame;
    if (!frame) {
      return;
    }
    const canvas = this.#canvas.at(event);
    const data = frame.toData(canvas);
    this.#hooks.pointed(this.#canvas.picture?.readout(data) ?? '');
    if (this.#tool === 'polygon' && this.#points.length) {
      this.#hooks.drawn(polygon([...this.#points, data]), false);
    } else if (this.#held && this.#tool === 'look') {
      const { last } = this.#held;
      this.#canvas.picture?.pan(canvas.x - last.x, canvas.y - last.y);
      this.#held.last = canvas;
      this.#canvas.redraw();
    } else if (this.#held && this.#tool !== 'polygon' && far(this.#held.canvas, canvas)) {
      this.#hooks.drawn(between(this.#tool as 'interval' | 'box', this.#held.data, data), false);
    }
  }

  #up(event: PointerEvent): void {
    const held = this.#held;
    const frame = this.#canvas.frame;
    this.#held = null;
    if (!held || !frame || this.#tool === 'look') {
      return;
    }
    const canvas = this.#canvas.at(event);
    const data = frame.toData(canvas);
    if (this.#tool === 'polygon') {
      this.#corner(data, canvas);
    } else if (far(held.canvas, canvas)) {
      this.#hooks.drawn(between(this.#tool, held.data, data), true);
    } else {
      this.#hooks.drawn(null, true);
    }
  }

  #corner(data: Place, canvas: Place): void {
    const first = this.#points[0];
    const start = first && this.#canvas.frame?.toCanvas(first);
    if (start && this.#points.length >= 3 && distance(start, canvas) < NEAR) {
      this.close();
      return;
    }
    const last = this.#points.at(-1);
    // The second click of a double one lies where the first was.
    if (!last || distance(this.#canvas.frame!.toCanvas(last), canvas) > 1) {
      this.#points.push(data);
    }
    this.#hooks.drawn(polygon(this.#points), false);
  }
}

function far(a: Place, b: Place): boolean {
  return distance(a, b) > SLOP;
}

function distance(a: Place, b: Place): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Gives the region between two places, whole samples of a waveform. */
export function between(tool: 'interval' | 'box', a: Place, b: Place): Region {
  if (tool === 'interval') {
    return {
      kind: 'interval',
      start: Math.round(Math.min(a.x, b.x)),
      stop: Math.round(Math.max(a.x, b.x))
    };
  }
  return {
    kind: 'box',
    x: round(Math.min(a.x, b.x)),
    y: round(Math.min(a.y, b.y)),
    width: round(Math.abs(a.x - b.x)),
    height: round(Math.abs(a.y - b.y))
  };
}

function polygon(points: readonly Place[]): Region {
  return { kind: 'polygon', points: points.map(({ x, y }) => [round(x), round(y)] as const) };
}

const round = (value: number): number => Math.round(100 * value) / 100;

/** Gives a region cut to what there is of the event, or null where nothing is left of it. */
export function within(
  region: Region,
  size: { readonly width: number; readonly height: number }
): Region | null {
  const keep = (value: number, most: number) => Math.min(most, Math.max(0, value));
  switch (region.kind) {
    case 'interval': {
      const start = keep(region.start, size.width - 1);
      const stop = keep(region.stop, size.width - 1);
      return stop > start ? { kind: 'interval', start, stop } : null;
    }
    case 'box': {
      const x = keep(region.x, size.width);
      const y = keep(region.y, size.height);
      const width = round(keep(region.x + region.width, size.width) - x);
      const height = round(keep(region.y + region.height, size.height) - y);
      return width > 0 && height > 0 ? { kind: 'box', x, y, width, height } : null;
    }
    case 'polygon':
      return region.points.length < 3
        ? null
        : {
            kind: 'polygon',
            points: region.points.map(
              ([x, y]) => [keep(x, size.width), keep(y, size.height)] as const
            )
          };
  }
}
