/** One view of a LatentExplorer: greets the kernel, then shows the latent space and the training. */
import type { LatentMeta, LatentRequests, LatentTraits, Tab } from '../../core/latent';
import { isAbort, Requester, type Channel } from '../../core/request';
import { make } from '../common/dom';
import { ErrorStrip } from '../common/errors';
import { greet } from '../common/greeting';
import { keepKeys } from '../common/keys';
import type { Startable } from '../common/start';
import { Traits, type TraitModel } from '../common/traits';
import { followTheme } from '../common/theme';
import { Board } from './board';
import { Chosen } from './chosen';
import { Cloud } from './cloud';
import { History } from './history';
import { MapView } from './map/mapview';

const TEXTS: Record<Tab, string> = { map: 'Map', matrix: 'Scatter matrix', history: 'History' };

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
  #chosen: Chosen | null = null;
  #map: MapView | null = null;
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
    followTheme(() => {
      this.#map?.redraw();
      this.#board?.redraw();
      this.#history?.redraw();
    }, signal);
    signal.addEventListener('abort', () => {
      this.#chosen?.dispose();
      this.#map?.dispose();
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

  #greet(requester: Requester<LatentRequests>): Promise<void> {
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

  #begin(requester: Requester<LatentRequests>, facts: LatentMeta): void {
    this.#notes.hidden = !facts.warnings.length;
    this.#notes.replaceChildren(
      make('ul', {}, ...facts.warnings.map(warning => make('li', {}, warning)))
    );
    const hooks = {
      failed: (error: unknown, retry?: () => void) => this.fail(error, retry),
      changed: () => this.#showBusy()
    };
    this.#chosen = new Chosen(
      requester,
      this.#traits,
      error => this.fail(error),
      hooks.changed,
      this.#signal
    );
    const data = { cloud: new Cloud(requester, facts, this.#signal), chosen: this.#chosen };
    const shared = [facts, requester, this.#traits, data, hooks, this.#signal] as const;
    this.#map = new MapView(...shared);
    this.#board = new Board(...shared);
    const panes: Partial<Record<Tab, HTMLElement>> = { map: this.#map.element };
    if (!facts.many) {
      panes.matrix = this.#board.element;
    }
    if (facts.history) {
      this.#history = new History();
      panes.history = this.#history.element;
    }
    this.#showTabs(requester, panes);
  }

  #showTabs(
    requester: Requester<LatentRequests>,
    panes: Readonly<Partial<Record<Tab, HTMLElement>>>
  ): void {
    const names = Object.keys(panes) as Tab[];
    const id = `astrodata-latent-${Math.random().toString(36).slice(2)}`;
    const begun = new Set<Tab>();
    const begin: Record<Tab, () => void> = {
      map: () => this.#map!.start(),
      matrix: () => this.#board!.start(),
      history: () => this.#askHistory(requester, () => begun.delete('history'))
    };
    const show = (wanted: Tab) => {
      names.forEach((name, i) => {
        panes[name]!.hidden = name !== wanted;
        tabs[i].setAttribute('aria-selected', String(name === wanted));
        tabs[i].tabIndex = name === wanted ? 0 : -1;
      });
      this.#map!.setHidden(wanted !== 'map');
      // What nobody looks at is not fetched.
      if (!begun.has(wanted)) {
        begun.add(wanted);
        begin[wanted]();
      }
    };
    const tabs = names.map((name, i) => {
      const pane = panes[name]!;
      pane.id = `${id}-${name}`;
      pane.setAttribute('role', 'tabpanel');
      const attributes = { type: 'button', role: 'tab', 'aria-controls': pane.id };
      const tab = make('button', attributes, TEXTS[name]);
      tab.addEventListener('click', () => {
        this.#traits.write({ tab: name });
        show(name);
      });
      tab.addEventListener('keydown', event => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step) {
          const other = tabs[(i + step + tabs.length) % tabs.length];
          other.click();
          other.focus();
        }
      });
      return tab;
    });
    this.#tabs.replaceChildren(...tabs);
    this.#tabs.hidden = false;
    this.#body.replaceChildren(...names.map(name => panes[name]!));
    const wanted = (): Tab => (panes[this.#traits.get('tab')] ? this.#traits.get('tab') : 'map');
    this.#traits.follow(['tab'], () => show(wanted()));
    show(wanted());
  }

  #askHistory(requester: Requester<LatentRequests>, again: () => void): void {
    requester.request('history', {}, this.#signal).then(
      reply => this.#history!.show(reply),
      (error: unknown) => {
        again();
        if (!isAbort(error)) {
          this.fail(error, () => this.#askHistory(requester, again));
        }
      }
    );
  }

  #showBusy(): void {
    this.#root.setAttribute('aria-busy', String(this.#starting || this.#busy()));
  }
  #busy(): boolean {
    return [this.#chosen, this.#map, this.#board].some(part => part?.busy);
  }
}
