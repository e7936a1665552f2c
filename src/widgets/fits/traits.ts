/** The widget's synced traits, read, written and followed without echo. */
import type { FitsTraits } from '../../core/protocol';

/** What is needed of the widget's model. */
export interface TraitModel {
  get<K extends keyof FitsTraits>(name: K): FitsTraits[K];
  set<K extends keyof FitsTraits>(name: K, value: FitsTraits[K]): void;
  save_changes(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

export class Traits {
  readonly #model: TraitModel;
  readonly #signal: AbortSignal;
  #writing = false;

  /** @param signal - Ends all following. */
  constructor(model: TraitModel, signal: AbortSignal) {
    this.#model = model;
    this.#signal = signal;
  }

  get<K extends keyof FitsTraits>(name: K): FitsTraits[K] {
    return this.#model.get(name);
  }

  /** Sets traits and sends those that changed to the kernel. */
  write(values: Partial<FitsTraits>): void {
    const changed = (Object.keys(values) as (keyof FitsTraits)[]).filter(
      name => !same(this.#model.get(name), values[name])
    );
    if (!changed.length) {
      return;
    }
    this.#writing = true;
    try {
      for (const name of changed) {
        this.#model.set(name, values[name] as FitsTraits[typeof name]);
      }
    } finally {
      this.#writing = false;
    }
    this.#model.save_changes();
  }

  /** Calls back when Python, or another view of the same widget, changed one of some traits. */
  follow(names: readonly (keyof FitsTraits)[], changed: () => void): void {
    const listener = () => {
      if (!this.#writing) {
        changed();
      }
    };
    for (const name of names) {
      this.#model.on(`change:${name}`, listener);
      this.#signal.addEventListener('abort', () => this.#model.off(`change:${name}`, listener));
    }
  }
}

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
