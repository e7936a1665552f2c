/**
 * A file in a kernel of its own: from the start of the kernel to the viewer's model, and what can go wrong
 * on the way.
 */
import { ISessionContext } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { Kernel } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { adviceOnNoToolkit, IAdvice } from '../handshake/advice';
import { environmentOfKernel, lacksToolkit } from '../handshake/learning';
import { cellSource } from '../python';
import { CellOf } from '../runCells';
import { AGAIN, cellOf, CLOSE, openCode, PARTS } from './code';
import { IKernelError, run } from './running';
import { WidgetModel, WidgetModels } from './widgetModels';

/** What a person can do about what went wrong. */
export type Remedy = 'retry' | 'restart' | 'start';

export type Phase =
  | { readonly name: 'starting' }
  | { readonly name: 'reading'; readonly share: number | null }
  | { readonly name: 'shown'; readonly model: WidgetModel; readonly models: WidgetModels }
  | {
      readonly name: 'failed';
      readonly text: string;
      readonly remedy: Remedy;
      /** In the place of the text. */
      readonly advice?: IAdvice;
      /** Where in the code it happened. */
      readonly details?: string;
    };

export interface IViewingOptions {
  readonly session: ISessionContext;
  /** Path of the file as the kernels know it, from the folder that the server shows. */
  readonly path: () => string;
  /** When the file was last written. */
  readonly modified: () => Promise<string>;
  readonly trans: TranslationBundle;
}

export class Viewing implements IDisposable {
  constructor(private readonly _options: IViewingOptions) {
    const { session } = _options;
    session.kernelChanged.connect(this._onKernel, this);
    session.sessionChanged.connect(this._onSession, this);
    session.statusChanged.connect(this._onStatus, this);
    this._onKernel();
  }

  /** Emitted when the phase is another one, or the file is. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get phase(): Phase {
    return this._phase;
  }

  /** Whether the file was written since it was opened. */
  get isStale(): boolean {
    return this._isStale;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._turn += 1;
      this._forget();
      Signal.clearData(this);
    }
  }

  /** Open the file anew, as it is now. */
  async reload(): Promise<void> {
    const kernel = this._kernel;
    if (kernel) {
      await this._show(kernel, true);
    }
  }

  /** Do what a failure asks for. */
  async mend(remedy: Remedy): Promise<void> {
    const { session, trans } = this._options;
    const kernel = this._kernel;
    if (remedy === 'retry' && kernel) {
      await this._show(kernel);
      return;
    }
    this._enter({ name: 'starting' });
    try {
      if (remedy === 'restart' && kernel && kernel.status !== 'dead') {
        await session.restartKernel();
      } else {
        // A kernel that died, or that somebody shut down, cannot be restarted.
        // The page may not know yet that its session went with it, and would ask that for another kernel.
        await session.sessionManager.refreshRunning();
        await session.changeKernel({
          name: session.prevKernelName || session.kernelPreference.name
        });
      }
    } catch {
      this._fail(trans.__('The kernel could not be started.'), 'start');
    }
  }

  /** End the reading that is under way; the kernel lives on. */
  async stop(): Promise<void> {
    await this._kernel?.interrupt();
  }

  /** Look whether the file was written meanwhile. */
  async check(): Promise<void> {
    if (this._phase.name !== 'shown' || this._isStale || this._opened === null) {
      return;
    }
    const now = await this._options.modified().catch(() => this._opened);
    if (now !== this._opened && !this._isDisposed) {
      this._isStale = true;
      this._changed.emit();
    }
  }

  /** Give the cell that shows the same in a notebook: as it is zoomed and coloured, where the viewer knows. */
  async cell(): Promise<CellOf> {
    const path = this._options.path();
    const kernel = this._kernel;
    const plain: CellOf = folder => cellSource({ name: path, path }, folder);
    if (this._phase.name !== 'shown' || !kernel) {
      return plain;
    }
    const { text, error } = await run(kernel, PARTS);
    return (error === null && cellOf(text, this._folder)) || plain;
  }

  private get _kernel(): Kernel.IKernelConnection | null {
    return this._options.session.session?.kernel ?? null;
  }

  private _onKernel(): void {
    const kernel = this._kernel;
    if (kernel) {
      if (kernel.id !== this._kernelId) {
        this._kernelId = kernel.id;
        // It stays there, wherever the file goes.
        this._folder = PathExt.dirname(this._options.path());
      }
      this._forget();
      void this._show(kernel);
    }
  }

  private _onSession(): void {
    if (this._options.session.session === null && this._phase.name !== 'starting') {
      this._turn += 1;
      this._forget();
      this._fail(this._options.trans.__('The kernel of this file was shut down.'), 'start');
    }
  }

  private _onStatus(_session: ISessionContext, status: Kernel.Status): void {
    const { session, trans } = this._options;
    if (status === 'dead' || (status === 'autorestarting' && !session.isRestarting)) {
      this._turn += 1;
      this._forget();
      const name = PathExt.basename(this._options.path());
      const text =
        this._phase.name === 'reading'
          ? trans.__('The kernel ended while it read %1, perhaps for lack of memory.', name)
          : trans.__('The kernel ended. What it showed is gone, the file is as it was.');
      this._fail(text, 'restart');
    } else if (status === 'restarting' && session.isRestarting) {
      this._turn += 1;
      this._forget();
      this._enter({ name: 'starting' });
    } else if (status === 'unknown' && !this._kernel && this._phase.name === 'starting') {
      this._fail(trans.__('The kernel could not be started.'), 'start');
    }
  }

  /** Bring the viewer on: the one that the kernel has, or a new one. */
  private async _show(kernel: Kernel.IKernelConnection, anew = false): Promise<void> {
    const { trans } = this._options;
    const turn = (this._turn += 1);
    const here = (): boolean => turn === this._turn && !this._isDisposed;
    if (!kernel.handleComms) {
      this._fail(
        trans.__(
          'Another tab of this page speaks with this kernel: choose one for this file alone.'
        ),
        'start'
      );
      return;
    }
    const old = this._phase.name === 'shown';
    this._enter({ name: 'starting' });
    try {
      await kernel.info;
      if (!here()) {
        return;
      }
      this._enter({ name: 'reading', share: null });
      const models = (this._models ??= new WidgetModels(kernel, model => this._follow(model)));
      this._opened = await this._options.modified().catch(() => null);
      this._isStale = false;
      if (anew && old) {
        await run(kernel, CLOSE);
      }
      const known = anew ? null : (await run(kernel, AGAIN)).widget;
      const path = this._options.path();
      const { widget, text, error } =
        known === null
          ? await run(kernel, openCode(path, this._folder))
          : { widget: known, text: '', error: null };
      if (!here()) {
        return;
      }
      if (error !== null) {
        await this._explain(kernel, error, here);
      } else if (widget === null) {
        this._fail(trans.__('There is no viewer for what this file holds: %1', text), 'retry');
      } else {
        const model = await models.find(widget);
        if (here()) {
          this._enter({ name: 'shown', model, models });
        }
      }
    } catch (error) {
      // A kernel that ended has told so already, and that turn is over.
      if (here()) {
        this._fail((error as Error).message, 'retry');
      }
    }
  }

  /** Say what went wrong in the kernel, and what to do. */
  private async _explain(
    kernel: Kernel.IKernelConnection,
    { name, message, traceback }: IKernelError,
    here: () => boolean
  ): Promise<void> {
    const { session, trans } = this._options;
    if (name === 'KeyboardInterrupt' || name === 'Cancelled') {
      this._fail(trans.__('Reading was stopped.'), 'retry');
    } else if (lacksToolkit(name, message)) {
      const environment = await environmentOfKernel(kernel);
      if (here()) {
        const advice = adviceOnNoToolkit(session.kernelDisplayName, environment, trans);
        this._fail(advice.text, 'restart', { advice });
      }
    } else {
      this._fail(message || name, 'retry', { details: traceback });
    }
  }

  /** Show how far a file is expanded or fetched: the kernel has a bar for it. */
  private _follow(model: WidgetModel): void {
    if (model.get('_model_name') === 'FloatProgressModel') {
      model.on('change:value', () => {
        if (this._phase.name === 'reading') {
          this._enter({ name: 'reading', share: Number(model.get('value')) });
        }
      });
    }
  }

  private _forget(): void {
    this._models?.dispose();
    this._models = null;
  }

  private _fail(
    text: string,
    remedy: Remedy,
    more: { advice?: IAdvice; details?: string } = {}
  ): void {
    this._enter({ name: 'failed', text, remedy, ...more });
  }

  private _enter(phase: Phase): void {
    if (!this._isDisposed) {
      this._phase = phase;
      this._changed.emit();
    }
  }

  private _phase: Phase = { name: 'starting' };
  private _models: WidgetModels | null = null;
  /** Counts what is begun: what an older turn learns is of no use. */
  private _turn = 0;
  private _kernelId = '';
  private _folder = '';
  private _opened: string | null = null;
  private _isStale = false;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
