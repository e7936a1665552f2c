/** The kernels that stay when the tab of their file is closed; a page that is loaded anew knows them too. */
import { IStateDB } from '@jupyterlab/statedb';

const KEY = 'astrodata-lab:kept-kernels';

export class KeptKernels {
  /**
   * @param running - Ids of the kernels that live: of others nothing is remembered.
   */
  constructor(
    private readonly _state: IStateDB | null,
    private readonly _running: () => Iterable<string>
  ) {
    this._ids = this._read();
  }

  async has(id: string): Promise<boolean> {
    return (await this._ids).has(id);
  }

  async keep(id: string, isKept: boolean): Promise<void> {
    const ids = await this._ids;
    if (isKept) {
      ids.add(id);
    } else {
      ids.delete(id);
    }
    const running = new Set(this._running());
    await this._state?.save(
      KEY,
      [...ids].filter(one => one === id || running.has(one))
    );
  }

  private async _read(): Promise<Set<string>> {
    const ids = await this._state?.fetch(KEY);
    return new Set(Array.isArray(ids) ? (ids as string[]) : []);
  }

  private readonly _ids: Promise<Set<string>>;
}
