import { Api, ApiError, IDataset, IExpectation } from '../../../src/lab/api';

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

  override async version(): Promise<string> {
    this._check();
    return this.serverVersion;
  }

  override async datasets(): Promise<{ datasets: IDataset[]; warnings: string[] }> {
    this.lists += 1;
    this._check();
    return { datasets: [...this.list], warnings: this.warnings };
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
