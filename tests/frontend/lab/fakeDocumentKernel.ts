import { Kernel, KernelMessage } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

/** What a kernel answers to one piece of code. */
export interface IAnswer {
  widget?: string;
  printed?: string;
  error?: { ename: string; evalue: string; traceback?: string[] };
}

type Handler = (msg: KernelMessage.ICommMsgMsg) => void;

/** One end of a comm; what the page sends is kept, and done when the test says so. */
export class FakeComm {
  onMsg: Handler = () => undefined;
  onClose: () => void = () => undefined;
  readonly sent: { data: Record<string, unknown>; done: PromiseDelegate<void> }[] = [];
  /** Called with each message, before it is done. */
  answers: (data: Record<string, unknown>) => void = () => undefined;

  constructor(
    readonly commId: string,
    readonly isAuto: () => boolean = () => true
  ) {}

  send(data: Record<string, unknown>): { done: Promise<void> } {
    const done = new PromiseDelegate<void>();
    this.sent.push({ data, done });
    this.answers(data);
    if (this.isAuto()) {
      done.resolve();
    }
    return { done: done.promise };
  }

  /** A message of the kernel. */
  receive(data: unknown, buffers: ArrayBuffer[] = [], session = 'kernel'): void {
    this.onMsg({ content: { data }, parent_header: { session }, buffers } as never);
  }
}

/** A kernel that answers as it was told to, with the widgets that it was given. */
export class FakeKernel {
  readonly clientId = 'page';
  handleComms = true;
  status: Kernel.Status = 'idle';
  readonly ran: string[] = [];
  /** States of the widgets that were there before the page. */
  readonly states = new Map<string, Record<string, unknown>>();
  answer: (code: string) => IAnswer | Promise<IAnswer> = () => ({});
  interrupted = 0;

  constructor(readonly id = 'k1') {}

  get info(): Promise<object> {
    return Promise.resolve({});
  }

  registerCommTarget(_name: string, open: (comm: FakeComm, msg: unknown) => void): void {
    this._open = open;
  }

  removeCommTarget(_name: string, open: unknown): void {
    if (this._open === open) {
      this._open = null;
    }
  }

  createComm(_target: string, id: string): FakeComm {
    const comm = new FakeComm(id);
    comm.answers = ({ method }) => {
      const state = this.states.get(id);
      if (method === 'request_state' && state) {
        comm.receive({ method: 'update', state });
      }
    };
    return comm;
  }

  /** The kernel makes a widget. */
  open(id: string, state: Record<string, unknown>, isAuto = () => true): FakeComm {
    const comm = new FakeComm(id, isAuto);
    this._open?.(comm, { content: { data: { state } } });
    return comm;
  }

  requestExecute({ code }: { code: string }): { onIOPub: Handler; done: Promise<unknown> } {
    this.ran.push(code);
    const message = (type: string, content: object): never =>
      ({ header: { msg_type: type }, content }) as never;
    const future = {
      onIOPub: (() => undefined) as Handler,
      done: Promise.resolve().then(async () => {
        const { widget, printed, error } = await this.answer(code);
        if (printed !== undefined) {
          future.onIOPub(message('stream', { name: 'stdout', text: printed }));
        }
        if (widget !== undefined) {
          const data = { 'application/vnd.jupyter.widget-view+json': { model_id: widget } };
          future.onIOPub(message('execute_result', { data }));
        }
        return error
          ? { content: { status: 'error', traceback: [], ...error } }
          : { content: { status: 'ok' } };
      }) as Promise<unknown>
    };
    return future;
  }

  async interrupt(): Promise<void> {
    this.interrupted += 1;
  }

  private _open: ((comm: FakeComm, msg: unknown) => void) | null = null;
}

/** The session of a document, whose kernel the test starts and ends. */
export class FakeSession {
  readonly kernelChanged = new Signal<this, void>(this);
  readonly sessionChanged = new Signal<this, void>(this);
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  session: { kernel: FakeKernel } | null = null;
  isRestarting = false;
  prevKernelName = 'python3';
  kernelDisplayName = 'Python 3';
  kernelPreference = {};
  readonly sessionManager = { refreshRunning: async () => this.refreshed() };
  /** Called when the page looks which sessions live. */
  refreshed: () => void = () => undefined;
  restarts = 0;
  readonly changes: unknown[] = [];
  next = new FakeKernel('k2');

  start(kernel: FakeKernel): void {
    this.session = { kernel };
    this.kernelChanged.emit();
  }

  end(): void {
    this.session = null;
    this.sessionChanged.emit();
  }

  status(status: Kernel.Status): void {
    if (this.session) {
      this.session.kernel.status = status;
    }
    this.statusChanged.emit(status);
  }

  async restartKernel(): Promise<void> {
    this.restarts += 1;
    this.kernelChanged.emit();
  }

  async changeKernel(model: unknown): Promise<void> {
    if (this.session?.kernel.status === 'dead') {
      throw new Error('Session not found');
    }
    this.changes.push(model);
    this.start(this.next);
  }
}
