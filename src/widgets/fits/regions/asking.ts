/** Asks for measurements while hands move: one request at a time, then the newest wish. */
import type { FitsRequests } from '../../../core/protocol';
import type { Curve, Fit, MeasureMeta, RegionRequests, Shape } from '../../../core/regions';
import { isAbort, type Requester } from '../../../core/request';
import { decode } from '../../../core/wire';
import { Later } from '../../common/dom';

export type Wish = RegionRequests['measure']['msg'];

export interface Measured {
  readonly meta: MeasureMeta;
  /** x and ys. */
  readonly columns: readonly (number | null)[][];
}

export interface AskingHooks {
  measured(found: Measured, wish: Wish): void;
  failed(error: unknown, wish: Wish): void;
  /** Work began or ended. */
  changed(): void;
}

/** Milliseconds between two requests, and after which one that is under way is given up for a newer. */
const [APART, PATIENCE] = [60, 600];

export class Asking {
  readonly #hooks: AskingHooks;
  readonly #later = new Later(APART);
  #requester: Requester<FitsRequests> | null = null;
  #turn: AbortController | null = null;
  #begun = 0;
  #wish: Wish | null = null;
  #asked = '';

  constructor(hooks: AskingHooks) {
    this.#hooks = hooks;
  }

  get busy(): boolean {
    return !!this.#turn || !!this.#wish;
  }

  connect(requester: Requester<FitsRequests>): void {
    this.#requester = requester;
  }

  /** Measures, unless that is what was asked for last. */
  ask(wish: Wish): void {
    const key = JSON.stringify(wish);
    if (key === this.#asked) {
      return;
    }
    this.#asked = key;
    const waiting = !!this.#wish;
    this.#wish = wish;
    if (this.#turn && performance.now() - this.#begun > PATIENCE) {
      this.#turn.abort();
      this.#turn = null;
    }
    if (!this.#turn && !waiting) {
      this.#later.run(() => this.#start());
    }
    this.#hooks.changed();
  }

  /** Takes back what was asked. */
  forget(): void {
    this.#later.cancel();
    this.#turn?.abort();
    this.#turn = this.#wish = null;
    this.#asked = '';
    this.#hooks.changed();
  }

  #start(): void {
    const [wish, requester] = [this.#wish, this.#requester];
    this.#wish = null;
    if (!wish || !requester) {
      return;
    }
    const turn = (this.#turn = new AbortController());
    this.#begun = performance.now();
    const done = (tell: () => void) => {
      if (this.#turn === turn) {
        this.#turn = null;
        tell();
        if (this.#wish) {
          this.#later.run(() => this.#start());
        }
        this.#hooks.changed();
      }
    };
    requester.request('measure', wish, turn.signal).then(
      ({ meta, buffers }) =>
        done(() => {
          const { data } = decode(meta, buffers[0]);
          const [, rows, length] = meta.shape;
          const columns = Array.from({ length: rows }, (_, row) =>
            Array.from(data.subarray(row * length, (row + 1) * length), value =>
              Number.isNaN(value) ? null : value
            )
          );
          this.#hooks.measured({ meta, columns }, wish);
        }),
      (error: unknown) =>
        done(() => {
          if (!isAbort(error)) {
            this.#hooks.failed(error, wish);
          }
        })
    );
  }
}

/** Gives the curves that a shape has. */
export function curvesOf(shape: Shape): readonly Curve[] {
  switch (shape.shape) {
    case 'circle':
      return ['histogram', 'growth', 'radial'];
    case 'point':
      return ['growth', 'radial'];
    case 'line':
      return ['line'];
    default:
      return ['histogram'];
  }
}

export const CURVES: Readonly<Record<Curve, string>> = {
  histogram: 'histogram',
  growth: 'curve of growth, photometry',
  radial: 'radial profile, FWHM',
  line: 'profile along the line'
};

export const FITS: readonly Fit[] = ['moffat', 'gauss'];
