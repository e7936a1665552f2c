import { IStateDB } from '@jupyterlab/statedb';
import { ISignal, Signal } from '@lumino/signaling';

const KEY = 'astrodata-lab:panel';

/** What the panel consists of, from top to bottom. */
export const SECTIONS = ['datasets', 'compute', 'runs', 'models', 'labels'] as const;

/** One of what the panel consists of. */
export type SectionId = (typeof SECTIONS)[number];

export const ORDERS = ['name', 'newest', 'size', 'kind'] as const;

/** By what the datasets are sorted. */
export type Order = (typeof ORDERS)[number];

/** How a person left the panel: which sections are closed, how its datasets are sorted. */
export class PanelMemory {
  /** Emitted after each change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get order(): Order {
    return this._order;
  }

  set order(order: Order) {
    this._order = order;
    this._keep();
  }

  isOpen(section: SectionId): boolean {
    return !this._closed.has(section);
  }

  setOpen(section: SectionId, open: boolean): void {
    this._closed = new Set(this._closed);
    this._closed[open ? 'delete' : 'add'](section);
    this._keep();
  }

  /** Take what was kept before this page, and keep what changes from now on. */
  async follow(state: IStateDB): Promise<void> {
    const kept = (await state.fetch(KEY)) as { closed?: unknown; order?: unknown } | undefined;
    // Who was quicker than the server means what he did now.
    if (!this._touched) {
      const closed = Array.isArray(kept?.closed) ? kept.closed : [];
      this._closed = new Set(SECTIONS.filter(section => closed.includes(section)));
      this._order = ORDERS.find(order => order === kept?.order) ?? this._order;
      this._changed.emit();
    }
    this._state = state;
  }

  private _keep(): void {
    this._touched = true;
    this._changed.emit();
    void this._state?.save(KEY, { closed: [...this._closed], order: this._order });
  }

  private readonly _changed = new Signal<this, void>(this);
  private _closed = new Set<SectionId>();
  private _order: Order = 'name';
  private _state: IStateDB | null = null;
  private _touched = false;
}
