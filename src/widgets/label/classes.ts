/** The classes: what to press, how many there are of each, and how they are changed. */
import type { ClassChange, ClassFacts } from '../../core/label';
import { button, make } from '../common/dom';
import { inkOn } from './drawing';

export interface ClassHooks {
  chosen(name: string): void;
  change(change: ClassChange): void;
}

export class Classes {
  readonly element: HTMLElement;
  readonly editor = make('div', { class: 'astrodata-label-editor', hidden: true });
  readonly #buttons = make('div', {
    class: 'astrodata-label-classes',
    role: 'group',
    'aria-label': 'Classes'
  });
  readonly #edit: HTMLButtonElement;
  readonly #hooks: ClassHooks;
  #made: HTMLButtonElement[] = [];
  #shown: string | null = null;

  constructor(hooks: ClassHooks) {
    this.#hooks = hooks;
    this.#edit = button('Classes…', 'Change the classes', 'Add, rename or recolour classes', () => {
      this.editor.hidden = !this.editor.hidden;
      this.#edit.setAttribute('aria-expanded', String(!this.editor.hidden));
      if (!this.editor.hidden) {
        this.editor.querySelector('input')?.focus();
      }
    });
    this.#edit.setAttribute('aria-expanded', 'false');
    this.element = make('div', { class: 'astrodata-label-classbar' }, this.#buttons, this.#edit);
  }

  /**
   * Shows the classes.
   *
   * @param chosen - Those of the event on show.
   * @param pending - Whether the log does not have them yet.
   */
  show(
    classes: readonly ClassFacts[],
    chosen: readonly string[],
    pending: boolean,
    several: boolean
  ): void {
    const shown = JSON.stringify(classes.map(({ name, color, hotkey }) => [name, color, hotkey]));
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#made = classes.map(facts => this.#button(facts));
      this.#buttons.replaceChildren(...this.#made);
      this.#showEditor(classes);
      if (!classes.length) {
        this.#buttons.append(
          make('span', { class: 'astrodata-label-hint' }, 'There are no classes yet: add one.')
        );
        this.editor.hidden = false;
        this.#edit.setAttribute('aria-expanded', 'true');
      }
    }
    // Changed in place: a button that is pressed by keyboard keeps the focus.
    classes.forEach(({ name, hotkey, parent, count }, i) => {
      const element = this.#made[i];
      const waits = pending && chosen.includes(name);
      element.setAttribute('aria-pressed', String(chosen.includes(name)));
      element.setAttribute('aria-busy', String(waits));
      element.classList.toggle('astrodata-label-waiting', waits);
      element.title =
        `${parent ? `${parent}: ` : ''}${name}${hotkey ? ` (key ${hotkey})` : ''}: ` +
        `${count.toLocaleString('en')} labelled${several ? '; several may be chosen' : ''}`;
      element.lastElementChild!.textContent = count.toLocaleString('en');
    });
  }

  #button({ name, color, hotkey }: ClassFacts): HTMLButtonElement {
    const element = make(
      'button',
      {
        type: 'button',
        class: 'astrodata-label-class',
        'aria-label': name,
        ...(hotkey ? { 'aria-keyshortcuts': hotkey } : {})
      },
      ...(hotkey ? [make('kbd', {}, hotkey)] : []),
      make('span', { class: 'astrodata-label-name' }, name),
      make('span', { class: 'astrodata-label-count' })
    );
    element.style.setProperty('--astrodata-label-class', color);
    element.style.setProperty('--astrodata-label-ink', inkOn(color));
    element.addEventListener('click', () => this.#hooks.chosen(name));
    return element;
  }

  #showEditor(classes: readonly ClassFacts[]): void {
    const name = make('input', {
      type: 'text',
      'aria-label': 'New class',
      placeholder: 'new class'
    });
    const add = () => {
      const wanted = name.value.trim();
      if (wanted) {
        this.#hooks.change({ what: 'add', name: wanted });
        name.value = '';
      }
    };
    name.addEventListener('keydown', event => {
      if (event.key === 'Enter') {
        add();
      }
    });
    this.editor.replaceChildren(
      make(
        'div',
        { class: 'astrodata-label-line' },
        name,
        button('Add', 'Add the class', 'Add the class', add)
      ),
      ...classes.map(facts => this.#line(facts))
    );
  }

  #line({ name, color, hotkey }: ClassFacts): HTMLElement {
    const colour = make('input', {
      type: 'color',
      value: color,
      'aria-label': `Colour of ${name}`
    });
    const text = make('input', { type: 'text', value: name, 'aria-label': `Name of ${name}` });
    const key = make('input', {
      type: 'text',
      value: hotkey,
      maxlength: 1,
      class: 'astrodata-label-key',
      'aria-label': `Key of ${name}`
    });
    colour.addEventListener('change', () =>
      this.#hooks.change({ what: 'recolour', name, color: colour.value })
    );
    text.addEventListener('change', () => {
      const to = text.value.trim();
      if (to && to !== name) {
        this.#hooks.change({ what: 'rename', name, to });
      } else {
        text.value = name;
      }
    });
    key.addEventListener('change', () =>
      this.#hooks.change({ what: 'hotkey', name, hotkey: key.value.trim() })
    );
    return make('div', { class: 'astrodata-label-line' }, colour, text, key);
  }
}
