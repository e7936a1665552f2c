/** Classes for the selected points, by button or key; a label counts when the kernel says that it is on the disk. */
import type { LabelsMeta } from '../../../core/latent';
import { button, make } from '../../common/dom';

export interface LabelHooks {
  /** Gives the selected points a class, or takes theirs away. */
  label(name: string | null): void;
  step(what: 'undo' | 'redo'): void;
}

export class LabelBar {
  readonly element = make('div', {
    class: 'astrodata-map-labels',
    role: 'group',
    'aria-label': 'Labels'
  });
  readonly #classes = make('span', { class: 'astrodata-buttons' });
  readonly #said = make('span', { role: 'status' });
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #none: HTMLButtonElement;
  readonly #hooks: LabelHooks;
  #meta: LabelsMeta | null = null;
  #buttons: HTMLButtonElement[] = [];
  #chosen = false;

  constructor(hooks: LabelHooks) {
    this.#hooks = hooks;
    this.#undo = button('↶', 'Undo the last label', 'Undo the last label (u)', () =>
      hooks.step('undo')
    );
    this.#redo = button('↷', 'Redo the label', 'Redo what was undone (Shift+u)', () =>
      hooks.step('redo')
    );
    this.#none = button('none', 'No label', 'Take the labels of the selected points away', () =>
      hooks.label(null)
    );
    this.element.append(
      'Label the selection:',
      this.#classes,
      this.#none,
      make('span', { class: 'astrodata-buttons' }, this.#undo, this.#redo),
      this.#said
    );
  }

  set(meta: LabelsMeta): void {
    this.#meta = meta;
    this.#buttons = meta.classes.map(({ name, color, hotkey }) => {
      const key = hotkey ? ` (${hotkey})` : '';
      const dot = make('i');
      dot.style.background = color;
      const one = button('', `Label as ${name}`, `Label the selection as ${name}${key}`, () =>
        this.#hooks.label(name)
      );
      const count = (meta.counts[name] ?? 0).toLocaleString('en');
      one.append(
        dot,
        name,
        make('small', {}, ` ${count}`),
        ...(hotkey ? [make('kbd', {}, hotkey)] : [])
      );
      return one;
    });
    this.#classes.replaceChildren(...this.#buttons);
    this.#undo.disabled = !meta.undo;
    this.#redo.disabled = !meta.redo;
    this.setChosen(this.#chosen);
  }

  /** Whether there is a selection that could get a label. */
  setChosen(chosen: boolean): void {
    this.#chosen = chosen;
    for (const one of [...this.#buttons, this.#none]) {
      one.disabled = !chosen;
    }
  }

  say(text: string): void {
    this.#said.textContent = text;
  }

  /** Gives the class of a key, if it has one. */
  classOf(key: string): string | null {
    return this.#meta?.classes.find(({ hotkey }) => hotkey === key)?.name ?? null;
  }
}
