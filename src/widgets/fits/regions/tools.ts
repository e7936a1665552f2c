/** The tools of regions in the toolbar: what the hand draws, and what is done with what was drawn. */
import { SHAPES } from '../../../core/regions';
import { button, field, make, select, setChoices } from '../../common/dom';
import type { Tool } from './hands';

export type Action =
  | 'all'
  | 'group'
  | 'ungroup'
  | 'duplicate'
  | 'delete'
  | 'undo'
  | 'redo'
  | 'import'
  | 'ds9'
  | 'ds9-sky'
  | 'crtf'
  | 'crtf-sky'
  | 'contours';

export interface ToolHooks {
  tool(tool: Tool): void;
  action(action: Action): void;
  file(file: File): void;
}

/** What is possible now. */
export interface Possible {
  readonly any: boolean;
  readonly chosen: boolean;
  readonly undo: boolean;
  readonly redo: boolean;
  readonly sky: boolean;
}

export const KEYS: Readonly<Record<Tool, string>> = {
  pointer: 'v',
  circle: 'c',
  ellipse: 'e',
  box: 'x',
  polygon: 'p',
  line: 'l',
  point: 'o'
};

/** What keys and hands do with regions. */
export const HELP: readonly (readonly [string, string])[] = [
  ['c e x p l o', 'draw a circle, an ellipse, a box, a polygon, a line, a point; Shift draws more'],
  ['v, Escape', 'the hand back; then nothing selected'],
  ['click, Shift click', 'select a region, one more; Shift drag selects those in a box'],
  ['Enter, double click', 'close a polygon (Backspace: one corner back)'],
  ['arrows on a selection', 'move it by a pixel (Shift: ten)'],
  ['Delete', 'delete the selected regions'],
  ['Ctrl+Z, Ctrl+Shift+Z', 'take a change of regions back, and do it again'],
  ['Ctrl+A, Ctrl+C, Ctrl+V, Ctrl+D', 'select all, copy, paste, duplicate'],
  ['Ctrl+G, Ctrl+Shift+G', 'group, ungroup']
];

const ICONS: Readonly<Record<Tool, string>> = {
  pointer: 'M3 1.5V13l3-3 2 4.5 2-.9-2-4.4h4.2z',
  circle: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z',
  ellipse: 'M8 4.5a6.5 3.5 0 1 1 0 7a6.5 3.5 0 1 1 0-7z',
  box: 'M2.5 4h11v8h-11z',
  polygon: 'M8 2l6 4.5-2.3 7H4.3L2 6.5z',
  line: 'M2.5 13.5l11-11',
  point: 'M8 2v12M2 8h12'
};

export class Tools {
  readonly element: HTMLElement;
  readonly #buttons: ReadonlyMap<Tool, HTMLButtonElement>;
  readonly #actions: HTMLSelectElement;
  readonly #file = make('input', {
    type: 'file',
    accept: '.reg,.ds9,.crtf,.txt',
    hidden: true,
    'aria-label': 'Region file'
  });

  constructor(hooks: ToolHooks) {
    this.#buttons = new Map(
      (['pointer', ...SHAPES] as const).map(tool => [tool, this.#button(tool, hooks)])
    );
    const actions: HTMLSelectElement = select<Action | ''>('Regions', [], action => {
      actions.value = '';
      if (action === 'import') {
        this.#file.click();
      } else if (action) {
        hooks.action(action);
      }
    });
    this.#actions = actions;
    this.#file.addEventListener('change', () => {
      const [file] = this.#file.files ?? [];
      this.#file.value = '';
      if (file) {
        hooks.file(file);
      }
    });
    this.element = make(
      'div',
      { class: 'astrodata-fits-regiontools', role: 'group', 'aria-label': 'Regions' },
      make('div', { class: 'astrodata-buttons' }, ...this.#buttons.values()),
      field('Regions', actions),
      this.#file
    );
    this.setTool('pointer');
    this.setPossible({ any: false, chosen: false, undo: false, redo: false, sky: false });
  }

  setTool(tool: Tool): void {
    this.#buttons.forEach((made, name) => made.setAttribute('aria-pressed', String(name === tool)));
  }

  setPossible({ any, chosen, undo, redo, sky }: Possible): void {
    const choice = (value: Action | '', text: string, possible = true) => ({
      value,
      text,
      disabled: !possible
    });
    setChoices(this.#actions, [
      choice('', 'edit, files …'),
      choice('undo', 'undo', undo),
      choice('redo', 'redo', redo),
      choice('all', 'select all', any),
      choice('duplicate', 'duplicate', chosen),
      choice('group', 'group', chosen),
      choice('ungroup', 'ungroup', chosen),
      choice('delete', 'delete', chosen),
      choice('import', 'import DS9 or CRTF file …'),
      choice('ds9', 'export DS9, pixels', any),
      choice('ds9-sky', 'export DS9, sky', any && sky),
      choice('crtf', 'export CRTF, pixels', any),
      choice('crtf-sky', 'export CRTF, sky', any && sky),
      choice('contours', 'contours …')
    ]);
  }

  #button(tool: Tool, hooks: ToolHooks): HTMLButtonElement {
    const name = tool === 'pointer' ? 'Select regions' : `Draw a ${tool}`;
    const hint = tool === 'pointer' ? 'Select and move' : `${name}: drag`;
    const title = tool === 'polygon' ? 'Draw a polygon: click its corners, Enter closes it' : hint;
    const made = button('', name, `${title} (${KEYS[tool]})`, () => hooks.tool(tool));
    made.append(icon(ICONS[tool], tool === 'pointer'));
    return made;
  }
}

function icon(path: string, filled: boolean): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path);
  line.setAttribute('fill', filled ? 'currentColor' : 'none');
  svg.append(line);
  return svg;
}
