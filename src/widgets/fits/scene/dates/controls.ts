/** The controls of dates: step and play, how and with which date to compare, and how much cloud is too much. */
import { clearDates, cloudText, dayOf, type Compare, type SceneDate } from '../../../../core/dates';
import { button, field, make, select, setChoices } from '../../../common/dom';
import type { Marked } from './strip';

export interface ControlHooks {
  step(by: 1 | -1): void;
  play(on: boolean): void;
  pace(dates: number): void;
  compare(how: Compare): void;
  other(date: number): void;
  swap(): void;
  most(share: number): void;
}

const PACES = [0.5, 1, 2, 4, 8];
const COMPARE: readonly { value: Compare; text: string }[] = [
  { value: '', text: 'off' },
  { value: 'swipe', text: 'swipe' },
  { value: 'side', text: 'side by side' }
];

export class DateControls {
  readonly element: HTMLElement;
  readonly #play: HTMLButtonElement;
  readonly #pace: HTMLSelectElement;
  readonly #compare: HTMLSelectElement;
  readonly #other: HTMLSelectElement;
  readonly #otherField: HTMLElement;
  readonly #swap: HTMLButtonElement;
  readonly #most = make('input', {
    type: 'number',
    min: 0,
    max: 100,
    step: 5,
    'aria-label': 'Maximum cloud in per cent',
    title: 'Dates with more cloud are passed over by play and by the keys'
  });
  readonly #count = make('span', { class: 'astrodata-fits-dates-count' });

  constructor(hooks: ControlHooks) {
    this.#play = button('▶', 'Play the dates', 'Play the dates (space on the picture)', () =>
      hooks.play(this.#play.getAttribute('aria-pressed') !== 'true')
    );
    this.#pace = select('Dates a second', [], value => hooks.pace(Number(value)));
    this.#compare = select('Compare', COMPARE, hooks.compare);
    this.#other = select('Compare with', [], value => hooks.other(Number(value)));
    this.#swap = button('⇄', 'Swap the dates', 'The two dates the other way round', hooks.swap);
    this.#otherField = field('With', this.#other);
    this.#most.addEventListener('change', () => {
      const share = this.#most.valueAsNumber / 100;
      const good = share >= 0 && share <= 1;
      this.#most.setAttribute('aria-invalid', String(!good));
      if (good) {
        hooks.most(share);
      }
    });
    this.element = make(
      'div',
      { class: 'astrodata-fits-dates-controls', role: 'group', 'aria-label': 'Choice of dates' },
      make(
        'div',
        { class: 'astrodata-field' },
        make('span', {}, 'Dates'),
        make(
          'span',
          { class: 'astrodata-row' },
          button('‹', 'Previous date', 'The date before ([ on the picture)', () => hooks.step(-1)),
          this.#play,
          button('›', 'Next date', 'The next date (] on the picture)', () => hooks.step(1)),
          this.#pace
        )
      ),
      field('Compare', this.#compare),
      this.#otherField,
      this.#swap,
      make(
        'label',
        { class: 'astrodata-field' },
        make('span', {}, 'Max cloud'),
        make('span', { class: 'astrodata-row' }, this.#most, '%')
      ),
      this.#count
    );
  }

  set(dates: readonly SceneDate[], { date, other, compare, most }: Marked): void {
    this.#compare.value = compare;
    this.#otherField.hidden = this.#swap.hidden = !compare;
    setChoices(
      this.#other,
      dates.map((one, number) => {
        const text = [dayOf(one), cloudText(one) && `${cloudText(one)} cloud`];
        return {
          value: String(number),
          text: text.filter(Boolean).join(', '),
          disabled: !!one.error
        };
      })
    );
    this.#other.value = String(other ?? -1);
    this.#most.value = String(Math.round(1000 * most) / 10);
    this.#most.setAttribute('aria-invalid', 'false');
    const clear = clearDates(dates, most).length;
    const of = clear < dates.length ? `, ${clear} of them clear` : '';
    this.#count.textContent = `${date + 1} of ${dates.length}${of}`;
  }

  setPlay(playing: boolean, pace: number): void {
    this.#play.textContent = playing ? '❚❚' : '▶';
    this.#play.setAttribute('aria-pressed', String(playing));
    this.#play.setAttribute('aria-label', playing ? 'Pause the dates' : 'Play the dates');
    const paces = PACES.includes(pace) ? PACES : [...PACES, pace].sort((a, b) => a - b);
    setChoices(
      this.#pace,
      paces.map(value => ({ value: String(value), text: `${value}/s` }))
    );
    this.#pace.value = String(pace);
  }
}
