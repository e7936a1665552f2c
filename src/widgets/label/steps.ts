/** What the keys asked for on its way to the log: in order, none lost and none done twice. */
import type { Done, LabelRequests } from '../../core/label';
import { isAbort, RequestError, type Requester } from '../../core/request';

type StepKinds = 'put' | 'skip' | 'pass' | 'undo' | 'redo' | 'again' | 'classes';
type Own<K extends StepKinds> = Omit<LabelRequests[K]['msg'], 'key' | 'without'>;

interface Step {
  readonly kind: StepKinds;
  readonly key: string;
  readonly msg: object;
  readonly done: (meta: Done) => void;
  readonly failed: (error: unknown) => void;
}

export interface StepHooks {
  /** Rows that are on show here already. */
  held(): readonly number[];
  /** The kernel has answered: it is in the log. */
  done(meta: Done): void;
  failed(error: unknown): void;
  /** How many wait, or whether any does, changed. */
  changed(): void;
}

/** Codes of a kernel that is away: what waits behind would only wait as long for the same end. */
const AWAY = ['timeout', 'channel'];

/** Sends one step at a time: the next goes when the kernel has said that the one before is on its disk. */
export class Steps {
  readonly #requester: Requester<LabelRequests>;
  readonly #hooks: StepHooks;
  readonly #view = Math.random().toString(36).slice(2, 10);
  readonly #waiting: Step[] = [];
  readonly #lost: Step[] = [];
  #running: Step | null = null;
  #working = false;
  #count = 0;
  #saved = 0;

  constructor(requester: Requester<LabelRequests>, hooks: StepHooks) {
    this.#requester = requester;
    this.#hooks = hooks;
  }

  /** Steps that the kernel has not answered. */
  get pending(): number {
    return this.#waiting.length + (this.#running ? 1 : 0);
  }

  /** Steps that failed and can be tried again. */
  get lost(): number {
    return this.#lost.length;
  }

  get saved(): number {
    return this.#saved;
  }

  /** The newest label or skip that is not answered: what an undo pressed now is meant for. */
  get unanswered(): string | null {
    const open = [...(this.#running ? [this.#running] : []), ...this.#waiting];
    return open.filter(({ kind }) => kind === 'put' || kind === 'skip').at(-1)?.key ?? null;
  }

  /** Asks for a step. @param done - The log has it. @param failed - It has not. */
  push<K extends StepKinds>(
    kind: K,
    msg: Own<K>,
    done: (meta: Done) => void = () => undefined,
    failed: (error: unknown) => void = () => undefined
  ): void {
    this.#count += 1;
    this.#waiting.push({ kind, key: `${this.#view}-${this.#count}`, msg, done, failed });
    void this.#work();
  }

  /** Sends again what failed, under the names it had: what did reach the log is not done twice. */
  retry(): void {
    this.#waiting.unshift(...this.#lost.splice(0));
    void this.#work();
  }

  async #work(): Promise<void> {
    // What is pushed while an answer is told must not overtake what waits.
    if (this.#working) {
      return;
    }
    this.#working = true;
    for (let step = this.#waiting.shift(); step; step = this.#waiting.shift()) {
      this.#running = step;
      this.#hooks.changed();
      const { kind, key, msg } = step;
      try {
        const { meta } = await this.#requester.request(kind, {
          ...msg,
          key,
          without: this.#hooks.held()
        } as never);
        this.#running = null;
        this.#saved += kind === 'put' || kind === 'skip' ? 1 : 0;
        step.done(meta as Done);
        this.#hooks.done(meta as Done);
      } catch (error) {
        this.#running = null;
        this.#fail(step, error);
      }
    }
    this.#working = false;
    this.#hooks.changed();
  }

  #fail(step: Step, error: unknown): void {
    if (isAbort(error)) {
      this.#waiting.length = 0; // the view ended
      return;
    }
    const away = error instanceof RequestError && AWAY.includes(error.code);
    const ended = [step, ...(away ? this.#waiting.splice(0) : [])];
    for (const one of ended) {
      // An undo that comes too late would undo something else.
      if (one.kind === 'put' || one.kind === 'skip') {
        this.#lost.push(one);
      }
      one.failed(error);
    }
    this.#hooks.failed(error);
  }
}
