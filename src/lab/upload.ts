import { PathExt } from '@jupyterlab/coreutils';

import { IExpectation } from './answers';
import { ApiError } from './requests';
import { BLOCK, BlockHash, hashOf } from './hashing';
import { ISource } from './sources';
import { Clash, IBegun, UploadApi } from './uploadApi';

/** Bytes of a request, whole blocks: few at first, then what the connection takes in half a second. */
export const MIN_CHUNK = BLOCK;
export const MAX_CHUNK = 16 * 1024 * 1024;
const CHUNK_SECONDS = 0.5;
const IN_FLIGHT = 2;

/** Bytes that tell a file from others of its name, size and time. */
const MARK = 64 * 1024;

/** Milliseconds before each try to reach a server that does not answer: three minutes in all. */
const PAUSES = [500, 1000, 2000, 4000, 8000, 15000, 30000, 30000, 30000, 30000, 30000];
/** Tries of bytes that arrive otherwise than they were sent. */
const WRONG = 3;
const AWAY = ['network', 'no-server', 'busy', 'time-out'];

export type ClashAnswer = 'replace' | 'keep-both' | 'cancel';

export interface IUploadOptions {
  readonly api: Pick<UploadApi, 'begin' | 'append' | 'finish' | 'discard'>;
  readonly source: ISource;
  /** Contents-API path of the folder that takes it. */
  readonly folder: string;
  /** Gives up; what was sent so far is deleted. */
  readonly signal: AbortSignal;
  /** Called with 0 to 1. */
  readonly progress: (fraction: number) => void;
  /** Called when the server does not answer, and when it does again. */
  readonly away?: (away: boolean) => void;
  /** Told under which key the server keeps what it has. */
  readonly begun?: (key: string) => void;
  /** Asked when the folder has something of that name. */
  readonly onClash: (name: string, mayReplace: boolean) => Promise<ClashAnswer>;
  /** Waits for some milliseconds; ends early with the signal. */
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Where it went, and what was sent. */
export interface IUploaded extends IExpectation {
  readonly path: string;
}

/** The file was changed or taken away while it was read. */
export class SourceChanged extends Error {}

/**
 * Send a file or folder to a folder of the server; null when the person gave up.
 *
 * The server keeps the bytes out of sight until all are there and right. A connection that breaks is tried
 * again, and goes on with what the server has; so does a later upload of the same file after a failure.
 *
 * @throws ApiError - The server refuses it, or was away for too long.
 * @throws SourceChanged - The file can no longer be read as it was.
 */
export async function upload(options: IUploadOptions): Promise<IUploaded | null> {
  return new Sending(options).run();
}

class Sending {
  constructor(private readonly _options: IUploadOptions) {}

  async run(): Promise<IUploaded | null> {
    const { folder, signal, source } = this._options;
    try {
      this._mark = hashOf(await this._read(0, MARK));
      for (;;) {
        try {
          const done = await this._once();
          if (done === null) {
            return null;
          }
          const { name, sha256 } = done;
          return { path: PathExt.join(folder, name), size: source.bytes.size, sha256 };
        } catch (error) {
          await this._recover(error);
        }
      }
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
      await this._discard();
      return null;
    }
  }

  /** One way through all of it, from where the last one ended; null when the person gave up. */
  private async _once(): Promise<{ name: string; sha256: string } | null> {
    const { api, signal } = this._options;
    const begun = (this._begun ??= await this._begin(false));
    if (begun.taken !== null && this._clash === 'ask' && !(await this._ask(begun.taken))) {
      await this._discard();
      return null;
    }
    const hash = await this._send(begun);
    return api.finish(begun.id, hash, this._clash, signal);
  }

  private async _begin(fresh: boolean): Promise<IBegun> {
    const { api, begun: tell, folder, signal, source } = this._options;
    const facts = {
      into: folder,
      name: source.name,
      folder: source.folder,
      files: source.files,
      modified: Math.round(source.modified),
      mark: this._mark
    };
    const begun = await api.begin(facts, fresh, signal);
    this._key = begun.key;
    tell?.(begun.key);
    this._options.away?.(false);
    return begun;
  }

  /** Ask what to do about a name that is taken; false when the person gives up. */
  private async _ask(taken: IBegun['taken']): Promise<boolean> {
    const { onClash, source } = this._options;
    const answer = await onClash(source.name, taken === 'file' && !source.folder);
    if (answer === 'cancel') {
      return false;
    }
    this._clash = answer;
    return true;
  }

  /** Send what the server does not have yet, and give the hash of all. */
  private async _send(begun: IBegun): Promise<string> {
    const { progress, source, signal } = this._options;
    const { size } = source.bytes;
    const attempt = new AbortController();
    const flying = new Set<Promise<void>>();
    const stop = (): void => attempt.abort();
    signal.addEventListener('abort', stop);
    try {
      const from = await this._from(begun);
      const { id } = from.begun;
      let { offset, hash } = from;
      progress(size > 0 ? offset / size : 1);
      while (offset < size) {
        // Hashed by whole blocks: what is there of the first one is hashed again, and not sent again.
        const start = offset - (offset % BLOCK);
        const bytes = await this._read(start, this._chunk);
        const end = start + bytes.length;
        hash = await hash.with(bytes);
        while (flying.size >= IN_FLIGHT) {
          await Promise.race(flying);
        }
        const sent: Promise<void> = this._put(id, offset, end, hash, attempt.signal);
        flying.add(sent);
        // One that failed stays, so that the next who looks hears of it.
        void sent.then(
          () => flying.delete(sent),
          () => undefined
        );
        offset = end;
      }
      await Promise.all(flying);
      this._begun = { ...from.begun, have: size, hash: hash.hex };
      return hash.hex;
    } catch (error) {
      this._begun = null;
      attempt.abort();
      await Promise.allSettled(flying);
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Where to go on: behind what the server has, if that is the beginning of this very file. */
  private async _from(begun: IBegun): Promise<{ begun: IBegun; offset: number; hash: BlockHash }> {
    const known = this._marks.get(begun.have) ?? (await this._hashTo(begun.have));
    if (known.hex === begun.hash) {
      return { begun, offset: begun.have, hash: known };
    }
    const again = (this._begun = await this._begin(true));
    return { begun: again, offset: 0, hash: new BlockHash() };
  }

  private async _hashTo(end: number): Promise<BlockHash> {
    let hash = new BlockHash();
    for (let offset = 0; offset < end; offset += MAX_CHUNK) {
      hash = await hash.with(await this._read(offset, Math.min(MAX_CHUNK, end - offset)));
    }
    return hash;
  }

  private async _put(
    id: string,
    offset: number,
    end: number,
    hash: BlockHash,
    signal: AbortSignal
  ): Promise<void> {
    const { api, progress, source } = this._options;
    // Also of what is under way: the server may have it without our hearing of that.
    this._marks.set(end, hash);
    const began = performance.now();
    // The browser takes the bytes from where they lie, past the page: should they be others than were hashed,
    // the server refuses them.
    await api.append(id, offset, source.bytes.slice(offset, end), hash.hex, signal);
    for (const mark of [...this._marks.keys()].filter(mark => mark < end)) {
      this._marks.delete(mark);
    }
    const seconds = Math.max(1e-3, (performance.now() - began) / 1000);
    const wanted = BLOCK * Math.round((((end - offset) / seconds) * CHUNK_SECONDS) / BLOCK);
    this._chunk = Math.min(MAX_CHUNK, 2 * this._chunk, Math.max(MIN_CHUNK, wanted));
    this._tries = this._wrong = 0;
    progress(end / source.bytes.size);
  }

  private async _read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const { signal, source } = this._options;
    signal.throwIfAborted();
    const blob = source.bytes.slice(offset, offset + length);
    let bytes: Uint8Array<ArrayBuffer> | null = null;
    try {
      bytes = new Uint8Array(await blob.arrayBuffer());
    } catch {
      // A file that was changed since it was dropped is not given any more.
    }
    if (bytes === null || bytes.length !== blob.size) {
      throw new SourceChanged();
    }
    return bytes;
  }

  /** Wait for another try after a failure that may pass, or pass on one that does not. */
  private async _recover(error: unknown): Promise<void> {
    const { away, pause = rest, signal } = this._options;
    signal.throwIfAborted();
    const code = error instanceof ApiError ? error.code : '';
    if (code === 'name-taken') {
      // Since it was begun: what has it now, the server says when it is begun again.
      this._clash = 'ask';
      this._begun = null;
      return;
    }
    if (code === 'check-failed' && ++this._wrong < WRONG) {
      return;
    }
    const wait = PAUSES[this._tries];
    if (!(code === 'out-of-step' || AWAY.includes(code)) || wait === undefined) {
      throw error;
    }
    this._tries += 1;
    if (code === 'out-of-step') {
      this._begun = null;
      if (this._tries === 1) {
        return; // the server was started anew, and is there
      }
    }
    away?.(true);
    await pause(wait, signal);
  }

  private async _discard(): Promise<void> {
    const { api, folder } = this._options;
    try {
      if (this._key !== null) {
        await api.discard(folder, this._key);
      }
    } catch {
      // The connection is gone: the server removes what nobody goes on with.
    }
  }

  private _begun: IBegun | null = null;
  private _chunk = MIN_CHUNK;
  private _clash: Clash = 'ask';
  private _key: string | null = null;
  private _mark = '';
  private readonly _marks = new Map<number, BlockHash>();
  private _tries = 0;
  private _wrong = 0;
}

/** Wait, or until the network is back. */
function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      window.removeEventListener('online', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
    window.addEventListener('online', end);
  });
}
