import { ILabelSession } from '../answers';
import { Api } from '../api';
import { Polled } from './polling';

/** Milliseconds between two looks at the label sessions while they change, and while they rest. */
const BUSY = 5_000;
const QUIET = 20_000;

/** How long after a change more are expected. */
const RESTS_AFTER = 120_000;

/** The label sessions of the workspace: labels come from widgets, other pages and other people. */
export class Labels extends Polled {
  constructor(private readonly _api: Pick<Api, 'labels'>) {
    super();
  }

  /** Those that changed last come first. */
  get sessions(): readonly ILabelSession[] {
    return this._sessions;
  }

  protected async look(): Promise<() => readonly string[]> {
    const { sessions, warnings } = await this._api.labels();
    return () => {
      const state = JSON.stringify([sessions, warnings]);
      if (state !== this._state) {
        // What is there at the first look did not change just now.
        this._changedAt = this.status === 'loading' ? this._changedAt : Date.now();
      }
      this._state = state;
      this._sessions = sessions;
      return warnings; // unchanged labels are older by now, and say so
    };
  }

  protected get pause(): number {
    return Date.now() - this._changedAt < RESTS_AFTER ? BUSY : QUIET;
  }

  private _changedAt = -RESTS_AFTER;
  private _sessions: readonly ILabelSession[] = [];
  private _state = '';
}
