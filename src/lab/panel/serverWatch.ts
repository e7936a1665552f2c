import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError } from '../requests';

/** Milliseconds before each question to a server that does not answer; the last one again and again. */
const PAUSES = [1_000, 2_000, 4_000, 8_000];

/** The same where a server answers that does not have our half: that takes somebody who installs it. */
const RARELY = 30_000;

/** What is said where nobody, or nobody of ours, is at the other end. */
const AWAY = ['network', 'no-server'];

/**
 * Whether the server's half answers. As long as it does not, one question is asked again and again, with
 * growing pauses, so that nobody else has to: the panel rests, and goes on by itself.
 */
export class ServerWatch implements IDisposable {
  /**
   * @param _ask - A question that costs the server nothing.
   */
  constructor(private readonly _ask: () => Promise<unknown>) {
    window.addEventListener('online', this._onOnline);
  }

  /** Emitted when the server goes away and when it is back. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Why the server counts as away; null while it is there. */
  get away(): ApiError | null {
    return this._away;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    window.removeEventListener('online', this._onOnline);
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  /** Say whether somebody sees what the server tells; nobody else needs to know when it is back. */
  set seen(seen: boolean) {
    const begins = seen && !this._seen;
    this._seen = seen;
    if (begins && this._away !== null) {
      void this.look();
    }
  }

  /** Something failed: if that tells nothing of the server, nothing comes of it. */
  doubt(error: unknown): void {
    if (error instanceof ApiError && AWAY.includes(error.code) && this._away === null) {
      void this.look();
    }
  }

  /** Ask now. */
  async look(): Promise<void> {
    if (this._isLooking || this._isDisposed) {
      return;
    }
    clearTimeout(this._timer);
    this._isLooking = true;
    let away: ApiError | null = null;
    try {
      await this._ask();
    } catch (error) {
      // What else it says, it says because it is there.
      away = error instanceof ApiError && AWAY.includes(error.code) ? error : null;
    } finally {
      this._isLooking = false;
    }
    this._take(away);
  }

  private _take(away: ApiError | null): void {
    if (this._isDisposed) {
      return;
    }
    const before = this._away;
    this._away = away;
    this._tries = before === null ? 0 : this._tries + 1;
    if (away !== null) {
      const pause = PAUSES[Math.min(this._tries, PAUSES.length - 1)];
      this._timer = setTimeout(
        () => void (this._seen && this.look()),
        away.code === 'no-server' ? RARELY : pause
      );
    }
    if (before?.code !== away?.code) {
      this._changed.emit();
    }
  }

  private _onOnline = (): void => void (this._away !== null && this.look());

  private _away: ApiError | null = null;
  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _isLooking = false;
  private _seen = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _tries = 0;
}
