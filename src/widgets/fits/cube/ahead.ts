/** Planes that are asked for before they are wanted, so that play is smooth. */
import type { FitsRequests } from '../../../core/protocol';
import { Requester, type Reply } from '../../../core/request';

type Kind = 'overview' | 'limits';
type Known = Reply<FitsRequests[Kind]['meta']>;

interface Kept {
  readonly reply: Promise<Known>;
  readonly controller: AbortController;
  bytes: number;
}

const CAP_BYTES = 64 * 1024 * 1024;

/** A requester that answers from what it asked for ahead. */
export class AheadRequester extends Requester {
  /** Least recently wanted first. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  override request<K extends keyof FitsRequests & string>(
    kind: K,
    msg: FitsRequests[K]['msg'],
    signal?: AbortSignal
  ): Promise<Reply<FitsRequests[K]['meta']>> {
    const key = keyOf(kind, msg);
    const kept = this.#kept.get(key);
    if (!kept || signal?.aborted) {
      return super.request(kind, msg, signal);
    }
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    // What failed ahead of time is asked for again, and then its error counts.
    return kept.reply.then(
      reply => {
        if ('reduction' in reply.meta && reply.meta.reduction === 'strided') {
          this.#forgetOne(key); // a better one may come
        }
        return reply;
      },
      () => super.request(kind, msg, signal)
    ) as Promise<Reply<FitsRequests[K]['meta']>>;
  }

  /** Asks for what will be wanted soon, unless it is here or on its way. */
  ahead<K extends Kind>(kind: K, msg: FitsRequests[K]['msg']): void {
    const key = keyOf(kind, msg);
    if (this.#kept.has(key)) {
      return;
    }
    const controller = new AbortController();
    const reply = super.request(kind, msg, controller.signal) as Promise<Known>;
    const kept: Kept = { reply, controller, bytes: 0 };
    this.#kept.set(key, kept);
    reply.then(
      ({ buffers }) => {
        if (this.#kept.get(key) === kept) {
          kept.bytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
          this.#bytes += kept.bytes;
          this.#drop(key);
        }
      },
      () => this.#kept.delete(key)
    );
  }

  /** Forgets all of it. */
  forget(): void {
    for (const { controller } of this.#kept.values()) {
      controller.abort();
    }
    this.#kept.clear();
    this.#bytes = 0;
  }

  override dispose(): void {
    this.forget();
    super.dispose();
  }

  #forgetOne(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }

  #drop(newest: string): void {
    for (const [key, { bytes }] of this.#kept) {
      if (this.#bytes <= CAP_BYTES || key === newest) {
        return;
      }
      if (bytes) {
        this.#forgetOne(key);
      }
    }
  }
}

function keyOf(kind: string, msg: object): string {
  return JSON.stringify([kind, Object.entries(msg).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
