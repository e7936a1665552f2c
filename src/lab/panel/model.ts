import { TranslationBundle } from '@jupyterlab/translation';
import { Contents } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Api, ApiError, IDataset, IExpectation, IListing, IRun } from '../api';
import { ClashAnswer, IUploadOptions } from '../upload';
import { UploadApi } from '../uploadApi';
import { VERSION } from '../version';
import { DatasetWork } from './datasetWork';
import { Imports } from './imports';
import { Labels } from './labels';
import { Models } from './models';
import { Runs } from './runs';
import { wordOf } from './states';
import { ITask, TaskList } from './tasks';

/** Milliseconds between two refreshes that nobody asked for. */
const QUIET = 3000;

export interface IPanelModelOptions {
  readonly api: Api;
  readonly contents: Contents.IManager;
  readonly trans: TranslationBundle;
  /** Sections of the panel that are left out. */
  readonly disabledSections?: readonly string[];
  /** The folder that takes uploaded files. */
  readonly folder: () => string;
  readonly onClash: (name: string, mayReplace: boolean) => Promise<ClashAnswer>;
  readonly uploads: UploadApi;
  /** How an upload waits for a server that is away. */
  readonly pause?: IUploadOptions['pause'];
}

/**
 * What the panel shows: the datasets of the catalogue, their labels, runs and models, and the work that
 * is under way.
 */
export class PanelModel implements IDisposable {
  constructor(private readonly _options: IPanelModelOptions) {
    this.tasks = new TaskList();
    this.tasks.changed.connect(this._emit, this);
    const { contents, folder, onClash, pause, trans, uploads } = _options;
    this.imports = new Imports({
      api: uploads,
      tasks: this.tasks,
      trans,
      folder: () => contents.localPath(folder()),
      onClash,
      register: (task, path, expect) => this._register(task, path, true, expect),
      announce: text => this.announce(text),
      pause
    });
    this.labels = new Labels(_options.api);
    this.labels.changed.connect(this._emit, this);
    this.runs = new Runs(_options.api);
    this.runs.changed.connect(this._onRunsChanged, this);
    this.models = new Models(_options.api);
    this.models.changed.connect(this._emit, this);
    for (const section of ['labels', 'runs', 'models'] as const) {
      if (_options.disabledSections?.includes(section)) {
        this[section].leaveOut();
      }
    }
    this.work = new DatasetWork({
      api: _options.api,
      trans: _options.trans,
      refresh: () => this.refresh(),
      announce: text => this.announce(text),
      fail: (name, error) => this.tasks.fail(this.tasks.add(name, 'waiting'), messageOf(error))
    });
    this.work.changed.connect(this._emit, this);
    _options.contents.fileChanged.connect(this._onFileChanged, this);
  }

  readonly imports: Imports;

  readonly labels: Labels;

  readonly models: Models;

  readonly runs: Runs;

  readonly tasks: TaskList;

  readonly work: DatasetWork;

  /** Emitted after each change of what follows. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get datasets(): readonly IDataset[] {
    return this._listing.datasets;
  }

  /** Sentences about records or versions that are not as they should be. */
  get warnings(): readonly string[] {
    return this._warnings;
  }

  /** `ready` once there is a list; the list stays when a later refresh fails. */
  get status(): 'loading' | 'ready' | 'no-server' | 'failed' {
    return this._status;
  }

  /** Why there is no list. */
  get failure(): string {
    return this._failure;
  }

  /** What happened last, for those who listen to the page. */
  get announcement(): string {
    return this._announcement;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this.tasks.cancelAll();
    this.imports.dispose();
    this.labels.dispose();
    this.models.dispose();
    this.runs.dispose();
    this.work.dispose();
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  /** Shake hands with the server's half and get the first list. */
  async start(): Promise<void> {
    try {
      const version = await this._options.api.version();
      this._mismatch = version === VERSION ? null : this._mismatchText(version);
    } catch (error) {
      this._fail(error);
      return;
    }
    await this.refresh();
    await this.imports.findInterrupted();
  }

  /** Ask for the list again. */
  async refresh(): Promise<void> {
    if (this._status === 'no-server') {
      this._status = 'loading';
      this._emit();
      return this.start();
    }
    clearTimeout(this._timer);
    this._timer = undefined;
    this._refreshedAt = Date.now();
    const serial = ++this._serial;
    void this.labels.refresh();
    void this.runs.refresh();
    void this.models.refresh();
    try {
      const found = (await this._options.api.datasets(this._listing.version)) ?? this._listing;
      if (serial !== this._serial) {
        return; // a later question is under way, and its answer is newer
      }
      this._listing = found;
      const { warnings } = found;
      this._warnings = this._mismatch === null ? warnings : [this._mismatch, ...warnings];
      this._status = 'ready';
      this._emit();
    } catch (error) {
      this._fail(error);
    }
  }

  /** Say whether somebody sees the panel. */
  set seen(seen: boolean) {
    this.labels.seen = seen;
    this.runs.seen = seen;
    this.models.seen = seen;
  }

  /** Ask for the list unasked: now, or once the last one is some seconds old. */
  refreshSoon(): void {
    if (this._status === 'ready' && this._timer === undefined) {
      const wait = Math.max(0, this._refreshedAt + QUIET - Date.now());
      this._timer = setTimeout(() => void this.refresh(), wait);
    }
  }

  /** Add files of the server by their Contents-API paths, without copying. */
  async addPaths(paths: readonly string[]): Promise<void> {
    const { contents, trans } = this._options;
    const jobs = paths.map(path => {
      const task = this.tasks.add(path.split('/').pop() ?? path, 'checking');
      const drive = contents.driveName(path);
      if (drive && drive !== 'RTC') {
        this.tasks.fail(
          task,
          trans.__('%1 is on the drive %2: copy it to the server first.', path, drive)
        );
        return Promise.resolve();
      }
      return this._register(task, contents.localPath(path));
    });
    await Promise.all(jobs);
  }

  /** Say why an address does not become a cell. */
  refuseAddress(address: string): void {
    const { trans } = this._options;
    this.tasks.fail(
      this.tasks.add(new URL(address).host, 'waiting'),
      trans.__(
        'This address holds a password or a key, which the notebook would keep: open it in a cell that ' +
          'reads the secret from elsewhere.'
      )
    );
  }

  /** Ask a run to end. */
  async cancelRun(run: IRun): Promise<void> {
    const { trans } = this._options;
    try {
      const asked = await this.runs.cancel(run.id);
      this.announce(
        asked
          ? trans.__('Asked %1 to end.', run.pipeline)
          : trans.__('%1 has ended already.', run.pipeline)
      );
    } catch (error) {
      const task = this.tasks.add(run.pipeline, 'waiting');
      this.tasks.fail(task, messageOf(error));
    }
  }

  /** Tell something to those who listen to the page. */
  announce(text: string): void {
    this._announcement = text;
    this._emit();
  }

  private async _register(
    task: ITask,
    path: string,
    uploaded = false,
    expect?: IExpectation
  ): Promise<void> {
    const { api, trans } = this._options;
    try {
      const dataset = await api.add(path, expect);
      this.tasks.remove(task);
      this.announce(trans.__('Added %1.', dataset.name));
    } catch (error) {
      const stays = uploaded
        ? trans.__('What was uploaded is kept as %1, but it is not in the list.', path)
        : '';
      this.tasks.fail(task, messageOf(error), stays);
      return;
    }
    await this.refresh();
  }

  private _fail(error: unknown): void {
    const missing = error instanceof ApiError && error.code === 'no-server';
    this._status = missing ? 'no-server' : this._status === 'ready' ? 'ready' : 'failed';
    this._failure = messageOf(error);
    if (this._status === 'ready') {
      this._warnings = [this._failure];
    }
    this._emit();
  }

  private _mismatchText(version: string): string {
    return this._options.trans.__(
      'This page has version %1 of astrodata-lab and the Jupyter server %2: install one version in ' +
        'the environment of the server (pip install astrodata-lab==%1), restart it, and reload the page.',
      VERSION,
      version
    );
  }

  private _onFileChanged(_: Contents.IManager, change: Contents.IChangedArgs): void {
    const paths = [change.oldValue?.path, change.newValue?.path];
    if (this.datasets.some(dataset => dataset.path !== null && paths.includes(dataset.path))) {
      void this.refresh();
    }
  }

  /** Tell which runs have ended meanwhile. */
  private _onRunsChanged(): void {
    const { trans } = this._options;
    const ended = this.runs.items.filter(
      ({ id, state }) => state !== 'running' && this._running.has(id)
    );
    this._running = new Set(
      this.runs.items.filter(({ state }) => state === 'running').map(({ id }) => id)
    );
    if (ended.length > 0) {
      this._announcement = ended
        .map(({ pipeline, state }) => `${pipeline}: ${wordOf(state, trans)}`)
        .join(', ');
      void this.models.refresh();
    }
    this._emit();
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _announcement = '';
  private readonly _changed = new Signal<this, void>(this);
  private _failure = '';
  private _isDisposed = false;
  private _listing: IListing = { version: '', datasets: [], warnings: [] };
  private _mismatch: string | null = null;
  private _refreshedAt = 0;
  private _running: ReadonlySet<string> = new Set();
  private _serial = 0;
  private _status: 'loading' | 'ready' | 'no-server' | 'failed' = 'loading';
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _warnings: readonly string[] = [];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
