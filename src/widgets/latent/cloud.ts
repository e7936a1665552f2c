/** The points in the browser: columns as numbers for places, as bytes for colours, each once. */
import type { ColumnMeta, LatentMeta, LatentRequests } from '../../core/latent';
import type { Requester } from '../../core/request';
import { decode } from '../../core/wire';

/** A column of numbers: float64 where float32 would leave something out. */
export type Values = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

export interface Column {
  readonly meta: ColumnMeta;
  readonly codes: Uint8Array<ArrayBuffer>;
}

export class Cloud {
  readonly #requester: Requester<LatentRequests>;
  readonly #facts: LatentMeta;
  readonly #signal: AbortSignal;
  readonly #values = new Map<string, Promise<Values>>();
  readonly #columns = new Map<string, Promise<Column>>();

  constructor(requester: Requester<LatentRequests>, facts: LatentMeta, signal: AbortSignal) {
    this.#requester = requester;
    this.#facts = facts;
    this.#signal = signal;
  }

  get count(): number {
    return this.#facts.points;
  }

  /** Gives a column of numbers; asks the kernel once. */
  values(name: string): Promise<Values> {
    return remembered(this.#values, name, () => this.#fetchValues(name));
  }

  /** Gives a column to colour by; asks the kernel once. */
  column(name: string): Promise<Column> {
    return remembered(this.#columns, name, () => this.#fetchColumn(name));
  }

  /** Asks for a column anew when it is wanted next: it changed. */
  forget(name: string): void {
    this.#values.delete(name);
    this.#columns.delete(name);
  }

  /** Each message has a few megabytes. */
  async #fetchValues(name: string): Promise<Values> {
    const starts: number[] = [];
    for (let start = 0; start < this.count; start += this.#facts.chunk) {
      starts.push(start);
    }
    const first = new Float32Array(this.count);
    let whole: Float64Array<ArrayBuffer> | null = null;
    await Promise.all(
      starts.map(async start => {
        const msg = { name, start };
        const { meta, buffers } = await this.#requester.request('values', msg, this.#signal);
        const data = decode(meta, buffers[0]).data as Float32Array;
        first.set(data, start);
        if (buffers.length > 1) {
          const rest = decode(meta, buffers[1]).data;
          whole ??= new Float64Array(this.count);
          for (let i = 0; i < rest.length; i++) {
            whole[start + i] = data[i] + rest[i];
          }
        }
      })
    );
    return whole ?? first;
  }

  async #fetchColumn(name: string): Promise<Column> {
    const { meta, buffers } = await this.#requester.request('column', { name }, this.#signal);
    const codes = new Uint8Array(buffers.length ? this.count : 0);
    let start = 0;
    for (const { buffer, byteOffset, byteLength } of buffers) {
      codes.set(new Uint8Array(buffer, byteOffset, byteLength), start);
      start += byteLength;
    }
    return { meta, codes };
  }
}

function remembered<Thing>(
  known: Map<string, Promise<Thing>>,
  name: string,
  fetch: () => Promise<Thing>
): Promise<Thing> {
  let found = known.get(name);
  if (!found) {
    found = fetch();
    known.set(name, found);
    const mine = found;
    found.catch(() => {
      if (known.get(name) === mine) {
        known.delete(name);
      }
    });
  }
  return found;
}
