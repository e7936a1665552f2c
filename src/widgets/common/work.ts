/** Work in the kernel that a viewer waits for: a slim line about it, and the questions after it. */
import { isAbort } from '../../core/request';
import { make } from './dom';
import './work.css';

/** A bar, words and buttons. */
export class WorkLine {
  readonly element: HTMLElement;
  readonly #bar: HTMLProgressElement;
  readonly #text = make('span', { role: 'status' });

  /** @param name - What the bar counts. */
  constructor(name: string, ...buttons: HTMLElement[]) {
    this.#bar = make('progress', { max: 1, 'aria-label': name });
    this.element = make(
      'div',
      { class: 'astrodata-work', hidden: true },
      this.#bar,
      this.#text,
      ...buttons
    );
  }

  /** @param done - Share that is done, null where nothing is under way. */
  show(done: number | null, text: string): void {
    this.#bar.hidden = done === null;
    this.#bar.value = done ?? 0;
    // A status that is written again is read out again.
    if (this.#text.textContent !== text) {
      this.#text.textContent = text;
    }
  }
}

export interface QuestionHooks<Meta> {
  came(meta: Meta): void;
  failed(error: unknown): void;
}

/** Asks one thing at a time: a new question ends the one before it, and the pause before the next. */
export class Questions<Meta> {
  readonly #hooks: QuestionHooks<Meta>;
  #turn = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(hooks: QuestionHooks<Meta>) {
    this.#hooks = hooks;
  }

  ask(question: (signal: AbortSignal) => Promise<{ meta: Meta }>): void {
    this.end();
    const { signal } = (this.#turn = new AbortController());
    question(signal).then(
      ({ meta }) => {
        if (!signal.aborted) {
          this.#hooks.came(meta);
        }
      },
      (error: unknown) => {
        if (!isAbort(error) && !signal.aborted) {
          this.#hooks.failed(error);
        }
      }
    );
  }

  /** Does something after a pause, if nothing is asked before. */
  later(milliseconds: number, what: () => void): void {
    this.#timer = setTimeout(what, milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#turn.abort();
  }
}
