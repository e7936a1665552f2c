/** A widget's model, as Jupyter gives it to a view. */

/** `set` tells listeners at once, `save_changes` sends to the kernel; `T` lists the traits. */
export class FakeModel<T extends object> {
  readonly saved: Partial<T>[] = [];
  readonly listeners = new Map<string, Set<() => void>>();
  #unsaved: Partial<T> = {};

  constructor(readonly traits: T) {}

  get<K extends keyof T>(name: K): T[K] {
    return this.traits[name];
  }

  set<K extends keyof T>(name: K, value: T[K]): void {
    if (JSON.stringify(this.traits[name]) !== JSON.stringify(value)) {
      this.traits[name] = value;
      Object.assign(this.#unsaved, { [name]: value });
      for (const listener of [...(this.listeners.get(`change:${String(name)}`) ?? [])]) {
        listener();
      }
    }
  }

  save_changes(): void {
    this.saved.push(this.#unsaved);
    this.#unsaved = {};
  }

  on(event: string, listener: () => void): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  }

  off(event: string, listener: () => void): void {
    this.listeners.get(event)?.delete(listener);
  }

  /** A change that came from the kernel. */
  fromPython(values: Partial<T>): void {
    for (const name of Object.keys(values) as (keyof T)[]) {
      this.set(name, values[name] as never);
    }
    this.#unsaved = {};
  }
}
