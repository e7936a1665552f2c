/** The line between two images that lie over each other. */
import { make } from './dom';
import './divider.css';

const STEP = 0.02;

export class Divider {
  readonly element = make('div', {
    class: 'astrodata-divider',
    role: 'slider',
    tabindex: 0,
    'aria-label': 'Divider',
    'aria-orientation': 'horizontal',
    'aria-valuemin': 0,
    'aria-valuemax': 100
  });
  readonly #moved: (share: number, done: boolean) => void;
  #share = 0.5;

  /** @param moved - Called with the share of the width, and whether the hand let go. */
  constructor(moved: (share: number, done: boolean) => void) {
    this.#moved = moved;
    const { element } = this;
    element.addEventListener('pointerdown', event => {
      element.setPointerCapture(event.pointerId);
      element.focus({ preventScroll: true });
      event.preventDefault();
    });
    element.addEventListener('pointermove', event => {
      if (element.hasPointerCapture(event.pointerId)) {
        this.#move(this.#at(event), false);
      }
    });
    element.addEventListener('pointerup', event => this.#move(this.#at(event), true));
    element.addEventListener('keydown', event => {
      const steps = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -1, End: 1 } as const;
      if (event.key in steps) {
        event.preventDefault();
        event.stopPropagation();
        this.#move(this.#share + steps[event.key as keyof typeof steps], true);
      }
    });
  }

  show(share: number): void {
    this.#share = share;
    this.element.style.left = `${100 * share}%`;
    this.element.setAttribute('aria-valuenow', String(Math.round(100 * share)));
  }

  #move(share: number, done: boolean): void {
    this.#moved(Math.min(1, Math.max(0, share)), done);
  }

  #at(event: PointerEvent): number {
    const { left, width } = this.element.parentElement!.getBoundingClientRect();
    return (event.clientX - left) / width;
  }
}
