/** Spectra and series of pinned pixels below the picture. */
import { button, make } from '../../../common/dom';
import { valueText } from '../../../common/scale';
import { dateTicks, dayText, momentOf, tickTexts } from './dates';
import { IndexPicker } from './picker';
import { Curves, type Curve, type Mark } from './plot';
import type { Series } from './reading';
import type { Place, SpectrumMeta } from './wire';

export interface PanelHooks {
  indices(names: readonly string[]): void;
  clouds(on: boolean): void;
  unpin(place: Place): void;
  look(place: Place): void;
  clear(): void;
  copy(what: 'series' | 'spectrum' | 'py'): void;
  /** A date of the series was clicked. */
  date(number: number): void;
}

export interface Pinned {
  readonly place: Place;
  readonly colour: string;
  readonly spectrum: SpectrumMeta | undefined;
  readonly series: Series | undefined;
}

export interface Shown {
  readonly pins: readonly Pinned[];
  readonly indices: readonly string[];
  readonly offered: readonly string[];
  readonly clouds: boolean;
  /** Number of the date on show, null where there is one date only. */
  readonly date: number | null;
  readonly moment: number;
  readonly busy: boolean;
  readonly spectrumSaid: string;
  readonly seriesSaid: string;
}

/** Of the indices' lines, in their order. */
export const DASHES: readonly (readonly number[])[] = [[], [6, 4], [2, 3], [9, 3, 2, 3], [12, 5]];
const DIGITS = 4;

export class PixelPanel {
  readonly element: HTMLElement;
  readonly #spectra: Curves;
  readonly #series: Curves;
  readonly #seriesBox: HTMLElement;
  readonly #picker: IndexPicker;
  readonly #hooks: PanelHooks;
  readonly #pins = make('ul', { class: 'astrodata-scene-pins', 'aria-label': 'Pinned pixels' });
  readonly #said = make('p', { class: 'astrodata-scene-said', role: 'status' });
  readonly #hint = make(
    'p',
    { class: 'astrodata-scene-said' },
    'Click a pixel of the picture, or point at one and press s.'
  );
  readonly #body: HTMLElement;
  readonly #readSpectrum = make('p', {
    class: 'astrodata-scene-read',
    'aria-label': 'Reading of the spectra'
  });
  readonly #readSeries = make('p', {
    class: 'astrodata-scene-read',
    'aria-label': 'Reading of the series'
  });
  readonly #clouds: HTMLButtonElement;
  #shown: Shown | null = null;
  #atBand: number | null = null;
  #atDate: number | null = null;

  constructor(hooks: PanelHooks, signal: AbortSignal) {
    this.#hooks = hooks;
    this.#spectra = new Curves(
      {
        name: 'Spectra',
        x: { label: 'wavelength, nm' },
        y: { label: 'reflectance' },
        hover: x => {
          this.#atBand = x;
          this.#tellSpectrum();
        }
      },
      signal
    );
    this.#series = new Curves(
      {
        name: 'Series',
        x: {
          label: 'date',
          splits: (plot, _axis, low, high) =>
            dateTicks(low, high, plot.bbox.width / devicePixelRatio / 90),
          values: (_plot, splits) => tickTexts(splits)
        },
        y: { label: 'index' },
        hover: x => {
          this.#atDate = x;
          this.#tellSeries();
        },
        pick: x => this.#pickDate(x)
      },
      signal
    );
    this.#picker = new IndexPicker(hooks.indices, signal);
    this.#clouds = button(
      'Clouds',
      'Dates under cloud',
      'Draw the lines through dates under cloud as well',
      () => hooks.clouds(this.#clouds.getAttribute('aria-pressed') !== 'true')
    );
    this.#seriesBox = make(
      'div',
      { class: 'astrodata-scene-plotbox' },
      make(
        'div',
        { class: 'astrodata-scene-row' },
        this.#picker.element,
        this.#clouds,
        button('CSV', 'Copy series as CSV', 'Copy the series as CSV', () => hooks.copy('series'))
      ),
      this.#series.element,
      this.#readSeries
    );
    this.#body = make(
      'div',
      { class: 'astrodata-scene-plots' },
      make(
        'div',
        { class: 'astrodata-scene-plotbox' },
        make(
          'div',
          { class: 'astrodata-scene-row' },
          make('strong', {}, 'Spectrum'),
          button('CSV', 'Copy spectra as CSV', 'Copy the spectra as CSV', () =>
            hooks.copy('spectrum')
          ),
          button('Code', 'Copy pixels as code', 'Copy the Python that gives the same tables', () =>
            hooks.copy('py')
          ),
          button('Clear', 'Remove all pixels', 'Remove all pixels', hooks.clear)
        ),
        this.#spectra.element,
        this.#readSpectrum
      ),
      this.#seriesBox
    );
    this.element = make(
      'section',
      { class: 'astrodata-scene-pixels', 'aria-label': 'Pixels', hidden: true },
      this.#hint,
      this.#pins,
      this.#body,
      this.#said
    );
  }

  /** @param said - What was done, such as that something was copied. */
  say(said: string): void {
    this.#said.textContent = said;
  }

  show(shown: Shown): void {
    this.#shown = shown;
    const { pins, indices, offered, clouds, date } = shown;
    this.#hint.hidden = pins.length > 0;
    this.#body.hidden = !pins.length;
    this.#seriesBox.hidden = date === null;
    this.#picker.set(offered, indices);
    this.#clouds.setAttribute('aria-pressed', String(clouds));
    this.#pins.replaceChildren(...pins.map(pin => this.#entry(pin)));
    this.#spectra.show(spectrumCurves(pins), bandMarks(pins));
    this.#series.show(seriesCurves(pins, indices, clouds), [{ x: shown.moment, strong: true }]);
    this.#tellSpectrum();
    this.#tellSeries();
  }

  redraw(): void {
    this.#spectra.redraw();
    this.#series.redraw();
  }

  #entry({ place, colour, spectrum }: Pinned): HTMLElement {
    const [x, y] = place;
    const sign = make('i', { class: 'astrodata-fits-swatch' });
    sign.style.background = colour;
    const name = `x ${x}, y ${y}`;
    const facts = [spectrum?.class, spectrum?.cloud ? 'cloud' : ''].filter(
      (text, i, all) => text && !(i === 1 && all[0]?.includes('cloud'))
    );
    const look = button(name, `Look at ${name}`, spectrum?.place || 'Look at it', () =>
      this.#hooks.look(place)
    );
    look.classList.add('astrodata-scene-look');
    return make(
      'li',
      {},
      sign,
      look,
      make('span', {}, facts.join(', ')),
      button('×', `Unpin ${name}`, 'Unpin', () => this.#hooks.unpin(place))
    );
  }

  #tellSpectrum(): void {
    const { pins = [], spectrumSaid = '', busy } = this.#shown ?? {};
    const at = this.#atBand;
    const band = pins
      .flatMap(({ spectrum }) => spectrum?.bands ?? [])
      .find(({ wavelength }) => wavelength === at);
    if (at === null || !band) {
      const [first] = pins;
      const read = pins.some(({ spectrum }) => spectrum);
      const numbers = first?.spectrum?.quantity === 'number';
      this.#readSpectrum.textContent =
        spectrumSaid ||
        (read
          ? numbers
            ? 'Digital numbers: nothing tells offset and scale.'
            : ''
          : busy
            ? 'Reading …'
            : '');
      return;
    }
    const values = pins.map(({ spectrum, colour }) => {
      const value = spectrum?.bands.find(one => one.wavelength === at)?.value ?? null;
      return coloured(value === null ? 'nothing' : valueText(value, DIGITS), colour);
    });
    const head = `${band.band}, ${band.wavelength} nm, ${band.resolution} m: `;
    this.#readSpectrum.replaceChildren(head, ...spaced(values));
  }

  #tellSeries(): void {
    const { pins = [], indices = [], seriesSaid = '' } = this.#shown ?? {};
    const at = this.#atDate;
    const known = pins.find(({ series }) => series?.dates.length)?.series;
    const number = known?.dates.findIndex(date => momentOf(date) === at) ?? -1;
    if (at === null || !known || number < 0) {
      const some = known?.dates.length ?? 0;
      const reading =
        known && some < known.total ? `${some} of ${known.total} dates are read. ` : '';
      const untold = known?.untold ? `${known.untold} dates do not tell their clouds. ` : '';
      const legend = indices.map((name, i) => dashed(name, i));
      const text = seriesSaid || `${reading}${untold}`;
      this.#readSeries.replaceChildren(...spaced(indices.length > 1 ? legend : []), '   ', text);
      return;
    }
    const values = pins.flatMap(({ series, colour }) =>
      indices.map(name => {
        const value = series?.values[name]?.[number] ?? null;
        return coloured(
          `${pins.length > 1 && indices.length === 1 ? '' : `${name} `}${value === null ? 'nothing' : valueText(value, DIGITS)}`,
          colour
        );
      })
    );
    const cloudy = pins.some(({ series }) => series?.cloud[number]) ? ' (cloud)' : '';
    this.#readSeries.replaceChildren(`${dayText(at)}${cloudy}: `, ...spaced(values));
  }

  #pickDate(x: number): void {
    const known = this.#shown?.pins.find(({ series }) => series?.dates.length)?.series;
    const number = known?.dates.findIndex(date => momentOf(date) === x) ?? -1;
    if (number >= 0) {
      this.#hooks.date(number);
    }
  }
}

/** Gives the lines of the spectra. */
export function spectrumCurves(pins: readonly Pinned[]): Curve[] {
  return pins.flatMap(({ spectrum, colour }) => {
    const bands = (spectrum?.bands ?? []).filter(({ wavelength }) => wavelength !== null);
    return bands.length
      ? [
          {
            x: bands.map(({ wavelength }) => wavelength!),
            y: bands.map(({ value }) => value),
            colour,
            dots: true
          }
        ]
      : [];
  });
}

/** Gives the names of the bands, each once, where they are. */
export function bandMarks(pins: readonly Pinned[]): Mark[] {
  const names = new Map<number, string>();
  for (const { spectrum } of pins) {
    for (const { band, wavelength } of spectrum?.bands ?? []) {
      if (wavelength !== null) {
        names.set(wavelength, band);
      }
    }
  }
  return [...names].map(([x, text]) => ({ x, text })).sort((a, b) => a.x - b.x);
}

/** Gives the lines of the series; dates under cloud are left out of them unless `clouds`. */
export function seriesCurves(
  pins: readonly Pinned[],
  indices: readonly string[],
  clouds: boolean
): Curve[] {
  return pins.flatMap(({ series, colour }) =>
    indices.flatMap((name, i) => {
      const values = series?.values[name];
      return values
        ? [
            {
              x: series.dates.map(momentOf),
              y: values,
              colour,
              dash: DASHES[i % DASHES.length],
              hollow: clouds ? [] : series.cloud,
              dots: true
            }
          ]
        : [];
    })
  );
}

function coloured(text: string, colour: string): HTMLElement {
  const sign = make('i', { class: 'astrodata-fits-swatch' });
  sign.style.background = colour;
  return make('span', {}, sign, ' ', make('b', {}, text));
}

function dashed(name: string, number: number): HTMLElement {
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  line.setAttribute('viewBox', '0 0 26 6');
  line.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', 'M0 3h26');
  path.setAttribute('stroke-dasharray', DASHES[number % DASHES.length].join(' '));
  line.append(path);
  return make('span', { class: 'astrodata-scene-dashed' }, line, name);
}

function spaced(parts: readonly HTMLElement[]): (HTMLElement | string)[] {
  return parts.flatMap((part, i) => (i ? ['  ', part] : [part]));
}
