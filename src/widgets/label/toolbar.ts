/** Everything that keys do, for the mouse, and how it is looked at. */
import type { LabelMeta } from '../../core/label';
import { COLORMAPS } from '../../core/colormap';
import { FORMULAS } from '../../core/stretch';
import type { Colormap, Formula } from '../../core/protocol';
import { detachButton } from '../common/detach';
import { button, field, make, select } from '../common/dom';
import type { Look } from './image';
import type { Command } from './keymap';

export interface ToolbarHooks {
  command(command: Command): void;
  look(look: Look): void;
  blind(on: boolean): void;
  advance(on: boolean): void;
}

export class Toolbar {
  readonly element: HTMLElement;
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #blind: HTMLInputElement;
  readonly #advance: HTMLInputElement;

  constructor(kind: LabelMeta['kind'], hooks: ToolbarHooks) {
    const press = (text: string, name: string, title: string, command: Command) =>
      button(text, name, title, () => hooks.command(command));
    this.#undo = press('↶', 'Undo', 'Undo (u)', 'undo');
    this.#redo = press('↷', 'Redo', 'Redo (Shift+u)', 'redo');
    this.#blind = box(hooks.blind);
    this.#advance = box(hooks.advance);
    this.element = make(
      'div',
      { class: 'astrodata-toolbar', role: 'toolbar', 'aria-label': 'Labelling' },
      make(
        'span',
        { class: 'astrodata-buttons' },
        press('←', 'Event before', 'Event before (←)', 'back'),
        press('→', 'Next event', 'Next event (Enter or →)', 'next'),
        press('Skip', 'Skip', 'Skip: cannot say (s)', 'skip'),
        this.#undo,
        this.#redo,
        press('Note', 'Write a note', 'Write a note (n)', 'note')
      ),
      ...(kind === 'rows'
        ? []
        : [
            make(
              'span',
              { class: 'astrodata-buttons' },
              press('Region', 'Mark regions', 'Mark regions: drag, then a class (r)', 'region'),
              ...(kind === 'images'
                ? [press('Shape', 'Box or polygon', 'Box or polygon (p)', 'shape')]
                : [])
            )
          ]),
      ...(kind === 'images' ? looks(hooks.look) : []),
      option('Go on by itself', 'Show the next event as soon as one has its class', this.#advance),
      option('Blind', 'Hide the score and what others say', this.#blind),
      press('?', 'Keys', 'All keys (?)', 'help'),
      detachButton()
    );
  }

  setSteps(undo: boolean, redo: boolean): void {
    this.#undo.disabled = !undo;
    this.#redo.disabled = !redo;
  }

  setBlind(on: boolean): void {
    this.#blind.checked = on;
  }

  setAdvance(on: boolean): void {
    this.#advance.checked = on;
  }
}

function box(changed: (on: boolean) => void): HTMLInputElement {
  const element = make('input', { type: 'checkbox' });
  element.addEventListener('change', () => changed(element.checked));
  return element;
}

function option(text: string, title: string, input: HTMLInputElement): HTMLElement {
  return make('label', { class: 'astrodata-row', title }, input, text);
}

function looks(changed: (look: Look) => void): HTMLElement[] {
  const tell = () =>
    changed({ stretch: stretch.value as Formula, colormap: colormap.value as Colormap });
  const stretch = select<Formula>(
    'Stretch',
    FORMULAS.map(value => ({ value, text: value })),
    tell
  );
  const colormap = select<Colormap>(
    'Colours',
    COLORMAPS.map(value => ({ value, text: value })),
    tell
  );
  return [field('Stretch', stretch), field('Colours', colormap)];
}
