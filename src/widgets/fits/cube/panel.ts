/** The panel below a cube: spectra, what they are told in, moments and slices. */
import {
  pinText,
  type CubeFacts,
  type Convention,
  type Pin,
  type Statistic
} from '../../../core/cubes';
import { button, field, make, select } from '../../common/dom';
import { valueText } from '../../common/scale';
import type { Chart } from './chart';
import type { Pinned } from './pins';
import type { SlicePlot } from './slice';

export interface PanelHooks {
  unpin(pin: Pin): void;
  pinRegions(): void;
  statistic(statistic: Statistic): void;
  convention(convention: Convention): void;
  rest(rest: string): void;
  allChannels(): void;
  moment(order: number, threshold: number | null): void;
  line(on: boolean): void;
  width(pixels: number): void;
  saveSlice(): void;
  dropSlice(): void;
  cancel(): void;
}

const ORDERS = [
  { value: '0', text: '0: integral' },
  { value: '1', text: '1: mean' },
  { value: '2', text: '2: dispersion' }
];
const STATISTICS = (['mean', 'sum', 'median'] as const).map(value => ({ value, text: value }));
const CONVENTIONS: readonly { value: Convention; text: string }[] = [
  { value: '', text: "header's" },
  { value: 'radio', text: 'radio' },
  { value: 'optical', text: 'optical' },
  { value: 'relativistic', text: 'relativistic' }
];

export class CubePanel {
  readonly element: HTMLElement;
  readonly #legend = make('div', { class: 'astrodata-fits-legend' });
  readonly #note = make('div', { class: 'astrodata-fits-cube-note', 'aria-live': 'polite' });
  readonly #range = make('span', { class: 'astrodata-fits-range' });
  readonly #all: HTMLButtonElement;
  readonly #convention: HTMLSelectElement;
  readonly #rest: HTMLInputElement;
  readonly #line: HTMLButtonElement;
  readonly #width: HTMLInputElement;
  readonly #sliceBox: HTMLElement;
  readonly #progress = make('progress', { max: 1, 'aria-label': 'Progress' });
  readonly #doing = make('span', {});
  readonly #work: HTMLElement;
  readonly #telling: HTMLElement;
  readonly statistic: HTMLSelectElement;

  constructor(chart: Chart, slice: SlicePlot, hooks: PanelHooks) {
    this.#all = button(
      'All',
      'All channels',
      'Choose all channels again (Escape)',
      hooks.allChannels
    );
    this.#convention = select('Velocity convention', CONVENTIONS, hooks.convention);
    this.#rest = make('input', {
      type: 'text',
      'aria-label': 'Rest frequency or wavelength',
      placeholder: 'such as 110.201 GHz',
      size: 16
    });
    this.#rest.addEventListener('change', () => hooks.rest(this.#rest.value.trim()));
    this.statistic = select('Statistic of regions', STATISTICS, hooks.statistic);
    const order = select('Moment', ORDERS, () => undefined);
    const threshold = make('input', {
      type: 'number',
      step: 'any',
      'aria-label': 'Threshold',
      placeholder: 'none',
      title: 'Values below it do not count'
    });
    this.#line = button(
      'Draw slice',
      'Draw slice',
      'Draw a line on the picture: the cube is cut along it (k)',
      () => hooks.line(this.#line.getAttribute('aria-pressed') !== 'true')
    );
    this.#line.setAttribute('aria-pressed', 'false');
    this.#width = make('input', {
      type: 'number',
      min: 1,
      max: 1000,
      step: 1,
      value: 1,
      'aria-label': 'Width of the slice',
      title: 'Pixels across the line whose mean is taken'
    });
    this.#width.addEventListener('change', () => {
      const pixels = Math.round(this.#width.valueAsNumber);
      if (pixels >= 1 && pixels <= 1000) {
        hooks.width(pixels);
      }
    });
    this.#sliceBox = make(
      'div',
      { class: 'astrodata-fits-slice-box', hidden: true },
      slice.canvas,
      make(
        'div',
        { class: 'astrodata-buttons' },
        button('Save slice', 'Save slice', 'The slice as a FITS file', hooks.saveSlice),
        button('×', 'Remove the slice', 'Remove the slice', hooks.dropSlice)
      )
    );
    this.#telling = make(
      'div',
      { class: 'astrodata-fits-cube-group', role: 'group', 'aria-label': 'Spectral axis' },
      field('Velocities', this.#convention),
      field('Rest', this.#rest)
    );
    this.#work = make(
      'div',
      { class: 'astrodata-fits-cube-work', hidden: true },
      this.#doing,
      this.#progress,
      button('Cancel', 'Cancel', 'Give this work up', hooks.cancel)
    );
    const make0 = button('Make map', 'Make map', 'Compute the moment of the chosen channels', () =>
      hooks.moment(
        Number(order.value),
        Number.isFinite(threshold.valueAsNumber) ? threshold.valueAsNumber : null
      )
    );
    this.element = make(
      'div',
      { class: 'astrodata-fits-cube', role: 'region', 'aria-label': 'Spectra', hidden: true },
      make(
        'div',
        { class: 'astrodata-fits-cube-plots' },
        make('div', { class: 'astrodata-fits-spectrum-box' }, chart.canvas, this.#legend),
        this.#sliceBox
      ),
      make(
        'div',
        { class: 'astrodata-fits-cube-row' },
        make(
          'div',
          { class: 'astrodata-fits-cube-group', role: 'group', 'aria-label': 'Moments' },
          field('Moment', order),
          field('Threshold', threshold),
          make0,
          make('span', { class: 'astrodata-fits-chosen' }, this.#range, this.#all)
        ),
        make(
          'div',
          { class: 'astrodata-fits-cube-group', role: 'group', 'aria-label': 'Slice' },
          this.#line,
          field('Width', this.#width)
        ),
        make(
          'div',
          { class: 'astrodata-fits-cube-group', role: 'group', 'aria-label': 'Regions' },
          button(
            'Pin regions',
            'Pin the selected regions',
            'The spectra of the regions that are selected on the picture, of all where none is',
            hooks.pinRegions
          ),
          field('Regions', this.statistic)
        ),
        this.#telling,
        this.#work
      ),
      this.#note
    );
  }

  setCube(cube: CubeFacts, convention: Convention, rest: string): void {
    this.#telling.hidden = cube.kind === 'channel';
    this.#convention.value = convention;
    if (document.activeElement !== this.#rest) {
      this.#rest.value = rest || shortRest(cube.rest);
    }
  }

  setNote(text: string): void {
    this.#note.textContent = text;
    this.#note.hidden = !text;
  }

  setRange(range: readonly [number, number] | null, text: string): void {
    this.#range.textContent = range ? text : 'all channels';
    this.#all.hidden = !range;
  }

  setLine(armed: boolean, width: number, shown: boolean): void {
    this.#line.setAttribute('aria-pressed', String(armed));
    this.#width.value = String(width);
    this.#sliceBox.hidden = !shown;
  }

  /** @param doing - What is being made, null for nothing. */
  setWork(doing: string | null, progress: number): void {
    this.#work.hidden = doing === null;
    this.#doing.textContent = doing ?? '';
    this.#progress.value = progress;
  }

  /** Tells whose spectra are shown, and their values in a channel. */
  setLegend(
    live: { text: string; value: number } | null,
    pinned: readonly Pinned[],
    channel: number,
    unit: string,
    unpin: (pin: Pin) => void
  ): void {
    const entry = (colour: string, text: string, value: number, ...more: HTMLElement[]) => {
      const sign = make('i', { class: 'astrodata-fits-swatch' });
      sign.style.background = colour || 'currentColor';
      const number = Number.isFinite(value) ? `${valueText(value)} ${unit}`.trimEnd() : '…';
      return make(
        'span',
        { class: 'astrodata-fits-entry' },
        sign,
        make('span', {}, text),
        make('b', {}, Number.isNaN(value) ? 'no value' : number),
        ...more
      );
    };
    const entries = pinned.map(({ pin, colour, values, pixels }) => {
      const text = pinText(pin) + ('shape' in pin && pixels ? `, ${pixels} px` : '');
      const value = values ? (values[channel] ?? NaN) : Infinity;
      return entry(
        colour,
        text,
        value,
        button('×', `Unpin ${text}`, 'Unpin', () => unpin(pin))
      );
    });
    const hint = make(
      'span',
      { class: 'astrodata-fits-hint' },
      live || pinned.length
        ? 'click pins'
        : 'Point at the picture: the spectrum there is drawn. A click pins it.'
    );
    this.#legend.replaceChildren(
      ...(live ? [entry('', live.text, live.value)] : []),
      ...entries,
      hint
    );
  }
}

/** Gives a rest frequency in hertz as people write it. */
function shortRest(rest: string): string {
  const [, number, unit] = /^([\d.e+-]+) (Hz|m)$/.exec(rest) ?? [];
  if (!number) {
    return rest;
  }
  const value = Number(number);
  const scales: [number, string][] =
    unit === 'Hz'
      ? [
          [1e9, 'GHz'],
          [1e6, 'MHz'],
          [1, 'Hz']
        ]
      : [
          [1, 'm'],
          [1e-3, 'mm'],
          [1e-6, 'um'],
          [1e-10, 'Angstrom']
        ];
  const [scale, name] = scales.find(([size]) => value >= size) ?? scales[scales.length - 1];
  return `${Number((value / scale).toPrecision(10))} ${name}`;
}
