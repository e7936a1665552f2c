/** A row of the panel for each layer: shown or not, how, how much of the scene, and what its colours mean. */
import { button, Later, make } from '../../../common/dom';
import type { ClassFacts, LayerFacts, LayerLooks } from './facts';

export interface RowHooks {
  set(name: string, looks: LayerLooks): void;
  edit(name: string): void;
  save(name: string, path: string, overwrite: boolean): void;
  remove(name: string): void;
}

/** Milliseconds that a slider rests before the kernel hears of it. */
const REST = 120;

export class Row {
  readonly element: HTMLElement;
  readonly #name: string;
  readonly #hooks: RowHooks;
  readonly #rest = new Later(REST);
  readonly #visible: HTMLButtonElement;
  readonly #opacity = make('input', { type: 'range', min: 0, max: 1, step: 0.05 });
  readonly #outline = make('input', { type: 'checkbox' });
  readonly #much = make('span', { class: 'astrodata-masks-much' });
  readonly #legend = make('ul', { class: 'astrodata-masks-legend' });
  readonly #notes = make('p', { class: 'astrodata-masks-notes', hidden: true });
  readonly #edit: HTMLButtonElement;
  readonly #remove: HTMLButtonElement;
  readonly #save: SaveForm;
  #facts: LayerFacts | null = null;
  #drawn = '';

  constructor(name: string, kind: LayerFacts['kind'], hooks: RowHooks) {
    this.#name = name;
    this.#hooks = hooks;
    this.#visible = button(name, `Show ${name}`, `Show or hide ${name}`, () =>
      hooks.set(name, { visible: !this.#facts?.visible })
    );
    this.#visible.classList.add('astrodata-masks-name');
    this.#opacity.setAttribute('aria-label', `Opacity of ${name}`);
    this.#opacity.addEventListener('input', () => {
      const opacity = Number(this.#opacity.value);
      this.#rest.run(() => hooks.set(name, { opacity }));
    });
    this.#outline.addEventListener('change', () =>
      hooks.set(name, { outline_only: this.#outline.checked })
    );
    this.#edit = button('Edit', `Edit ${name}`, 'Paint it by hand', () => hooks.edit(name));
    this.#remove = button('Remove', `Remove ${name}`, 'Take it from the picture', () =>
      this.#askedRemove()
    );
    this.#save = new SaveForm(name, (path, overwrite) => hooks.save(name, path, overwrite));
    const own =
      kind === 'mask'
        ? [make('div', { class: 'astrodata-buttons' }, this.#edit, this.#save.opener, this.#remove)]
        : [];
    this.element = make(
      'li',
      { class: 'astrodata-masks-row' },
      make(
        'div',
        { class: 'astrodata-masks-line' },
        this.#visible,
        make(
          'label',
          { class: 'astrodata-row', title: 'How much of the picture it hides' },
          'Opacity',
          this.#opacity
        ),
        make('label', { class: 'astrodata-row' }, this.#outline, 'Outline only'),
        this.#much,
        ...own
      ),
      this.#save.element,
      this.#legend,
      this.#notes
    );
  }

  /**
   * @param editing - Name of the mask that the hand paints.
   * @param day - Which date's classes are counted; then those are listed, too, that nothing has.
   */
  show(facts: LayerFacts, editing: string, day: string): void {
    this.#facts = facts;
    this.#visible.setAttribute('aria-pressed', String(facts.visible));
    this.#edit.setAttribute('aria-pressed', String(editing === facts.name));
    if (document.activeElement !== this.#opacity) {
      this.#opacity.value = String(facts.opacity);
    }
    this.#outline.checked = facts.outline_only;
    this.#opacity.disabled = facts.outline_only;
    const painted = facts.classes.filter(one => facts.kind !== 'scl' && one.value > 0);
    const unsaved = facts.unsaved ? ' · not saved' : '';
    const counted = facts.classes.some(({ pixels }) => pixels !== null);
    const of = day && counted && facts.kind !== 'mask' ? `counted on ${day}` : '';
    this.#much.textContent = [much(painted) + unsaved, of].filter(Boolean).join(' · ');
    this.#notes.hidden = !facts.notes.length;
    this.#notes.textContent = facts.notes.join(' ');
    this.#showLegend(facts, day !== '');
  }

  /** The file is there already: a person decides. */
  saved(path: string, there: boolean): void {
    this.#save.answer(path, there);
  }

  #showLegend(facts: LayerFacts, every: boolean): void {
    // Classes that nothing has tell nothing.
    const classes = facts.classes.filter(
      one => every || one.pixels === null || one.pixels > 0 || facts.classes.length < 2
    );
    const key = JSON.stringify([classes, facts.visible]);
    this.#legend.hidden = !facts.visible;
    if (key === this.#drawn || this.#legend.contains(document.activeElement)) {
      return;
    }
    this.#drawn = key;
    const alone = facts.classes.length < 2;
    this.#legend.replaceChildren(...classes.map(one => this.#swatch(one, alone)));
  }

  #swatch(one: ClassFacts, alone: boolean): HTMLElement {
    const color = make('input', {
      type: 'color',
      value: one.color,
      title: 'Choose another colour',
      'aria-label': `Colour of ${this.#name}, ${one.name}`
    });
    color.addEventListener('change', () => {
      color.blur();
      this.#hooks.set(this.#name, { colors: { [String(one.value)]: color.value } });
    });
    const told = alone ? '' : much([one]);
    return make(
      'li',
      {},
      make('label', {}, color, make('span', {}, one.name)),
      make('small', {}, told)
    );
  }

  #askedRemove(): void {
    // What a hand painted is not thrown away by one press.
    if (this.#facts?.unsaved && this.#remove.textContent === 'Remove') {
      this.#remove.textContent = 'Not saved: remove?';
      this.#remove.addEventListener('blur', () => (this.#remove.textContent = 'Remove'), {
        once: true
      });
      return;
    }
    this.#hooks.remove(this.#name);
  }
}

/** The name of the file, as the kernel sees it. */
class SaveForm {
  readonly element: HTMLElement;
  readonly opener: HTMLButtonElement;
  readonly #path: HTMLInputElement;
  readonly #said = make('span', { role: 'status' });
  readonly #replace: HTMLButtonElement;

  constructor(name: string, save: (path: string, overwrite: boolean) => void) {
    this.#path = make('input', {
      type: 'text',
      value: `${name.replace(/[^\w.-]+/g, '_') || 'mask'}.tif`,
      'aria-label': `File for ${name}`,
      title: '.tif (the pixels) or .geojson (polygons), on the machine of the kernel',
      spellcheck: 'false',
      size: 28
    });
    const press = button('Save', `Save ${name} to the file`, 'Write the file (Enter)', () =>
      save(this.#path.value.trim(), false)
    );
    this.#replace = button('Replace', `Replace the file with ${name}`, 'Write over it', () =>
      save(this.#path.value.trim(), true)
    );
    this.#replace.hidden = true;
    this.#path.addEventListener('keydown', event => {
      if (event.key === 'Enter') {
        event.preventDefault();
        event.stopPropagation();
        press.click();
      }
    });
    this.#path.addEventListener('input', () => this.#tell('', false));
    this.element = make(
      'div',
      { class: 'astrodata-masks-save', role: 'group', 'aria-label': `Save ${name}`, hidden: true },
      this.#path,
      press,
      this.#replace,
      this.#said
    );
    this.opener = button('Save', `Save ${name}`, 'As GeoTIFF or GeoJSON', () => {
      this.element.hidden = !this.element.hidden;
      this.opener.setAttribute('aria-expanded', String(!this.element.hidden));
      if (!this.element.hidden) {
        this.#tell('', false);
        this.#path.focus({ preventScroll: true });
      }
    });
    this.opener.setAttribute('aria-expanded', 'false');
  }

  answer(path: string, there: boolean): void {
    this.#tell(there ? `${path} is there already.` : `Saved as ${path}`, there);
  }

  #tell(text: string, there: boolean): void {
    this.#said.textContent = text;
    this.#replace.hidden = !there;
  }
}

/** Gives how much some classes have, as a person reads it. */
export function much(classes: readonly ClassFacts[]): string {
  const sum = (values: readonly (number | null)[]) =>
    values.some(value => value === null) || !values.length
      ? null
      : values.reduce<number>((total, value) => total + value!, 0);
  const hectares = sum(classes.map(one => one.hectares));
  const share = sum(classes.map(one => one.share));
  const pixels = sum(classes.map(one => one.pixels));
  if (share === null) {
    return '';
  }
  const per = share > 0 && share < 0.0005 ? '< 0.1' : (100 * share).toFixed(1);
  const area =
    hectares === null
      ? `${pixels!.toLocaleString('en')} px`
      : `${hectares.toLocaleString('en', { maximumFractionDigits: hectares < 100 ? 2 : 0 })} ha`;
  return `${area}, ${per} %`;
}
