/** Asks the kernel how many pixels have which values; of several wishes for one purpose the newest wins. */
import type { FitsRequests, HistogramMeta } from '../../core/protocol';
import { isAbort, type Requester } from '../../core/request';
import { decode } from '../../core/wire';

export interface Counted {
  readonly meta: HistogramMeta;
  readonly counts: Uint32Array;
}

export class Counting {
  readonly #requester: Requester<FitsRequests>;
  readonly #failed: (error: unknown) => void;
  #turn = new AbortController();
  #asked = '';

  /** @param failed - Called when the kernel cannot tell. */
  constructor(requester: Requester<FitsRequests>, failed: (error: unknown) => void) {
    this.#requester = requester;
    this.#failed = failed;
  }

  /** Counts, unless that is what was asked for last. */
  ask(msg: FitsRequests['histogram']['msg'], counted: (found: Counted) => void): void {
    const key = JSON.stringify(msg);
    if (key === this.#asked) {
      return;
    }
    this.forget();
    this.#asked = key;
    const { signal } = this.#turn;
    this.#requester.request('histogram', msg, signal).then(
      ({ meta, buffers }) => {
        if (!signal.aborted) {
          counted({ meta, counts: decode(meta, buffers[0]).data as Uint32Array });
        }
      },
      (error: unknown) => {
        if (!isAbort(error)) {
          this.#failed(error);
        }
      }
    );
  }

  /** Takes back what was asked, so that it is asked anew. */
  forget(): void {
    this.#turn.abort();
    this.#turn = new AbortController();
    this.#asked = '';
  }
}
