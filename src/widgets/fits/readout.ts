/** The line under the picture: what lies under the pointer, and the zoom. */
import { isInside, pixelAt, type Point } from '../../core/geometry';
import type { Angles, DescribeMeta, ProbeMeta, System, Where } from '../../core/protocol';
import { isAbort, type Requester } from '../../core/request';
import { Later, make } from '../common/dom';

const PAUSE = 40;
/** A read-out that takes longer than this is given up for a newer one. */
const PATIENCE = 1000;

export class Readout {
  readonly element = make('div', {
    class: 'astrodata-fits-status',
    role: 'status',
    title: 'x and y count array pixels from 0: array[y, x]'
  });
  readonly #failed: (error: unknown) => void;
  readonly #pause = new Later(PAUSE);
  readonly #stale = new Later(250);
  #requester: Requester | null = null;
  #facts: DescribeMeta | null = null;
  #where: Where | null = null;
  #point: Point | null = null;
  #other: { readonly hdu: number | null; readonly said: string } = { hdu: null, said: '' };
  #zoom = 0;
  #sky: { system: System; angles: Angles } = { system: 'own', angles: 'sexagesimal' };
  /** What the kernel last said about the image on show. */
  #known: Pick<ProbeMeta, 'text' | 'sky'> | null = null;
  #asked: { point: Point; since: number; controller: AbortController } | null = null;
  #answered: Point | null = null;

  /** @param failed - Called when the kernel cannot tell a value. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  connect(requester: Requester): void {
    this.#requester = requester;
  }

  /** Reads from another image, or from none. */
  setImage(facts: DescribeMeta | null, where: Where | null): void {
    this.#forget();
    this.#facts = facts;
    this.#where = where;
    this.#look();
  }

  /** Tells places on the sky in a system. */
  setSky(system: System, angles: Angles): void {
    if (system !== this.#sky.system || angles !== this.#sky.angles) {
      this.#forget();
      this.#sky = { system, angles };
      this.#look();
    }
  }

  /** Reads values from another image of the same pixels, null for the one on show, and says which it is. */
  readOf(hdu: number | null, said: string): void {
    if (hdu !== this.#other.hdu || said !== this.#other.said) {
      this.#forget();
      this.#other = { hdu, said };
      this.#look();
    }
  }

  /** @param point - In image coordinates, null when the pointer is away. */
  setView(point: Point | null, zoom: number): void {
    const rounded = point && { x: round(point.x), y: round(point.y) };
    const moved = rounded?.x !== this.#point?.x || rounded?.y !== this.#point?.y;
    this.#zoom = zoom;
    this.#point = rounded;
    if (moved) {
      this.#look();
    } else {
      this.#paint();
    }
  }

  dispose(): void {
    this.#forget();
  }

  #forget(): void {
    this.#pause.cancel();
    this.#stale.cancel();
    this.#asked?.controller.abort();
    this.#asked = null;
    this.#answered = null;
    this.#known = null;
  }

  #look(): void {
    const point = this.#inside();
    if (!point) {
      this.#forget();
    } else if (!this.#known || !samePixel(point, this.#answered)) {
      // What was read a moment ago may stand for the blink of an eye, not longer.
      if (!this.#asked) {
        this.#stale.run(() => {
          this.#known = null;
          this.#paint();
        });
      }
    }
    this.#paint();
    this.#askSoon();
  }

  #inside(): Point | null {
    return this.#point && this.#facts && isInside(this.#point, this.#facts) ? this.#point : null;
  }

  #askSoon(): void {
    const asked = this.#asked;
    if (!this.#inside() || (asked && performance.now() - asked.since < PATIENCE)) {
      return; // the answer under way asks for the newest point when it comes
    }
    this.#pause.run(() => {
      asked?.controller.abort();
      void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    const point = this.#inside();
    if (!point || !this.#where || !this.#requester) {
      return;
    }
    const controller = new AbortController();
    this.#asked = { point, since: performance.now(), controller };
    try {
      const where = { ...this.#where, hdu: this.#other.hdu ?? this.#where.hdu };
      const msg = { x: point.x, y: point.y, ...this.#sky, ...where };
      const { meta } = await this.#requester.request('probe', msg, controller.signal);
      if (this.#asked?.controller === controller) {
        this.#known = meta;
        this.#answered = point;
        this.#stale.cancel();
      }
    } catch (error) {
      if (!isAbort(error)) {
        this.#answered = point; // not asked again before the pointer moves
        this.#failed(error);
      }
    }
    if (this.#asked?.controller !== controller) {
      return;
    }
    this.#asked = null;
    this.#paint();
    const now = this.#inside();
    if (now && (now.x !== this.#answered?.x || now.y !== this.#answered?.y)) {
      this.#askSoon();
    }
  }

  #paint(): void {
    this.element.textContent = this.#parts().join('  |  ');
  }

  #parts(): string[] {
    const zoom = this.#zoom ? [`zoom ${Number((100 * this.#zoom).toPrecision(3))} %`] : [];
    if (!this.#facts) {
      return zoom;
    }
    const point = this.#inside();
    if (!point) {
      return [`${this.#facts.width} × ${this.#facts.height} px`, ...zoom];
    }
    const { x, y } = pixelAt(point);
    const known = this.#known;
    const sky = known?.sky ? [`${known.sky.frame} ${known.sky.text}`] : [];
    const of = this.#other.said ? [this.#other.said] : [];
    return [...of, `x ${x}  y ${y}`, known?.text ?? '…', ...sky, ...zoom];
  }
}

// Half a hundredth of a pixel is nothing that a hand could point at.
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function samePixel(a: Point, b: Point | null): boolean {
  return !!b && pixelAt(a).x === pixelAt(b).x && pixelAt(a).y === pixelAt(b).y;
}
