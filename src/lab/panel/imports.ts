import { TranslationBundle } from '@jupyterlab/translation';

import { IExpectation } from '../answers';
import { ApiError } from '../requests';
import {
  Dropped,
  ISource,
  MAX_FILES,
  sourceOfFile,
  sourceOfFolder,
  sourcesOfChosen,
  TooManyFiles
} from '../sources';
import { ClashAnswer, IUploadOptions, SourceChanged, upload } from '../upload';
import { ILeftover, UploadApi } from '../uploadApi';
import { OwnUploads } from './ownUploads';
import { ITask, TaskList } from './tasks';

/** Seconds after which an upload of which nothing came has no page any more. */
const SILENT = 30;

export interface IImportsOptions {
  readonly api: UploadApi;
  readonly tasks: TaskList;
  readonly trans: TranslationBundle;
  /** Contents-API path of the folder that takes what is uploaded. */
  readonly folder: () => string;
  readonly onClash: (name: string, mayReplace: boolean) => Promise<ClashAnswer>;
  /** Add what has arrived; a folder has no hash of its own. */
  readonly register: (task: ITask, path: string, expect?: IExpectation) => Promise<void>;
  readonly announce: (text: string) => void;
  readonly pause?: IUploadOptions['pause'];
}

/** What is behind a row: where it goes, and the key under which the server keeps what it has. */
interface IJob {
  readonly source: ISource | null;
  readonly folder: string;
  key: string | null;
}

/** What comes from the desktop: one after the other, each a row until it is a dataset. */
export class Imports {
  constructor(private readonly _options: IImportsOptions) {}

  /** Upload what was dropped or pasted. */
  async add(dropped: readonly Dropped[]): Promise<void> {
    await Promise.all(
      dropped.map(one => (one instanceof File ? this._enqueue(sourceOfFile(one)) : this._list(one)))
    );
  }

  /** Upload what was chosen in a dialog: files, or the files of a folder. */
  async addChosen(files: readonly File[]): Promise<void> {
    try {
      await Promise.all(sourcesOfChosen(files).map(source => this._enqueue(source)));
    } catch (error) {
      const [name] = files[0].webkitRelativePath.split('/');
      this._options.tasks.fail(this._options.tasks.add(name, 'listing'), this._reason(error));
    }
  }

  /** Go on with an upload that failed. */
  async retry(task: ITask): Promise<void> {
    const job = this._jobs.get(task.id);
    if (job?.source) {
      this._forget(task);
      await this._enqueue(job.source, job.folder);
    }
  }

  /** Take a row away, and what the server keeps of it. */
  async dismiss(task: ITask): Promise<void> {
    const job = this._jobs.get(task.id);
    this._forget(task);
    if (job?.key) {
      try {
        await this._options.api.discard(job.folder, job.key);
      } catch {
        // The server removes by itself what nobody goes on with.
      }
    }
  }

  /** Show the uploads whose page is gone: it was one of this browser, or is silent. */
  async findInterrupted(): Promise<void> {
    clearTimeout(this._timer);
    const { api, tasks } = this._options;
    const folder = this._options.folder();
    let found: readonly ILeftover[];
    try {
      found = await api.leftovers(folder);
    } catch {
      return; // the folder may be gone; who uploads to it, is told so
    }
    const orphans = await this._own.orphans(found.map(({ key }) => key));
    const known = new Set([...this._jobs.values()].map(({ key }) => key));
    const others = found.filter(({ key }) => !known.has(key));
    const isOver = ({ key, idle }: ILeftover): boolean => idle >= SILENT || orphans.has(key);
    for (const { key, name, size, have } of others.filter(isOver)) {
      const task = tasks.add(name, 'interrupted', size);
      tasks.update(task, { fraction: size > 0 ? have / size : 0 });
      this._jobs.set(task.id, { source: null, folder, key });
    }
    if (!others.every(isOver)) {
      // Another page may be sending it, or have been killed a moment ago.
      this._timer = setTimeout(() => void this.findInterrupted(), 1000 * SILENT);
    }
  }

  dispose(): void {
    clearTimeout(this._timer);
    this._own.dispose();
  }

  private async _list(entry: FileSystemDirectoryEntry): Promise<void> {
    const { tasks, trans } = this._options;
    const task = tasks.add(entry.name, 'listing');
    try {
      const source = await sourceOfFolder(entry, task.signal);
      await this._enqueue(source, this._options.folder(), task);
    } catch (error) {
      if (task.signal.aborted) {
        tasks.remove(task);
      } else {
        tasks.fail(task, trans.__('%1 was not uploaded: %2', entry.name, this._reason(error)));
      }
    }
  }

  private async _enqueue(
    source: ISource,
    folder = this._options.folder(),
    listed?: ITask
  ): Promise<void> {
    const { tasks, trans } = this._options;
    const { size } = source.bytes;
    const task = listed ?? tasks.add(source.name, 'waiting', size);
    if (source.files.length === 0) {
      tasks.fail(task, trans.__('%1 holds no files.', source.name));
      return;
    }
    tasks.update(task, { state: 'waiting', size });
    this._jobs.set(task.id, { source, folder, key: null });
    const arrived = this._queue.then(() => this._upload(source, folder, task));
    this._queue = arrived.then(() => undefined);
    // The next one is sent while this one is looked at.
    await (
      await arrived
    )?.();
  }

  /** Upload, and give what adds it; null where there is nothing to add. */
  private async _upload(
    source: ISource,
    folder: string,
    task: ITask
  ): Promise<(() => Promise<void>) | null> {
    const { announce, api, onClash, pause, tasks, trans } = this._options;
    const job = this._jobs.get(task.id);
    if (task.signal.aborted || !job) {
      this._forget(task);
      return null;
    }
    try {
      tasks.update(task, { state: 'uploading', fraction: 0 });
      const sent = await upload({
        api,
        source,
        folder,
        signal: task.signal,
        progress: fraction => tasks.update(task, { fraction }),
        away: away => tasks.update(task, { state: away ? 'away' : 'uploading' }),
        begun: key => this._begun(task, job, key),
        onClash,
        pause
      });
      this._forget(task, sent !== null);
      if (sent === null) {
        announce(trans.__('Cancelled %1.', source.name));
        return null;
      }
      tasks.update(task, { state: 'checking' });
      const { path, ...expect } = sent;
      return () => this._register(source, task, path, expect);
    } catch (error) {
      const reason = trans.__('%1 was not uploaded: %2', source.name, this._reason(error));
      tasks.fail(task, reason, '', !(error instanceof SourceChanged));
      return null;
    }
  }

  private async _register(
    source: ISource,
    task: ITask,
    path: string,
    expect: IExpectation
  ): Promise<void> {
    const { announce, register, trans } = this._options;
    await register(task, path, source.folder ? undefined : expect);
    if (source.leftOut > 0) {
      announce(
        trans._n(
          'Left out one hidden file of %2.',
          'Left out %1 hidden files of %2.',
          source.leftOut,
          source.name
        )
      );
    }
  }

  /** The row of an interrupted upload goes when it is gone on with. */
  private _begun(task: ITask, job: IJob, key: string): void {
    job.key = key;
    this._own.add(key);
    for (const other of this._options.tasks.items) {
      if (other.id !== task.id && this._jobs.get(other.id)?.key === key) {
        this._forget(other);
      }
    }
  }

  private _forget(task: ITask, keepRow = false): void {
    const key = this._jobs.get(task.id)?.key;
    this._jobs.delete(task.id);
    if (key && ![...this._jobs.values()].some(job => job.key === key)) {
      this._own.remove(key);
    }
    if (!keepRow) {
      this._options.tasks.remove(task);
    }
  }

  private _reason(error: unknown): string {
    const { trans } = this._options;
    if (error instanceof SourceChanged) {
      return trans.__('it was changed or moved meanwhile; add it again.');
    }
    if (error instanceof TooManyFiles) {
      return trans.__(
        'it has more than %1 files, or they lie too deep: pack them into one file.',
        MAX_FILES.toLocaleString()
      );
    }
    if (error instanceof ApiError && error.code === 'no-server') {
      return trans.__('the server half of AstroData Lab does not answer.');
    }
    return error instanceof Error ? error.message : String(error);
  }

  private readonly _jobs = new Map<number, IJob>();
  private readonly _own = new OwnUploads();
  private _queue: Promise<void> = Promise.resolve();
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
