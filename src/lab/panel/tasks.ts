import { ISignal, Signal } from '@lumino/signaling';

export type TaskState =
  | 'waiting'
  | 'listing'
  | 'uploading'
  | 'away'
  | 'checking'
  | 'cancelling'
  | 'interrupted'
  | 'failed';

/** A file or folder on its way into the catalogue, or the reason why it did not get there. */
export interface ITask {
  readonly id: number;
  readonly name: string;
  /** Bytes, null when they are not known here. */
  readonly size: number | null;
  readonly state: TaskState;
  /** How much is uploaded, 0 to 1. */
  readonly fraction: number;
  /** Why it failed. */
  readonly message: string;
  /** What became of the file. */
  readonly detail: string;
  /** Whether another try goes on with it. */
  readonly canRetry: boolean;
  readonly signal: AbortSignal;
}

type Changes = Partial<
  Pick<ITask, 'size' | 'state' | 'fraction' | 'message' | 'detail' | 'canRetry'>
>;

/** The tasks of the panel, each of them a row until it is done or dismissed. */
export class TaskList {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get items(): readonly ITask[] {
    return this._items;
  }

  add(name: string, state: TaskState, size: number | null = null): ITask {
    const controller = new AbortController();
    const id = ++this._lastId;
    const task = {
      id,
      name,
      size,
      state,
      fraction: 0,
      message: '',
      detail: '',
      canRetry: false,
      signal: controller.signal
    };
    this._controllers.set(id, controller);
    this._set([...this._items, task]);
    return task;
  }

  update(task: ITask, changes: Changes): void {
    this._set(
      this._items.map(item =>
        // Who cancelled sees no more progress.
        item.id === task.id && !(item.state === 'cancelling' && changes.state !== 'failed')
          ? { ...item, ...changes }
          : item
      )
    );
  }

  fail(task: ITask, message: string, detail = '', canRetry = false): void {
    this.update(task, { state: 'failed', message, detail, canRetry });
  }

  /** Ask a task to give up; its row goes when it has. */
  cancel(task: ITask): void {
    this.update(task, { state: 'cancelling' });
    this._controllers.get(task.id)?.abort();
  }

  cancelAll(): void {
    this._controllers.forEach(controller => controller.abort());
  }

  remove(task: ITask): void {
    this._controllers.delete(task.id);
    this._set(this._items.filter(item => item.id !== task.id));
  }

  private _set(items: readonly ITask[]): void {
    this._items = items;
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _controllers = new Map<number, AbortController>();
  private _items: readonly ITask[] = [];
  private _lastId = 0;
}
