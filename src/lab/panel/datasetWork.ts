import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { IVerification } from '../answers';
import { Api } from '../api';

/** A file that is hashed, or what that said; `failed` where it could not be hashed. */
export type Check =
  | { readonly state: 'running'; readonly share: number }
  | { readonly state: IVerification['state'] | 'failed'; readonly message: string };

/** What a person does with one dataset in its row. */
export type Editing = 'rename' | 'tags' | 'details';

export interface IDatasetWorkOptions {
  readonly api: Pick<Api, 'remove' | 'restore' | 'change' | 'verify'>;
  readonly trans: TranslationBundle;
  /** Ask for the list again. */
  readonly refresh: () => Promise<void>;
  readonly announce: (text: string) => void;
  /** Say that something failed, and what. */
  readonly fail: (name: string, error: unknown) => void;
}

/** The work on single datasets of the list: what is under way, what came of it, and what can be undone. */
export class DatasetWork implements IDisposable {
  constructor(private readonly _options: IDatasetWorkOptions) {}

  /** Emitted after each change of what follows. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Which row is being edited, and how. */
  get editing(): { readonly name: string; readonly what: Editing } | null {
    return this._editing;
  }

  /** Names of what was removed and can be brought back, the last one last. */
  get removed(): readonly string[] {
    return this._removed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._controllers.forEach(controller => controller.abort());
    Signal.clearData(this);
  }

  checkOf(name: string): Check | undefined {
    return this._checks.get(name);
  }

  edit(name: string, what: Editing): void {
    this._editing = { name, what };
    this._emit();
  }

  stopEditing(): void {
    this._editing = null;
    this._emit();
  }

  /** Take a dataset out of the catalogue; its file stays. */
  async remove(name: string): Promise<void> {
    const { api, trans, announce, fail, refresh } = this._options;
    try {
      await api.remove(name);
      this._removed = [...this._removed.filter(one => one !== name), name];
      this.stopVerifying(name);
      announce(trans.__('Removed %1 from the list.', name));
    } catch (error) {
      fail(name, error);
    }
    await refresh();
  }

  /** Bring back what was removed last. */
  async undo(): Promise<void> {
    const { api, trans, announce, fail, refresh } = this._options;
    const name = this._removed.at(-1);
    if (name === undefined) {
      return;
    }
    this._removed = this._removed.slice(0, -1);
    this._emit();
    try {
      await api.restore(name);
      announce(trans.__('%1 is back in the list.', name));
    } catch (error) {
      fail(name, error);
    }
    await refresh();
  }

  /** Let what was removed rest. */
  forgetRemoved(): void {
    this._removed = [];
    this._emit();
  }

  /** Give a dataset another name; gives why it cannot have it, or nothing. */
  rename(name: string, to: string): Promise<string> {
    return this._change(name, { name: to });
  }

  /** Give a dataset other tags; gives why it cannot have them, or nothing. */
  retag(name: string, tags: readonly string[]): Promise<string> {
    return this._change(name, { tags });
  }

  /** Hash the file of a dataset again, and tell whether it is the one that was recorded. */
  async verify(name: string): Promise<void> {
    if (this._controllers.has(name)) {
      return;
    }
    const { api, trans, announce } = this._options;
    const controller = new AbortController();
    this._controllers.set(name, controller);
    this._set(name, { state: 'running', share: 0 });
    try {
      const progress = (share: number): void => {
        if (!controller.signal.aborted) {
          this._set(name, { state: 'running', share });
        }
      };
      const check = await api.verify(name, progress, controller.signal);
      this._set(name, check);
      announce(trans.__('Verified %1: %2.', name, wordOf(check.state, trans)));
    } catch (error) {
      if (controller.signal.aborted) {
        this._checks.delete(name);
        announce(trans.__('Gave up verifying %1.', name));
      } else {
        this._set(name, { state: 'failed', message: messageOf(error) });
        announce(messageOf(error));
      }
    } finally {
      this._controllers.delete(name);
    }
  }

  /** Give up hashing a file, or let what came of it rest. */
  stopVerifying(name: string): void {
    this._controllers.get(name)?.abort();
    this._checks.delete(name);
    this._emit();
  }

  private async _change(
    name: string,
    changes: { name?: string; tags?: readonly string[] }
  ): Promise<string> {
    try {
      await this._options.api.change(name, changes);
    } catch (error) {
      return messageOf(error);
    }
    if (changes.name !== undefined) {
      this.stopVerifying(name);
      this.stopEditing();
    }
    await this._options.refresh();
    return '';
  }

  private _set(name: string, check: Check): void {
    this._checks.set(name, check);
    this._emit();
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _checks = new Map<string, Check>();
  private readonly _controllers = new Map<string, AbortController>();
  private _editing: { name: string; what: Editing } | null = null;
  private _isDisposed = false;
  private _removed: readonly string[] = [];
}

/** What a hash of all bytes said, in words. */
export function wordOf(state: IVerification['state'], trans: TranslationBundle): string {
  return {
    ok: trans.__('same bytes as recorded'),
    changed: trans.__('other bytes than recorded'),
    missing: trans.__('file is missing')
  }[state];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
