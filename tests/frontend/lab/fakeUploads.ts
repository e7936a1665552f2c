import { createHash } from 'node:crypto';
import { nullTranslator } from '@jupyterlab/translation';

import { ApiError } from '../../../src/lab/requests';
import { BLOCK } from '../../../src/lab/hashing';
import { Clash, IBegun, ILeftover, IUploadFacts, UploadApi } from '../../../src/lab/uploadApi';

interface IStaged {
  readonly facts: IUploadFacts;
  bytes: Uint8Array;
}

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** The hash by blocks, told otherwise than the page does it. */
export function blockHash(bytes: Uint8Array): string {
  const all = createHash('sha256');
  for (let start = 0; start < bytes.length; start += BLOCK) {
    all.update(
      createHash('sha256')
        .update(bytes.subarray(start, start + BLOCK))
        .digest()
    );
  }
  return all.digest('hex');
}

/** The server's half in memory, with its rules: what is wrong or out of step is refused. */
export class FakeUploads extends UploadApi {
  constructor() {
    super({ baseUrl: 'http://localhost/' } as never, nullTranslator.load('test'));
  }

  /** What has its name, by path; a folder by the paths of its files. */
  readonly files = new Map<string, Uint8Array>();
  readonly staged = new Map<string, IStaged>();
  /** Offsets of the pieces that were kept. */
  readonly kept: number[] = [];
  readonly begun: IUploadFacts[] = [];
  /** Seconds for which nothing came of what has not ended. */
  idle = 60;
  /** Called before a request is answered; what it throws is the answer. */
  beforeBegin: () => void = () => undefined;
  beforeAppend: (offset: number, bytes: Uint8Array) => void | Promise<void> = () => undefined;
  beforeFinish: () => void = () => undefined;
  /** Called when a piece is kept, before that is told. */
  afterAppend: (offset: number) => void = () => undefined;

  override async begin(facts: IUploadFacts, fresh: boolean): Promise<IBegun> {
    this.beforeBegin();
    this.begun.push(facts);
    const key = sha256(Buffer.from(JSON.stringify(facts))).slice(0, 32);
    const staged = fresh ? undefined : this.staged.get(key);
    const { bytes } = staged ?? { bytes: new Uint8Array() };
    this.staged.set(key, { facts, bytes });
    const id = `${key}-${++this._turns}`;
    this._turnOf.set(key, id);
    const path = pathOf(facts, facts.name);
    const taken = this.files.has(path) ? 'file' : this._isFolder(path) ? 'folder' : null;
    return { id, key, have: bytes.length, hash: blockHash(bytes), taken };
  }

  override async append(
    id: string,
    offset: number,
    blob: Blob,
    hash: string,
    signal: AbortSignal
  ): Promise<void> {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    await this.beforeAppend(offset, bytes);
    if (signal.aborted) {
      throw away();
    }
    const staged = this._staged(id);
    if (staged.bytes.length !== offset) {
      throw new ApiError('out-of-step', `${staged.bytes.length} bytes are here`);
    }
    const all = new Uint8Array(Buffer.concat([staged.bytes, bytes]));
    if (blockHash(all) !== hash) {
      throw new ApiError('check-failed', 'other bytes than were sent');
    }
    staged.bytes = all;
    this.kept.push(offset);
    this.afterAppend(offset);
  }

  override async finish(
    id: string,
    hash: string,
    clash: Clash
  ): Promise<{ name: string; sha256: string }> {
    this.beforeFinish();
    const { facts, bytes } = this._staged(id);
    if (blockHash(bytes) !== hash) {
      throw new ApiError('check-failed', 'other bytes than were sent');
    }
    let name = facts.name;
    const isTaken = (): boolean =>
      this.files.has(pathOf(facts, name)) || this._isFolder(pathOf(facts, name));
    if (isTaken() && clash !== 'replace') {
      if (clash === 'ask') {
        throw new ApiError('name-taken', `${name} is there`);
      }
      for (let number = 2; isTaken(); number++) {
        name = facts.name.replace(/(\.[^.]*)?$/, ending => `-${number}${ending}`);
      }
    }
    let start = 0;
    for (const [path, size] of facts.files) {
      const whole = pathOf(facts, path ? `${name}/${path}` : name);
      this.files.set(whole, bytes.slice(start, (start += size)));
    }
    this.staged.delete(id.split('-')[0]);
    return { name, sha256: sha256(bytes) };
  }

  override async leftovers(folder: string): Promise<readonly ILeftover[]> {
    return [...this.staged]
      .filter(([, { facts }]) => facts.into === folder)
      .map(([key, { facts, bytes }]) => ({
        key,
        name: facts.name,
        folder: facts.folder,
        size: facts.files.reduce((sum, [, size]) => sum + size, 0),
        have: bytes.length,
        idle: this.idle
      }));
  }

  override async discard(_folder: string, key: string): Promise<void> {
    this.staged.delete(key);
  }

  /** Start anew: what was under way is on the disk, and no page has its turn. */
  restart(): void {
    this._turnOf.clear();
  }

  private _staged(id: string): IStaged {
    const key = id.split('-')[0];
    const staged = this.staged.get(key);
    if (!staged || this._turnOf.get(key) !== id) {
      throw new ApiError('out-of-step', 'not under way');
    }
    return staged;
  }

  private _isFolder(path: string): boolean {
    return [...this.files.keys()].some(one => one.startsWith(`${path}/`));
  }

  private readonly _turnOf = new Map<string, string>();
  private _turns = 0;
}

export const away = (): ApiError => new ApiError('network', 'The Jupyter server did not answer.');

function pathOf(facts: IUploadFacts, name: string): string {
  return facts.into ? `${facts.into}/${name}` : name;
}
