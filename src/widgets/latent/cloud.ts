/** The points in the browser: each latent once as float32, columns as bytes when they are asked for. */
import type { ColumnMeta, LatentMeta, LatentRequests } from '../../core/latent';
import type { Requester } from '../../core/request';
import { decode } from '../../core/wire';

export interface Column {
  readonly meta: ColumnMeta;
  readonly codes: Uint8Array<ArrayBuffer>;
}

export class Cloud {
  readonly axes: Float32Array<ArrayBuffer>[];
  readonly #requester: Requester<LatentRequests>;
  readonly #facts: LatentMeta;
  readonly #signal: AbortSignal;
  readonly #columns = new Map<string, Promise<Column>>();

  constructor(requester: Requester<LatentRequests>, facts: LatentMeta, signal: AbortSignal) {
    this.#requester = requester;
    this.#facts = facts;
    this.#signal = signal;
    // Of what has not come yet nothing is painted.
    this.axes = facts.axes.map(() => new Float32Array(facts.points).fill(NaN));
  }

  get count(): number {
    return this.#facts.points;
  }

  /** Fetches all points, each message of a few megabytes. */
  async load(): Promise<void> {
    const wanted = this.axes.flatMap((_, axis) => {
      const starts: { axis: number; start: number }[] = [];
      for (let start = 0; start < this.count; start += this.#facts.chunk) {
        starts.push({ axis, start });
      }
      return starts;
    });
    await Promise.all(
      wanted.map(async msg => {
        const { meta, buffers } = await this.#requester.request('points', msg, this.#signal);
        const { data } = decode(meta, buffers[0]);
        this.axes[msg.axis].set(data as Float32Array, msg.start);
      })
    );
  }

  /** Gives a column; asks the kernel once. */
  column(name: string): Promise<Column> {
    let known = this.#columns.get(name);
    if (!known) {
      known = this.#fetch(name);
      this.#columns.set(name, known);
      known.catch(() => this.#columns.delete(name));
    }
    return known;
  }

  async #fetch(name: string): Promise<Column> {
    const { meta, buffers } = await this.#requester.request('column', { name }, this.#signal);
    const codes = new Uint8Array(this.count);
    let start = 0;
    for (const { buffer, byteOffset, byteLength } of buffers) {
      codes.set(new Uint8Array(buffer, byteOffset, byteLength), start);
      start += byteLength;
    }
    return { meta, codes };
  }
}
