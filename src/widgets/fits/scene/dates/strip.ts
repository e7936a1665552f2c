/** The time slider: the dates below the picture, each with a thumbnail, its day and its share of cloud. */
import {
  cloudText,
  dayOf,
  isClear,
  nextClear,
  type Compare,
  type SceneDate
} from '../../../../core/dates';
import { make } from '../../../common/dom';
import { messageOf } from '../../../common/errors';
import { isPlain } from '../../../common/keys';

export interface StripHooks {
  show(date: number): void;
}

let strips = 0;

/** What is marked. */
export interface Marked {
  readonly date: number;
  readonly other: number | null;
  readonly compare: Compare;
  readonly most: number;
}

export class Strip {
  readonly element: HTMLElement;
  readonly #hooks: StripHooks;
  readonly #id = `astrodata-dates-${strips++}`;
  #dates: readonly SceneDate[] = [];
  #marked: Marked = { date: 0, other: null, compare: '', most: 1 };
  #options: HTMLElement[] = [];

  constructor(hooks: StripHooks) {
    this.#hooks = hooks;
    this.element = make('div', {
      class: 'astrodata-fits-dates-strip',
      role: 'listbox',
      tabindex: 0,
      'aria-label': 'Dates',
      'aria-orientation': 'horizontal'
    });
    this.element.addEventListener('keydown', event => this.#onKey(event));
    this.element.addEventListener('click', event => {
      const option = (event.target as Element).closest<HTMLElement>('[role="option"]');
      if (option) {
        this.#hooks.show(this.#options.indexOf(option));
      }
    });
  }

  /** Gives the canvases of the thumbnails where these are other dates, null where they stay. */
  setDates(dates: readonly SceneDate[]): HTMLCanvasElement[] | null {
    const same =
      dates.length === this.#dates.length &&
      dates.every(({ name, date }, i) => {
        const before = this.#dates[i];
        return name === before.name && date === before.date;
      });
    this.#dates = dates;
    if (same) {
      return null;
    }
    const canvases = dates.map(() => make('canvas', { 'aria-hidden': 'true' }));
    this.#options = dates.map((one, number) => this.#option(one, number, canvases[number]));
    this.element.replaceChildren(...this.#options);
    return canvases;
  }

  mark(marked: Marked): void {
    const moved = marked.date !== this.#marked.date;
    this.#marked = marked;
    const { date, other, compare, most } = marked;
    this.#options.forEach((option, number) => {
      const one = this.#dates[number];
      const role = !compare ? '' : number === date ? 'left' : number === other ? 'right' : '';
      option.setAttribute('aria-selected', String(number === date));
      option.classList.toggle('astrodata-fits-date-skipped', !isClear(one, most));
      option.classList.toggle('astrodata-fits-date-other', !!compare && number === other);
      option.querySelector('.astrodata-fits-date-side')!.textContent = role;
      option.title = [one.name, one.satellite, one.level, one.error].filter(Boolean).join(', ');
    });
    this.element.setAttribute('aria-activedescendant', `${this.#id}-${date}`);
    if (moved) {
      this.reveal();
    }
  }

  /** Scrolls to the date on show, and the strip only: the page stays where it is. */
  reveal(): void {
    const option = this.#options[this.#marked.date];
    if (!option) {
      return;
    }
    const [left, right] = [option.offsetLeft, option.offsetLeft + option.offsetWidth];
    const { scrollLeft, clientWidth } = this.element;
    if (left < scrollLeft || right > scrollLeft + clientWidth) {
      this.element.scrollLeft = left - (clientWidth - option.offsetWidth) / 2;
    }
  }

  /** Says on a date why it has no thumbnail. */
  fail(date: number, error: unknown): void {
    const option = this.#options[date];
    if (option) {
      option.title = messageOf(error);
    }
  }

  #option(one: SceneDate, number: number, canvas: HTMLCanvasElement): HTMLElement {
    const cloud = cloudText(one);
    const share = make('i');
    share.style.width = `${100 * Math.min(1, Math.max(0, one.cloud ?? 0))}%`;
    return make(
      'div',
      {
        class: 'astrodata-fits-date',
        role: 'option',
        id: `${this.#id}-${number}`,
        'aria-label': [dayOf(one), cloud && `${cloud} cloud`].filter(Boolean).join(', ')
      },
      canvas,
      make('span', { class: 'astrodata-fits-date-side' }),
      make('span', { class: 'astrodata-fits-date-day' }, dayOf(one)),
      make(
        'span',
        { class: 'astrodata-fits-date-cloud' },
        make('span', { class: 'astrodata-fits-date-bar', hidden: !cloud }, share),
        cloud || 'cloud ?'
      )
    );
  }

  #onKey(event: KeyboardEvent): void {
    if (!isPlain(event)) {
      return;
    }
    const { date, most } = this.#marked;
    const last = this.#dates.length;
    const wanted: Record<string, () => number | null> = {
      ArrowLeft: () => nextClear(this.#dates, date, -1, most),
      ArrowRight: () => nextClear(this.#dates, date, 1, most),
      Home: () => nextClear(this.#dates, -1, 1, most),
      End: () => nextClear(this.#dates, last, -1, most)
    };
    if (!Object.hasOwn(wanted, event.key)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const next = wanted[event.key]();
    if (next !== null) {
      this.#hooks.show(next);
    }
  }
}
