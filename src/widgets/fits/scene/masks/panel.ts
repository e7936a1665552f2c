/** Below the picture: the layers, how to add one, and the tools of the hand while one is painted. */
import { button, make, setChoices } from '../../../common/dom';
import { formOf } from '../../../common/form';
import type { ClassFacts, LayerFacts, MaskTool, MaskTraits } from './facts';
import { Row, type RowHooks } from './rows';

export interface PanelHooks extends RowHooks {
  create(name: string, grades: boolean): void;
  add(path: string): void;
  /** Shows all layers, or none. */
  all(): void;
  close(): void;
  /** Sets the tool, its size or the class. */
  use(values: Partial<MaskTraits>): void;
  erase(): void;
  undo(): void;
  redo(): void;
  holes(): void;
  done(): void;
}

/** What the hand paints with. */
export interface Hand {
  readonly name: string;
  readonly tool: MaskTool;
  readonly size: number;
  readonly value: number;
}

export class Panel {
  readonly element: HTMLElement;
  readonly #rows = new Map<string, Row>();
  readonly #list = make('ul', { class: 'astrodata-masks-rows' });
  readonly #tools: Tools;
  readonly #all: HTMLButtonElement;
  readonly #hooks: PanelHooks;

  constructor(hooks: PanelHooks) {
    this.#hooks = hooks;
    this.#tools = new Tools(hooks);
    this.#all = button(
      'All',
      'Show the layers',
      'Show or hide all of them (m on the picture)',
      () => hooks.all()
    );
    this.element = make(
      'section',
      { class: 'astrodata-masks', 'aria-label': 'Masks', hidden: true },
      this.#tools.element,
      make(
        'div',
        { class: 'astrodata-masks-bar' },
        this.#all,
        newForm(hooks),
        addForm(hooks),
        button('×', 'Close the masks', 'Close', hooks.close)
      ),
      this.#list
    );
  }

  /**
   * @param shown - Whether any layers are painted at all.
   * @param day - Which date's classes are counted, empty where there is no other one.
   */
  show(layers: readonly LayerFacts[], hand: Hand, shown: boolean, day: string): void {
    this.#all.setAttribute('aria-pressed', String(shown));
    this.element.classList.toggle('astrodata-masks-none', !shown);
    for (const [name, row] of this.#rows) {
      const facts = layers.find(one => one.name === name);
      if (!facts) {
        row.element.remove();
        this.#rows.delete(name);
      }
    }
    layers.forEach((facts, i) => {
      let row = this.#rows.get(facts.name);
      if (!row) {
        row = new Row(facts.name, facts.kind, this.#hooks);
        this.#rows.set(facts.name, row);
      }
      row.show(facts, hand.name, day);
      if (this.#list.children[i] !== row.element) {
        this.#list.insertBefore(row.element, this.#list.children[i] ?? null);
      }
    });
    this.#tools.show(layers.find(one => one.name === hand.name) ?? null, hand);
  }

  saved(name: string, path: string, there: boolean): void {
    this.#rows.get(name)?.saved(path, there);
  }
}

/** Brush, polygon, size, class, and what takes back. */
class Tools {
  readonly element: HTMLElement;
  readonly #name = make('strong');
  readonly #brush: HTMLButtonElement;
  readonly #polygon: HTMLButtonElement;
  readonly #erase: HTMLButtonElement;
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #size = make('input', {
    type: 'number',
    min: 1,
    max: 2000,
    step: 'any',
    'aria-label': 'Size of the brush in pixels',
    title: 'Diameter in pixels of the scene ([ and ] on the picture)'
  });
  readonly #class = make('select', { 'aria-label': 'Class that is painted' });
  #classes = '';

  constructor(hooks: PanelHooks) {
    const tool = (text: string, name: MaskTool, title: string) =>
      button(text, text, title, () => hooks.use({ mask_tool: name }));
    this.#brush = tool('Brush', 'brush', 'Drag to paint (b on the picture); Alt erases');
    this.#polygon = tool(
      'Polygon',
      'polygon',
      'Click its corners (p on the picture); Enter or a double click closes it, Escape gives up'
    );
    this.#erase = button('Erase', 'Erase', 'Take away instead (x on the picture)', hooks.erase);
    this.#undo = button('Undo', 'Undo', 'Take the last step back (Ctrl+Z)', hooks.undo);
    this.#redo = button('Redo', 'Redo', 'Do it again (Ctrl+Shift+Z)', hooks.redo);
    this.#size.addEventListener('change', () => {
      const size = Number(this.#size.value);
      const good = size >= 0.1 && size <= 2000;
      this.#size.setAttribute('aria-invalid', String(!good));
      if (good) {
        hooks.use({ brush_size: size });
      }
    });
    this.#class.addEventListener('change', () =>
      hooks.use({ brush_value: Number(this.#class.value) })
    );
    this.element = make(
      'div',
      { class: 'astrodata-masks-tools', role: 'group', 'aria-label': 'Painting', hidden: true },
      make('span', {}, 'Painting ', this.#name),
      make('div', { class: 'astrodata-buttons' }, this.#brush, this.#polygon, this.#erase),
      make('label', { class: 'astrodata-row' }, 'Size', this.#size),
      make('label', { class: 'astrodata-row' }, 'Class', this.#class),
      make(
        'div',
        { class: 'astrodata-buttons' },
        this.#undo,
        this.#redo,
        button('Fill holes', 'Fill holes', 'Holes of at most 100 pixels', hooks.holes),
        button('Done', 'Done', 'The hand moves the picture again (Escape)', hooks.done)
      )
    );
  }

  show(facts: LayerFacts | null, { name, tool, size, value }: Hand): void {
    this.element.hidden = !facts;
    if (!facts) {
      return;
    }
    this.#name.textContent = name;
    this.#brush.setAttribute('aria-pressed', String(tool === 'brush'));
    this.#polygon.setAttribute('aria-pressed', String(tool === 'polygon'));
    this.#erase.setAttribute('aria-pressed', String(value === 0));
    this.#undo.disabled = !facts.undo;
    this.#redo.disabled = !facts.redo;
    if (document.activeElement !== this.#size) {
      this.#size.value = String(Math.round(10 * size) / 10);
    }
    this.#size.disabled = tool !== 'brush';
    this.#showClasses(facts.classes, value);
  }

  #showClasses(classes: readonly ClassFacts[], value: number): void {
    const key = classes.map(one => `${one.value} ${one.name}`).join('\n');
    if (key !== this.#classes) {
      this.#classes = key;
      setChoices(
        this.#class,
        classes.map(one => ({
          value: String(one.value),
          text: classes.length > 1 ? `${one.value} ${one.name}` : one.name
        }))
      );
    }
    if (value) {
      this.#class.value = String(value);
    }
    this.#class.parentElement!.hidden = classes.length < 2;
  }
}

function newForm(hooks: PanelHooks): HTMLElement {
  const name = make('input', {
    type: 'text',
    'aria-label': 'Name of a new mask',
    placeholder: 'name, such as burnt',
    spellcheck: 'false',
    size: 14
  });
  const kind = make('select', { 'aria-label': 'Classes of a new mask' });
  setChoices(kind, [
    { value: '', text: 'one class' },
    { value: 'grades', text: 'damage, 1–4' }
  ]);
  const press = button('New mask', 'New mask', 'An empty mask, to be painted', () => {
    hooks.create(name.value.trim() || 'mask', kind.value === 'grades');
    name.value = '';
  });
  return formOf('astrodata-row', 'New mask', press, name, kind);
}

function addForm(hooks: PanelHooks): HTMLElement {
  const path = make('input', {
    type: 'text',
    'aria-label': 'File of a mask',
    placeholder: 'mask.tif, .geojson, .shp',
    title: 'As the kernel sees it',
    spellcheck: 'false',
    size: 20
  });
  const press = button('Open', 'Open the file of a mask', 'Show the mask of the file', () => {
    if (path.value.trim()) {
      hooks.add(path.value.trim());
    }
  });
  return formOf('astrodata-row', 'Open a mask', press, path);
}
