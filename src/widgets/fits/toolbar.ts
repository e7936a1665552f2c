/** The controls above the picture. */
import { COLORMAPS } from '../../core/colormap';
import type { Colormap, HduFacts, Limits, Stretch } from '../../core/protocol';
import { STRETCHES } from '../../core/stretch';
import { button, field, make, select, setChoices } from '../common/dom';
import { LimitsControl } from './limits';
import { PlaneControl } from './planes';

/** What a person did. */
export interface ToolbarHooks {
  hdu(index: number): void;
  plane(plane: number): void;
  stretch(stretch: Stretch): void;
  colormap(colormap: Colormap): void;
  limits(limits: Limits): void;
  fit(): void;
  actual(): void;
  zoom(factor: number): void;
}

export class Toolbar {
  readonly element: HTMLElement;
  readonly limits: LimitsControl;
  readonly plane: PlaneControl;
  readonly #hdu: HTMLSelectElement;
  readonly #stretch: HTMLSelectElement;
  readonly #colormap: HTMLSelectElement;

  constructor(hooks: ToolbarHooks) {
    this.#hdu = select('HDU', [], index => hooks.hdu(Number(index)));
    this.#stretch = select('Stretch', named(STRETCHES), hooks.stretch);
    this.#colormap = select('Colour map', named(COLORMAPS), hooks.colormap);
    this.limits = new LimitsControl(hooks.limits);
    this.plane = new PlaneControl(hooks.plane);
    const hduField = field('HDU', this.#hdu);
    hduField.classList.add('astrodata-fits-hdu');
    this.element = make(
      'div',
      { class: 'astrodata-toolbar', role: 'group', 'aria-label': 'Display' },
      hduField,
      this.plane.element,
      field('Stretch', this.#stretch),
      field('Colour map', this.#colormap),
      this.limits.element,
      zoomButtons(hooks)
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
    button('−', 'Zoom out', 'Zoom out (- on the picture)', () => hooks.zoom(0.5))
  );
}
