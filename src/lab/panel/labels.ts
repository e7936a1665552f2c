import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Api, ApiError, ILabelSession } from '../api';

/** Milliseconds between two looks at the label sessions while they change, and while they rest. */
const BUSY = 5_000;
const QUIET = 20_000;

/** How long after a change more are expected. */
const RESTS_AFTER = 120_000;

/**
 * The label sessions of the workspace.
 *
 * Labels come from widgets, other pages and other people, none of which tell the panel: while somebody
 * sees them, it looks again by itself.
 */
export class Labels implements IDisposable {
  constructor(private readonly _api: Pick<Api, 'labels'>) {}

  /** Emitted after each change of what follows. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** `absent` where the server's half knows no labels; the list stays when a later look fails. */
  get status(): 'loading' | 'ready' | 'absent' | 'failed' {
    return this._status;
  }

  /** Those that changed last come first. */
  get sessions(): readonly ILabelSession[] {
    return this._sessions;
  }

  /** Sentences about sessions that cannot be read. */
  get warnings(): readonly string[] {
    return this._warnings;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  /** Look now, and from now on by itself as long as somebody sees the labels. */
  async refresh(): Promise<void> {
    if (this._isDisposed) {
      return;
    }
    clearTimeout(this._timer);
    this._timer = undefined;
    const serial = ++this._serial;
    await this._look(serial);
    if (serial === this._serial) {
      this._plan();
    }
  }

  /** Say whether somebody sees the labels. */
  set seen(seen: boolean) {
    this._seen = seen;
    this._plan();
  }

  private async _look(serial: number): Promise<void> {
    try {
      const { sessions, warnings } = await this._api.labels();
      if (serial === this._serial) {
        this._take(sessions, warnings);
      }
    } catch (error) {
      if (serial === this._serial) {
        this._fail(error);
      }
    }
  }

  private _take(sessions: readonly ILabelSession[], warnings: readonly string[]): void {
    const state = JSON.stringify([sessions, warnings]);
    if (state !== this._state) {
      // What is there at the first look did not change just now.
      this._changedAt = this._status === 'loading' ? this._changedAt : Date.now();
    }
    this._state = state;
    this._sessions = sessions;
    this._warnings = warnings;
    this._status = 'ready';
    this._emit(); // unchanged labels are older by now, and say so
  }

  private _fail(error: unknown): void {
    if (error instanceof ApiError && error.code === 'no-server') {
      // A server's half of another version: the panel says so already.
      this._status = 'absent';
    } else {
      this._status = this._status === 'ready' ? 'ready' : 'failed';
      this._warnings = [error instanceof Error ? error.message : String(error)];
      this._state = '';
    }
    this._emit();
  }

  private _plan(): void {
    clearTimeout(this._timer);
    this._timer = undefined;
    if (
      this._seen &&
      !this._isDisposed &&
      (this._status === 'ready' || this._status === 'failed')
    ) {
      const wait = Date.now() - this._changedAt < RESTS_AFTER ? BUSY : QUIET;
      this._timer = setTimeout(() => void this.refresh(), wait);
    }
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _changedAt = -RESTS_AFTER;
  private _isDisposed = false;
  private _seen = false;
  private _serial = 0;
  private _sessions: readonly ILabelSession[] = [];
  private _state = '';
  private _status: 'loading' | 'ready' | 'absent' | 'failed' = 'loading';
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _warnings: readonly string[] = [];
}
