import { IPipeline, IRun, IRunDetails } from '../answers';
import { Api } from '../api';
import { Polled } from './polling';

/** Milliseconds between two looks while a run goes on, soon after one began or ended, and at rest. */
const QUICK = 1_000;
const SOON = 3_000;
const QUIET = 15_000;

/** How long after a change more are expected. */
const RESTS_AFTER = 60_000;

/** The runs of the workspace, all of one that is opened, and the pipelines that can be run. */
export class Runs extends Polled {
  constructor(private readonly _api: Pick<Api, 'runs' | 'run' | 'cancelRun' | 'pipelines'>) {
    super();
  }

  /** The newest come first. */
  get items(): readonly IRun[] {
    return this._items;
  }

  /** Id of the run that is opened. */
  get opened(): string | null {
    return this._opened;
  }

  /** All of the opened run, null until it is known. */
  get details(): IRunDetails | null {
    return this._details?.id === this._opened ? this._details : null;
  }

  /** Why there is nothing more of the opened run. */
  get detailsFailure(): string | null {
    return this._detailsFailure;
  }

  /** Ids of the runs that are to be compared, in the order in which they were chosen. */
  get chosen(): readonly string[] {
    return this._chosen;
  }

  /** Pipelines that can be run, null while nobody asked for them. */
  get pipelines(): {
    readonly found: readonly IPipeline[];
    readonly warnings: readonly string[];
  } | null {
    return this._pipelines;
  }

  /** Open a run, or close the one that is opened. */
  async open(id: string | null): Promise<void> {
    this._opened = id;
    this._detailsFailure = null;
    this.emit();
    if (id !== null) {
      await this.refresh();
    }
  }

  choose(id: string, on: boolean): void {
    this._chosen = [...this._chosen.filter(one => one !== id), ...(on ? [id] : [])];
    this.emit();
  }

  chooseNone(): void {
    this._chosen = [];
    this.emit();
  }

  /** Ask a run to end; gives false for one that has ended already, and throws what the server says. */
  async cancel(id: string): Promise<boolean> {
    const asked = await this._api.cancelRun(id);
    await this.refresh();
    return asked;
  }

  /** Look for pipelines. */
  async findPipelines(): Promise<void> {
    this._pipelines = null;
    this.emit();
    try {
      const { pipelines, warnings } = await this._api.pipelines();
      this._pipelines = { found: pipelines, warnings };
    } catch (error) {
      this._pipelines = { found: [], warnings: [messageOf(error)] };
    }
    this.emit();
  }

  /** A run is about to begin: look often for a while. */
  expect(): void {
    this._changedAt = Date.now();
    void this.refresh();
  }

  protected override async look(): Promise<() => readonly string[]> {
    const id = this._opened;
    const [{ runs, warnings }, details] = await Promise.all([this._api.runs(), this._lookAt(id)]);
    return () => {
      const state = runs.map(run => `${run.id} ${run.state}`).join();
      if (state !== this._state) {
        // What is there at the first look did not change just now.
        this._changedAt = this.status === 'loading' ? this._changedAt : Date.now();
      }
      this._state = state;
      this._items = runs;
      this._chosen = this._chosen.filter(one => runs.some(run => run.id === one));
      if (id === this._opened) {
        this._details = typeof details === 'string' ? this._details : details;
        this._detailsFailure = typeof details === 'string' ? details : null;
      }
      return warnings;
    };
  }

  protected override get pause(): number {
    if (this._items.some(run => run.state === 'running')) {
      return QUICK;
    }
    return Date.now() - this._changedAt < RESTS_AFTER ? SOON : QUIET;
  }

  /** All of a run, or why there is nothing: the list must come all the same. */
  private async _lookAt(id: string | null): Promise<IRunDetails | string | null> {
    const known = this._details;
    if (id === null) {
      return known;
    }
    if (known?.id === id && known.state !== 'running' && known.state !== 'lost') {
      return known; // it will not change any more
    }
    try {
      return await this._api.run(id);
    } catch (error) {
      return messageOf(error);
    }
  }

  private _changedAt = -RESTS_AFTER;
  private _chosen: readonly string[] = [];
  private _details: IRunDetails | null = null;
  private _detailsFailure: string | null = null;
  private _items: readonly IRun[] = [];
  private _opened: string | null = null;
  private _pipelines: { found: readonly IPipeline[]; warnings: readonly string[] } | null = null;
  private _state = '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
