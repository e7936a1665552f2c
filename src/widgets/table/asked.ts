/** Asks the kernel for what may take long: again until it is ready, telling how far it is. */
import { isAbort, type Reply, type Requester } from '../../core/request';
import type { Later, TableRequests } from '../../core/table';

/** Milliseconds until the kernel is asked again for what is not ready. */
const PAUSE = 200;

export type Kind = keyof TableRequests;
export type Ready<K extends Kind> = Exclude<TableRequests[K]['meta'], { ready: false }>;

export async function asked<K extends Kind>(
  requester: Requester<TableRequests>,
  kind: K,
  msg: TableRequests[K]['msg'],
  signal: AbortSignal,
  later: (progress: Later) => void = () => undefined
): Promise<Reply<Ready<K>>> {
  for (;;) {
    const reply = await requester.request(kind, msg, signal);
    const meta = reply.meta as Partial<Later>;
    if (meta.ready !== false) {
      return reply as Reply<Ready<K>>;
    }
    later(meta as Later);
    await pause(signal);
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException('taken back', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, PAUSE);
    signal.addEventListener('abort', stop, { once: true });
  });
}

export interface FeedHooks<K extends Kind> {
  /** The answer to the newest wish is here. */
  got(reply: Reply<Ready<K>>): void;
  failed(error: unknown): void;
  /** Work began, went on, or ended. */
  changed(): void;
}

/** What one part of the view asks for: only the newest wish counts, however long it takes. */
export class Feed<K extends Kind> {
  readonly #kind: K;
  readonly #hooks: FeedHooks<K>;
  #turn: AbortController | null = null;
  /** What was asked last, as text. */
  #asked = '';
  #later: Later | null = null;

  constructor(kind: K, hooks: FeedHooks<K>) {
    this.#kind = kind;
    this.#hooks = hooks;
  }

  get busy(): boolean {
    return this.#turn !== null;
  }

  /** How far the kernel is, when it said that it needs longer. */
  get later(): Later | null {
    return this.#later;
  }

  /** Asks for something, unless just that is here or on its way; an older wish is taken back. */
  async ask(requester: Requester<TableRequests>, msg: TableRequests[K]['msg']): Promise<void> {
    const text = JSON.stringify(msg);
    if (text === this.#asked) {
      return;
    }
    this.#turn?.abort();
    const turn = (this.#turn = new AbortController());
    this.#asked = text;
    this.#hooks.changed();
    try {
      const reply = await asked(requester, this.#kind, msg, turn.signal, later => {
        if (this.#turn === turn) {
          this.#later = later;
          this.#hooks.changed();
        }
      });
      if (this.#turn === turn) {
        this.#later = null;
        this.#hooks.got(reply);
      }
    } catch (error) {
      if (this.#turn === turn && !isAbort(error)) {
        this.#asked = '';
        this.#hooks.failed(error);
      }
    } finally {
      if (this.#turn === turn) {
        this.#turn = null;
        this.#later = null;
        this.#hooks.changed();
      }
    }
  }

  /** Takes back what is under way and forgets what is here. */
  forget(): void {
    this.#turn?.abort();
    this.#turn = null;
    this.#later = null;
    this.#asked = '';
  }
}
