import { nullTranslator } from '@jupyterlab/translation';

import {
  IDataset,
  IExpectation,
  IHeader,
  ILabelSession,
  IListing,
  IModel,
  IModelVersion,
  IPipeline,
  IRun,
  IRunDetails,
  IStep,
  IVerification
} from '../../../src/lab/answers';
import { Api } from '../../../src/lab/api';
import { ApiError } from '../../../src/lab/requests';
import { HelloMeta, PROTOCOL } from '../../../src/core/protocol';
import { VERSION } from '../../../src/core/version';

export function dataset(name: string, changes: Partial<IDataset> = {}): IDataset {
  return {
    name,
    path: `${name}.fits`,
    kind: 'image',
    format: 'fits',
    shape: [720, 721],
    dtype: 'int16',
    size: 1045440,
    mtime: 1,
    sha256: '0'.repeat(64),
    tags: [],
    added: '2026-01-01T10:00:00+00:00',
    state: 'ok',
    ...changes
  };
}

export function labelSession(name: string, changes: Partial<ILabelSession> = {}): ILabelSession {
  return {
    name,
    path: `astrodata/labels/${name}`,
    dataset: 'ecg',
    source: { name: 'ecg', path: 'data/ecg.npy', kind: 'image', format: 'NumPy', state: 'ok' },
    classes: [
      { name: 'normal', color: '#4477aa', count: 1200 },
      { name: 'anomaly', color: '#ee6677', count: 34 }
    ],
    annotators: [
      { name: 'ada', count: 1000, counts: [980, 20] },
      { name: 'grace', count: 234, counts: [220, 14] }
    ],
    more: { classes: 0, annotators: 0 },
    labelled: 1234,
    changed: 1000,
    ...changes
  };
}

export function run(id: string, changes: Partial<IRun> = {}): IRun {
  return {
    id,
    pipeline: 'cardio',
    state: 'finished',
    share: 1,
    started: '2026-01-01T10:00:00+00:00',
    ended: '2026-01-01T10:03:20+00:00',
    seconds: 200,
    cancelling: false,
    running: [],
    counts: { steps: 3, ended: 3, computed: 1, cached: 2 },
    mlflow: { run: `m-${id}`, address: null, file: 'astrodata/mlflow.db' },
    ...changes
  };
}

export function step(name: string, changes: Partial<IStep> = {}): IStep {
  return {
    name,
    block: 'read_table',
    stage: 'ingest',
    state: 'finished',
    share: 1,
    text: '',
    seconds: 2.5,
    error: null,
    metrics: {},
    outputs: { table: { hash: 'sha256:00', kind: 'table' } },
    tests: [],
    notes: [],
    ...changes
  };
}

export function details(of: IRun, changes: Partial<IRunDetails> = {}): IRunDetails {
  return {
    ...of,
    user: 'ada',
    host: 'hub',
    parameters: [],
    again: { path: 'cardio.yaml', copy: false, source: null },
    steps: [step('read')],
    more: 0,
    notes: [],
    error: null,
    ...changes
  };
}

export function version(number: number, changes: Partial<IModelVersion> = {}): IModelVersion {
  return {
    version: number,
    created: 1000,
    run: 'abcdef0123456789',
    aliases: [],
    reasons: [],
    lineage: null,
    metrics: {},
    ...changes
  };
}

export function model(name: string, changes: Partial<IModel> = {}): IModel {
  return { name, changed: 1000, count: 1, versions: [version(1)], ...changes };
}

/** The server's half in memory. */
export class FakeApi extends Api {
  constructor() {
    super({ baseUrl: 'http://localhost/' } as never, nullTranslator.load('test'));
  }

  readonly added: [string, IExpectation | undefined][] = [];
  list: IDataset[] = [];
  /** What was removed. */
  readonly gone: IDataset[] = [];
  /** Hashes under way, by name. */
  readonly hashes = new Map<
    string,
    {
      progress: (share: number) => void;
      resolve: (check: IVerification) => void;
      reject: (error: Error) => void;
    }
  >();
  /** Paths whose headers were asked for. */
  readonly headers: string[] = [];
  headerOf: IHeader = { cards: [], truncated: false, facts: [], parts: [] };
  warnings: string[] = [];
  /** What the next additions or lists fail with. */
  error: ApiError | null = null;
  greeting: HelloMeta = { protocol: PROTOCOL, version: VERSION };
  lists = 0;
  sessions: ILabelSession[] = [];
  labelWarnings: string[] = [];
  /** What the next looks at the labels fail with. */
  labelError: ApiError | null = null;
  labelLists = 0;
  readonly cancelled: string[] = [];
  runList: IRun[] = [];
  runDetails: IRunDetails[] = [];
  runWarnings: string[] = [];
  /** What the next looks at the runs fail with. */
  runError: ApiError | null = null;
  runLists = 0;
  runLooks = 0;
  pipelineList: IPipeline[] = [];
  modelList: IModel[] = [];
  modelAddress: string | null = null;
  modelWarnings: string[] = [];

  override async hello(): Promise<HelloMeta> {
    this._check();
    return this.greeting;
  }

  override async datasets(known = ''): Promise<IListing | null> {
    this.lists += 1;
    this._check();
    const version = JSON.stringify([this.list, this.warnings]);
    const found = { version, datasets: [...this.list], warnings: this.warnings };
    return version === known ? null : found;
  }

  override async labels(): Promise<{ sessions: ILabelSession[]; warnings: string[] }> {
    this.labelLists += 1;
    if (this.labelError) {
      throw this.labelError;
    }
    return { sessions: [...this.sessions], warnings: this.labelWarnings };
  }

  override async runs(): Promise<{ runs: IRun[]; warnings: string[] }> {
    this.runLists += 1;
    if (this.runError) {
      throw this.runError;
    }
    return { runs: [...this.runList], warnings: this.runWarnings };
  }

  override async run(id: string): Promise<IRunDetails> {
    this.runLooks += 1;
    const found = this.runDetails.find(one => one.id === id);
    if (found === undefined) {
      throw new ApiError('unknown-name', `there is no run ${id}`);
    }
    return found;
  }

  override async cancelRun(id: string): Promise<boolean> {
    this._check();
    this.cancelled.push(id);
    return true;
  }

  override async pipelines(): Promise<{ pipelines: IPipeline[]; warnings: string[] }> {
    return { pipelines: this.pipelineList, warnings: [] };
  }

  override async models(): Promise<{
    models: IModel[];
    address: string | null;
    warnings: string[];
  }> {
    return { models: this.modelList, address: this.modelAddress, warnings: this.modelWarnings };
  }

  override async add(path: string, expect?: IExpectation): Promise<IDataset> {
    this.added.push([path, expect]);
    this._check();
    const added = dataset(path.replace(/\.fits$/, ''), { path });
    this.list.push(added);
    return added;
  }

  override async remove(name: string): Promise<void> {
    this._check();
    this.gone.push(...this.list.filter(item => item.name === name));
    this.list = this.list.filter(item => item.name !== name);
  }

  override async restore(name: string): Promise<IDataset> {
    this._check();
    const back = this.gone.find(item => item.name === name)!;
    this.list = [...this.list, back];
    return back;
  }

  override async change(
    name: string,
    changes: Partial<Pick<IDataset, 'name' | 'tags'>>
  ): Promise<IDataset> {
    this._check();
    if (changes.name !== name && this.list.some(item => item.name === changes.name)) {
      throw new ApiError('name-taken', `there is a ${changes.name} already: choose another name`);
    }
    this.list = this.list.map(item => (item.name === name ? { ...item, ...changes } : item));
    return this.list.find(item => item.name === (changes.name ?? name))!;
  }

  override verify(
    name: string,
    progress: (share: number) => void,
    signal: AbortSignal
  ): Promise<IVerification> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new ApiError('network', 'gone')));
      this.hashes.set(name, { progress, resolve, reject });
    });
  }

  override async header(path: string): Promise<IHeader> {
    this.headers.push(path);
    return this.headerOf;
  }

  private _check(): void {
    if (this.error) {
      throw this.error;
    }
  }
}
