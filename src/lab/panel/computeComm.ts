import { Kernel } from '@jupyterlab/services';
import { JSONObject } from '@lumino/coreutils';

import { CancelFrame, RequestFrame } from '../../core/protocol';
import { Channel } from '../../core/request';

/** Name of the comm; `kernel/astrodata_kernel/panel_target.py` has it too. */
const TARGET = 'astrodata_lab.compute';

/** Cells after which the toolkit may be loaded; each vain question leaves a line in the kernel's log. */
const MAY_LOAD = /\bimport\b|^\s*%/m;

/** Whether the toolkit may be there after a cell that was not before. */
export function mayLoad(source: string): boolean {
  return MAY_LOAD.test(source);
}

/** Whether a kernel forgets with this all that it has loaded. */
export function forgets(status: Kernel.Status): boolean {
  return status === 'restarting' || status === 'autorestarting' || status === 'dead';
}

type Listener = (content: unknown, buffers: DataView[]) => void;

/** The comm by which a kernel is asked, as requests take it. */
export class CommChannel implements Channel {
  /**
   * Open the comm of a kernel; it gives null where nobody listens, because the toolkit is not loaded.
   *
   * With subshells it is answered while a cell runs, and else after it.
   */
  static async open(kernel: Kernel.IKernelConnection): Promise<CommChannel | null> {
    // The interface does not tell of the promise that the class has.
    const comm: Kernel.IComm & { readonly subshellStarted?: Promise<void> } =
      kernel.createComm(TARGET);
    await kernel.info;
    if (kernel.supportsSubshells) {
      await comm.subshellStarted;
    }
    const channel = new CommChannel(comm);
    // The kernel closes a comm that it does not know before it is done with the question.
    await comm.open().done;
    return channel._isClosed ? null : channel;
  }

  private constructor(private readonly _comm: Kernel.IComm) {
    _comm.onClose = () => {
      this._isClosed = true;
    };
    _comm.onMsg = ({ content }) => {
      for (const listener of [...this._listeners]) {
        listener(content.data, []);
      }
    };
  }

  on(_event: 'msg:custom', listener: Listener): void {
    this._listeners.add(listener);
  }

  off(_event: 'msg:custom', listener: Listener): void {
    this._listeners.delete(listener);
  }

  send(content: RequestFrame | CancelFrame): void {
    this._comm.send(content as unknown as JSONObject);
  }

  /** Let the kernel forget it; one whose kernel has gone is gone with it. */
  close(): void {
    if (!this._isClosed && !this._comm.isDisposed) {
      this._isClosed = true;
      try {
        this._comm.close();
      } catch {
        // The kernel is dead, or its connection was given up.
      }
    }
  }

  private _isClosed = false;
  private readonly _listeners = new Set<Listener>();
}
