/** Long work in the kernel: how far it is, and the way to give it up. */
import type { Work } from '../../../core/latent';
import { button, make } from '../../common/dom';

export class WorkBar {
  readonly element: HTMLElement;
  readonly #bar = make('progress', { max: 1, value: 0 });
  readonly #text = make('span');

  constructor(cancel: () => void) {
    this.element = make(
      'div',
      { class: 'astrodata-map-work astrodata-row', role: 'status', hidden: true },
      this.#bar,
      this.#text,
      button('Cancel', 'Cancel', 'Give this work up', cancel)
    );
  }

  set(work: Partial<Work>): void {
    const running = work.state === 'running';
    this.element.hidden = !running;
    if (running) {
      const share = work.share ?? 0;
      // Some methods tell nothing of how far they are.
      if (share > 0) {
        this.#bar.value = share;
      } else {
        this.#bar.removeAttribute('value');
      }
      this.#bar.setAttribute('aria-label', `${work.name}`);
      this.#text.textContent =
        share > 0 ? `${work.name}: ${Math.round(100 * share)} %` : `${work.name} …`;
    }
  }
}
