/** A widget's synced traits, read, written and followed without echo. */

/** What is needed of the widget's model; `T` lists its traits. */
export interface TraitModel<T> {
  get<K extends keyof T>(name: K): T[K];
  set<K extends keyof T>(name: K, value: T[K]): void;
  save_changes(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

export class Traits<T> {
  readonly #model: TraitModel<T>;
  readonly #signal: AbortSignal;
  #writing = false;

  /** @param signal - Ends all following. */
  constructor(model: TraitModel<T>, signal: AbortSignal) {
    this.#model = model;
    this.#signal = signal;
  }

  get<K extends keyof T>(name: K): T[K] {
    return this.#model.get(name);
  }

  /** Tells whether the widget has a trait that not all widgets of its view have. */
  has(name: string): boolean {
    return this.#model.get(name as keyof T) !== undefined;
  }

  /**
   * Sets traits and sends those that changed to the kernel.
   *
   * @param heard - Whether those who follow them in this view are called back, too.
   */
  write(values: Partial<T>, heard = false): void {
    const changed = (Object.keys(values) as (keyof T)[]).filter(
      name => !same(this.#model.get(name), values[name])
    );
    if (!changed.length) {
      return;
    }
    this.#writing = !heard;
    try {
      for (const name of changed) {
        this.#model.set(name, values[name] as T[typeof name]);
      }
    } finally {
      this.#writing = false;
    }
    this.#model.save_changes();
  }

  /** Calls back when Python, or another view of the same widget, changed one of some traits. */
  follow(names: readonly (keyof T & string)[], changed: () => void): void {
    this.watch(names, () => {
      if (!this.#writing) {
        changed();
      }
    });
  }

  /** Calls back whoever changed one of some traits, also when it was this view. */
  watch(names: readonly (keyof T & string)[], changed: () => void): void {
    for (const name of names) {
      this.#model.on(`change:${name}`, changed);
      this.#signal.addEventListener('abort', () => this.#model.off(`change:${name}`, changed));
    }
  }
}

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
