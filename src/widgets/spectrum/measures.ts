/** The table of measured lines. */
import type { MeasuresMeta } from '../../core/spectrum';
import { button, make } from '../common/dom';
import { valueText } from '../common/scale';

export class Measures {
  readonly element: HTMLElement;
  readonly #body = make('tbody');
  readonly #head = make('tr');

  constructor(clear: () => void) {
    this.element = make(
      'section',
      { class: 'astrodata-spectrum-measures', 'aria-label': 'Measures', hidden: true },
      make(
        'div',
        { class: 'astrodata-row' },
        make('b', {}, 'Measured lines'),
        button('Clear', 'Clear the measures', 'Take all fits away', clear)
      ),
      make('div', {}, make('table', {}, make('thead', {}, this.#head), this.#body))
    );
  }

  set({ measures, units }: MeasuresMeta): void {
    this.element.hidden = !measures.length;
    const axis = units.axis === 'Angstrom' ? 'Å' : units.axis;
    const heads: readonly (readonly [string, string, string])[] = [
      ['centroid', axis, 'Mean place of the flux above the continuum'],
      ['centre', axis, 'Of the fitted Gaussian'],
      ['FWHM', axis, 'Of the fitted Gaussian'],
      ['FWHM', 'km/s', 'Of the fitted Gaussian'],
      ['flux', units.flux && `${units.flux} × ${axis}`, 'Summed above the continuum'],
      ['equivalent width', axis, 'Positive in absorption'],
      ['at rest', axis, 'Equivalent width divided by 1 + z']
    ];
    this.#head.replaceChildren(
      ...heads.map(([name, unit, title]) =>
        make('th', { scope: 'col', title }, name, make('small', {}, unit))
      )
    );
    this.#body.replaceChildren(
      ...measures.map(measure => {
        const cells = [
          withError(measure.centroid, measure.centroid_err),
          withError(measure.center, measure.center_err),
          withError(measure.fwhm, measure.fwhm_err),
          value(measure.fwhm_velocity),
          withError(measure.flux, measure.flux_err),
          withError(measure.ew, measure.ew_err),
          value(measure.ew_rest)
        ];
        const title = measure.fitted ? '' : 'The fit did not converge: its numbers are rough';
        return make('tr', title ? { title } : {}, ...cells.map(text => make('td', {}, text)));
      })
    );
  }
}

function value(number: number | null): string {
  return number === null ? '–' : valueText(number, 6);
}

/** Gives a value with as many digits as its error allows. */
export function withError(number: number | null, error: number | null): string {
  if (number === null || error === null || !(error > 0)) {
    return value(number);
  }
  const digits = Math.min(8, Math.max(0, 1 - Math.floor(Math.log10(error))));
  return `${number.toFixed(digits)} ± ${error.toFixed(digits)}`.replaceAll('-', '−');
}
