import { IModel } from '../answers';
import { Api } from '../api';
import { Polled } from './polling';

/** Milliseconds between two looks: people register models now and then. */
const QUIET = 15_000;

/** The registered models of the workspace. */
export class Models extends Polled {
  constructor(private readonly _api: Pick<Api, 'models'>) {
    super();
  }

  /** Those that changed last come first. */
  get items(): readonly IModel[] {
    return this._items;
  }

  /** Of the web pages of a store that is elsewhere. */
  get address(): string | null {
    return this._address;
  }

  protected override async look(): Promise<() => readonly string[]> {
    const { models, address, warnings } = await this._api.models();
    return () => {
      this._items = models;
      this._address = address;
      return warnings;
    };
  }

  protected override get pause(): number {
    return QUIET;
  }

  private _address: string | null = null;
  private _items: readonly IModel[] = [];
}
