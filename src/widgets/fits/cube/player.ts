/** Lets the channels of a cube follow each other: one is shown before the next one's time begins. */
import type { PlayOrder } from '../../../core/cubes';

export interface PlayerHooks {
  /** A channel's turn has come. */
  show(channel: number): void;
  /** Channels that come soon, the soonest first. */
  ahead(channels: readonly number[]): void;
  /** The last channel is reached, and it is not to go on. */
  ended(): void;
}

const AHEAD = 4;

export class Player {
  readonly #hooks: PlayerHooks;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #channels = 1;
  #order: PlayOrder = 'loop';
  #speed = 8;
  #at = 0;
  #forward = true;
  #playing = false;
  /** The channel that was asked for and is not on show yet. */
  #wanted: number | null = null;

  constructor(hooks: PlayerHooks) {
    this.#hooks = hooks;
  }

  get playing(): boolean {
    return this.#playing;
  }

  /** @param speed - Channels a second. */
  set(channels: number, speed: number, order: PlayOrder): void {
    this.#channels = channels;
    this.#speed = speed;
    this.#order = order;
  }

  /** Begins at the channel on show. */
  start(): void {
    if (this.#playing || this.#channels < 2) {
      return;
    }
    this.#playing = true;
    this.#forward = true;
    if (this.#order === 'once' && this.#at >= this.#channels - 1) {
      this.#at = -1; // again from the beginning
    }
    this.#wanted = null;
    this.#wait();
  }

  stop(): void {
    this.#playing = false;
    clearTimeout(this.#timer);
  }

  /** A channel is on show, by play or otherwise. */
  shown(channel: number): void {
    this.#at = channel;
    if (this.#playing) {
      this.#wanted = null;
      this.#wait();
    }
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#hooks.ahead(this.#following(AHEAD));
    this.#timer = setTimeout(() => this.#step(), 1000 / this.#speed);
  }

  #step(): void {
    if (this.#wanted !== null) {
      return;
    }
    const [next] = this.#following(1);
    if (next === undefined) {
      this.stop();
      this.#hooks.ended();
      return;
    }
    this.#forward = this.#order === 'bounce' ? next > this.#at : true;
    this.#wanted = next;
    this.#hooks.show(next);
  }

  #following(count: number): number[] {
    const last = this.#channels - 1;
    const found: number[] = [];
    let [at, step] = [this.#at, this.#forward ? 1 : -1];
    for (let i = 0; i < Math.min(count, 2 * last); i++) {
      if (this.#order === 'bounce' && (at + step > last || at + step < 0)) {
        step = -step;
      }
      at += step;
      if (at > last) {
        if (this.#order === 'once') {
          break;
        }
        at = 0;
      }
      found.push(at);
    }
    return found;
  }
}
