/** Steps from trace to trace in the order of the table, by hand or by itself. */

/** Milliseconds for which each trace stays while they are played. */
const BEAT = 300;

export interface WalkerHooks {
  /** Goes some traces on; gives whether there was one to go to. */
  step(by: number): Promise<boolean>;
  /** Playing began or ended. */
  changed(): void;
  failed(error: unknown): void;
}

export class Walker {
  readonly #hooks: WalkerHooks;
  #owed = 0;
  #walking = false;
  #playing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(hooks: WalkerHooks) {
    this.#hooks = hooks;
  }

  get playing(): boolean {
    return this.#playing;
  }

  /** Steps that are asked for while one is under way are taken together. */
  async step(by: number): Promise<void> {
    this.#owed += by;
    if (this.#walking) {
      return;
    }
    this.#walking = true;
    try {
      while (this.#owed) {
        const owed = this.#owed;
        this.#owed = 0;
        await this.#hooks.step(owed);
      }
    } catch (error) {
      this.#hooks.failed(error);
    } finally {
      this.#owed = 0;
      this.#walking = false;
    }
  }

  toggle(): void {
    if (this.#playing) {
      this.stop();
    } else {
      this.#playing = true;
      this.#hooks.changed();
      this.#beat();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (this.#playing) {
      this.#playing = false;
      this.#hooks.changed();
    }
  }

  #beat(): void {
    this.#timer = setTimeout(() => {
      this.#hooks.step(1).then(
        more => {
          if (!more) {
            this.stop();
          } else if (this.#playing) {
            this.#beat();
          }
        },
        error => {
          this.stop();
          this.#hooks.failed(error);
        }
      );
    }, BEAT);
  }
}
