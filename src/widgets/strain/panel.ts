/** What all panels are: a heading, a plot, and what it says about itself. */
import { make } from '../common/dom';
import { Plot, type PlotHooks, type PlotOptions } from '../common/plot';

export class Frame {
  readonly element: HTMLElement;
  readonly stage = make('div', { class: 'astrodata-strain-plot' });
  readonly plot: Plot;
  readonly #title = make('span', { class: 'astrodata-strain-title' });
  readonly head: HTMLElement;

  constructor(
    name: string,
    options: PlotOptions,
    hooks: PlotHooks,
    signal: AbortSignal,
    parts: { head?: HTMLElement[]; foot?: HTMLElement[] } = {}
  ) {
    this.head = make('div', { class: 'astrodata-strain-head' }, this.#title, ...(parts.head ?? []));
    this.stage.tabIndex = 0;
    this.stage.setAttribute('role', 'application');
    this.stage.setAttribute(
      'aria-keyshortcuts',
      'ArrowLeft ArrowRight ArrowUp ArrowDown + - 0 W [ ] N P'
    );
    this.element = make(
      'section',
      { class: `astrodata-strain-panel astrodata-strain-${name}` },
      this.head,
      this.stage,
      ...(parts.foot ?? [])
    );
    this.plot = new Plot(this.stage, options, hooks, signal);
  }

  /** @param told - What the plot shows, for who cannot see it. */
  say(title: string, told = title): void {
    this.#title.textContent = title;
    this.stage.setAttribute('aria-label', told);
    this.element.setAttribute('aria-label', title);
  }

  set busy(busy: boolean) {
    this.element.setAttribute('aria-busy', String(busy));
  }

  set shown(shown: boolean) {
    this.element.hidden = !shown;
  }

  /** The heading, for an exported figure. */
  get title(): string {
    return this.#title.textContent ?? '';
  }
}
