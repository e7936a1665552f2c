/** What hands do with regions: draw, select, move, reshape and turn them. */
import type { Point } from '../../../core/geometry';
import type { Corner, Shape, ShapeName } from '../../../core/regions';
import { away, drawn, extent, moved, reshaped, type Handle } from '../../../core/shapes';
import type { Grip } from '../part';
import type { Store } from './store';

export type Tool = 'pointer' | ShapeName;

export interface HandHooks {
  /** CSS pixels of an array pixel. */
  zoom(): number;
  /** CSS pixels across the picture. */
  reach(): number;
  grips(): readonly Handle[];
  /** Something is to be drawn anew. */
  changed(): void;
  /** A shape is done: another tool may be in the hand now. */
  toolDone(keep: boolean): void;
  band(points: readonly Point[], closed: boolean): void;
  /** Looks of new regions. */
  color(): string;
}

/** CSS pixels around a line that belong to it, and from which on a hand moves. */
const [NEAR, SLACK] = [6, 3];
/** CSS pixels of what a click draws. */
const RADIUS = 20;

export class Hands {
  readonly #store: Store;
  readonly #hooks: HandHooks;
  tool: Tool = 'pointer';
  /** Corners of a polygon that is not closed yet. */
  #corners: Point[] = [];

  constructor(store: Store, hooks: HandHooks) {
    this.#store = store;
    this.#hooks = hooks;
  }

  /** Whether a polygon is under way. */
  get drawing(): boolean {
    return this.#corners.length > 0;
  }

  /** Takes the hand, or leaves it to move the view. */
  grip(at: Point, event: PointerEvent): Grip | null {
    if (this.tool === 'pointer') {
      return this.#pick(at, event);
    }
    return this.tool === 'polygon' ? this.#corner(at, event) : this.#draw(this.tool, at);
  }

  /** The pointer moves without a button. */
  hover(at: Point | null): void {
    if (this.drawing && at) {
      this.#hooks.band([...this.#corners, at], false);
    }
  }

  /** Closes a polygon. */
  close(keepTool = false): void {
    const points = this.#distinct();
    this.drop();
    if (points.length > 2) {
      this.#add({ shape: 'polygon', points: points.map(({ x, y }): Corner => [x, y]) });
      this.#hooks.toolDone(keepTool);
    }
  }

  /** Forgets the polygon that is under way. */
  drop(): void {
    this.#corners = [];
    this.#hooks.band([], false);
  }

  /** Takes the last corner back. */
  back(): void {
    this.#corners.pop();
    this.#hooks.band(this.#corners, false);
  }

  /** Gives the number of the region at a place, -1 for none: the nearest outline, or else the smallest about it. */
  at(place: Point): number {
    const zoom = this.#hooks.zoom();
    const near = NEAR / zoom;
    let [found, least] = [-1, Infinity];
    this.#store.shapes.forEach((shape, i) => {
      const far = away(shape, place);
      const size = sizeOf(shape);
      let rank = Infinity;
      if (Math.abs(far) <= (shape.shape === 'point' ? 1.6 * near : near)) {
        rank = Math.abs(far);
      } else if (far < 0 && size * zoom < this.#hooks.reach()) {
        // What is larger than the screen is taken by its outline: else the view could not be moved.
        rank = near + size;
      }
      if (rank <= least && rank < Infinity) {
        [found, least] = [i, rank];
      }
    });
    return found;
  }

  /** Gives what the cursor looks like over a place. */
  cursor(place: Point): string {
    if (this.tool !== 'pointer') {
      return 'crosshair';
    }
    const handle = this.#handleAt(place);
    if (handle) {
      return handle.kind === 'turn' ? 'grab' : 'nwse-resize';
    }
    return this.at(place) >= 0 ? 'move' : '';
  }

  #handleAt(place: Point): Handle | undefined {
    const near = (NEAR + 1) / this.#hooks.zoom();
    return this.#hooks
      .grips()
      .filter(({ x, y }) => Math.hypot(x - place.x, y - place.y) <= near)
      .at(-1);
  }

  #pick(at: Point, event: PointerEvent): Grip | null {
    const handle = this.#handleAt(at);
    if (handle) {
      return this.#reshape(handle);
    }
    const found = this.at(at);
    if (found < 0) {
      return event.shiftKey ? this.#band(at) : null;
    }
    const { selected } = this.#store;
    if (event.shiftKey) {
      const others = selected.filter(number => number !== found);
      this.#store.select(others.length < selected.length ? others : [...selected, found]);
    } else if (!selected.includes(found)) {
      this.#store.select([found]);
    }
    this.#hooks.changed();
    return this.#move(at);
  }

  #move(from: Point): Grip {
    const { shapes } = this.#store;
    const selected = new Set(this.#store.selected);
    let going = false;
    return {
      move: at => {
        const [dx, dy] = [at.x - from.x, at.y - from.y];
        going ||= Math.hypot(dx, dy) * this.#hooks.zoom() > SLACK;
        if (going) {
          this.#store.hold(
            shapes.map((shape, i) => (selected.has(i) ? moved(shape, dx, dy) : shape))
          );
          this.#hooks.changed();
        }
      },
      end: (_at, _event, kept) => this.#release(kept)
    };
  }

  #reshape(handle: Handle): Grip {
    const { shapes } = this.#store;
    const [number] = this.#store.selected;
    return {
      move: (at, event) => {
        const changed = reshaped(shapes[number], handle, at, event.shiftKey);
        this.#store.hold(shapes.map((shape, i) => (i === number ? changed : shape)));
        this.#hooks.changed();
      },
      end: (_at, _event, kept) => this.#release(kept)
    };
  }

  #draw(tool: Exclude<ShapeName, 'polygon'>, from: Point): Grip {
    const { shapes } = this.#store;
    const far = (at: Point) =>
      Math.hypot(at.x - from.x, at.y - from.y) * this.#hooks.zoom() > SLACK;
    let shown = false;
    return {
      move: at => {
        shown ||= tool !== 'point' && far(at);
        if (shown) {
          this.#store.hold([...shapes, this.#looked(drawn(tool, from, at))], [shapes.length]);
          this.#hooks.changed();
        }
      },
      end: (at, event, kept) => {
        this.#store.release(false);
        if (kept) {
          this.#add(shown || tool === 'point' ? drawn(tool, from, at) : this.#clicked(tool, from));
          this.#hooks.toolDone(event.shiftKey);
        }
        this.#hooks.changed();
      }
    };
  }

  /** What a click draws, where nothing was dragged. */
  #clicked(tool: Exclude<ShapeName, 'polygon'>, { x, y }: Point): Shape {
    const radius = RADIUS / this.#hooks.zoom();
    return tool === 'circle'
      ? { shape: 'circle', x, y, radius }
      : drawn(tool, { x: x - radius, y: y - radius / 2 }, { x: x + radius, y: y + radius / 2 });
  }

  #corner(at: Point, event: PointerEvent): Grip {
    const near = NEAR / this.#hooks.zoom();
    const [first] = this.#corners;
    if (first && this.#corners.length > 2 && Math.hypot(at.x - first.x, at.y - first.y) < near) {
      this.close(event.shiftKey);
    } else {
      this.#corners.push(at);
      this.#hooks.band(this.#corners, false);
    }
    return { move: place => this.hover(place), end: () => this.#hooks.changed() };
  }

  /** Corners without those that a double click set twice. */
  #distinct(): Point[] {
    const near = 2 / this.#hooks.zoom();
    return this.#corners.filter((corner, i) => {
      const before = this.#corners[i - 1];
      return !before || Math.hypot(corner.x - before.x, corner.y - before.y) > near;
    });
  }

  /** Selects what lies in a box. */
  #band(from: Point): Grip {
    const before = this.#store.selected;
    return {
      move: at =>
        this.#hooks.band([from, { x: at.x, y: from.y }, at, { x: from.x, y: at.y }], true),
      end: (at, _event, kept) => {
        this.#hooks.band([], false);
        if (kept) {
          const [left, right] = [Math.min(from.x, at.x), Math.max(from.x, at.x)];
          const [bottom, top] = [Math.min(from.y, at.y), Math.max(from.y, at.y)];
          const inside = this.#store.shapes.flatMap((shape, i) => {
            const box = extent(shape);
            const within = box.left >= left && box.right <= right;
            return within && box.bottom >= bottom && box.top <= top ? [i] : [];
          });
          this.#store.select([...before, ...inside]);
          this.#hooks.changed();
        }
      }
    };
  }

  #release(kept: boolean): void {
    this.#store.release(kept);
    this.#hooks.changed();
  }

  #looked(shape: Shape): Shape {
    const color = this.#hooks.color();
    return color ? { ...shape, color } : shape;
  }

  #add(shape: Shape): void {
    this.#store.add([this.#looked(shape)]);
    this.#hooks.changed();
  }
}

function sizeOf(shape: Shape): number {
  const { left, right, bottom, top } = extent(shape);
  return Math.hypot(right - left, top - bottom);
}
