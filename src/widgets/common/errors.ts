/** The strip under the toolbar that tells what went wrong. */
import { copyAndSay } from './clipboard';
import { button, make } from './dom';
import { Remedied } from './handshake';

const SHOWN = 3;

/** Gives what an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Shows the newest few errors until they are dismissed. */
export class ErrorStrip {
  readonly element = make('div', { class: 'astrodata-errors', role: 'alert', hidden: true });
  /** Newest first. */
  #messages: string[] = [];
  #retry: (() => void) | null = null;
  /** For a shell. */
  #command: string | null = null;

  /** @param retry - What a person can do about it, as a button. */
  show(error: unknown, retry?: () => void): void {
    const message = messageOf(error);
    this.#messages = [message, ...this.#messages.filter(known => known !== message)].slice(
      0,
      SHOWN
    );
    this.#retry = retry ?? this.#retry;
    this.#command = error instanceof Remedied ? error.command : this.#command;
    this.#paint();
  }

  clear(): void {
    this.#messages = [];
    this.#retry = this.#command = null;
    this.#paint();
  }

  #paint(): void {
    const lines = this.#messages.map(message => make('li', {}, message));
    if (this.#command !== null) {
      lines.push(make('li', {}, ...commandOf(this.#command)));
    }
    const dismiss = button('×', 'Dismiss', 'Dismiss these messages', () => this.clear());
    const actions: Node[] = [dismiss];
    const retry = this.#retry;
    if (retry) {
      const again = make('button', { type: 'button' }, 'Try again');
      again.addEventListener('click', () => {
        this.clear();
        retry();
      });
      actions.unshift(again);
    }
    this.element.hidden = !lines.length;
    this.element.replaceChildren(
      ...(lines.length
        ? [make('ul', {}, ...lines), make('div', { class: 'astrodata-buttons' }, ...actions)]
        : [])
    );
  }
}

/** Gives a line of a shell, with a button that copies it. */
function commandOf(command: string): HTMLElement[] {
  const copy = button('Copy', 'Copy the command', 'Copy the command', () => {
    void copyAndSay(command).then(said => (copy.textContent = said));
  });
  return [make('code', {}, command), copy];
}
