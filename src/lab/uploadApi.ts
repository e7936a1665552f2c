/**
 * The routes of uploads: the mirror of astrodata_lab/upload_routes.py.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { requestAPI } from './requests';

/** What an upload will be, told before its first byte. */
export interface IUploadFacts {
  /** Contents-API path of the folder that takes it. */
  readonly into: string;
  readonly name: string;
  readonly folder: boolean;
  /** Path in the folder and bytes, in the order in which they are sent; one file has an empty path. */
  readonly files: readonly (readonly [path: string, size: number])[];
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** SHA-256 of the first bytes. */
  readonly mark: string;
}

/** Where an upload goes on. */
export interface IBegun {
  /** What the next requests name; the server knows it until the upload is begun again. */
  readonly id: string;
  readonly key: string;
  /** Bytes that the server has, and their hash by blocks. */
  readonly have: number;
  readonly hash: string;
  /** What has the name already. */
  readonly taken: 'file' | 'folder' | 'other' | null;
}

/** An upload that has not ended. */
export interface ILeftover {
  readonly key: string;
  readonly name: string;
  readonly folder: boolean;
  readonly size: number;
  readonly have: number;
  /** Seconds for which nothing came of it. */
  readonly idle: number;
}

export type Clash = 'ask' | 'replace' | 'keep-both';

export class UploadApi {
  constructor(
    private readonly _settings: ServerConnection.ISettings,
    private readonly _trans: TranslationBundle
  ) {}

  /** Begin an upload, or go on with what the server has of it, unless that is to be forgotten. */
  begin(facts: IUploadFacts, fresh: boolean, signal: AbortSignal): Promise<IBegun> {
    return this._post({ ...facts, fresh }, signal);
  }

  /** Send bytes; the hash by blocks is that of all bytes up to their end. */
  async append(
    id: string,
    offset: number,
    bytes: Blob,
    hash: string,
    signal: AbortSignal
  ): Promise<void> {
    const query = URLExt.objectToQueryString({ id, offset, hash });
    const headers = { 'Content-Type': 'application/octet-stream' };
    await this._ask(query, { method: 'PUT', body: bytes, headers, signal });
  }

  /** Give an upload its name, and return that with its SHA-256. */
  finish(
    id: string,
    hash: string,
    clash: Clash,
    signal: AbortSignal
  ): Promise<{ name: string; sha256: string }> {
    return this._post({ finish: id, hash, clash }, signal);
  }

  /** The uploads into a folder that have not ended: of other pages, and of pages that are gone. */
  async leftovers(folder: string): Promise<readonly ILeftover[]> {
    const query = URLExt.objectToQueryString({ folder });
    return (await this._ask<{ uploads: ILeftover[] }>(query)).uploads;
  }

  /** Forget an upload and its bytes. */
  discard(folder: string, key: string): Promise<void> {
    return this._ask(URLExt.objectToQueryString({ folder, key }), { method: 'DELETE' });
  }

  private _post<T>(body: object, signal: AbortSignal): Promise<T> {
    return this._ask('', { method: 'POST', body: JSON.stringify(body), signal });
  }

  private _ask<T>(query: string, init: RequestInit = {}): Promise<T> {
    return requestAPI<T>('uploads' + query, init, this._settings, this._trans);
  }
}
