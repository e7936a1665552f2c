/**
 * Models of the widgets in a kernel, over Jupyter's widget messages: what our bundles ask of a model, and
 * nothing more.
 */
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONExt, JSONObject, JSONValue, PromiseDelegate } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';

const TARGET = 'jupyter.widget';
/** Before the id, where a trait or a message names another model. */
const REFERENCE = /^(anywidget:|IPY_MODEL_)/;

type Listener = (...args: unknown[]) => void;
type Buffers = readonly (ArrayBuffer | ArrayBufferView)[] | undefined;

/** What the kernel says of a model. */
interface IUpdate {
  readonly method?: string;
  readonly state?: Record<string, unknown>;
  readonly buffer_paths?: readonly (readonly (string | number)[])[];
  readonly content?: unknown;
}

/** One model: its traits on this side, and the messages of its comm. The methods are anywidget's. */
export class WidgetModel {
  constructor(
    readonly id: string,
    private readonly _comm: Kernel.IComm,
    private readonly _clientId: string
  ) {
    _comm.onMsg = msg => this._receive(msg);
  }

  /** Settles when the first state is here. */
  get ready(): Promise<void> {
    return this._ready.promise;
  }

  get(name: string): unknown {
    return this._state[name];
  }

  set(name: string, value: unknown): void {
    if (this._put(name, value)) {
      this._unsent.add(name);
      this._tell(name);
    }
  }

  /** Send what was set; while the kernel is at the last of it, the rest waits and goes together. */
  save_changes(): void {
    if (this._sending || this._unsent.size === 0) {
      return;
    }
    const state = Object.fromEntries(
      [...this._unsent].map(name => [name, this._state[name] as JSONValue])
    );
    this._unsent.clear();
    this._sending = true;
    const more = (): void => {
      this._sending = false;
      this.save_changes();
    };
    // A kernel that ended takes its models with it: there is nobody to tell.
    this._send({ method: 'update', state, buffer_paths: [] }).then(more, () => undefined);
  }

  on(event: string, listener: Listener): void {
    const all = this._listeners.get(event) ?? [];
    this._listeners.set(event, [...all, listener]);
  }

  off(event: string, listener?: Listener): void {
    const all = this._listeners.get(event) ?? [];
    this._listeners.set(event, listener ? all.filter(one => one !== listener) : []);
  }

  send(content: unknown, _callbacks?: unknown, buffers?: ArrayBuffer[] | ArrayBufferView[]): void {
    this._send({ method: 'custom', content: content as JSONValue }, buffers).catch(() => undefined);
  }

  /** Ask the kernel for the state of a model that was there before this page. */
  async restore(): Promise<void> {
    const answered = this._send({ method: 'request_state' }).then(() => {
      throw new Error(`The kernel has no widget ${this.id} any more.`);
    });
    // The state comes before the end of the answer.
    await Promise.race([this._ready.promise, answered]);
  }

  /** Take the state that the kernel gives. */
  accept(update: IUpdate, buffers: Buffers): void {
    const state = { ...update.state };
    update.buffer_paths?.forEach((path, i) => {
      const buffer = buffers?.[i];
      if (buffer) {
        insert(state, path, viewOf(buffer));
      }
    });
    const changed = Object.keys(state).filter(name => this._put(name, state[name]));
    this._ready.resolve();
    changed.forEach(name => this._tell(name));
  }

  private _receive({ content, parent_header, buffers }: KernelMessage.ICommMsgMsg): void {
    const data = content.data as IUpdate;
    const own = (parent_header as { session?: string }).session === this._clientId;
    if (data.method === 'update' || (data.method === 'echo_update' && !own)) {
      this.accept(data, buffers);
    } else if (data.method === 'custom') {
      this._emit('msg:custom', data.content, (buffers ?? []).map(viewOf));
    }
  }

  private _put(name: string, value: unknown): boolean {
    const old = this._state[name];
    if (old === value || (name in this._state && same(old, value))) {
      return false;
    }
    this._state[name] = value;
    return true;
  }

  private _tell(name: string): void {
    this._emit(`change:${name}`, this, this._state[name]);
    this._emit('change', this);
  }

  private _emit(event: string, ...args: unknown[]): void {
    this._listeners.get(event)?.forEach(listener => listener(...args));
  }

  private async _send(
    data: JSONObject,
    buffers?: ArrayBuffer[] | ArrayBufferView[]
  ): Promise<unknown> {
    return this._comm.send(data, undefined, buffers).done;
  }

  private readonly _state: Record<string, unknown> = {};
  private readonly _unsent = new Set<string>();
  private readonly _listeners = new Map<string, Listener[]>();
  private readonly _ready = new PromiseDelegate<void>();
  private _sending = false;
}

/** The models of one kernel. */
export class WidgetModels implements IDisposable {
  /**
   * @param opened - Called for each model that the kernel makes.
   */
  constructor(
    private readonly _kernel: Kernel.IKernelConnection,
    private readonly _opened: (model: WidgetModel) => void = () => undefined
  ) {
    _kernel.registerCommTarget(TARGET, this._open);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Forget the models; the kernel keeps its own. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._models.clear();
      this._kernel.removeCommTarget(TARGET, this._open);
    }
  }

  /**
   * Give a model by its id, or by what a trait says of it.
   *
   * @throws Error for a model that the kernel does not have.
   */
  async find(reference: string): Promise<WidgetModel> {
    const id = reference.replace(REFERENCE, '');
    const known = this._models.get(id);
    if (known) {
      await known.ready;
      return known;
    }
    const model = this._add(id, this._kernel.createComm(TARGET, id));
    try {
      await model.restore();
    } catch (error) {
      this._models.delete(id);
      throw error;
    }
    return model;
  }

  private readonly _open = (comm: Kernel.IComm, msg: KernelMessage.ICommOpenMsg): void => {
    const model = this._add(comm.commId, comm);
    model.accept(msg.content.data as IUpdate, msg.buffers);
    this._opened(model);
  };

  private _add(id: string, comm: Kernel.IComm): WidgetModel {
    const model = new WidgetModel(id, comm, this._kernel.clientId);
    comm.onClose = () => void this._models.delete(id);
    this._models.set(id, model);
    return model;
  }

  private readonly _models = new Map<string, WidgetModel>();
  private _isDisposed = false;
}

function same(a: unknown, b: unknown): boolean {
  const bytes = ArrayBuffer.isView(a) || ArrayBuffer.isView(b);
  return !bytes && JSONExt.deepEqual(a as JSONValue, b as JSONValue);
}

function viewOf(buffer: ArrayBuffer | ArrayBufferView): DataView {
  return ArrayBuffer.isView(buffer)
    ? new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new DataView(buffer);
}

function insert(state: object, path: readonly (string | number)[], value: unknown): void {
  let place = state as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) {
    place = place[key] as Record<string | number, unknown>;
  }
  place[path[path.length - 1]] = value;
}
