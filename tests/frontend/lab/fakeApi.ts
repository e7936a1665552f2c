import { Api, ApiError, IDataset, IExpectation, ILabelSession } from '../../../src/lab/api';

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

/** The server's half in memory. */
export class FakeApi extends Api {
  constructor() {
    super({ baseUrl: 'http://localhost/' } as never);
  }

  readonly added: [string, IExpectation | undefined][] = [];
  list: IDataset[] = [];
  warnings: string[] = [];
  /** What the next additions or lists fail with. */
  error: ApiError | null = null;
  serverVersion = '0.1.0';
  lists = 0;
  sessions: ILabelSession[] = [];
  labelWarnings: string[] = [];
  /** What the next looks at the labels fail with. */
  labelError: ApiError | null = null;
  labelLists = 0;

  override async version(): Promise<string> {
    this._check();
    return this.serverVersion;
  }

  override async datasets(): Promise<{ datasets: IDataset[]; warnings: string[] }> {
    this.lists += 1;
    this._check();
    return { datasets: [...this.list], warnings: this.warnings };
  }

  override async labels(): Promise<{ sessions: ILabelSession[]; warnings: string[] }> {
    this.labelLists += 1;
    if (this.labelError) {
      throw this.labelError;
    }
    return { sessions: [...this.sessions], warnings: this.labelWarnings };
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
    this.list = this.list.filter(item => item.name !== name);
  }

  private _check(): void {
    if (this.error) {
      throw this.error;
    }
  }
}
