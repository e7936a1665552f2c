/** What one panel asks the kernel for: only the newest wish counts. */
import { isAbort, type Reply, type Requester } from '../../core/request';
import type { StrainRequests } from '../../core/strain';

export interface FeedHooks<Meta> {
  /** The answer to the newest wish is here. */
  got(reply: Reply<Meta>): void;
  failed(error: unknown): void;
  /** Work began or ended. */
  changed(): void;
}

export class Feed<K extends keyof StrainRequests> {
  readonly #kind: K;
  readonly #hooks: FeedHooks<StrainRequests[K]['meta']>;
  #turn: AbortController | null = null;
  /** What was asked last, as text. */
  #asked = '';
  #failed = false;

  constructor(kind: K, hooks: FeedHooks<StrainRequests[K]['meta']>) {
    this.#kind = kind;
    this.#hooks = hooks;
  }

  get busy(): boolean {
    return this.#turn !== null;
  }

  /** Whether the newest wish could not be fulfilled. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Asks for something, unless just that is here or on its way; an older wish is taken back. */
  async ask(requester: Requester<StrainRequests>, msg: StrainRequests[K]['msg']): Promise<void> {
    const text = JSON.stringify(msg);
    if (text === this.#asked) {
      return;
    }
    this.#turn?.abort();
    const turn = (this.#turn = new AbortController());
    this.#asked = text;
    this.#hooks.changed();
    try {
      const reply = await requester.request(this.#kind, msg, turn.signal);
      if (this.#turn === turn) {
        this.#failed = false;
        this.#hooks.got(reply);
      }
    } catch (error) {
      if (this.#turn === turn && !isAbort(error)) {
        this.#asked = '';
        this.#failed = true;
        this.#hooks.failed(error);
      }
    } finally {
      if (this.#turn === turn) {
        this.#turn = null;
        this.#hooks.changed();
      }
    }
  }

  /** Takes back what is under way and forgets what is here. */
  forget(): void {
    this.#turn?.abort();
    this.#turn = null;
    this.#asked = '';
    this.#failed = false;
  }
}
