/** A second picture of the same place: another date, painted as the first one is. */
import type { Size } from '../../../../core/geometry';
import type { Limits } from '../../../../core/protocol';
import type { Requester } from '../../../../core/request';
import { Bands } from '../../bands';
import { PaintedPlane } from '../../painted';
import type { Frame } from '../../renderer';
import { Stage } from '../../stage';

/** The second picture as what lies over it needs it. */
export interface SecondOnShow {
  /** Number of its date. */
  readonly date: number;
  readonly element: HTMLElement;
  readonly screen: Size;
  /** Share of the width from which on it covers the first picture; null beside that. */
  readonly from: number | null;
}

export interface SecondHooks {
  /** Work began or ended. */
  changed(): void;
  /** What lies over it has another place. */
  resized(): void;
  failed(error: unknown, retry?: () => void): void;
  /** The browser keeps the graphics memory to itself: begin anew with another picture. */
  rebuild(): void;
}

export class SecondPicture {
  readonly stage: Stage;
  readonly #end = new AbortController();
  readonly #one: PaintedPlane;
  readonly #three: Bands;
  #hdu = -1;
  #plane = 0;
  /** Of the one plane that was asked for last. */
  #asked = '';
  #limits = '';
  #lead: Frame | null = null;
  #size = '';

  constructor(requester: Requester, { changed, failed, resized, rebuild }: SecondHooks) {
    const renderer = () => this.stage.renderer;
    const dirty = () => this.stage.dirty();
    const hooks = { dirty, changed, failed };
    this.#one = new PaintedPlane(requester, renderer, {
      ...hooks,
      described: () => undefined,
      shown: dirty,
      ranged: dirty
    });
    this.#three = new Bands(requester, renderer, hooks);
    this.stage = new Stage(
      {
        frame: () => this.#frame(),
        restored: () => {
          this.#one.restore();
          this.#three.restore();
        },
        rebuild,
        painted: () => {
          const size = JSON.stringify(this.stage.screen);
          if (size !== this.#size) {
            this.#size = size;
            resized();
          }
          changed();
        }
      },
      this.#end.signal
    );
    this.stage.element.classList.add('astrodata-fits-second');
  }

  /** Ends with the picture. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get busy(): boolean {
    return this.stage.waiting || this.#one.busy || this.#three.busy;
  }

  /** Shows another image in the colours and the view of the first one. */
  show(hdu: number): void {
    this.#hdu = hdu;
    this.stage.dirty();
  }

  /**
   * Paints as the first picture does, in the same frame.
   *
   * @param plane - That of the first one, where it shows one of several.
   */
  follow(lead: Frame, plane: number): void {
    this.#lead = lead;
    this.#plane = plane;
    this.stage.paintNow();
  }

  /** Has whatever is not of whole pixels fetched anew. */
  sharpen(): void {
    this.#one.sharpen(true);
    this.#three.sharpen(true);
    this.stage.dirty();
  }

  dispose(): void {
    this.#one.dispose(true);
    this.#three.dispose(true);
    this.#end.abort();
    this.stage.element.remove();
  }

  #frame(): Frame | null {
    const lead = this.#lead;
    const { screen, density } = this.stage;
    if (!lead || this.#hdu < 0) {
      return null;
    }
    // The limits of the first picture as numbers: a colour means the same in both.
    const limits = lead.bands.map(({ low, high }): Limits => [low, high]);
    let bands: Frame['bands'] | null;
    if (limits.length > 1) {
      this.#three.show(this.#hdu, limits);
      bands = this.#three.frame(lead.view, screen, density);
    } else {
      this.#showOne(limits[0]);
      const layers = this.#one.layers(lead.view, screen, density);
      bands = layers && [{ ...lead.bands[0], layers }];
    }
    return bands && { ...lead, bands, screen };
  }

  #showOne(limits: Limits): void {
    const where = { hdu: this.#hdu, plane: this.#plane };
    const [asked, told] = [JSON.stringify(where), JSON.stringify(limits)];
    if (asked !== this.#asked) {
      this.#one.show(where, limits);
    } else if (told !== this.#limits) {
      this.#one.setLimits(limits);
    }
    [this.#asked, this.#limits] = [asked, told];
  }
}
