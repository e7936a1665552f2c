/** One of the images: its viewer in a box of its own. */
import type { AnyModel } from '@anywidget/types';
import type { FitsTraits } from '../../core/protocol';
import type { Channel } from '../../core/request';
import { make } from '../common/dom';
import { NO_CHANNEL } from '../common/handshake';
import type { Host } from '../common/start';
import type { TraitModel } from '../common/traits';
import { FitsView, type Neighbour } from '../fits/view';

export class Frame {
  readonly element: HTMLElement;
  readonly #name = make('div', { class: 'astrodata-frames-name' });
  readonly #slot: HTMLElement;
  #view: FitsView | null = null;
  #model: TraitModel<FitsTraits> | null = null;

  /** @param slot - Where its controls stand. */
  constructor(slot: HTMLElement) {
    this.#slot = slot;
    this.element = make('div', { class: 'astrodata-frames-frame' }, this.#name);
  }

  get view(): FitsView | null {
    return this.#view;
  }

  /** Finds the viewer's model and shows it until `signal` ends. */
  async start(
    ref: string,
    host: Host,
    neighbour: Neighbour,
    signal: AbortSignal,
    height: number
  ): Promise<void> {
    const model = (await host.getModel(ref)) as unknown as TraitModel<FitsTraits>;
    if (signal.aborted) {
      return;
    }
    this.#model = model;
    const channel = await host.getModel(model.get('channel')).then(
      found => found as AnyModel & Channel,
      () => null
    );
    if (!signal.aborted) {
      this.#show(model, channel, neighbour, signal);
      this.setHeight(height);
    }
  }

  /** Shows the controls of this image, or hides them. */
  setActive(active: boolean): void {
    this.element.classList.toggle('astrodata-frames-active', active);
    if (this.#view) {
      this.#view.controls.hidden = !active;
    }
  }

  setName(name: string): void {
    this.#name.textContent = name;
    this.#name.title = name;
  }

  setHeight(height: number): void {
    if (this.#model && this.#model.get('height') !== height) {
      this.#model.set('height', height);
      this.#model.save_changes();
    }
  }

  focus(): void {
    this.element.querySelector('canvas')?.focus({ preventScroll: true });
  }

  #show(
    model: TraitModel<FitsTraits>,
    channel: Channel | null,
    neighbour: Neighbour,
    signal: AbortSignal
  ): void {
    const own = new AbortController();
    const again = () => {
      own.abort();
      this.#view?.controls.remove();
      this.#show(model, channel, neighbour, signal);
    };
    const until = AbortSignal.any([signal, own.signal]);
    const view = new FitsView(model, this.element, until, again, neighbour);
    this.#view = view;
    view.controls.hidden = !this.element.classList.contains('astrodata-frames-active');
    this.#slot.append(view.controls);
    until.addEventListener('abort', () => view.controls.remove());
    if (channel) {
      view.connect(channel);
    } else {
      view.fail(NO_CHANNEL);
    }
  }
}
