/** What crosses about overviews under way. Mirror of `widgets/fits_overviews.py`. */
import type { Where } from './protocol';

/**
 * `whole`: each picture is the mean of its pixels. `offered`: single pixels stand for many, and all are read
 * when somebody asks for it. The others tell how far that is.
 */
export type PreparingState =
  'whole' | 'offered' | 'waiting' | 'running' | 'done' | 'cancelled' | 'failed';

export interface PreparingMeta extends Where {
  readonly state: PreparingState;
  /** Share that is made, 0 to 1. */
  readonly done: number;
  /** Why it failed. */
  readonly said: string;
  /** Bytes of the plane, all of which are read. */
  readonly bytes: number;
  /** Of how many rows one was fetched, for a file that lies elsewhere. */
  readonly rows?: number;
}

export interface PreparingRequests {
  preparing: { msg: Where & { wish?: 'prepare' | 'cancel' }; meta: PreparingMeta };
}
