import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

/** Milliseconds without a sign of a person after which nobody counts as being at the page. */
const AWAY = 120_000;

const SIGNS = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'focus'];

/**
 * Whether somebody is at the page. What asks a kernel again and again must stop when nobody is: to the
 * server each message looks like work, and it would keep an idle kernel, with its GPU, from being culled.
 */
export class Presence implements IDisposable {
  constructor() {
    for (const sign of SIGNS) {
      window.addEventListener(sign, this._onSign, { capture: true, passive: true });
    }
    document.addEventListener('visibilitychange', this._onSign);
    this._onSign();
  }

  /** Emitted when somebody comes or everybody has gone. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isHere(): boolean {
    return this._isHere;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    for (const sign of SIGNS) {
      window.removeEventListener(sign, this._onSign, { capture: true });
    }
    document.removeEventListener('visibilitychange', this._onSign);
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private _onSign = (): void => {
    this._seenAt = Date.now();
    this._set(!document.hidden);
  };

  private _set(here: boolean): void {
    if (here && this._timer === undefined) {
      this._wait();
    }
    if (here !== this._isHere) {
      this._isHere = here;
      this._changed.emit();
    }
  }

  /** Signs come by the hundred: one timer looks when the last one was. */
  private _wait(): void {
    this._timer = setTimeout(
      () => {
        this._timer = undefined;
        if (Date.now() - this._seenAt < AWAY) {
          this._wait();
        } else {
          this._set(false);
        }
      },
      Math.max(1_000, this._seenAt + AWAY - Date.now())
    );
  }

  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _isHere = false;
  private _seenAt = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
