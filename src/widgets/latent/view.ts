/** One view of a LatentExplorer: greets the kernel, then shows the latent space and the training. */
import type { LatentMeta, LatentRequests, LatentTraits } from '../../core/latent';
import { isAbort, Requester, type Channel } from '../../core/request';
import { make } from '../common/dom';
import { ErrorStrip } from '../common/errors';
import { mismatch } from '../common/handshake';
import { keepKeys } from '../common/keys';
import type { Startable } from '../common/start';
import { Traits, type TraitModel } from '../common/traits';
import { Board } from './board';
import { History } from './history';

type Tab = 'latent' | 'history';

/** Draws into `el` until `signal` ends it; several views of one model live side by side. */
export class LatentView implements Startable {
  readonly #root: HTMLElement;
  readonly #signal: AbortSignal;
  readonly #traits: Traits<LatentTraits>;
  readonly #errors = new ErrorStrip();
  readonly #tabs = make('div', {
    class: 'astrodata-latent-tabs',
    role: 'tablist',
    'aria-label': 'Views',
    hidden: true
  });
  readonly #notes = make('div', { class: 'astrodata-notes astrodata-latent-notes', hidden: true });
  readonly #body = make('div');
  #requester: Requester<LatentRequests> | null = null;
  #board: Board | null = null;
  #history: History | null = null;
  #starting = true;

  constructor(model: TraitModel<LatentTraits>, el: HTMLElement, signal: AbortSignal) {
    this.#signal = signal;
    this.#traits = new Traits(model, signal);
    this.#root = make(
      'div',
      { class: 'astrodata-widget astrodata-latent', 'aria-busy': 'true' },
      this.#tabs,
      this.#errors.element,
      this.#notes,
      this.#body
    );
    el.append(this.#root);
    keepKeys(this.#root);
    // Another theme has other colours, which canvases do not follow by themselves.
    const observer = new MutationObserver(() => {
      this.#board?.redraw();
      this.#history?.redraw();
    });
    observer.observe(document.body, {
      attributes: true,
      attributeFilter: ['data-jp-theme-light', 'data-jp-theme-name', 'class']
    });
    signal.addEventListener('abort', () => {
      observer.disconnect();
      this.#board?.dispose();
      this.#history?.dispose();
      this.#requester?.dispose();
      this.#root.remove();
    });
  }

  connect(channel: Channel): void {
    this.#requester = new Requester<LatentRequests>(channel);
    void this.#greet(this.#requester);
  }

  fail(error: unknown, retry?: () => void): void {
    this.#starting = false;
    this.#errors.show(error, retry);
    this.#showBusy();
  }

  async #greet(requester: Requester<LatentRequests>): Promise<void> {
    this.#starting = true;
    this.#showBusy();
    try {
      const { meta } = await requester.request('hello', {}, this.#signal);
      const wrong = mismatch(meta);
      if (wrong) {
        this.fail(wrong);
        return;
      }
      const { meta: facts } = await requester.request('describe', {}, this.#signal);
      this.#starting = false;
      this.#begin(requester, facts);
    } catch (error) {
      if (!isAbort(error)) {
        this.fail(error, () => void this.#greet(requester));
      }
    }
  }

  #begin(requester: Requester<LatentRequests>, facts: LatentMeta): void {
    this.#notes.hidden = !facts.warnings.length;
    this.#notes.replaceChildren(
      make('ul', {}, ...facts.warnings.map(warning => make('li', {}, warning)))
    );
    this.#board = new Board(
      facts,
      requester,
      this.#traits,
      {
        failed: (error, retry) => this.fail(error, retry),
        changed: () => this.#showBusy()
      },
      this.#signal
    );
    this.#board.element.id = `astrodata-latent-${Math.random().toString(36).slice(2)}`;
    this.#body.replaceChildren(this.#board.element);
    if (facts.history) {
      this.#addHistory(requester);
    }
    this.#board.start();
  }

  #addHistory(requester: Requester<LatentRequests>): void {
    const history = (this.#history = new History());
    const panes: Record<Tab, HTMLElement> = {
      latent: this.#board!.element,
      history: history.element
    };
    history.element.id = `${this.#board!.element.id}-history`;
    this.#body.append(history.element);
    const tabs = (['latent', 'history'] as const).map(name => {
      const tab = make(
        'button',
        { type: 'button', role: 'tab', 'aria-controls': panes[name].id },
        name === 'latent' ? 'Latent space' : 'History'
      );
      panes[name].setAttribute('role', 'tabpanel');
      tab.addEventListener('click', () => show(name));
      tab.addEventListener('keydown', event => {
        if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
          const other = tabs.find(one => one !== tab)!;
          other.click();
          other.focus();
        }
      });
      return tab;
    });
    let asked = false;
    const show = (wanted: Tab) => {
      (['latent', 'history'] as const).forEach((name, i) => {
        panes[name].hidden = name !== wanted;
        tabs[i].setAttribute('aria-selected', String(name === wanted));
        tabs[i].tabIndex = name === wanted ? 0 : -1;
      });
      if (wanted === 'history' && !asked) {
        asked = true;
        requester.request('history', {}, this.#signal).then(
          reply => history.show(reply),
          (error: unknown) => {
            asked = false;
            if (!isAbort(error)) {
              this.fail(error, () => show('history'));
            }
          }
        );
      }
    };
    this.#tabs.replaceChildren(...tabs);
    this.#tabs.hidden = false;
    show('latent');
  }

  #showBusy(): void {
    this.#root.setAttribute('aria-busy', String(this.#starting || !!this.#board?.busy));
  }
}
