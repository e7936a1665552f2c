/** What is known of a point, as names and values, and its picture where there are no curves. */
import type { LatentMeta, PointMeta } from '../../../core/latent';
import { button, make } from '../../common/dom';
import type { Thumbnails } from './thumbnails';

export interface FactsHooks {
  nearest(point: number): void;
}

const SHOWN_LATENTS = 16;

export class Facts {
  readonly element: HTMLElement;
  readonly #facts: LatentMeta;
  readonly #thumbnails: Thumbnails | null;
  readonly #list = make('dl');
  readonly #picture = make('canvas', { role: 'img', hidden: true });
  readonly #title = make('b');
  readonly #near: HTMLButtonElement;
  #point = -1;

  /** @param thumbnails - Null where curves are shown, or nothing is known. */
  constructor(facts: LatentMeta, thumbnails: Thumbnails | null, hooks: FactsHooks) {
    this.#facts = facts;
    this.#thumbnails = thumbnails;
    this.#near = button(
      'Nearest',
      'Select the nearest',
      'Select the 20 points nearest to it (n)',
      () => hooks.nearest(this.#point)
    );
    this.element = make(
      'section',
      { class: 'astrodata-map-facts', 'aria-label': 'Point', hidden: true },
      make('div', { class: 'astrodata-row' }, this.#title, this.#near),
      this.#picture,
      this.#list
    );
  }

  clear(): void {
    this.#point = -1;
    this.element.hidden = true;
  }

  show(meta: PointMeta): void {
    this.#point = meta.point;
    this.element.hidden = false;
    this.#title.textContent = meta.id;
    this.#picture.hidden = !this.#thumbnails;
    this.#picture.setAttribute('aria-label', `Event ${meta.id}`);
    this.#thumbnails?.show(meta.point, this.#picture);
    const latents = this.#facts.axes
      .slice(0, SHOWN_LATENTS)
      .map(({ name }, i) => [name, meta.z[i]] as const);
    const more = this.#facts.axes.length - latents.length;
    const pairs = [
      ...meta.values,
      ...meta.facts,
      ...latents,
      ...(more > 0 ? [['…', `${more} more latents`] as const] : [])
    ];
    this.#list.replaceChildren(
      ...pairs.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)])
    );
  }
}
