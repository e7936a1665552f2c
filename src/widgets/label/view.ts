/** One view of a Labeller: greets the kernel, then shows the desk. */
import type { LabelMeta, LabelRequests, LabelTraits } from '../../core/label';
import { Requester, type Channel } from '../../core/request';
import { make } from '../common/dom';
import { ErrorStrip } from '../common/errors';
import { greet } from '../common/greeting';
import { keepKeys } from '../common/keys';
import { Notes } from '../common/notes';
import type { Startable } from '../common/start';
import { Traits, type TraitModel } from '../common/traits';
import { followTheme } from '../common/theme';
import { Desk } from './desk';

/** Draws into `el` until `signal` ends it; several views of one model live side by side. */
export class LabelView implements Startable {
  readonly #root: HTMLElement;
  readonly #signal: AbortSignal;
  readonly #traits: Traits<LabelTraits>;
  readonly #errors = new ErrorStrip();
  readonly #notes = new Notes();
  readonly #body = make('div');
  #requester: Requester<LabelRequests> | null = null;
  #desk: Desk | null = null;
  #starting = true;

  constructor(model: TraitModel<LabelTraits>, el: HTMLElement, signal: AbortSignal) {
    this.#signal = signal;
    this.#traits = new Traits(model, signal);
    this.#root = make(
      'div',
      { class: 'astrodata-widget astrodata-label', 'aria-busy': 'true' },
      this.#errors.element,
      this.#body,
      this.#notes.element
    );
    el.append(this.#root);
    keepKeys(this.#root);
    followTheme(() => this.#desk?.redraw(), signal);
    signal.addEventListener('abort', () => {
      this.#desk?.dispose();
      this.#requester?.dispose();
      this.#root.remove();
    });
  }

  connect(channel: Channel): void {
    this.#requester = new Requester<LabelRequests>(channel);
    void this.#greet(this.#requester);
  }

  fail(error: unknown, retry?: () => void): void {
    this.#starting = false;
    this.#errors.show(error, retry);
    this.#showBusy();
  }

  #greet(requester: Requester<LabelRequests>): Promise<void> {
    return greet(requester, this.#signal, {
      starting: () => {
        this.#starting = true;
        this.#showBusy();
      },
      ask: async () => (await requester.request('describe', {}, this.#signal)).meta,
      begin: facts => {
        this.#starting = false;
        this.#begin(requester, facts);
      },
      failed: (error, retry) => this.fail(error, retry)
    });
  }

  #begin(requester: Requester<LabelRequests>, facts: LabelMeta): void {
    this.#notes.set(facts.warnings, 'these labels');
    this.#desk = new Desk(
      facts,
      requester,
      this.#traits,
      {
        failed: (error, retry) => this.fail(error, retry),
        changed: () => this.#showBusy()
      },
      this.#signal
    );
    this.#body.replaceChildren(this.#desk.element);
    this.#desk.start();
  }

  #showBusy(): void {
    this.#root.setAttribute('aria-busy', String(this.#starting || !!this.#desk?.busy));
  }
}
