/** The forms of the panel: how a catalogue looks, a cone about a place, a table from a file. */
import { COLORMAPS } from '../../../core/colormap';
import {
  MARKERS,
  type AngleUnit,
  type LayerFacts,
  type Looks,
  type Marker
} from '../../../core/catalogue';
import type { Colormap } from '../../../core/protocol';
import { button, field, make, select, setChoices } from '../../common/dom';
import { formOf } from '../../common/form';

const SIZES = [3, 5, 8, 12, 18];
const COLOURS: readonly (readonly [string, string])[] = [
  ['#33d1ff', 'sky blue'],
  ['#ffb000', 'amber'],
  ['#7dff6a', 'green'],
  ['#ff6ad5', 'pink'],
  ['#fff04d', 'yellow'],
  ['#b388ff', 'violet'],
  ['#ff0000', 'red'],
  ['#ffffff', 'white']
];
const UNITS: readonly { value: AngleUnit; text: string }[] = [
  { value: 'arcsec', text: '″' },
  { value: 'arcmin', text: '′' },
  { value: 'deg', text: '°' }
];
/** Before the name of a column, which may be that of a colour too. */
const COLUMN = 'column:';

/** Colour, size and shape of the points. */
export class LooksForm {
  readonly element: HTMLElement;
  readonly #color: HTMLSelectElement;
  readonly #colormap: HTMLSelectElement;
  readonly #size: HTMLSelectElement;
  readonly #marker: HTMLSelectElement;
  readonly #colormapField: HTMLElement;

  constructor(set: (looks: Looks) => void) {
    this.#color = select('Colour of the points', [], value =>
      set({ color: value.replace(COLUMN, '') })
    );
    this.#colormap = select<Colormap>(
      'Colour map of the points',
      COLORMAPS.map(value => ({ value, text: value })),
      colormap => set({ colormap })
    );
    this.#size = select('Size of the points', [], value =>
      set({
        size: value.startsWith(COLUMN) ? value.slice(COLUMN.length) : value ? Number(value) : null
      })
    );
    this.#marker = select<Marker>(
      'Marker of the points',
      MARKERS.map(value => ({ value, text: value })),
      marker => set({ marker })
    );
    this.#colormapField = field('Colour map', this.#colormap);
    this.element = make(
      'div',
      { class: 'astrodata-catalogue-form', role: 'group', 'aria-label': 'Looks of the catalogue' },
      field('Colour', this.#color),
      this.#colormapField,
      field('Size', this.#size),
      field('Marker', this.#marker)
    );
  }

  show(facts: LayerFacts): void {
    const columns = facts.columns.map(({ name }) => ({ value: COLUMN + name, text: name }));
    const known = COLOURS.some(([value]) => value === facts.color);
    setChoices(this.#color, [
      ...COLOURS.map(([value, text]) => ({ value, text })),
      ...(known ? [] : [{ value: facts.color, text: facts.color }]),
      ...columns
    ]);
    this.#color.value = facts.by ? COLUMN + facts.by : facts.color;
    const own = facts.size !== null && !SIZES.includes(facts.size) ? [facts.size] : [];
    setChoices(this.#size, [
      { value: '', text: 'by how many' },
      ...[...SIZES, ...own].map(size => ({ value: String(size), text: `${size} px` })),
      ...columns
    ]);
    this.#size.value = facts.sized ? COLUMN + facts.sized : String(facts.size ?? '');
    this.#marker.value = facts.marker;
    this.#colormap.value = facts.colormap;
    this.#colormapField.hidden = !facts.by;
  }
}

export interface Cone {
  /** Empty for the place under the pointer. */
  readonly text: string;
  readonly radius: number;
  readonly unit: AngleUnit;
}

/** Rows within an angle of a place. */
export class ConeForm {
  readonly element: HTMLElement;
  readonly #text = make('input', {
    type: 'text',
    'aria-label': 'Centre of the cone',
    placeholder: 'last place of the pointer',
    title:
      'A place such as 17h45m40s -29d00m28s, or degrees 266.42 -29.01; empty for the last place of the pointer',
    spellcheck: 'false',
    size: 26
  });
  readonly #radius = make('input', {
    type: 'number',
    'aria-label': 'Radius of the cone',
    min: 0,
    step: 'any',
    value: 30
  });
  readonly #unit = select<AngleUnit>('Unit of the radius', UNITS, () => undefined);

  constructor(find: (cone: Cone) => void) {
    this.element = formOf(
      'astrodata-catalogue-form',
      'Cone search',
      button('Find', 'Find the cone', 'Select the rows in the cone (Enter)', () =>
        this.#find(find)
      ),
      field('Centre', this.#text),
      make(
        'div',
        { class: 'astrodata-field' },
        make('span', {}, 'Radius'),
        make('div', { class: 'astrodata-row' }, this.#radius, this.#unit)
      )
    );
  }

  #find(find: (cone: Cone) => void): void {
    const radius = Number(this.#radius.value);
    const good = this.#radius.value !== '' && Number.isFinite(radius) && radius >= 0;
    this.#radius.setAttribute('aria-invalid', String(!good));
    if (good) {
      find({ text: this.#text.value, radius, unit: this.#unit.value as AngleUnit });
    }
  }
}

/** Another catalogue, from a file on the kernel's machine. */
export class AddForm {
  readonly element: HTMLElement;

  constructor(add: (path: string) => void) {
    const path = make('input', {
      type: 'text',
      'aria-label': 'File of a table',
      placeholder: 'stars.fits, .parquet or .csv, as the kernel sees it',
      spellcheck: 'false',
      size: 40
    });
    this.element = formOf(
      'astrodata-catalogue-form',
      'Add a catalogue',
      button('Add', 'Add the file', 'Add the rows of the file (Enter)', () => {
        if (path.value.trim()) {
          add(path.value.trim());
        }
      }),
      field('File', path)
    );
  }
}

/** Gives a button that opens and closes a form. */
export function opener(text: string, title: string, form: HTMLElement): HTMLButtonElement {
  form.hidden = true;
  const made = button(text, text, title, () => {
    form.hidden = !form.hidden;
    made.setAttribute('aria-expanded', String(!form.hidden));
    if (!form.hidden) {
      form.querySelector<HTMLElement>('input, select')?.focus({ preventScroll: true });
    }
  });
  made.setAttribute('aria-expanded', 'false');
  return made;
}
