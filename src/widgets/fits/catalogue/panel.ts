/** Below the picture: which catalogue, its condition, its looks, a cone, and its rows. */
import type { LayerFacts, Looks } from '../../../core/catalogue';
import { button, field, make, select, setChoices } from '../../common/dom';
import { AddForm, ConeForm, LooksForm, opener, type Cone } from './forms';
import { Grid, type GridHooks } from './grid';

export interface PanelHooks extends GridHooks {
  picked(name: string): void;
  set(looks: Looks): void;
  /** Rows that can be seen in the picture. */
  seen(): void;
  none(): void;
  cone(cone: Cone): void;
  add(path: string): void;
  remove(): void;
  close(): void;
}

export class Panel {
  readonly element: HTMLElement;
  readonly grid: Grid;
  readonly #pick: HTMLSelectElement;
  readonly #where = make('input', {
    type: 'text',
    'aria-label': 'Condition on the rows',
    placeholder: 'condition, such as mag < 15 & parallax > 0',
    spellcheck: 'false'
  });
  readonly #only: HTMLInputElement;
  readonly #count = make('span', { class: 'astrodata-catalogue-count', role: 'status' });
  readonly #looks: LooksForm;
  readonly #mine: HTMLElement[];
  readonly #hint = make(
    'p',
    { class: 'astrodata-catalogue-hint' },
    'No catalogue is over the image: ',
    make('code', {}, 'viewer.add_catalogue(table)'),
    ', or a file by “Add”.'
  );
  #facts: LayerFacts | null = null;

  constructor(hooks: PanelHooks) {
    this.grid = new Grid(hooks);
    this.#pick = select('Catalogue', [], hooks.picked);
    this.#looks = new LooksForm(hooks.set);
    const cone = new ConeForm(hooks.cone);
    const add = new AddForm(hooks.add);
    this.#only = make('input', { type: 'checkbox' });
    this.#only.addEventListener('change', () => hooks.set({ only_selected: this.#only.checked }));
    const apply = () => {
      if (this.#where.value.trim() !== this.#facts?.where) {
        hooks.set({ where: this.#where.value });
      }
    };
    this.#where.addEventListener('change', apply);
    const only = make('label', { class: 'astrodata-row' }, this.#only, 'Only selected');
    const where = field('Rows where', this.#where);
    where.classList.add('astrodata-catalogue-where');
    const openers = [
      opener('Looks', 'Colour, size and shape of the points', this.#looks.element),
      opener('Cone', 'Select rows about a place on the sky', cone.element)
    ];
    const selecting = make(
      'div',
      { class: 'astrodata-buttons', role: 'group', 'aria-label': 'Selection of rows' },
      button(
        'In view',
        'Select what is in view',
        'Select the rows in view (a on the picture)',
        hooks.seen
      ),
      button('None', 'Select nothing', 'Select no row (Escape on the picture)', hooks.none)
    );
    const remove = button(
      'Remove',
      'Remove the catalogue',
      'Take it from the picture',
      hooks.remove
    );
    this.#mine = [where, only, selecting, ...openers, remove];
    this.element = make(
      'section',
      { class: 'astrodata-catalogue', 'aria-label': 'Catalogues', hidden: true },
      make(
        'div',
        { class: 'astrodata-catalogue-bar' },
        field('Catalogue', this.#pick),
        where,
        only,
        selecting,
        make(
          'div',
          { class: 'astrodata-buttons' },
          ...openers,
          opener('Add', 'Add a table from a file', add.element),
          remove,
          button('×', 'Close the catalogues', 'Close (t on the picture)', hooks.close)
        )
      ),
      this.#looks.element,
      cone.element,
      add.element,
      this.#hint,
      this.grid.element,
      this.#count
    );
  }

  /** @param flags - Bits of the rows of the one that is listed, once they are known. */
  show(layers: readonly LayerFacts[], name: string, flags: Uint8Array | null): void {
    const facts = layers.find(one => one.name === name) ?? layers[0] ?? null;
    const names = layers.map(one => one.name);
    if (names.join('\n') !== [...this.#pick.options].map(({ value }) => value).join('\n')) {
      setChoices(
        this.#pick,
        names.map(value => ({ value, text: value }))
      );
    }
    this.#pick.value = facts?.name ?? '';
    this.#pick.disabled = !facts;
    this.#mine.forEach(one => one.toggleAttribute('hidden', !facts));
    this.#hint.hidden = !!facts;
    this.grid.element.hidden = this.#count.hidden = !facts;
    if (!facts) {
      this.#looks.element.hidden = true;
    }
    const another = facts?.ident !== this.#facts?.ident || facts?.where !== this.#facts?.where;
    this.#facts = facts;
    if (facts) {
      if (another || document.activeElement !== this.#where) {
        this.#where.value = facts.where;
      }
      this.#only.checked = facts.only_selected;
      this.#looks.show(facts);
      const rows = facts.where
        ? `${facts.matching.toLocaleString('en')} of ${facts.rows.toLocaleString('en')} rows`
        : `${facts.rows.toLocaleString('en')} rows`;
      this.#count.textContent = `${rows}, ${facts.selected.toLocaleString('en')} selected`;
    }
    this.grid.set(facts, flags);
  }

  get facts(): LayerFacts | null {
    return this.#facts;
  }

  /** Marks the condition as one that the kernel does not understand. */
  setWrong(wrong: boolean): void {
    this.#where.setAttribute('aria-invalid', String(wrong));
  }
}
