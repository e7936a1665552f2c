/** The list of keys. */
import { button, make } from '../common/dom';

export class Help {
  readonly element = make('div', {
    class: 'astrodata-label-help',
    role: 'dialog',
    'aria-label': 'Keys',
    hidden: true
  });

  get open(): boolean {
    return !this.element.hidden;
  }

  show(keys: readonly (readonly [string, string])[]): void {
    this.element.replaceChildren(
      make(
        'dl',
        {},
        ...keys
          .filter(([written]) => written)
          .flatMap(([written, text]) => [
            make('dt', {}, make('kbd', {}, written)),
            make('dd', {}, text)
          ])
      ),
      button('Close', 'Close the keys', 'Close (Escape)', () => this.close())
    );
    this.element.hidden = false;
  }

  close(): void {
    this.element.hidden = true;
  }
}
