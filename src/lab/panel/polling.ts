import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError } from '../requests';

/** Milliseconds between two looks that fail, at most; what looks more rarely anyhow does so. */
const MOST = 30_000;

/**
 * Something of the workspace that other processes change without telling the panel: while somebody sees
 * it, it is looked at again by itself.
 */
export abstract class Polled implements IDisposable {
  /** Emitted after each look. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** `absent` where the server's half does not have it; what is known stays when a later look fails. */
  get status(): 'loading' | 'ready' | 'absent' | 'failed' {
    return this._status;
  }

  /** Sentences about what cannot be read. */
  get warnings(): readonly string[] {
    const { _failure } = this;
    if (_failure === null || this._rests || this._status === 'absent') {
      return this._warnings;
    }
    return [_failure instanceof Error ? _failure.message : String(_failure)];
  }

  /** What the last look failed with, null where it did not. */
  get failure(): unknown {
    return this._failure;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  /** Never ask for it: the administrator of the server does not want it. */
  leaveOut(): void {
    this._isLeftOut = true;
    this._status = 'absent';
  }

  /** Look now, and from now on by itself as long as somebody sees it. */
  async refresh(): Promise<void> {
    if (this._isDisposed || this._isLeftOut || this._rests) {
      return;
    }
    clearTimeout(this._timer);
    this._timer = undefined;
    const serial = ++this._serial;
    try {
      const take = await this.look();
      if (serial === this._serial) {
        this._warnings = take();
        this._failure = null;
        this._failures = 0;
        this._status = 'ready';
        this.emit();
      }
    } catch (error) {
      if (serial === this._serial) {
        this._fail(error);
      }
    }
    if (serial === this._serial) {
      this._plan();
    }
  }

  /** Say whether somebody sees it. */
  set seen(seen: boolean) {
    const begins = seen && !this._seen;
    this._seen = seen;
    this._plan(begins ? 0 : undefined);
  }

  /** Say whether the server is away: nothing is asked then, and one sentence elsewhere says why. */
  set rests(rests: boolean) {
    this._rests = rests;
    this._plan();
  }

  /** Ask the server's half, and give what takes in its answer and gives its warnings. */
  protected abstract look(): Promise<() => readonly string[]>;

  /** Milliseconds to the next look. */
  protected abstract get pause(): number;

  protected emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _fail(error: unknown): void {
    if (error instanceof ApiError && error.code === 'no-server') {
      // A server's half of another version: the panel says so already.
      this._status = 'absent';
    } else {
      this._status = this._status === 'ready' ? 'ready' : 'failed';
    }
    this._failure = error;
    this._failures += 1;
    this.emit();
  }

  private _plan(wait = this._wait): void {
    clearTimeout(this._timer);
    this._timer = undefined;
    const known = this._status === 'ready' || this._status === 'failed';
    if (this._seen && !this._isDisposed && !this._rests && known) {
      this._timer = setTimeout(() => void this.refresh(), wait);
    }
  }

  /** A server that is asked too much must not be asked more. */
  private get _wait(): number {
    const longer = this._failures > 0 ? Math.min(MOST, 1_000 * 2 ** this._failures) : 0;
    return Math.max(this.pause, longer);
  }

  private readonly _changed = new Signal<this, void>(this);
  private _failure: unknown = null;
  /** Looks that failed since the last one that did not. */
  private _failures = 0;
  private _isDisposed = false;
  private _isLeftOut = false;
  private _rests = false;
  private _seen = false;
  private _serial = 0;
  private _status: 'loading' | 'ready' | 'absent' | 'failed' = 'loading';
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _warnings: readonly string[] = [];
}
