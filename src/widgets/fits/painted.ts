/** One plane as it is painted: its overview and its tiles on the graphics card, and its limits. */
import { imageBox, levelFor, visibleTiles, type Size } from '../../core/geometry';
import type { Limits, View, Where } from '../../core/protocol';
import type { Requester } from '../../core/request';
import type { Layer, Painting, Renderer } from './renderer';
import { Scene, type Range, type SceneHooks, type Shown } from './scene';
import { Tiles } from './tiles';

export interface PaintedHooks extends Omit<SceneHooks, 'sharper' | 'failed'> {
  /** There is something new to paint. */
  dirty(): void;
  failed(error: unknown, retry?: () => void): void;
}

export class PaintedPlane {
  readonly #scene: Scene;
  readonly #tiles: Tiles;
  readonly #renderer: () => Renderer | null;
  #base: Painting | null = null;

  /** @param renderer - Gives what paints; null where the browser offers none. */
  constructor(requester: Requester, renderer: () => Renderer | null, hooks: PaintedHooks) {
    this.#renderer = renderer;
    this.#scene = new Scene(requester, {
      described: hooks.described,
      shown: () => {
        this.#dropBase();
        if (this.shown) {
          this.#uploadBase();
        } else {
          this.#tiles.clear(false);
        }
        hooks.shown();
      },
      sharper: () => {
        this.#dropBase();
        this.#uploadBase();
        hooks.dirty();
      },
      ranged: hooks.ranged,
      changed: hooks.changed,
      failed: error => hooks.failed(error)
    });
    this.#tiles = new Tiles(requester, {
      upload: array => this.#renderer()!.upload(array),
      free: painting => this.#renderer()?.free(painting),
      changed: hooks.dirty,
      failed: error =>
        hooks.failed(error, () => {
          this.#tiles.retry();
          hooks.dirty();
        })
    });
  }

  get shown(): Shown | null {
    return this.#scene.shown;
  }

  get range(): Range | null {
    return this.#scene.range;
  }

  get busy(): boolean {
    return this.#scene.busy || this.#tiles.busy;
  }

  show(where: Where, limits: Limits): void {
    void this.#scene.show(where, limits);
  }

  setLimits(limits: Limits): void {
    this.#scene.setLimits(limits);
  }

  /** Has the overview and all tiles of which pixels were left out fetched anew, or all `reduced` ones. */
  sharpen(reduced = false): void {
    this.#tiles.sharpen(reduced);
    this.#scene.sharpen();
  }

  /** Gives what to paint for a view, and asks for what is missing; null while there is nothing. */
  layers(view: View, screen: Size, density: number): readonly Layer[] | null {
    const { shown } = this;
    if (!shown || !this.range || !this.#base) {
      return null;
    }
    const { facts, overview, where } = shown;
    const level = levelFor(view.zoom * density, facts.levels);
    // An overview as fine as the level has it all.
    const wanted =
      overview.step > 2 ** level ? visibleTiles(view, facts, screen, level, facts.tile) : [];
    const base: Layer = { painting: this.#base, box: imageBox(facts), step: overview.step };
    return [base, ...this.#tiles.show(facts, where, wanted)];
  }

  /** Uploads all anew, for when the browser took the graphics memory away. */
  restore(): void {
    this.#base = null;
    this.#tiles.clear(true);
    this.#uploadBase();
  }

  /** Takes requests back and forgets what was uploaded; `gone` when it no longer exists. */
  dispose(gone: boolean): void {
    this.#scene.dispose();
    this.#tiles.clear(gone);
    if (!gone) {
      this.#dropBase();
    }
  }

  #uploadBase(): void {
    const renderer = this.#renderer();
    const array = this.shown?.overview.array;
    if (renderer && !renderer.lost && array) {
      this.#base = renderer.upload(array);
    }
  }

  #dropBase(): void {
    if (this.#base) {
      this.#renderer()?.free(this.#base);
      this.#base = null;
    }
  }
}
