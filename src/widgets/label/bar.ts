/** How far one is: the bar, the pace, what is left, and whether all of it is saved. */
import type { LabelState } from '../../core/label';
import { make } from '../common/dom';
import { percent } from '../common/scale';
import { inWords } from './pace';

export interface Sending {
  readonly pending: number;
  readonly lost: number;
}

export class Bar {
  readonly element: HTMLElement;
  readonly #bar = make('progress', { max: 1, value: 0, 'aria-label': 'Labelled' });
  readonly #done = make('span', { class: 'astrodata-label-done-count' });
  readonly #pace = make('span', { class: 'astrodata-label-pace' });
  readonly #self = make('span', { class: 'astrodata-label-self' });
  readonly #sending = make('span', { class: 'astrodata-label-sending' });
  readonly #learning = make('span', { class: 'astrodata-label-learning' });

  constructor() {
    this.element = make(
      'div',
      { class: 'astrodata-label-bar', role: 'group', 'aria-label': 'Progress' },
      this.#bar,
      this.#done,
      this.#pace,
      this.#self,
      this.#learning,
      this.#sending
    );
  }

  show(state: LabelState, perMinute: number | null, { pending, lost }: Sending): void {
    const number = (count: number) => count.toLocaleString('en');
    this.#bar.max = Math.max(1, state.total);
    this.#bar.value = state.labelled;
    const skipped = state.skipped ? `, ${number(state.skipped)} skipped` : '';
    this.#done.textContent =
      `${number(state.labelled)} of ${number(state.total)} labelled${skipped}, ` +
      `${number(state.remaining)} left`;
    this.#pace.textContent =
      perMinute === null
        ? ''
        : `${Math.round(perMinute)} a minute${
            state.remaining ? `, ${inWords(state.remaining / perMinute)} to go` : ''
          }`;
    const self = state.consistency;
    this.#self.textContent = self
      ? `with oneself ${self.same} of ${self.of} (${percent(self.same / self.of)})`
      : '';
    this.#self.title =
      'How often an event that came a second time, without its label, got the same label again';
    this.#learning.textContent = state.learning;
    this.#sending.textContent = [
      pending ? `${pending} being saved` : '',
      lost ? `${lost} not saved` : '',
      !pending && !lost ? 'all saved' : ''
    ]
      .filter(Boolean)
      .join(', ');
    this.#sending.classList.toggle('astrodata-label-unsaved', lost > 0);
  }
}
