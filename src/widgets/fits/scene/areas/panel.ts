/** Statistics of the bands and indices in a region of a scene, their histogram, and what is cut out of it. */
import { button, field, make, select, setChoices } from '../../../common/dom';
import { css, PALETTE } from '../../../common/palette';
import { percent, valueText } from '../../../common/scale';
import { dayText, momentOf } from '../pixels/dates';
import { IndexPicker } from '../pixels/picker';
import { Curves, type Curve } from '../pixels/plot';
import { COLUMNS, type AreaMeta, type AreaRow, type HistogramMeta } from './wire';

export interface Export {
  readonly what: 'tif' | 'csv';
  readonly shown: boolean;
  readonly numbers: boolean;
}

export interface AreaHooks {
  open(on: boolean): void;
  indices(names: readonly string[]): void;
  clouds(on: boolean): void;
  histogram(name: string): void;
  save(wish: Export): void;
  copy(): void;
}

export interface AreaShown {
  readonly title: string;
  readonly open: boolean;
  readonly indices: readonly string[];
  readonly offered: readonly string[];
  readonly clouds: boolean;
  readonly several: boolean;
  readonly found: AreaMeta | null;
  readonly histogram: HistogramMeta | null;
  /** Whose histogram is shown. */
  readonly name: string;
  readonly busy: boolean;
  readonly said: string;
}

const TITLES: Readonly<Record<(typeof COLUMNS)[number], string>> = {
  n: 'pixels',
  mean: 'mean',
  std: 'std',
  min: 'min',
  p5: '5 %',
  median: 'median',
  p95: '95 %',
  max: 'max'
};

export class AreaPanel {
  readonly element: HTMLElement;
  readonly #title = make('strong', { role: 'status' });
  readonly #toggle: HTMLButtonElement;
  readonly #clouds: HTMLButtonElement;
  readonly #picker: IndexPicker;
  readonly #table = make('div', { class: 'astrodata-scene-table' });
  readonly #said = make('p', { class: 'astrodata-scene-said', role: 'status' });
  readonly #plot: Curves;
  readonly #read = make('p', { class: 'astrodata-scene-read' });
  readonly #name: HTMLSelectElement;
  readonly #body: HTMLElement;
  readonly #plotBox: HTMLElement;
  #shown: AreaShown | null = null;
  #at: number | null = null;
  #names = '';

  constructor(hooks: AreaHooks, signal: AbortSignal) {
    this.#toggle = button('Bands', 'Bands and indices of the region', 'Show or hide this', () =>
      hooks.open(this.#toggle.getAttribute('aria-pressed') !== 'true')
    );
    this.#clouds = button('Clouds', 'Pixels under cloud', 'Count pixels under cloud, too', () =>
      hooks.clouds(this.#clouds.getAttribute('aria-pressed') !== 'true')
    );
    this.#picker = new IndexPicker(hooks.indices, signal);
    this.#name = select('Histogram of', [], hooks.histogram);
    this.#plot = new Curves(
      {
        name: 'Histogram of the region',
        x: { label: 'value' },
        y: { label: 'pixels' },
        hover: x => {
          this.#at = x;
          this.#tell();
        }
      },
      signal
    );
    const which = select(
      'Bands to export',
      [
        { value: 'all', text: 'all bands' },
        { value: 'shown', text: 'bands on show' }
      ],
      () => undefined
    );
    const as = select(
      'Values to export',
      [
        { value: 'values', text: 'reflectance' },
        { value: 'numbers', text: 'numbers as stored' }
      ],
      () => undefined
    );
    const save = (what: 'tif' | 'csv') =>
      hooks.save({ what, shown: which.value === 'shown', numbers: as.value === 'numbers' });
    this.#plotBox = make(
      'div',
      { class: 'astrodata-scene-plotbox' },
      make('div', { class: 'astrodata-scene-row' }, field('Histogram of', this.#name)),
      this.#plot.element,
      this.#read
    );
    this.#body = make(
      'div',
      {},
      make(
        'div',
        { class: 'astrodata-scene-plots' },
        make(
          'div',
          { class: 'astrodata-scene-plotbox' },
          make('div', { class: 'astrodata-scene-row' }, this.#picker.element, this.#clouds),
          this.#table
        ),
        this.#plotBox
      ),
      make(
        'div',
        { class: 'astrodata-scene-row', role: 'group', 'aria-label': 'Export of the region' },
        which,
        as,
        button('GeoTIFF', 'Export as GeoTIFF', 'The region as GeoTIFF with its coordinates', () =>
          save('tif')
        ),
        button('CSV', 'Export statistics as CSV', 'The statistics as CSV', () => save('csv')),
        button('Code', 'Copy region as code', 'Copy the Python that does the same', hooks.copy)
      )
    );
    this.element = make(
      'section',
      { class: 'astrodata-scene-areas', 'aria-label': 'Area', hidden: true },
      make('div', { class: 'astrodata-scene-row' }, this.#title, this.#toggle),
      this.#body,
      this.#said
    );
  }

  show(shown: AreaShown): void {
    this.#shown = shown;
    const { found, open, clouds, busy, said } = shown;
    this.#toggle.setAttribute('aria-pressed', String(open));
    this.#clouds.setAttribute('aria-pressed', String(clouds));
    this.#body.hidden = !open;
    this.element.toggleAttribute('data-open', open);
    this.#picker.set(shown.offered, shown.indices);
    this.#title.textContent = open ? titleOf(shown) : shown.title;
    const none = found?.next === null && found.rows.every(row => !row.n);
    const why =
      found?.cloud === 1
        ? 'All of it is under cloud: Clouds counts it.'
        : 'There is nothing in it.';
    this.#said.textContent = said || (open && none ? why : '');
    this.#table.replaceChildren(...(found?.rows.length ? [table(found.rows)] : []));
    this.#table.setAttribute('aria-busy', String(busy));
    this.#plotBox.hidden = !found?.rows.length;
    this.#showHistogram(shown);
  }

  redraw(): void {
    this.#plot.redraw();
  }

  #showHistogram({ found, histogram, name }: AreaShown): void {
    const names = (found?.rows ?? []).map(row => row.name);
    if (names.join('\n') !== this.#names) {
      this.#names = names.join('\n');
      setChoices(
        this.#name,
        names.map(value => ({ value, text: value }))
      );
    }
    this.#name.value = name;
    this.#plot.show(histogram ? steps(histogram) : []);
    this.#tell();
  }

  #tell(): void {
    const histogram = this.#shown?.histogram;
    if (!histogram) {
      this.#read.textContent = this.#shown?.busy ? 'Reading …' : '';
      return;
    }
    const { edges, counts, dates, total, left, sampled } = histogram;
    const at = this.#at;
    const bin = at === null ? -1 : Math.min(counts[0].length - 1, edges.filter(e => e < at).length);
    const parts = dates.map((date, i) => {
      const sign = make('i', { class: 'astrodata-fits-swatch' });
      sign.style.background = colourOf(i);
      const day = date ? dayText(momentOf(date)) : '';
      const count = bin < 0 ? '' : `: ${counts[i][bin].toLocaleString('en')}`;
      return make('span', {}, sign, ' ', `${day}${count}`);
    });
    const range = bin < 0 ? '' : `${valueText(edges[bin], 3)} to ${valueText(edges[bin + 1], 3)}  `;
    const more = [
      dates.length < total ? `${dates.length} of ${total} dates are read` : '',
      left ? `${left} more dates are left out` : '',
      sampled ? 'single pixels stand for several' : ''
    ].filter(Boolean);
    const spaced = parts.flatMap(part => [part, '  ']);
    this.#read.replaceChildren(
      range,
      ...(dates.length > 1 || bin >= 0 ? spaced : []),
      more.join('; ')
    );
  }
}

function colourOf(number: number): string {
  return css(PALETTE[number % PALETTE.length]);
}

/** Gives the outlines of the counts. */
export function steps({ edges, counts }: HistogramMeta): Curve[] {
  return counts.map((bins, i) => ({
    x: edges.flatMap(edge => [edge, edge]),
    y: [0, ...bins.flatMap(count => [count, count]), 0],
    colour: colourOf(i)
  }));
}

/** Gives what a region is in words: pixels, hectares, share of cloud. */
export function titleOf({
  title,
  found,
  busy
}: Pick<AreaShown, 'title' | 'found' | 'busy'>): string {
  if (!found) {
    return busy ? `${title}: reading …` : title;
  }
  const { pixels, hectares, cloud } = found;
  const parts = [
    `${pixels.toLocaleString('en')} ${pixels === 1 ? 'pixel' : 'pixels'}`,
    hectares === null ? '' : `${hectareText(hectares)} ha`,
    cloud === null ? 'clouds not told' : `${percent(cloud)} cloud`
  ];
  return `${title}: ${parts.filter(Boolean).join(', ')}${found.next === null ? '' : ' …'}`;
}

function hectareText(hectares: number): string {
  return hectares >= 1000 ? Math.round(hectares).toLocaleString('en') : valueText(hectares, 4);
}

function table(rows: readonly AreaRow[]): HTMLElement {
  const head = ['', ...COLUMNS.map(column => TITLES[column])].map(name => make('th', {}, name));
  const body = rows.map(row =>
    make(
      'tr',
      { 'data-name': row.name },
      make('th', { scope: 'row' }, row.name),
      ...COLUMNS.map(column => make('td', { 'data-column': column }, cell(column, row[column])))
    )
  );
  return make(
    'table',
    { 'aria-label': 'Statistics of bands and indices' },
    make('thead', {}, make('tr', {}, ...head)),
    make('tbody', {}, ...body)
  );
}

function cell(column: (typeof COLUMNS)[number], value: number | null): string {
  if (value === null) {
    return '';
  }
  return column === 'n' ? value.toLocaleString('en') : valueText(value, 4);
}
