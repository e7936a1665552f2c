/** The list of keys, over what they are for. */
import { button, make } from './dom';

export class Help {
  readonly element = make('div', {
    class: 'astrodata-help',
    role: 'dialog',
    'aria-label': 'Keys',
    hidden: true
  });

  #before: Element | null = null;

  get open(): boolean {
    return !this.element.hidden;
  }

  /** Shows keys and what they do; whoever had the focus gets it back at the end. */
  show(keys: readonly (readonly [string, string])[]): void {
    this.element.replaceChildren(
      // Above the list, or it would be looked for at the end of a long one.
      make(
        'div',
        { class: 'astrodata-help-head' },
        make('strong', {}, 'Keys'),
        button('Close', 'Close the keys', 'Close (Escape)', () => this.close())
      ),
      make(
        'dl',
        {},
        ...keys
          .filter(([written]) => written)
          .map(([written, text]) =>
            make('div', {}, make('dt', {}, make('kbd', {}, written)), make('dd', {}, text))
          )
      )
    );
    this.#before = document.activeElement;
    this.element.hidden = false;
  }

  close(): void {
    this.element.hidden = true;
    if (this.#before instanceof HTMLElement && this.#before.isConnected) {
      this.#before.focus({ preventScroll: true });
    }
  }
}
