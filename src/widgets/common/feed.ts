/** What one part of a view asks the kernel for: only the newest wish counts, however long it takes. */
import type { Later } from '../../core/later';
import { isAbort, type Reply, type Requester } from '../../core/request';

/** Milliseconds until the kernel is asked again for what is not ready. */
const PAUSE = 250;

/** The requests of a widget: the message up and the meta down of each kind. */
type Kinds<All> = { [K in keyof All]: { msg: object; meta: object } };
type Ready<Meta> = Exclude<Meta, { ready: false }>;

export interface FeedHooks<Meta> {
  /** The answer to the newest wish is here. */
  got(reply: Reply<Ready<Meta>>): void;
  failed(error: unknown): void;
  /** Work began, went on, or ended. */
  changed(): void;
}

/** Asks until what is asked for is ready, telling how far it is. */
export async function asked<All extends Kinds<All>, K extends keyof All & string>(
  requester: Requester<All>,
  kind: K,
  msg: All[K]['msg'],
  signal: AbortSignal,
  later: (progress: Later) => void = () => undefined
): Promise<Reply<Ready<All[K]['meta']>>> {
  for (;;) {
    const reply = await requester.request(kind, msg, signal);
    const meta = reply.meta as Partial<Later>;
    if (meta.ready !== false) {
      return reply as Reply<Ready<All[K]['meta']>>;
    }
    later(meta as Later);
    await pause(signal);
  }
}

export class Feed<All extends Kinds<All>, K extends keyof All & string> {
  readonly #kind: K;
  readonly #hooks: FeedHooks<All[K]['meta']>;
  #turn: AbortController | null = null;
  /** What was asked last, as text. */
  #asked = '';
  #later: Later | null = null;
  #failed = false;

  constructor(kind: K, hooks: FeedHooks<All[K]['meta']>) {
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

  /** Whether the newest wish could not be fulfilled. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Asks for something, unless just that is here or on its way; an older wish is taken back. */
  async ask(requester: Requester<All>, msg: All[K]['msg']): Promise<void> {
    const text = JSON.stringify(msg);
    if (text === this.#asked) {
      return;
    }
    this.#turn?.abort();
    const turn = (this.#turn = new AbortController());
    this.#asked = text;
    this.#later = null;
    this.#hooks.changed();
    try {
      const reply = await asked(requester, this.#kind, msg, turn.signal, later => {
        if (this.#turn === turn) {
          this.#later = later;
          this.#hooks.changed();
        }
      });
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
    this.#failed = false;
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
