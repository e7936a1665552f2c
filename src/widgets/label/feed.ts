/** Events and thumbnails from the kernel, the next few before they are needed. */
import type { EventMeta, LabelRequests, Next } from '../../core/label';
import { isAbort, type Requester } from '../../core/request';
import { decode, type WireArray } from '../../core/wire';
import { picturesOf, type Picture } from '../common/pictures';
import { nameOf } from './trail';

export interface LabelEvent {
  readonly meta: EventMeta;
  readonly array: WireArray | null;
}

const EVENTS = 12;
const THUMBNAILS = 256;
export const THUMB = { width: 72, height: 48 };

export class Feed {
  readonly #requester: Requester<LabelRequests>;
  readonly #blind: () => boolean;
  readonly #signal: AbortSignal;
  readonly #events = new Map<string, Promise<LabelEvent>>();
  readonly #thumbs = new Map<number, Picture>();
  readonly #asked = new Set<number>();

  /** @param blind - Whether score and other people's labels shall be left out. */
  constructor(requester: Requester<LabelRequests>, blind: () => boolean, signal: AbortSignal) {
    this.#requester = requester;
    this.#blind = blind;
    this.#signal = signal;
  }

  /** Gives an event; one that failed is asked for again the next time. */
  event(next: Pick<Next, 'row' | 'turn'>): Promise<LabelEvent> {
    const name = nameOf(next);
    const known = this.#events.get(name);
    if (known) {
      this.#events.delete(name);
      this.#events.set(name, known); // the newest last
      return known;
    }
    const made = this.#requester
      .request('event', { row: next.row, turn: next.turn, blind: this.#blind() }, this.#signal)
      .then(({ meta, buffers }) => ({
        meta,
        array: buffers.length ? decode(meta, buffers[0]) : null
      }));
    this.#events.set(name, made);
    made.catch(() => this.#events.delete(name));
    for (const oldest of [...this.#events.keys()].slice(0, -EVENTS)) {
      this.#events.delete(oldest);
    }
    return made;
  }

  /** Forgets an event, whose label or facts may have changed. */
  forget(row: number): void {
    for (const name of [...this.#events.keys()].filter(key => key.startsWith(`${row}/`))) {
      this.#events.delete(name);
    }
  }

  /** Forgets all events: what may be shown of them has changed. */
  clear(): void {
    this.#events.clear();
  }

  /** Asks for what will be looked at next. */
  prefetch(coming: readonly Next[]): void {
    for (const next of coming) {
      this.event(next).catch(() => undefined); // told when it is shown
    }
  }

  thumbnail(row: number): Picture | undefined {
    return this.#thumbs.get(row);
  }

  /** Fetches the thumbnails that are not here; gives whether any came. */
  async thumbnails(rows: readonly number[]): Promise<boolean> {
    const wanted = rows.filter(row => !this.#thumbs.has(row) && !this.#asked.has(row));
    if (!wanted.length) {
      return false;
    }
    wanted.forEach(row => this.#asked.add(row));
    try {
      const { meta, buffers } = await this.#requester.request(
        'thumbnails',
        { rows: wanted, ...THUMB },
        this.#signal
      );
      picturesOf(meta, buffers[0]).forEach((picture, row) => this.#thumbs.set(row, picture));
      for (const oldest of [...this.#thumbs.keys()].slice(0, -THUMBNAILS)) {
        this.#thumbs.delete(oldest);
      }
      return true;
    } catch (error) {
      if (!isAbort(error)) {
        return false; // a strip without pictures still tells what is what
      }
      throw error;
    } finally {
      wanted.forEach(row => this.#asked.delete(row));
    }
  }
}
