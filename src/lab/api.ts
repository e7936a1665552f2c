/**
 * What the server's half answers: the mirror of astrodata_lab/routes.py.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { HelloMeta } from '../core/protocol';

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
  /** In UTC, as ISO 8601. */
  readonly added: string;
  /** At a glance, by size and time; the bytes are compared by `Api.verify`. */
  readonly state: 'ok' | 'missing' | 'changed';
}

/** The catalogue, with what tells it from later ones. */
export interface IListing {
  readonly version: string;
  readonly datasets: readonly IDataset[];
  readonly warnings: readonly string[];
}

/** What a hash of all bytes said, in a word and in a sentence. */
export interface IVerification {
  readonly state: IDataset['state'];
  readonly message: string;
}

/** What a file tells of itself. */
export interface IHeader {
  /** Keyword, value and comment, the first of them. */
  readonly cards: readonly (readonly [string, unknown, string])[];
  /** Whether there are more. */
  readonly truncated: boolean;
  /** Names and texts, of formats without cards. */
  readonly facts: readonly (readonly [string, string])[];
  readonly parts: readonly {
    readonly index: number;
    readonly name: string;
    readonly kind: string;
    readonly shape: readonly number[];
  }[];
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

export type RunState = 'running' | 'finished' | 'failed' | 'cancelled' | 'lost';
export type StepState =
  'waiting' | 'running' | 'cached' | 'finished' | 'failed' | 'cancelled' | 'skipped';

/** One run of a pipeline. */
export interface IRun {
  readonly id: string;
  readonly pipeline: string;
  /** `lost` for one whose process does not live any more, but that never said that it ended. */
  readonly state: RunState;
  /** From 0 to 1. */
  readonly share: number;
  /** In UTC, as ISO 8601. */
  readonly started: string;
  readonly ended: string | null;
  /** That it took, or takes so far; null where nobody knows. */
  readonly seconds: number | null;
  /** It was asked to end, and has not yet. */
  readonly cancelling: boolean;
  /** The steps that run now, the first of them. */
  readonly running: readonly {
    readonly name: string;
    readonly text: string;
    readonly share: number;
  }[];
  readonly counts: {
    readonly steps: number;
    readonly ended: number;
    readonly computed: number;
    readonly cached: number;
  };
  /** Its run in MLflow, with the address of that or, from the root, its SQLite file. */
  readonly mlflow: {
    readonly run: string;
    readonly address: string | null;
    readonly file: string | null;
  } | null;
}

/** One step of a run. */
export interface IStep {
  readonly name: string;
  readonly block: string;
  readonly stage: string;
  readonly state: StepState;
  readonly share: number;
  readonly text: string;
  readonly seconds: number | null;
  readonly error: string | null;
  /** A number that is not finite is a text. */
  readonly metrics: Readonly<Record<string, number | string>>;
  readonly outputs: Readonly<Record<string, { readonly hash: string; readonly kind: string }>>;
  readonly tests: readonly {
    readonly output: string;
    readonly ok: boolean;
    readonly summary: string;
  }[];
  readonly notes: readonly string[];
}

/** All of one run. */
export interface IRunDetails extends IRun {
  readonly user: string;
  readonly host: string;
  /** With their values as one reads them, and as Python does; null when they are too long for a cell. */
  readonly parameters: readonly IParameter[] | null;
  /** Its YAML, from the root or a whole path: the file, or the copy that the run keeps. */
  readonly again: {
    readonly path: string;
    readonly copy: boolean;
    /** The file that it was read from, where that is not any more what was run. */
    readonly source: string | null;
  } | null;
  readonly steps: readonly IStep[];
  /** Steps that are too many to be listed here. */
  readonly more: number;
  readonly notes: readonly string[];
  readonly error: string | null;
}

export interface IParameter {
  readonly name: string;
  readonly text: string;
  readonly python: string;
}

/** A pipeline that lies in the workspace. */
export interface IPipeline {
  /** Contents-API path of its YAML. */
  readonly path: string;
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly {
    readonly name: string;
    /** Its default as one types it. */
    readonly text: string;
    /** Whether the default is a text: what is typed is then one too. */
    readonly is_text: boolean;
  }[];
  /** Why it cannot be read, null for one that can. */
  readonly problem: string | null;
}

/** A version of a registered model. */
export interface IModelVersion {
  readonly version: number;
  /** Seconds since 1970, null when nobody knows. */
  readonly created: number | null;
  /** In MLflow. */
  readonly run: string | null;
  readonly aliases: readonly string[];
  /** Why an alias points to it. */
  readonly reasons: readonly {
    readonly alias: string;
    readonly reason: string;
    readonly who: string;
    readonly when: string;
  }[];
  /** Hash of the model in the lineage. */
  readonly lineage: string | null;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A registered model. */
export interface IModel {
  readonly name: string;
  readonly changed: number | null;
  /** Of all its versions, of which the newest are listed. */
  readonly count: number;
  readonly versions: readonly IModelVersion[];
}

/** A notebook's file, as nbformat 4 has it. */
export interface INotebook {
  readonly metadata: { kernelspec?: { name: string; display_name: string; language: string } };
  readonly cells: readonly object[];
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
  serverSettings: ServerConnection.ISettings,
  trans: TranslationBundle
): Promise<T> {
  const url = URLExt.join(serverSettings.baseUrl, 'astrodata-lab', endPoint);
  let response: Response;
  let text: string;
  try {
    response = await ServerConnection.makeRequest(url, init, serverSettings);
    text = await response.text();
  } catch {
    throw silence(trans);
  }
  const body = parse(text);
  if (!response.ok) {
    throw errorOf(response, body, trans);
  }
  return body as T;
}

/** Ask a route that answers with lines of JSON: how far it is, and at last what was asked for. */
async function lastLine<T>(
  endPoint: string,
  signal: AbortSignal,
  progress: (share: number) => void,
  serverSettings: ServerConnection.ISettings,
  trans: TranslationBundle
): Promise<T> {
  const url = URLExt.join(serverSettings.baseUrl, 'astrodata-lab', endPoint);
  let last: Record<string, unknown> = { progress: 0 };
  let response: Response;
  const take = (text: string): void => {
    last = (parse(text) as Record<string, unknown> | undefined) ?? last;
    if (typeof last['progress'] === 'number') {
      progress(last['progress']);
    }
  };
  try {
    response = await ServerConnection.makeRequest(url, { method: 'POST', signal }, serverSettings);
    if (response.ok && response.body) {
      await eachLine(response.body, take);
    } else {
      take(await response.text());
    }
  } catch {
    throw silence(trans);
  }
  if (!response.ok || 'error' in last) {
    throw errorOf(response, last, trans);
  }
  if ('progress' in last) {
    throw silence(trans); // cut off before its end
  }
  return last as T;
}

async function eachLine(
  body: ReadableStream<Uint8Array>,
  take: (line: string) => void
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (let more = true; more;) {
    const { done, value } = await reader.read();
    more = !done;
    rest += value ? decoder.decode(value, { stream: true }) : '';
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    lines.filter(Boolean).forEach(take);
  }
}

function silence(trans: TranslationBundle): ApiError {
  const text = trans.__('The Jupyter server did not answer: is it still running?');
  return new ApiError('network', text);
}

function datasetOf(name: string): string {
  return 'datasets' + URLExt.objectToQueryString({ name });
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(response: Response, body: unknown, trans: TranslationBundle): ApiError {
  const error = (body as { error?: { code?: unknown; message?: unknown } } | undefined)?.error;
  if (typeof error?.code === 'string' && typeof error.message === 'string') {
    return new ApiError(error.code, error.message);
  }
  // A 404 in other words than ours: nobody listens at this address.
  const code = response.status === 404 ? 'no-server' : 'network';
  return new ApiError(code, trans.__('The Jupyter server answered %1.', response.status));
}

/** The routes, one method each. */
export class Api {
  constructor(
    readonly serverSettings: ServerConnection.ISettings,
    private readonly _trans: TranslationBundle
  ) {}

  /** What the server's half says of itself; one of the first versions gives no protocol. */
  async hello(): Promise<HelloMeta> {
    const said = await this._ask<Partial<HelloMeta> & { version: string }>('version');
    return { ...said, protocol: said.protocol ?? 0 };
  }

  /** The catalogue, null where it is still the version that is known. */
  async datasets(known = ''): Promise<IListing | null> {
    const found = await this._ask<IListing & { same?: boolean }>(
      'datasets' + URLExt.objectToQueryString(known ? { known } : {})
    );
    return found.same ? null : found;
  }

  labels(): Promise<{ sessions: ILabelSession[]; warnings: string[] }> {
    return this._ask('labels');
  }

  runs(): Promise<{ runs: IRun[]; warnings: string[] }> {
    return this._ask('runs');
  }

  run(id: string): Promise<IRunDetails> {
    return this._ask('runs' + URLExt.objectToQueryString({ id }));
  }

  /** Ask a run to end; false for one that has already. */
  async cancelRun(id: string): Promise<boolean> {
    const body = JSON.stringify({ id, do: 'cancel' });
    return (await this._ask<{ asked: boolean }>('runs', { method: 'POST', body })).asked;
  }

  pipelines(): Promise<{ pipelines: IPipeline[]; warnings: string[] }> {
    return this._ask('pipelines');
  }

  models(): Promise<{ models: IModel[]; address: string | null; warnings: string[] }> {
    return this._ask('models');
  }

  /** A notebook to begin with, by its name. */
  template(name: string): Promise<INotebook> {
    return this._ask('templates' + URLExt.objectToQueryString({ name }));
  }

  add(path: string, expect?: IExpectation): Promise<IDataset> {
    return this._ask('datasets', {
      method: 'POST',
      body: JSON.stringify(expect ? { path, expect } : { path })
    });
  }

  remove(name: string): Promise<void> {
    return this._ask(datasetOf(name), { method: 'DELETE' });
  }

  /** Bring back a dataset that was removed. */
  restore(name: string): Promise<IDataset> {
    return this._ask('datasets', { method: 'POST', body: JSON.stringify({ restore: name }) });
  }

  /** Give a dataset another name, or other tags. */
  change(name: string, changes: Partial<Pick<IDataset, 'name' | 'tags'>>): Promise<IDataset> {
    return this._ask(datasetOf(name), { method: 'PATCH', body: JSON.stringify(changes) });
  }

  /**
   * Hash the file of a dataset again.
   *
   * @param progress - Told the share of the bytes that are hashed.
   * @param signal - Ends the work on the server too.
   */
  async verify(
    name: string,
    progress: (share: number) => void,
    signal: AbortSignal
  ): Promise<IVerification> {
    const query = URLExt.objectToQueryString({ name });
    return lastLine<IVerification>(
      'verify' + query,
      signal,
      progress,
      this.serverSettings,
      this._trans
    );
  }

  /** What a file tells of itself, with the first of its cards. */
  header(path: string, cards: number, signal: AbortSignal): Promise<IHeader> {
    return this._ask('header' + URLExt.objectToQueryString({ path, cards }), { signal });
  }

  /** Address of a picture; it changes with the file, so that no old one is shown. */
  thumbnailUrl(path: string, size: number, version: string): string {
    const query = URLExt.objectToQueryString({ path, size, v: version });
    return URLExt.join(this.serverSettings.baseUrl, 'astrodata-lab', 'thumbnail') + query;
  }

  private _ask<T>(endPoint: string, init: RequestInit = {}): Promise<T> {
    return requestAPI<T>(endPoint, init, this.serverSettings, this._trans);
  }
}
