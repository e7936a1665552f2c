import { ISessionContext } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Kernel } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Requester, RequestError } from '../../core/request';
import { CommChannel, forgets, mayLoad } from './computeComm';
import { Presence } from './presence';

/** Milliseconds between two looks. Network homes are asked for their disk more rarely, and so is a kernel
 * that has no cluster for those that a cell opens while it runs. */
const PAUSE = 5_000;
const RARELY = 30_000;
const CLUSTER_PAUSE = 15_000;

/** How long the kernel has for an answer. */
const PATIENCE = 10_000;

/** How far back the history goes. */
export const HISTORY = 300_000;

/** Bytes that may be taken and are. */
export interface IAmount {
  readonly total: number;
  readonly used: number | null;
}

/** A GPU or a slice of one; see `astrodata_kernel/compute/gpus.py`. */
export interface IDevice {
  readonly name: string;
  readonly memory: number;
  readonly used: number | null;
  readonly own: number | null;
  readonly utilisation: number | null;
  readonly mig: boolean;
}

/** What a kernel says of the machine; see `astrodata_kernel/widgets/compute.py`. */
export interface IUsage {
  readonly memory: IAmount & { readonly own: number | null; readonly scope: string };
  readonly cpu: { readonly total: number; readonly busy: number | null };
  readonly devices: readonly IDevice[];
  /** A sentence where there is none. */
  readonly no_devices: string;
}

/** The file system of the workspace, in bytes. */
export interface IDisk extends IAmount {
  readonly used: number;
  readonly free: number;
}

/** A worker of a cluster; no memory of its own is 0. */
export interface IWorker {
  readonly name: string;
  readonly threads: number;
  readonly memory: number;
  readonly used: number;
}

/** A cluster that the kernel has open. */
export interface ICluster {
  readonly kind: string;
  readonly dashboard: string | null;
  /** Its workers are the kernel's to start and end. */
  readonly scales: boolean;
  readonly threads: number;
  /** Of its workers, of which some may not be listed. */
  readonly count: number;
  readonly memory: number;
  readonly used: number;
  readonly workers: readonly IWorker[];
}

type Requests = {
  usage: { msg: object; meta: IUsage };
  disk: { msg: object; meta: IDisk };
  clusters: { msg: object; meta: { clusters: readonly ICluster[]; count: number } };
};

/** Shares, from 0 to 1, at one time; null for what was not told. */
export interface IMoment {
  readonly time: number;
  readonly memory: number | null;
  readonly cpu: number | null;
  /** Memory of each device. */
  readonly devices: readonly (number | null)[];
}

/**
 * `absent`: the toolkit is not loaded in the kernel; `ready`: there are numbers; `silent`: there are none,
 * or old ones, because the kernel does not answer.
 */
export type ComputeStatus =
  'no-notebook' | 'no-kernel' | 'not-python' | 'asking' | 'absent' | 'ready' | 'silent';

export interface IComputeOptions {
  readonly tracker: Pick<INotebookTracker, 'currentWidget' | 'currentChanged'>;
  /** Emitted when a cell has run. */
  readonly executed: ISignal<
    unknown,
    { readonly cell: { readonly model: { sharedModel: ISource } } }
  >;
  readonly presence: Pick<Presence, 'isHere' | 'changed' | 'dispose'>;
}

interface ISource {
  getSource(): string;
}

/** What the kernel of the active notebook takes of the machine, while somebody sees it. */
export class Compute implements IDisposable {
  constructor(private readonly _options: IComputeOptions) {
    _options.tracker.currentChanged.connect(this._follow, this);
    _options.executed.connect(this._onExecuted, this);
    _options.presence.changed.connect(this._onPresence, this);
    this._follow();
  }

  /** Emitted after each change of what follows. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get status(): ComputeStatus {
    return this._status;
  }

  /** Name of the notebook whose kernel is shown. */
  get notebook(): string {
    return PathExt.basename(this._panel?.context.path ?? '');
  }

  get usage(): IUsage | null {
    return this._usage;
  }

  get disk(): IDisk | null {
    return this._disk;
  }

  /** The newest first: it is the one that a cell can scale and stop. */
  get clusters(): readonly ICluster[] {
    return this._clusters;
  }

  /** Clusters that are not listed. */
  get moreClusters(): number {
    return this._more;
  }

  /** The last minutes, the oldest first. */
  get history(): readonly IMoment[] {
    return this._history;
  }

  /** What the kernel could not tell, in its own words. */
  get failures(): readonly string[] {
    return [...new Set(this._failures.values())];
  }

  /** Time of the numbers. */
  get measured(): number | null {
    return this._history.at(-1)?.time ?? null;
  }

  /** Nobody is at the page, and therefore nothing is asked. */
  get isPaused(): boolean {
    return this._status === 'ready' && !this._mayAsk;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._leave();
    this._watch(null);
    this._options.presence.dispose();
    Signal.clearData(this);
  }

  /** Say whether somebody sees it. */
  set seen(seen: boolean) {
    if (seen !== this._seen) {
      this._seen = seen;
      void this.look();
    }
  }

  /** Ask the kernel now, and from now on by itself as long as somebody sees it. */
  async look(): Promise<void> {
    clearTimeout(this._timer);
    if (!this._seen || this._isDisposed || !this._mayAsk) {
      return;
    }
    const kernel = this._kernel;
    if (kernel === null || this._isLooking) {
      return;
    }
    this._isLooking = true;
    try {
      await this._ask(kernel);
    } finally {
      this._isLooking = false;
    }
    if (kernel !== this._kernel) {
      void this.look(); // another notebook was chosen meanwhile
    } else if (this._requester !== null) {
      clearTimeout(this._timer);
      this._timer = setTimeout(() => void this.look(), PAUSE);
    }
  }

  private get _mayAsk(): boolean {
    // While a cell runs the kernel counts as at work anyhow.
    return this._options.presence.isHere || this._kernel?.status === 'busy';
  }

  private async _ask(kernel: Kernel.IKernelConnection): Promise<void> {
    if (this._requester === null) {
      this._set(this._status === 'absent' ? 'absent' : 'asking');
      const channel = await openChannel(kernel);
      if (kernel !== this._kernel) {
        channel?.close();
        return;
      }
      if (channel === null) {
        this._set('absent');
        return;
      }
      this._channel = channel;
      this._requester = new Requester<Requests>(channel, { timeout: PATIENCE, tries: 1 });
    }
    const requester = this._requester;
    const now = Date.now();
    const wantsDisk = now - this._diskAt >= RARELY;
    const wantsClusters = this._clusters.length > 0 || now - this._clustersAt >= CLUSTER_PAUSE;
    this._clustersAt = wantsClusters ? now : this._clustersAt;
    await Promise.all([
      this._take(requester, 'usage', usage => this._takeUsage(usage)),
      wantsClusters
        ? this._take(requester, 'clusters', ({ clusters, count }) => {
            this._clusters = clusters;
            this._more = count - clusters.length;
          })
        : undefined,
      wantsDisk
        ? this._take(requester, 'disk', disk => {
            this._disk = disk;
            this._diskAt = Date.now();
          })
        : undefined
    ]);
  }

  private async _take<K extends keyof Requests>(
    requester: Requester<Requests>,
    kind: K,
    take: (meta: Requests[K]['meta']) => void
  ): Promise<void> {
    try {
      const { meta } = await requester.request(kind, {});
      if (requester === this._requester) {
        take(meta);
        this._failures.delete(kind);
        this._set('ready');
      }
    } catch (error) {
      if (requester !== this._requester) {
        return; // closed with the kernel that it asked
      }
      if (error instanceof RequestError && error.code === 'timeout') {
        // What was told last is still shown, with its time.
        this._set(kind === 'usage' ? 'silent' : this._status);
      } else {
        this._failures.set(kind, error instanceof Error ? error.message : String(error));
        this._set(this._status === 'asking' ? 'ready' : this._status);
      }
    }
  }

  private _takeUsage(usage: IUsage): void {
    const time = Date.now();
    const { memory, cpu, devices } = usage;
    const moment = {
      time,
      memory: shareOf(memory.used, memory.total),
      cpu: shareOf(cpu.busy, cpu.total),
      devices: devices.map(device => shareOf(device.used, device.memory))
    };
    this._usage = usage;
    this._history = [...this._history.filter(one => one.time > time - HISTORY), moment];
  }

  private _follow(): void {
    const panel = this._options.tracker.currentWidget;
    if (panel === this._panel && panel !== null) {
      return;
    }
    this._watch(panel);
    this._onKernel();
  }

  /** Listen to the session of a notebook, and no more to that of the one before. */
  private _watch(panel: NotebookPanel | null): void {
    this._panel?.sessionContext.kernelChanged.disconnect(this._onKernel, this);
    this._panel?.sessionContext.statusChanged.disconnect(this._onStatus, this);
    this._panel = panel;
    panel?.sessionContext.kernelChanged.connect(this._onKernel, this);
    panel?.sessionContext.statusChanged.connect(this._onStatus, this);
  }

  private _onKernel(): void {
    this._leave();
    const panel = this._panel;
    this._kernel = panel?.sessionContext.session?.kernel ?? null;
    const language = panel?.model?.defaultKernelLanguage.toLowerCase();
    if (panel === null) {
      this._set('no-notebook');
    } else if (this._kernel === null) {
      this._set('no-kernel');
    } else if (language && language !== 'python') {
      this._kernel = null;
      this._set('not-python');
    } else {
      this._set('asking');
      void this.look();
    }
  }

  /** A kernel that was restarted knows nothing of the toolkit. */
  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (forgets(status)) {
      this._leave();
      this._set(status === 'dead' ? 'no-kernel' : 'absent');
      this._kernel = this._panel?.sessionContext.session?.kernel ?? null;
    }
  }

  private _onExecuted(
    _: unknown,
    { cell }: { readonly cell: { readonly model: { sharedModel: ISource } } }
  ): void {
    this._clustersAt = -CLUSTER_PAUSE;
    if (this._requester !== null || mayLoad(cell.model.sharedModel.getSource())) {
      void this.look();
    }
  }

  private _onPresence(): void {
    void this.look();
    this._changed.emit();
  }

  /** Forget the kernel and what it said. */
  private _leave(): void {
    clearTimeout(this._timer);
    this._requester?.dispose();
    this._channel?.close();
    this._requester = this._channel = this._kernel = this._usage = this._disk = null;
    this._clusters = [];
    this._more = 0;
    this._diskAt = -RARELY;
    this._clustersAt = -CLUSTER_PAUSE;
    this._failures.clear();
    this._history = [];
  }

  private _set(status: ComputeStatus): void {
    this._status = status;
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _channel: CommChannel | null = null;
  private _clusters: readonly ICluster[] = [];
  private _clustersAt = -CLUSTER_PAUSE;
  private _disk: IDisk | null = null;
  private _diskAt = -RARELY;
  private readonly _failures = new Map<string, string>();
  private _history: readonly IMoment[] = [];
  private _isDisposed = false;
  private _isLooking = false;
  private _kernel: Kernel.IKernelConnection | null = null;
  private _more = 0;
  private _panel: NotebookPanel | null = null;
  private _requester: Requester<Requests> | null = null;
  private _seen = false;
  private _status: ComputeStatus = 'no-notebook';
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _usage: IUsage | null = null;
}

async function openChannel(kernel: Kernel.IKernelConnection): Promise<CommChannel | null> {
  try {
    return await CommChannel.open(kernel);
  } catch {
    return null; // restarted or shut down meanwhile
  }
}

function shareOf(used: number | null, total: number): number | null {
  return used === null || !(total > 0) ? null : Math.min(1, Math.max(0, used / total));
}
