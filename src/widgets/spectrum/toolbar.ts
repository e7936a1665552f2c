/** The controls above the plot: redshift and lines, unit, smoothing, what a drag does, what leaves. */
import {
  UNITS,
  type Medium,
  type Smoothing,
  type SpectrumFormat,
  type SpectrumMeta,
  type Unit
} from '../../core/spectrum';
import { detachButton } from '../common/detach';
import { button, field, make, select, setChoices } from '../common/dom';
import type { State } from './state';

export type Wish = SpectrumFormat | 'copy';
export type Drag = 'zoom' | 'measure';

export interface ToolbarHooks {
  /** @param soon - The hand is still moving. */
  change(values: Partial<State>, soon?: boolean): void;
  unit(unit: Unit): void;
  drag(drag: Drag): void;
  fit(): void;
  save(what: Wish): void;
  help(): void;
}

export const GROUPS: readonly (readonly [string, string])[] = [
  ['hydrogen', 'hydrogen'],
  ['helium', 'helium'],
  ['forbidden', 'forbidden'],
  ['ultraviolet', 'ultraviolet'],
  ['stellar', 'stellar'],
  ['other', 'other']
];

const SAVES: readonly { value: Wish | ''; text: string }[] = [
  { value: '', text: 'save as …' },
  { value: 'png', text: 'PNG figure' },
  { value: 'pdf', text: 'PDF figure' },
  { value: 'svg', text: 'SVG figure' },
  { value: 'fits', text: 'FITS table' },
  { value: 'ecsv', text: 'ECSV table' },
  { value: 'csv', text: 'CSV table' },
  { value: 'json', text: 'state as JSON' },
  { value: 'py', text: 'Python file' },
  { value: 'copy', text: 'copy as code' }
];

/** Redshifts of the slider are even in log(1 + z). */
const FARTHEST = 8;

export class Toolbar {
  readonly element: HTMLElement;
  readonly #hooks: ToolbarHooks;
  readonly #redshift = make('input', { type: 'number', step: 'any', 'aria-label': 'Redshift' });
  readonly #slider = make('input', {
    type: 'range',
    min: 0,
    max: 1,
    step: 0.0001,
    'aria-label': 'Redshift, slider',
    title: 'Redshift; arrows move it by a little'
  });
  readonly #unit: HTMLSelectElement;
  readonly #medium: HTMLSelectElement;
  readonly #reference: HTMLSelectElement;
  readonly #referenceField: HTMLElement;
  readonly #smoothing: HTMLSelectElement;
  readonly #width = make('input', {
    type: 'range',
    min: 1,
    max: 51,
    step: 1,
    'aria-label': 'Width of the smoothing'
  });
  readonly #widthText = make('span');
  readonly #toggles: Record<'errors' | 'mask', HTMLButtonElement>;
  readonly #drags: Record<Drag, HTMLButtonElement>;
  readonly #groups = new Map<string, HTMLButtonElement>();
  readonly #lines: HTMLElement;

  constructor(hooks: ToolbarHooks) {
    this.#hooks = hooks;
    this.#unit = select<Unit>('Unit', [], hooks.unit);
    this.#medium = select<Medium>(
      'Wavelengths in',
      [
        { value: 'vacuum', text: 'vacuum' },
        { value: 'air', text: 'air' }
      ],
      medium => hooks.change({ medium })
    );
    this.#reference = select('Line at velocity 0', [], reference => hooks.change({ reference }));
    this.#referenceField = field('Velocity 0', this.#reference);
    this.#smoothing = select<Smoothing>(
      'Smoothing',
      [
        { value: 'none', text: 'as it is' },
        { value: 'boxcar', text: 'boxcar' },
        { value: 'gaussian', text: 'Gaussian' }
      ],
      smoothing => hooks.change({ smoothing })
    );
    const toggle = (name: 'errors' | 'mask', text: string, title: string) => {
      const made: HTMLButtonElement = button(text, text, title, () =>
        hooks.change({ [name]: made.getAttribute('aria-pressed') !== 'true' })
      );
      return made;
    };
    this.#toggles = {
      errors: toggle('errors', 'Errors', 'Band of one standard deviation (e)'),
      mask: toggle('mask', 'Mask', 'Shade what is masked (m)')
    };
    this.#drags = {
      zoom: button('Zoom', 'Drag to zoom', 'Dragging comes closer (z)', () => hooks.drag('zoom')),
      measure: button('Measure', 'Drag to measure', 'Dragging over a line measures it (l)', () =>
        hooks.drag('measure')
      )
    };
    const save: HTMLSelectElement = select<Wish | ''>('Save', SAVES, what => {
      save.value = '';
      if (what) {
        hooks.save(what);
      }
    });
    this.#lines = this.#lineButtons();
    this.#listen();
    this.element = make(
      'div',
      { class: 'astrodata-toolbar', role: 'toolbar', 'aria-label': 'Spectrum' },
      field('Redshift', make('span', { class: 'astrodata-row' }, this.#redshift, this.#slider)),
      this.#lines,
      field('Unit', make('span', { class: 'astrodata-row' }, this.#unit, this.#medium)),
      this.#referenceField,
      field(
        'Smoothing',
        make('span', { class: 'astrodata-row' }, this.#smoothing, this.#width, this.#widthText)
      ),
      make('span', { class: 'astrodata-buttons' }, this.#toggles.errors, this.#toggles.mask),
      make(
        'span',
        { class: 'astrodata-buttons', role: 'group', 'aria-label': 'Dragging' },
        this.#drags.zoom,
        this.#drags.measure,
        button('Fit', 'Show all', 'Show all of it (0)', hooks.fit)
      ),
      field('Save', save),
      button('?', 'Keys', 'Keys (?)', hooks.help),
      detachButton()
    );
  }

  setFacts(facts: SpectrumMeta): void {
    const own = facts.unit === 'Angstrom' ? 'Å' : facts.unit;
    const texts: Record<Unit, string> = {
      own: `own: ${own}`,
      Angstrom: 'Å',
      nm: 'nm',
      um: 'µm',
      GHz: 'GHz',
      'km/s': 'km/s',
      eV: 'eV'
    };
    const units = facts.has_units ? UNITS : (['own'] as const);
    setChoices(
      this.#unit,
      units.map(value => ({ value, text: texts[value] }))
    );
    setChoices(
      this.#reference,
      facts.lines.map(({ name }) => ({ value: name, text: name }))
    );
    this.#medium.hidden = !facts.has_units;
    this.#lines.hidden = !facts.has_units;
    this.#toggles.errors.hidden = !facts.has_errors;
    this.#toggles.mask.hidden = !facts.has_mask;
  }

  set(state: State, drag: Drag): void {
    if (document.activeElement !== this.#redshift) {
      this.#redshift.value = String(Number(state.redshift.toFixed(6)));
    }
    this.#slider.value = String(Math.log1p(Math.max(0, state.redshift)) / Math.log1p(FARTHEST));
    this.#unit.value = state.unit;
    this.#medium.value = state.medium;
    this.#reference.value = state.reference;
    this.#referenceField.hidden = state.unit !== 'km/s';
    this.#smoothing.value = state.smoothing;
    this.#width.value = String(state.width);
    const smooth = state.smoothing !== 'none';
    this.#width.hidden = !smooth;
    this.#widthText.textContent = smooth ? `${Math.round(state.width)} px` : '';
    for (const name of ['errors', 'mask'] as const) {
      this.#toggles[name].setAttribute('aria-pressed', String(state[name]));
    }
    for (const name of ['zoom', 'measure'] as const) {
      this.#drags[name].setAttribute('aria-pressed', String(name === drag));
    }
    for (const [name, element] of this.#groups) {
      element.setAttribute('aria-pressed', String(state.lines.includes(name)));
    }
  }

  focusRedshift(): void {
    this.#redshift.focus();
    this.#redshift.select();
  }

  #lineButtons(): HTMLElement {
    const buttons = GROUPS.map(([name, text]) => {
      const made: HTMLButtonElement = button(text, `Lines: ${text}`, `Draw ${text} lines`, () => {
        const on = made.getAttribute('aria-pressed') !== 'true';
        const shown = [...this.#groups]
          .filter(([, element]) => element.getAttribute('aria-pressed') === 'true')
          .map(([group]) => group);
        const lines = on ? [...shown, name] : shown.filter(group => group !== name);
        this.#hooks.change({ lines });
      });
      this.#groups.set(name, made);
      return made;
    });
    const row = make('span', { class: 'astrodata-spectrum-groups' }, ...buttons);
    return make(
      'div',
      { class: 'astrodata-field', role: 'group', 'aria-label': 'Lines' },
      make('span', {}, 'Lines'),
      row
    );
  }

  #listen(): void {
    const read = () => {
      const value = Number(this.#redshift.value);
      if (this.#redshift.value.trim() && Number.isFinite(value) && value > -1) {
        this.#redshift.removeAttribute('aria-invalid');
        this.#hooks.change({ redshift: value });
      } else {
        this.#redshift.setAttribute('aria-invalid', 'true');
      }
    };
    this.#redshift.addEventListener('change', read);
    this.#redshift.addEventListener('keydown', event => event.stopPropagation());
    this.#slider.addEventListener('input', () => {
      const redshift = Math.expm1(Number(this.#slider.value) * Math.log1p(FARTHEST));
      this.#hooks.change({ redshift: Number(redshift.toFixed(5)) }, true);
    });
    this.#width.addEventListener('input', () =>
      this.#hooks.change({ width: Number(this.#width.value) }, true)
    );
  }
}
