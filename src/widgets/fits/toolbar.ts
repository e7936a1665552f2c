/** The controls above the picture. */
import { COLORMAPS } from '../../core/colormap';
import type { Angles, Colormap, HduFacts, Limits, Stretch, System } from '../../core/protocol';
import { STRETCHES } from '../../core/stretch';
import { button, field, make, select, setChoices } from '../common/dom';
import { LimitsControl } from './limits';
import { PlaneControl } from './planes';
import type { Wish } from './saving';

/** What a person did. */
export interface ToolbarHooks {
  hdu(index: number): void;
  plane(plane: number): void;
  stretch(stretch: Stretch): void;
  colormap(colormap: Colormap): void;
  limits(limits: Limits): void;
  reverse(on: boolean): void;
  /** Shows three planes as red, green and blue. */
  composite(on: boolean): void;
  /** Contrast and bias as they are to begin with. */
  resetShade(): void;
  system(system: System): void;
  angles(angles: Angles): void;
  graticule(on: boolean): void;
  histogram(on: boolean): void;
  /** Saves what is seen, or copies the code that shows it. */
  save(what: Wish): void;
  fit(): void;
  actual(): void;
  zoom(factor: number): void;
  help(): void;
}

const SYSTEMS: readonly { value: System; text: string }[] = [
  { value: 'own', text: "image's own" },
  { value: 'icrs', text: 'ICRS' },
  { value: 'galactic', text: 'Galactic' },
  { value: 'ecliptic', text: 'Ecliptic' },
  { value: 'pixel', text: 'pixels only' }
];

const SAVES: readonly { value: Wish | ''; text: string }[] = [
  { value: '', text: 'save as …' },
  { value: 'png', text: 'PNG with axes' },
  { value: 'pdf', text: 'PDF with axes' },
  { value: 'svg', text: 'SVG with axes' },
  { value: 'fits', text: 'FITS, the part that is seen' },
  { value: 'tif', text: 'GeoTIFF, the part that is seen' },
  { value: 'json', text: 'state as JSON' },
  { value: 'py', text: 'Python file' },
  { value: 'copy', text: 'copy as code' }
];

export class Toolbar {
  readonly element: HTMLElement;
  readonly limits: LimitsControl;
  readonly plane: PlaneControl;
  readonly #hdu: HTMLSelectElement;
  readonly #hduField: HTMLElement;
  readonly #stretch: HTMLSelectElement;
  readonly #colormap: HTMLSelectElement;
  readonly #reverse: HTMLButtonElement;
  readonly #reset: HTMLButtonElement;
  readonly #composite: HTMLButtonElement;
  readonly #system: HTMLSelectElement;
  readonly #angles: HTMLSelectElement;
  readonly #sky: HTMLElement;
  readonly #graticule: HTMLButtonElement;
  readonly #save: HTMLSelectElement;
  readonly #histogram: HTMLButtonElement;

  constructor(hooks: ToolbarHooks) {
    this.#hdu = select('HDU', [], index => hooks.hdu(Number(index)));
    this.#hduField = field('HDU', this.#hdu);
    this.#stretch = select('Stretch', named(STRETCHES), hooks.stretch);
    this.#colormap = select('Colour map', named(COLORMAPS), hooks.colormap);
    this.limits = new LimitsControl(hooks.limits);
    this.plane = new PlaneControl(hooks.plane);
    const toggle = (text: string, label: string, title: string, tell: (on: boolean) => void) => {
      const made = button(text, label, title, () =>
        tell(made.getAttribute('aria-pressed') !== 'true')
      );
      made.setAttribute('aria-pressed', 'false');
      return made;
    };
    this.#reverse = toggle(
      'Reverse',
      'Reverse the colours',
      'Colours from high to low (i)',
      hooks.reverse
    );
    this.#reset = button(
      'Reset',
      'Reset contrast and bias',
      'Contrast and bias as they were (r); drag the picture with the right button to set them',
      hooks.resetShade
    );
    this.#reset.hidden = true;
    this.#composite = toggle(
      'RGB',
      'Composite',
      'The three planes as red, green and blue, each with limits of its own: those of the plane at hand',
      hooks.composite
    );
    this.#composite.hidden = true;
    this.#histogram = toggle(
      'Histogram',
      'Histogram',
      'Values as a histogram on which the limits are dragged (h)',
      hooks.histogram
    );
    this.#graticule = toggle(
      'Graticule',
      'Graticule',
      'Lines of equal longitude and latitude, compass and scale bar (g)',
      hooks.graticule
    );
    this.#system = select('Sky system', SYSTEMS, hooks.system);
    this.#angles = select<Angles>(
      'Angles',
      [
        { value: 'sexagesimal', text: 'sexagesimal' },
        { value: 'degrees', text: 'degrees' }
      ],
      hooks.angles
    );
    this.#sky = make(
      'div',
      { class: 'astrodata-fits-sky', role: 'group', 'aria-label': 'Sky' },
      field('Sky', this.#system),
      field('Angles', this.#angles),
      this.#graticule
    );
    const save: HTMLSelectElement = select<Wish | ''>('Save', SAVES, what => {
      save.value = '';
      if (what) {
        hooks.save(what);
      }
    });
    this.#save = save;
    this.setScene(false);
    this.#hduField.classList.add('astrodata-fits-hdu');
    this.element = make(
      'div',
      { class: 'astrodata-toolbar', role: 'group', 'aria-label': 'Display' },
      this.#hduField,
      this.plane.element,
      field('Stretch', this.#stretch),
      field('Colour map', this.#colormap),
      this.limits.element,
      make(
        'div',
        { class: 'astrodata-buttons', role: 'group', 'aria-label': 'Values' },
        this.#composite,
        this.#reverse,
        this.#histogram,
        this.#reset
      ),
      this.#sky,
      zoomButtons(hooks),
      field('Save', save)
    );
  }

  setHdus(hdus: readonly HduFacts[]): void {
    setChoices(
      this.#hdu,
      hdus.map(hdu => {
        const text = hduText(hdu);
        return hdu.viewable
          ? { value: String(hdu.index), text }
          : { value: String(hdu.index), text: `${text} (${whyNot(hdu)})`, disabled: true };
      })
    );
  }

  setHdu(index: number): void {
    this.#hdu.value = String(index);
    this.#hdu.title = this.#hdu.selectedOptions[0]?.text ?? '';
  }

  setStretch(stretch: Stretch): void {
    this.#stretch.value = stretch;
  }

  setColormap(colormap: Colormap): void {
    this.#colormap.value = colormap;
  }

  setShade(reverse: boolean, moved: boolean): void {
    this.#reverse.setAttribute('aria-pressed', String(reverse));
    this.#reset.hidden = !moved;
  }

  /** @param there - Whether there are three planes. */
  setComposite(there: boolean, on: boolean): void {
    this.#composite.hidden = !there;
    this.#composite.setAttribute('aria-pressed', String(on));
    this.#colormap.disabled = there && on;
  }

  /** Has the planes of a scene picked by the bands that they are. */
  setBands(names: readonly string[]): void {
    const rgb = names.length === 3 && this.#composite.getAttribute('aria-pressed') === 'true';
    const colours = ['red', 'green', 'blue'];
    this.plane.setNames(
      names.map((name, i) => (rgb ? `${name}, ${colours[i]}` : name)),
      rgb ? 'Whose limits are shown and set' : 'Which one is shown'
    );
  }

  /** @param there - Whether the image has a sky at all. */
  setSky(there: boolean, system: System, angles: Angles, graticule: boolean): void {
    this.#sky.hidden = !there;
    this.#system.value = system;
    this.#angles.value = angles;
    this.#graticule.setAttribute('aria-pressed', String(graticule));
  }

  /** @param scene - Whether it is a satellite's, which has its place on a map and no HDUs. */
  setScene(scene: boolean): void {
    this.#hduField.hidden = scene;
    setChoices(
      this.#save,
      SAVES.filter(({ value }) => scene || value !== 'tif')
    );
  }

  setHistogram(shown: boolean): void {
    this.#histogram.setAttribute('aria-pressed', String(shown));
  }
}

/** Gives an HDU's line in the picker: index, name, version and sizes, width before height. */
export function hduText({ index, name, version, kind, shape }: HduFacts): string {
  const sizes = kind === 'table' ? shape : [...shape].reverse();
  const label = version > 1 ? `${name}, ${version}` : name;
  return [index, label, sizes.join(' × ')].filter(part => part !== '').join('  ');
}

function whyNot({ note, kind }: HduFacts): string {
  return note || (kind ? `a ${kind}, not an image` : 'no image');
}

function named<Value extends string>(values: readonly Value[]) {
  return values.map(value => ({ value, text: value }));
}

function zoomButtons(hooks: ToolbarHooks): HTMLElement {
  return make(
    'div',
    { class: 'astrodata-buttons', role: 'group', 'aria-label': 'Zoom' },
    button('Fit', 'Fit to view', 'Fit to view (0 or F on the picture)', hooks.fit),
    button('1:1', 'Actual pixels (1:1)', 'Actual pixels, 1:1 (1 on the picture)', hooks.actual),
    button('+', 'Zoom in', 'Zoom in (+ on the picture)', () => hooks.zoom(2)),
    button('−', 'Zoom out', 'Zoom out (- on the picture)', () => hooks.zoom(0.5)),
    button('?', 'Keys', 'All keys (? on the picture)', hooks.help)
  );
}
