/** Columns of numbers in the browser, each fetched once. */
import type { Requester } from '../../core/request';
import type { TableMeta, TableRequests } from '../../core/table';
import { decode } from '../../core/wire';
import type { Values } from '../latent/cloud';

export class Columns {
  readonly #requester: Requester<TableRequests>;
  readonly #facts: TableMeta;
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, Promise<Values>>();

  constructor(requester: Requester<TableRequests>, facts: TableMeta, signal: AbortSignal) {
    this.#requester = requester;
    this.#facts = facts;
    this.#signal = signal;
  }

  /** Gives a column's values: float64 where float32 would leave something out; missing ones are NaN. */
  values(name: string): Promise<Values> {
    let found = this.#known.get(name);
    if (!found) {
      found = this.#fetch(name);
      this.#known.set(name, found);
      const mine = found;
      found.catch(() => {
        if (this.#known.get(name) === mine) {
          this.#known.delete(name);
        }
      });
    }
    return found;
  }

  /** Each message has a few megabytes. */
  async #fetch(name: string): Promise<Values> {
    const { rows, chunk } = this.#facts;
    const first = new Float32Array(rows);
    let whole: Float64Array<ArrayBuffer> | null = null;
    const starts = Array.from({ length: Math.ceil(rows / chunk) }, (_, i) => i * chunk);
    await Promise.all(
      starts.map(async start => {
        const msg = { name, start };
        const { meta, buffers } = await this.#requester.request('values', msg, this.#signal);
        const data = decode(meta, buffers[0]).data as Float32Array;
        first.set(data, start);
        if (buffers.length > 1) {
          const rest = decode(meta, buffers[1]).data;
          whole ??= new Float64Array(rows);
          for (let i = 0; i < rest.length; i++) {
            whole[start + i] = data[i] + rest[i];
          }
        }
      })
    );
    return whole ?? first;
  }
}
