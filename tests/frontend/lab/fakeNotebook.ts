import { Signal } from '@lumino/signaling';

type Frame = { readonly id: string; readonly kind: string };

/** A kernel whose comm answers from `answers`; without the toolkit it closes the comm at once. */
export class FakeKernel {
  constructor(public hasToolkit = true) {}

  readonly info = Promise.resolve({});
  readonly supportsSubshells = true;
  status = 'idle';
  /** By kind; a kind that is left out is never answered. */
  answers: Record<string, unknown> = {};
  /** Codes with which questions are refused, by kind. */
  refuses: Record<string, string> = {};
  readonly asked: string[] = [];
  opened = 0;
  closed = 0;

  createComm(): object {
    this.opened += 1;
    const comm = {
      isDisposed: false,
      subshellStarted: Promise.resolve(),
      onClose: (): void => undefined,
      onMsg: (_message: object): void => undefined,
      open: () => {
        if (!this.hasToolkit) {
          comm.onClose();
        }
        return { done: Promise.resolve() };
      },
      send: ({ id, kind }: Frame) => {
        this.asked.push(kind);
        const code = this.refuses[kind];
        const given = code === undefined ? this.answers[kind] : new Error('no');
        if (given !== undefined) {
          const failed = given instanceof Error;
          const data = failed
            ? { id, ok: false, error: { code: code ?? 'unreadable', message: given.message } }
            : { id, ok: true, meta: given };
          void Promise.resolve().then(() => comm.onMsg({ content: { data } }));
        }
      },
      close: () => {
        this.closed += 1;
      }
    };
    return comm;
  }
}

/** A notebook with a kernel, or without one. */
export class FakeNotebook {
  constructor(kernel: FakeKernel | null, path = 'work/first.ipynb', language = 'python') {
    this.context = { path };
    this.model = { defaultKernelLanguage: language };
    this.sessionContext = {
      session: kernel && { kernel },
      kernelChanged: new Signal<object, object>(this),
      statusChanged: new Signal<object, string>(this)
    };
  }

  readonly context: { readonly path: string };
  readonly model: { readonly defaultKernelLanguage: string };
  readonly sessionContext: {
    session: { readonly kernel: FakeKernel } | null;
    readonly kernelChanged: Signal<object, object>;
    readonly statusChanged: Signal<object, string>;
  };
}

/** The notebooks of a page, the cells that run and who is at it. */
export class FakePage {
  currentWidget: FakeNotebook | null = null;
  readonly currentChanged = new Signal<this, object | null>(this);
  readonly executed = new Signal<this, object>(this);
  readonly presence = {
    isHere: true,
    changed: new Signal<object, void>(this),
    dispose: (): void => undefined
  };

  show(notebook: FakeNotebook | null): void {
    this.currentWidget = notebook;
    this.currentChanged.emit(null);
  }

  run(source: string): void {
    this.executed.emit({ cell: { model: { sharedModel: { getSource: () => source } } } });
  }

  setHere(here: boolean): void {
    this.presence.isHere = here;
    this.presence.changed.emit();
  }
}
