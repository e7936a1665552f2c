/** The parts of the viewer, in the order in which they lie over each other and take the hand: last first. */
import type { Point, Size } from '../../core/geometry';
import type { DescribeMeta, View, Where } from '../../core/protocol';
import type { Requester } from '../../core/request';
import { CataloguePart } from './catalogue';
import { CubePart } from './cube/part';
import type { ScreenGrip } from './gestures';
import type { Part, PartContext } from './part';
import { Preparing } from './preparing';
import { RegionsPart } from './regions/regions';
import type { Frame } from './renderer';

/** Parts of one kind of images: below those that all images have, and above them, where hands come first. */
export interface OwnParts {
  readonly below: readonly Part[];
  readonly above: readonly Part[];
}

/** Tells all parts what happens, and lets the uppermost one answer first. */
export class Parts {
  readonly #parts: readonly Part[];
  /** Those that stand in the toolbar and in the list of keys. */
  readonly #offered: readonly Part[];

  /** @param own - Those of a scene, null for an image of the sky. */
  constructor(context: PartContext, own: OwnParts | null) {
    const catalogue = new CataloguePart(context);
    this.#parts = [
      // A scene has overviews of its own, and its bands are no channels of a cube.
      ...(own?.below ?? [new Preparing(context), new CubePart(context)]),
      new RegionsPart(context),
      catalogue,
      ...(own?.above ?? [])
    ];
    // Catalogues are of places on the sky; over a scene Python alone may show one.
    this.#offered = own ? this.#parts.filter(part => part !== catalogue) : this.#parts;
  }

  get tools(): readonly HTMLElement[] {
    return this.#offered.flatMap(part => part.tools ?? []);
  }

  get overlays(): readonly Element[] {
    return this.#parts.flatMap(part => part.overlay ?? []);
  }

  get panels(): readonly HTMLElement[] {
    return this.#parts.flatMap(part => part.panel ?? []);
  }

  get beside(): readonly HTMLElement[] {
    return this.#parts.flatMap(part => part.beside ?? []);
  }

  get help(): readonly (readonly [string, string])[] {
    return this.#offered.flatMap(part => part.help ?? []);
  }

  get busy(): boolean {
    return this.#parts.some(part => part.busy);
  }

  connect(requester: Requester): void {
    this.#parts.forEach(part => part.connect?.(requester));
  }

  setImage(facts: DescribeMeta | null, where: Where | null): void {
    this.#parts.forEach(part => part.setImage?.(facts, where));
  }

  frame(view: View, image: Size, screen: Size): void {
    this.#parts.forEach(part => part.frame?.(view, image, screen));
  }

  painted(frame: Frame): void {
    this.#parts.forEach(part => part.painted?.(frame));
  }

  hover(at: Point | null, event: PointerEvent | null): void {
    this.#parts.forEach(part => part.hover?.(at, event));
  }

  /** Tells whether the key was one of a part's. */
  key(event: KeyboardEvent): boolean {
    return this.#parts.some(part => part.key?.(event));
  }

  /** @param place - Gives the place in array pixels that lies under a point of the screen. */
  grip(
    point: Point,
    event: PointerEvent,
    place: (point: Point) => Point | null
  ): ScreenGrip | null {
    const first = place(point);
    for (const part of first ? [...this.#parts].reverse() : []) {
      const grip = part.grip?.(first!, event);
      if (grip) {
        let last = first!;
        const at = (now: Point) => (last = place(now) ?? last);
        return {
          move: (now, event) => grip.move(at(now), event),
          end: (now, event, kept) => grip.end(at(now), event, kept)
        };
      }
    }
    return null;
  }

  redraw(): void {
    this.#parts.forEach(part => part.redraw?.());
  }

  dispose(): void {
    this.#parts.forEach(part => part.dispose?.());
  }
}
