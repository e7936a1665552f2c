import { TranslationBundle } from '@jupyterlab/translation';
import { Contents } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { HelloMeta } from '../../core/protocol';
import { IDataset, IExpectation, IListing, IRun } from '../answers';
import { Api } from '../api';
import { ApiError } from '../requests';
import { adviceOnServer, IAdvice } from '../handshake/advice';
import { ClashAnswer, IUploadOptions } from '../upload';
import { UploadApi } from '../uploadApi';
import { DatasetWork } from './datasetWork';
import { Imports } from './imports';
import { Labels } from './labels';
import { Models } from './models';
import { Polled } from './polling';
import { Runs } from './runs';
import { ServerWatch } from './serverWatch';
import { wordOf } from './states';
import { ITask, TaskList } from './tasks';

/** Milliseconds between two refreshes that nobody asked for. */
const QUIET = 3000;

/** Milliseconds to the next try where the list cannot be had from a server that is there. */
const AGAIN = 15_000;

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
    this.server = new ServerWatch(() => _options.api.hello());
    this.server.changed.connect(this._onServer, this);
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
    this.labels.changed.connect(this._onPolled, this);
    this.runs = new Runs(_options.api);
    this.runs.changed.connect(this._onRunsChanged, this);
    this.models = new Models(_options.api);
    this.models.changed.connect(this._onPolled, this);
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

  /** Whether the server answers. */
  readonly server: ServerWatch;

  readonly tasks: TaskList;

  readonly work: DatasetWork;

  /** Emitted after each change of what follows. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get datasets(): readonly IDataset[] {
    return this._listing.datasets;
  }

  /** What to do about halves that are missing or do not fit; those that were told first are first. */
  get advice(): readonly IAdvice[] {
    return [...this._advice.values()];
  }

  /** What the server's half said of itself; null before. */
  get greeting(): HelloMeta | null {
    return this._greeting;
  }

  /** Sentences about records that are not as they should be. */
  get warnings(): readonly string[] {
    return this._status === 'ready' && this.server.away !== null
      ? [this._awayText]
      : this._warnings;
  }

  /** `ready` once there is a list; the list stays when a later refresh fails. */
  get status(): 'loading' | 'ready' | 'no-server' | 'failed' {
    return this._status;
  }

  /** Why there is no list. */
  get failure(): string {
    return this.server.away === null ? this._failure : this._awayText;
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
    this.server.dispose();
    this.work.dispose();
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  /** Shake hands with the server's half and get the first list. */
  async start(): Promise<void> {
    try {
      this._greeting = await this._options.api.hello();
      this.advise('server', adviceOnServer(this._greeting, this._options.trans));
    } catch (error) {
      this._fail(error);
      return;
    }
    await this.refresh();
    await this.imports.findInterrupted();
  }

  /** Ask for the list again. */
  async refresh(): Promise<void> {
    if (this.server.away !== null) {
      await this.server.look();
      return this._started; // anew, if it is back
    }
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
      this._warnings = found.warnings;
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
    this.server.seen = seen;
    this._seen = seen;
    if (seen && this._status === 'failed') {
      void this.refresh();
    }
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

  /**
   * Say what to do about a half that is missing or does not fit.
   *
   * @param half - Which one; what was said of it before is forgotten.
   * @param advice - null for one that fits.
   */
  advise(half: 'server' | 'widgets' | 'kernel', advice: IAdvice | null): void {
    if (advice === (this._advice.get(half) ?? null)) {
      return;
    }
    if (advice === null) {
      this._advice.delete(half);
    } else {
      this._advice.set(half, advice);
    }
    this._emit();
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
    if (this._timer === undefined && !this._isDisposed) {
      this._timer = setTimeout(() => {
        this._timer = undefined;
        void (this._seen && this.refresh());
      }, AGAIN);
    }
    this.server.doubt(error);
    this._emit();
  }

  private get _awayText(): string {
    return this._options.trans.__(
      'The Jupyter server does not answer. The panel goes on by itself as soon as it does.'
    );
  }

  private _onServer(): void {
    const { away } = this.server;
    for (const polled of [this.labels, this.models, this.runs]) {
      polled.rests = away !== null;
    }
    if (away === null) {
      this._status = this._status === 'no-server' ? 'loading' : this._status;
      this._announcement = this._options.trans.__('The Jupyter server answers again.');
      this._started = this.start();
    } else {
      this._status = away.code === 'no-server' ? 'no-server' : this._status;
      clearTimeout(this._timer);
      this._timer = undefined;
    }
    this._emit();
  }

  private _onPolled({ failure }: Polled): void {
    this.server.doubt(failure);
    this._emit();
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
    this.server.doubt(this.runs.failure);
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

  private readonly _advice = new Map<string, IAdvice>();
  private _announcement = '';
  private readonly _changed = new Signal<this, void>(this);
  private _failure = '';
  private _greeting: HelloMeta | null = null;
  private _isDisposed = false;
  private _listing: IListing = { version: '', datasets: [], warnings: [] };
  private _refreshedAt = 0;
  private _running: ReadonlySet<string> = new Set();
  private _seen = false;
  private _serial = 0;
  /** The last handshake with a server that was away. */
  private _started: Promise<void> = Promise.resolve();
  private _status: 'loading' | 'ready' | 'no-server' | 'failed' = 'loading';
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _warnings: readonly string[] = [];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
