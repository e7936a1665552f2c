/** Requests from a widget's view to the kernel. Mirror of `kernel/astrodata_kernel/widgets/base.py`. */
import type { CancelFrame, FitsRequests, ReplyFrame, RequestFrame } from './protocol';

/** What a requester needs of the data channel's model. */
export interface Channel {
  on(event: 'msg:custom', listener: (content: unknown, buffers: DataView[]) => void): void;
  off(event: 'msg:custom', listener: (content: unknown, buffers: DataView[]) => void): void;
  send(content: RequestFrame | CancelFrame): void;
}

/** The kernel's answer: printable facts and the bytes that they describe. */
export interface Reply<Meta> {
  readonly meta: Meta;
  readonly buffers: readonly DataView<ArrayBuffer>[];
}

/** Why a request failed; `code` is the kernel's, or `"timeout"`, `"closed"`, `"channel"`. */
export class RequestError extends Error {
  constructor(
    readonly code: string,
    message: string
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

/** Whether a request was given up by whoever made it, which is nothing to report. */
export function isAbort(error: unknown): boolean {
  return (
    (error instanceof Error || error instanceof DOMException) &&
    (error.name === 'AbortError' || (error instanceof RequestError && error.code === 'closed'))
  );
}

export interface RequesterOptions {
  /** Milliseconds until a request is sent again. */
  readonly timeout?: number;
  /** How often a request is sent before it fails. */
  readonly tries?: number;
  /** How many requests may wait for the kernel at once; more wait here. */
  readonly inFlight?: number;
  readonly makeId?: () => string;
}

interface Job {
  readonly frame: RequestFrame;
  readonly resolve: (reply: Reply<never>) => void;
  readonly reject: (error: unknown) => void;
  readonly unlisten: () => void;
  sent: number;
  timer?: ReturnType<typeof setTimeout>;
}

/**
 * Asks the kernel, a few requests at a time and the newest first.
 *
 * Each promise settles exactly once: with the answer, with the kernel's error, with an `AbortError`
 * when its signal says so, or with a {@link RequestError} when no answer comes.
 */
export class Requester<
  Kinds extends { [K in keyof Kinds]: { msg: object; meta: object } } = FitsRequests
> {
  readonly #channel: Channel;
  readonly #options: Required<RequesterOptions>;
  /** Oldest first. */
  readonly #waiting: Job[] = [];
  readonly #inFlight = new Map<string, Job>();
  #closed = false;
  #starting = false;

  constructor(channel: Channel, options: RequesterOptions = {}) {
    this.#channel = channel;
    this.#options = { timeout: 10_000, tries: 3, inFlight: 6, makeId: newId, ...options };
    channel.on('msg:custom', this.#onMessage);
  }

  /**
   * Gives the kernel's answer to a request.
   *
   * @param kind - What is asked, such as `tile`.
   * @param msg - The keys of the message.
   * @param signal - Takes the request back, here and in the kernel.
   */
  request<K extends keyof Kinds & string>(
    kind: K,
    msg: Kinds[K]['msg'],
    signal?: AbortSignal
  ): Promise<Reply<Kinds[K]['meta']>> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortError(kind));
        return;
      }
      if (this.#closed) {
        reject(closedError(kind));
        return;
      }
      const onAbort = () => this.#abort(job);
      const job: Job = {
        frame: { id: this.#options.makeId(), kind, msg },
        resolve: resolve as Job['resolve'],
        reject,
        unlisten: () => signal?.removeEventListener('abort', onAbort),
        sent: 0
      };
      signal?.addEventListener('abort', onAbort);
      this.#waiting.push(job);
      this.#startSoon();
    });
  }

  /** Fails what is still open and lets go of the channel. */
  dispose(): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#channel.off('msg:custom', this.#onMessage);
    for (const job of [...this.#waiting, ...this.#inFlight.values()]) {
      this.#takeBack(job);
      this.#settle(job, () => job.reject(closedError(job.frame.kind)));
    }
  }

  // What is asked for in one go is started together, so that the newest of it is truly first.
  #startSoon(): void {
    if (this.#starting) {
      return;
    }
    this.#starting = true;
    queueMicrotask(() => {
      this.#starting = false;
      while (this.#inFlight.size < this.#options.inFlight) {
        const job = this.#waiting.pop();
        if (!job) {
          return;
        }
        this.#inFlight.set(job.frame.id, job);
        this.#send(job);
      }
    });
  }

  #send(job: Job): void {
    const { timeout, tries } = this.#options;
    job.sent += 1;
    job.timer = setTimeout(() => {
      if (job.sent < tries) {
        this.#send(job);
      } else {
        this.#settle(job, () => job.reject(timeoutError(job.frame.kind, (timeout * tries) / 1000)));
      }
    }, timeout);
    try {
      this.#channel.send(job.frame);
    } catch (error) {
      this.#settle(job, () => job.reject(channelError(job.frame.kind, error)));
    }
  }

  #onMessage = (content: unknown, buffers: DataView[]): void => {
    if (!isReply(content)) {
      return;
    }
    const job = this.#inFlight.get(content.id);
    if (!job) {
      return; // the second answer to a request that was sent twice, or one that nobody waits for
    }
    this.#settle(job, () => {
      if (content.ok) {
        job.resolve({ meta: content.meta as never, buffers: buffers as DataView<ArrayBuffer>[] });
      } else {
        const { code, message } = content.error;
        job.reject(new RequestError(String(code), String(message)));
      }
    });
  };

  #abort(job: Job): void {
    this.#takeBack(job);
    this.#settle(job, () => job.reject(abortError(job.frame.kind)));
  }

  #takeBack(job: Job): void {
    if (!this.#inFlight.has(job.frame.id)) {
      return; // never sent: the kernel does not know it
    }
    try {
      this.#channel.send({ id: job.frame.id, kind: 'cancel' });
    } catch {
      // A closed channel has cancelled everything already.
    }
  }

  #settle(job: Job, settle: () => void): void {
    clearTimeout(job.timer);
    job.unlisten();
    this.#inFlight.delete(job.frame.id);
    const place = this.#waiting.indexOf(job);
    if (place >= 0) {
      this.#waiting.splice(place, 1);
    }
    settle();
    this.#startSoon();
  }
}

let count = 0;

/** Gives an id that no other view of the same model makes. */
function newId(): string {
  count += 1;
  return `${count}-${Math.random().toString(36).slice(2, 10)}`;
}

function isReply(content: unknown): content is ReplyFrame {
  if (typeof content !== 'object' || content === null) {
    return false;
  }
  const frame = content as { id?: unknown; ok?: unknown; error?: unknown };
  return (
    typeof frame.id === 'string' &&
    (frame.ok === true || (frame.ok === false && typeof frame.error === 'object' && !!frame.error))
  );
}

function abortError(kind: string): DOMException {
  return new DOMException(`the request "${kind}" was taken back`, 'AbortError');
}

function closedError(kind: string): RequestError {
  return new RequestError('closed', `the request "${kind}" ended with its view`);
}

function timeoutError(kind: string, seconds: number): RequestError {
  return new RequestError(
    'timeout',
    `The kernel did not answer "${kind}" in ${seconds} s: it may be busy in code that cannot be ` +
      'interrupted, or have been stopped. Try again, or restart the kernel and run the cell again.'
  );
}

function channelError(kind: string, error: unknown): RequestError {
  const reason = error instanceof Error ? error.message : String(error);
  return new RequestError(
    'channel',
    `The request "${kind}" could not be sent to the kernel (${reason}): run the cell again.`
  );
}
