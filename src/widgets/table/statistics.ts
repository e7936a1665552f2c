/** What the values of a column are like: figures, and a histogram whose stretch filters the rows. */
import type { Statistics } from '../../core/table';
import type { WireArray } from '../../core/wire';
import { button, make } from '../common/dom';
import { valueText } from '../common/scale';
import { Histogram } from '../common/brush';

export interface StatisticsHooks {
  /** Ends of a marked stretch; null takes it away. */
  brush(column: string, limits: readonly [number | null, number | null] | null): void;
  close(): void;
}

export class StatisticsPanel {
  readonly element: HTMLElement;
  readonly #title = make('b');
  readonly #list = make('dl');
  readonly #picture = make('div', { class: 'astrodata-table-histogram' });
  readonly #hooks: StatisticsHooks;
  readonly #signal: AbortSignal;
  #histogram: Histogram | null = null;
  #column = '';

  constructor(hooks: StatisticsHooks, signal: AbortSignal) {
    this.#hooks = hooks;
    this.#signal = signal;
    this.element = make(
      'section',
      { class: 'astrodata-table-statistics', 'aria-label': 'Statistics', hidden: true },
      make(
        'div',
        { class: 'astrodata-row' },
        this.#title,
        button('×', 'Close the statistics', 'Close (Escape)', () => hooks.close())
      ),
      this.#list,
      this.#picture
    );
    this.element.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        hooks.close();
      }
    });
  }

  /** The column on show, or nothing. */
  get column(): string {
    return this.#column;
  }

  hide(): void {
    this.#column = '';
    this.element.hidden = true;
  }

  /** Shows that a column is looked at; its figures come later. */
  begin(column: string): void {
    if (column !== this.#column) {
      this.#list.replaceChildren();
      this.#picture.replaceChildren();
      this.#histogram = null;
    }
    this.#column = column;
    this.element.hidden = false;
    this.#title.textContent = column;
  }

  show(found: Statistics, counts: WireArray | null): void {
    this.#title.textContent = found.unit ? `${found.column} (${found.unit})` : found.column;
    this.#list.replaceChildren(
      ...figures(found).flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)])
    );
    if (found.frequent) {
      this.#histogram = null;
      this.#picture.replaceChildren(frequent(found.frequent, found.valid));
      return;
    }
    if (!counts || found.low === undefined || found.high === undefined) {
      return;
    }
    if (!this.#histogram) {
      const { column } = found;
      this.#histogram = new Histogram(
        column,
        limits => this.#hooks.brush(column, limits),
        this.#signal
      );
      this.#picture.replaceChildren(
        this.#histogram.element,
        make(
          'div',
          { class: 'astrodata-table-ends' },
          make('span', {}, valueText(found.low)),
          make('span', {}, 'drag to filter, click to clear'),
          make('span', {}, valueText(found.high))
        )
      );
    }
    const { low, high } = found;
    this.#histogram.show({
      meta: {
        column: found.column,
        low,
        high,
        log: false,
        missing: found.missing,
        shape: counts.shape,
        dtype: counts.dtype
      },
      counts
    });
  }

  restyle(): void {
    this.#histogram?.paint();
  }
}

function figures(found: Statistics): (readonly [string, string])[] {
  const count = (value: number) => value.toLocaleString('en');
  const value = (number: number | null | undefined) =>
    number === null || number === undefined ? '–' : valueText(number, 7);
  const counts = [
    ['rows', count(found.rows)],
    ['without a value', count(found.missing)]
  ] as const;
  if (found.frequent) {
    const more = found.more ? 'more than ' : '';
    return [...counts, ['different', `${more}${count(found.different ?? 0)}`]];
  }
  return [
    ...counts,
    ['lowest', value(found.min)],
    ['highest', value(found.max)],
    ['mean', value(found.mean)],
    ['standard deviation', value(found.std)],
    ['median', value(found.median)],
    ['16 % and 84 %', `${value(found.q16)}, ${value(found.q84)}`]
  ];
}

function frequent(texts: readonly (readonly [string, number])[], all: number): HTMLElement {
  const items = texts.map(([text, count]) => {
    const bar = make('i', { 'aria-hidden': 'true' });
    bar.style.width = `${(100 * count) / Math.max(1, texts[0][1])}%`;
    const share = `${count.toLocaleString('en')} (${((100 * count) / Math.max(1, all)).toFixed(1)} %)`;
    return make('li', {}, bar, make('span', {}, text || '(empty)'), make('small', {}, share));
  });
  return make('ul', { 'aria-label': 'Most frequent' }, ...items);
}
