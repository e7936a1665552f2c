/** What the pointer rests on: a small picture with the point's id and values. */
import type { PointMeta } from '../../../core/latent';
import { make } from '../../common/dom';
import type { Thumbnails } from './thumbnails';

const LINES = 6;

export class Card {
  readonly element = make('div', { class: 'astrodata-map-card', role: 'tooltip', hidden: true });
  readonly #canvas = make('canvas', { 'aria-hidden': 'true' });
  readonly #text = make('div');
  readonly #thumbnails: Thumbnails | null;

  constructor(thumbnails: Thumbnails | null) {
    this.#thumbnails = thumbnails;
    this.element.append(...(thumbnails ? [this.#canvas] : []), this.#text);
  }

  hide(): void {
    this.element.hidden = true;
  }

  /** Shows what is known at once: where the point lies. */
  show(
    point: number,
    place: { x: number; y: number },
    room: { width: number; height: number }
  ): void {
    this.element.hidden = false;
    this.#text.replaceChildren(make('b', {}, `point ${point}`));
    this.#thumbnails?.show(point, this.#canvas);
    const right = place.x > room.width / 2;
    const below = place.y > room.height / 2;
    this.element.style.cssText =
      `${right ? 'right' : 'left'}: ${(right ? room.width - place.x : place.x) + 14}px;` +
      `${below ? 'bottom' : 'top'}: ${(below ? room.height - place.y : place.y) + 14}px`;
  }

  tell(meta: PointMeta): void {
    const lines = meta.values
      .slice(0, LINES)
      .map(([name, value]) => make('div', {}, `${name} ${value}`));
    this.#text.replaceChildren(make('b', {}, meta.id), ...lines);
  }
}
