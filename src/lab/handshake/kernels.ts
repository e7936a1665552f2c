import { NotebookPanel } from '@jupyterlab/notebook';
import { Kernel } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { HelloMeta, PROTOCOL } from '../../core/protocol';
import { Requester, RequestError } from '../../core/request';
import { VERSION } from '../../core/version';
import { CommChannel, forgets, mayLoad } from '../panel/computeComm';
import { adviceOnKernel, adviceOnNoToolkit, IAdvice } from './advice';
import { environmentOfKernel, lacksToolkit } from './learning';

/** Milliseconds for an answer: a kernel without subshells gives it after its cell. */
const PATIENCE = 60_000;

type Greeting = { hello: { msg: { version: string; protocol: number }; meta: HelloMeta } };

/** A cell that has run, as JupyterLab tells it. */
export interface IExecuted {
  readonly notebook: unknown;
  readonly cell: { readonly model: { readonly sharedModel: { getSource(): string } } };
  readonly error?: { readonly errorName: string; readonly errorValue: string } | null;
}

export interface IKernelHandshakeOptions {
  readonly tracker: {
    readonly currentWidget: NotebookPanel | null;
    readonly currentChanged: ISignal<unknown, unknown>;
    readonly widgetAdded: ISignal<unknown, NotebookPanel>;
    find(test: (panel: NotebookPanel) => boolean): NotebookPanel | undefined;
    forEach(act: (panel: NotebookPanel) => void): void;
  };
  /** Emitted when a cell has run. */
  readonly executed: ISignal<unknown, IExecuted>;
  readonly trans: TranslationBundle;
}

/**
 * Greets the kernels of notebooks once they have the toolkit, and finds those that lack it.
 *
 * Nothing is asked before a cell has run. A kernel whose cell failed for want of the toolkit is asked where its
 * Python lives, because no other message tells that.
 */
export class KernelHandshake implements IDisposable {
  constructor(private readonly _options: IKernelHandshakeOptions) {
    const { executed, tracker } = _options;
    tracker.forEach(panel => this._watch(panel));
    tracker.widgetAdded.connect(this._onAdded, this);
    tracker.currentChanged.connect(this._emit, this);
    executed.connect(this._onExecuted, this);
  }

  /** Emitted when there is another advice. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What to do about the kernel of the active notebook; null where nothing is known to be wrong. */
  get advice(): IAdvice | null {
    const panel = this._options.tracker.currentWidget;
    return (panel && this._known.get(panel)?.advice) ?? null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _onAdded(_: unknown, panel: NotebookPanel): void {
    this._watch(panel);
  }

  /** What is known of a kernel ends with it, and with each start of it. */
  private _watch(panel: NotebookPanel): void {
    const { kernelChanged, statusChanged } = panel.sessionContext;
    kernelChanged.connect(() => this._forget(panel), this);
    statusChanged.connect((_, status) => {
      if (forgets(status)) {
        this._forget(panel);
      }
    }, this);
  }

  private _onExecuted(_: unknown, { notebook, cell, error }: IExecuted): void {
    const panel = this._options.tracker.find(({ content }) => content === notebook);
    const kernel = panel?.sessionContext.session?.kernel;
    if (!panel || !kernel) {
      return;
    }
    if (error && lacksToolkit(error.errorName, error.errorValue)) {
      void this._learn(panel, kernel);
    } else if (!error && this._mayGreet(panel, cell.model.sharedModel.getSource())) {
      void this._greet(panel, kernel);
    }
  }

  /** A vain greeting leaves a line in the kernel's log: the first is for kernels that ran before the page. */
  private _mayGreet(panel: NotebookPanel, source: string): boolean {
    const known = this._known.get(panel);
    return known === undefined || (!known.isGreeted && mayLoad(source));
  }

  private async _learn(panel: NotebookPanel, kernel: Kernel.IKernelConnection): Promise<void> {
    const environment = await environmentOfKernel(kernel).catch(() => null);
    if (environment !== null && kernel === panel.sessionContext.session?.kernel) {
      const { kernelDisplayName } = panel.sessionContext;
      const advice = adviceOnNoToolkit(kernelDisplayName, environment, this._options.trans);
      this._know(panel, { advice, isGreeted: false });
    }
  }

  private async _greet(panel: NotebookPanel, kernel: Kernel.IKernelConnection): Promise<void> {
    const known: IKnown = { advice: null, isGreeted: false };
    this._know(panel, known);
    const hello = await greet(kernel).catch(() => null); // it has ended, or it is busy
    if (hello !== null && this._known.get(panel) === known) {
      const { kernelDisplayName } = panel.sessionContext;
      const advice = adviceOnKernel(kernelDisplayName, hello, this._options.trans);
      this._know(panel, { advice, isGreeted: true });
    }
  }

  private _know(panel: NotebookPanel, known: IKnown): void {
    this._known.set(panel, known);
    this._emit();
  }

  private _forget(panel: NotebookPanel): void {
    this._known.delete(panel);
    this._emit();
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private readonly _known = new WeakMap<NotebookPanel, IKnown>();
}

interface IKnown {
  readonly advice: IAdvice | null;
  /** It has the toolkit and has said which. */
  readonly isGreeted: boolean;
}

/** Gives what a kernel says of its toolkit, null where none is loaded. */
async function greet(kernel: Kernel.IKernelConnection): Promise<HelloMeta | null> {
  const channel = await CommChannel.open(kernel);
  if (channel === null) {
    return null;
  }
  const requester = new Requester<Greeting>(channel, { timeout: PATIENCE, tries: 1 });
  try {
    return (await requester.request('hello', { version: VERSION, protocol: PROTOCOL })).meta;
  } catch (error) {
    // It answers, and knows no such greeting: it is of another time.
    if (error instanceof RequestError && ['unknown-name', 'bad-request'].includes(error.code)) {
      return { protocol: 0, version: '?' };
    }
    throw error;
  } finally {
    requester.dispose();
    channel.close();
  }
}
