/**
 * What the server's half answers: the mirror of astrodata_lab/routes.py.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** One dataset of the catalogue. */
export interface IDataset {
  readonly name: string;
  /** Contents-API path, null for a file outside of the server's root. */
  readonly path: string | null;
  readonly kind: string;
  readonly format: string;
  /** As in NumPy: rows before columns. */
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly sha256: string;
  readonly tags: readonly string[];
  readonly state: 'ok' | 'missing' | 'changed';
}

/** A class of a label session. */
export interface ILabelClass {
  readonly name: string;
  /** `#rrggbb`, null where the session has no colour for it. */
  readonly color: string | null;
  /** Labels that it has now. */
  readonly count: number;
}

/** Who labelled in a session, and how much. */
export interface IAnnotator {
  readonly name: string;
  readonly count: number;
  /** Labels of each class, in the order of the session's classes. */
  readonly counts: readonly number[];
}

/** The labels that were given to one dataset for one purpose. */
export interface ILabelSession {
  readonly name: string;
  /** Contents-API path of its folder. */
  readonly path: string;
  /** Name of its dataset, empty when it has none. */
  readonly dataset: string;
  /** What the catalogue has under that name, or with its bytes. */
  readonly source: Pick<IDataset, 'name' | 'path' | 'kind' | 'format' | 'state'> | null;
  readonly classes: readonly ILabelClass[];
  readonly annotators: readonly IAnnotator[];
  /** Classes and annotators that are too many to be listed here. */
  readonly more: { readonly classes: number; readonly annotators: number };
  /** Events that have a label. */
  readonly labelled: number;
  /** Seconds since 1970, null when nobody knows. */
  readonly changed: number | null;
}

/** What an uploaded file must turn out to be. */
export interface IExpectation {
  readonly size: number;
  readonly sha256: string;
}

/** An answer of the server's half that is not what was asked for. */
export class ApiError extends Error {
  constructor(
    /** A code of astrodata_lab/refusals.py; `no-server` or `network` when that half did not speak. */
    readonly code: string,
    message: string
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** Ask one route of the server's half. */
export async function requestAPI<T>(
  endPoint: string,
  init: RequestInit,
  serverSettings: ServerConnection.ISettings
): Promise<T> {
  const url = URLExt.join(serverSettings.baseUrl, 'astrodata-lab', endPoint);
  let response: Response;
  let text: string;
  try {
    response = await ServerConnection.makeRequest(url, init, serverSettings);
    text = await response.text();
  } catch {
    throw new ApiError('network', 'The Jupyter server did not answer: is it still running?');
  }
  const body = parse(text);
  if (!response.ok) {
    throw errorOf(response, body);
  }
  return body as T;
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(response: Response, body: unknown): ApiError {
  const error = (body as { error?: { code?: unknown; message?: unknown } } | undefined)?.error;
  if (typeof error?.code === 'string' && typeof error.message === 'string') {
    return new ApiError(error.code, error.message);
  }
  // A 404 in other words than ours: nobody listens at this address.
  const code = response.status === 404 ? 'no-server' : 'network';
  return new ApiError(code, `The Jupyter server answered ${response.status}.`);
}

/** The routes, one method each. */
export class Api {
  constructor(readonly serverSettings: ServerConnection.ISettings) {}

  async version(): Promise<string> {
    return (await this._ask<{ version: string }>('version')).version;
  }

  datasets(): Promise<{ datasets: IDataset[]; warnings: string[] }> {
    return this._ask('datasets');
  }

  labels(): Promise<{ sessions: ILabelSession[]; warnings: string[] }> {
    return this._ask('labels');
  }

  add(path: string, expect?: IExpectation): Promise<IDataset> {
    return this._ask('datasets', {
      method: 'POST',
      body: JSON.stringify(expect ? { path, expect } : { path })
    });
  }

  remove(name: string): Promise<void> {
    return this._ask('datasets' + URLExt.objectToQueryString({ name }), { method: 'DELETE' });
  }

  /** Address of a picture; it changes with the file, so that no old one is shown. */
  thumbnailUrl(path: string, size: number, version: string): string {
    const query = URLExt.objectToQueryString({ path, size, v: version });
    return URLExt.join(this.serverSettings.baseUrl, 'astrodata-lab', 'thumbnail') + query;
  }

  private _ask<T>(endPoint: string, init: RequestInit = {}): Promise<T> {
    return requestAPI<T>(endPoint, init, this.serverSettings);
  }
}
