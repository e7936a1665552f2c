import { IDisposable } from '@lumino/disposable';

/** Where all pages of this browser keep which uploads they have begun: that outlives the pages. */
const KEPT = 'astrodata-lab:uploads';

/** Keys that are kept at most: those of uploads that the server has removed are of no use. */
const MOST = 200;

/** Milliseconds that other pages have to answer. */
const PATIENCE = 1_000;

type Message = { readonly ask: true } | { readonly mine: readonly string[] };

/** Which uploads this browser has begun, and which of them have no page any more. */
export class OwnUploads implements IDisposable {
  constructor() {
    this._channel.addEventListener('message', this._onMessage);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._channel.close();
  }

  /** This page sends an upload. */
  add(key: string): void {
    this._mine.add(key);
    this._keep([...this._kept().filter(one => one !== key), key]);
  }

  /** An upload has ended, or nobody wants it any more. */
  remove(key: string): void {
    this._mine.delete(key);
    this._keep(this._kept().filter(one => one !== key));
  }

  /** Give those of some uploads that a page of this browser began which is gone: no page says that they are its own. */
  async orphans(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const kept = this._kept();
    const begun = keys.filter(key => kept.includes(key) && !this._mine.has(key));
    if (begun.length > 0 && !this._isDisposed) {
      this._answered.clear();
      this._channel.postMessage({ ask: true } satisfies Message);
      await new Promise(resolve => setTimeout(resolve, PATIENCE));
    }
    return new Set(begun.filter(key => !this._answered.has(key)));
  }

  private _onMessage = ({ data }: MessageEvent<Message>): void => {
    if (this._isDisposed) {
      return;
    }
    if ('ask' in data) {
      this._channel.postMessage({ mine: [...this._mine] } satisfies Message);
    } else {
      data.mine.forEach(key => this._answered.add(key));
    }
  };

  private _kept(): string[] {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '[]');
      return Array.isArray(kept) ? kept.filter(key => typeof key === 'string') : [];
    } catch {
      return []; // nothing is kept where the browser forbids it
    }
  }

  private _keep(keys: readonly string[]): void {
    try {
      localStorage.setItem(KEPT, JSON.stringify(keys.slice(-MOST)));
    } catch {
      // Then the next page shows them half a minute later.
    }
  }

  private readonly _answered = new Set<string>();
  private readonly _channel = new BroadcastChannel(KEPT);
  private _isDisposed = false;
  private readonly _mine = new Set<string>();
}
