import { TranslationBundle } from '@jupyterlab/translation';
import { Contents } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Api, ApiError, IDataset, IExpectation, IRun } from '../api';
import { ClashAnswer, upload } from '../upload';
import { VERSION } from '../version';
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
  /** The folder that takes uploaded files. */
  readonly folder: () => string;
  readonly onClash: (name: string, mayReplace: boolean) => Promise<ClashAnswer>;
}

/**
 * What the panel shows: the datasets of the catalogue, their labels, runs and models, and the work that
 * is under way.
 */
export class PanelModel implements IDisposable {
  constructor(private readonly _options: IPanelModelOptions) {
    this.tasks = new TaskList();
    this.tasks.changed.connect(this._emit, this);
    this.labels = new Labels(_options.api);
    this.labels.changed.connect(this._emit, this);
    this.runs = new Runs(_options.api);
    this.runs.changed.connect(this._onRunsChanged, this);
    this.models = new Models(_options.api);
    this.models.changed.connect(this._emit, this);
    _options.contents.fileChanged.connect(this._onFileChanged, this);
  }

  readonly labels: Labels;

  readonly models: Models;

  readonly runs: Runs;

  readonly tasks: TaskList;

  /** Emitted after each change of what follows. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get datasets(): readonly IDataset[] {
    return this._datasets;
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
    this.labels.dispose();
    this.models.dispose();
    this.runs.dispose();
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
      const { datasets, warnings } = await this._options.api.datasets();
      if (serial !== this._serial) {
        return; // a later question is under way, and its answer is newer
      }
      this._datasets = datasets;
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

  /** Upload files one after the other, then add each. */
  async addFiles(files: readonly File[], folders: readonly string[] = []): Promise<void> {
    const { trans } = this._options;
    for (const name of folders) {
      const task = this.tasks.add(name, 'waiting');
      this.tasks.fail(task, trans.__('%1 is a folder: drop the files in it.', name));
    }
    const jobs = files.map(file => ({
      file,
      task: this.tasks.add(file.name, 'waiting', file.size)
    }));
    this._uploads = this._uploads.then(async () => {
      for (const { file, task } of jobs) {
        await this._upload(file, task);
      }
    });
    await this._uploads;
  }

  /** Take a dataset out of the catalogue; its file stays. */
  async remove(name: string): Promise<void> {
    try {
      await this._options.api.remove(name);
      this.announce(this._options.trans.__('Removed %1 from the list.', name));
    } catch (error) {
      const task = this.tasks.add(name, 'waiting');
      this.tasks.fail(task, messageOf(error));
    }
    await this.refresh();
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

  private async _upload(file: File, task: ITask): Promise<void> {
    const { contents, folder, onClash, trans } = this._options;
    if (task.signal.aborted) {
      this.tasks.remove(task);
      return;
    }
    try {
      this.tasks.update(task, { state: 'uploading', fraction: 0 });
      const sent = await upload({
        contents,
        file,
        folder: contents.localPath(folder()),
        signal: task.signal,
        progress: fraction => this.tasks.update(task, { fraction }),
        onClash
      });
      if (sent === null) {
        this.tasks.remove(task);
        this.announce(trans.__('Cancelled %1.', file.name));
        return;
      }
      this.tasks.update(task, { state: 'checking' });
      const { path, ...expect } = sent;
      await this._register(task, path, expect);
    } catch (error) {
      this.tasks.fail(task, trans.__('%1 was not uploaded: %2', file.name, messageOf(error)));
    }
  }

  private async _register(task: ITask, path: string, expect?: IExpectation): Promise<void> {
    const { api, trans } = this._options;
    try {
      const dataset = await api.add(path, expect);
      this.tasks.remove(task);
      this.announce(trans.__('Added %1.', dataset.name));
    } catch (error) {
      const stays = expect
        ? trans.__('The uploaded file is kept as %1, but it is not in the list.', path)
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
    if (this._datasets.some(dataset => dataset.path !== null && paths.includes(dataset.path))) {
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
  private _datasets: readonly IDataset[] = [];
  private _failure = '';
  private _isDisposed = false;
  private _mismatch: string | null = null;
  private _refreshedAt = 0;
  private _running: ReadonlySet<string> = new Set();
  private _serial = 0;
  private _status: 'loading' | 'ready' | 'no-server' | 'failed' = 'loading';
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _uploads: Promise<void> = Promise.resolve();
  private _warnings: readonly string[] = [];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
