/**
 * The routes of the server's half: the mirror of astrodata_lab/routes.py.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { HelloMeta } from '../core/protocol';
import {
  IDataset,
  IListing,
  IVerification,
  IHeader,
  ILabelSession,
  IRun,
  IRunDetails,
  IPipeline,
  IModel,
  INotebook,
  IExpectation
} from './answers';
import { lastLine, requestAPI } from './requests';

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

function datasetOf(name: string): string {
  return 'datasets' + URLExt.objectToQueryString({ name });
}
