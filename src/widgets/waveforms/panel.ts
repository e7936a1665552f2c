/** The frame of a plot: its title, what it is busy with, and what it says instead of a plot. */
import { make } from '../common/dom';
import { Plot, type PlotHooks, type PlotOptions } from './plot';

export class Panel {
  readonly element: HTMLElement;
  readonly plot: Plot;
  readonly #title = make('span', { class: 'astrodata-waveforms-title' });
  readonly #busy = make('span', { class: 'astrodata-waveforms-busy', hidden: true });
  readonly #notice = make('div', { class: 'astrodata-waveforms-notice', hidden: true });

  constructor(
    name: string,
    options: PlotOptions,
    hooks: PlotHooks,
    signal: AbortSignal,
    ...head: HTMLElement[]
  ) {
    const stage = make('div', {
      class: 'astrodata-plot astrodata-waveforms-plot',
      role: 'application',
      tabindex: 0,
      'aria-keyshortcuts': 'ArrowLeft ArrowRight + - Home Space'
    });
    this.element = make(
      'section',
      { class: `astrodata-waveforms-panel astrodata-waveforms-${name}` },
      make('header', { class: 'astrodata-waveforms-head' }, this.#title, this.#busy, ...head),
      make('div', { class: 'astrodata-waveforms-stage' }, stage, this.#notice)
    );
    this.plot = new Plot(stage, options, hooks, signal);
  }

  /** Names what is shown. */
  say(title: string, told = ''): void {
    this.#title.textContent = title;
    this.#title.title = told || title;
  }

  /** Tells what is being done, null for nothing. */
  busy(doing: string | null): void {
    this.#busy.hidden = doing === null;
    this.#busy.textContent = doing ?? '';
  }

  /** Says something where the plot would be; null shows the plot. */
  notice(text: string | null): void {
    this.#notice.hidden = text === null;
    this.#notice.textContent = text ?? '';
  }

  get title(): string {
    return this.#title.textContent ?? '';
  }
}
