/** What lies over the pictures of two dates: their days, the line between them, and the pointer of the other. */
import { make } from '../../../common/dom';
import { Divider } from '../../../common/divider';

const cross = () => make('div', { class: 'astrodata-fits-cross', hidden: true });
const label = (side: string) => make('div', { class: `astrodata-fits-date-label ${side}` });

export class DatesOver {
  /** Over the first picture. */
  readonly element: HTMLElement;
  /** Over the second one, where it stands beside the first. */
  readonly second: HTMLElement;
  readonly divider: Divider;
  readonly #left = label('astrodata-fits-date-left');
  readonly #right = label('astrodata-fits-date-right');
  readonly #beside = label('astrodata-fits-date-left');
  readonly #crosses = [cross(), cross()] as const;

  /** @param moved - The line was dragged to a share of the width, and whether the hand let go. */
  constructor(moved: (share: number, done: boolean) => void) {
    this.divider = new Divider(moved);
    this.divider.element.setAttribute('aria-label', 'Swipe');
    this.element = make(
      'div',
      { class: 'astrodata-fits-dates-over' },
      this.divider.element,
      this.#left,
      this.#right,
      this.#crosses[0]
    );
    this.second = make(
      'div',
      { class: 'astrodata-fits-dates-over' },
      this.#beside,
      this.#crosses[1]
    );
  }

  /** @param other - Day of the second picture, empty where there is none. */
  set(day: string, other: string, swiped: boolean, share: number): void {
    this.divider.element.hidden = !swiped;
    this.divider.show(share);
    const text = `${day} up to ${Math.round(100 * share)} % of the width, ${other} beyond`;
    this.divider.element.setAttribute('aria-valuetext', text);
    this.#left.textContent = day;
    this.#left.hidden = !day;
    this.#right.textContent = other;
    this.#right.hidden = !swiped || !other;
    this.#beside.textContent = other;
  }

  /** Marks a place in both pictures; null takes the marks away. */
  point(at: { readonly x: number; readonly y: number } | null): void {
    for (const one of this.#crosses) {
      one.hidden = !at;
      if (at) {
        Object.assign(one.style, { left: `${at.x}px`, top: `${at.y}px` });
      }
    }
  }
}
