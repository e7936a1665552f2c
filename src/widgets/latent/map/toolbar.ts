/** The controls above the map: what is across and up, colours and sizes, tools and the way back. */
import type { LatentMeta, NumberFacts } from '../../../core/latent';
import { detachButton } from '../../common/detach';
import { button, field, make, select, setChoices, type Choice } from '../../common/dom';
import type { Tool } from './plot';

export interface ToolbarHooks {
  axis(which: 'x' | 'y', name: string): void;
  color(name: string): void;
  size(name: string): void;
  tool(tool: Tool): void;
  fit(): void;
  find(text: string): void;
  project(method: string): void;
}

/** Lines in a square of 16, drawn by ourselves: fonts lack half of such signs. */
const ICONS: Record<Tool, string> = {
  pan: 'M8 1v14M1 8h14M6 3l2-2 2 2M6 13l2 2 2-2M3 6L1 8l2 2M13 6l2 2-2 2',
  box: 'M2 3.5h12v9H2z',
  lasso: 'M5 12.5C1 11 1 4 7 3s8 3 7 6-6 3-9 1.500-2 4-3 5',
  decode: 'M1 8c1.500-6 3-6 4.500 0s3 6 4.500 0 3-6 4.500 0'
};
const TOOLS: readonly (readonly [Tool, string, string])[] = [
  ['pan', 'Tool: pan', 'Drag the map (p)'],
  [
    'box',
    'Tool: box',
    'Draw a rectangle (b); Shift adds, Alt takes away, both keep what is in both'
  ],
  [
    'lasso',
    'Tool: lasso',
    'Draw a lasso (l); Shift adds, Alt takes away, both keep what is in both'
  ]
];
const DECODE = ['decode', 'Tool: decode', 'Decode where you drag (d)'] as const;
const METHODS: readonly Choice<string>[] = [
  { value: '', text: 'project …' },
  { value: 'pca', text: 'PCA', title: 'Principal components: at once' },
  { value: 'umap', text: 'UMAP', title: 'Keeps neighbours together; a minute for 50,000 points' },
  { value: 'pacmap', text: 'PaCMAP', title: 'Keeps near and far; seconds for 50,000 points' },
  { value: 'tsne', text: 't-SNE', title: 'Keeps close neighbours; a minute for 50,000 points' }
];

export class MapToolbar {
  readonly element: HTMLElement;
  readonly #axes: Record<'x' | 'y', HTMLSelectElement>;
  readonly #color: HTMLSelectElement;
  readonly #size: HTMLSelectElement;
  readonly #tools: Record<Tool, HTMLButtonElement>;
  readonly #find = make('input', {
    type: 'search',
    placeholder: 'id',
    'aria-label': 'Find a point by its id',
    title: 'Find a point by its id (Enter)'
  });

  constructor(facts: LatentMeta, hooks: ToolbarHooks) {
    this.#axes = {
      x: select('Across', [], name => hooks.axis('x', name)),
      y: select('Up', [], name => hooks.axis('y', name))
    };
    this.#color = select('Colour by', [], hooks.color);
    this.#size = select('Size by', [], hooks.size);
    this.setColumns(facts);
    const tool = ([name, called, title]: (typeof TOOLS)[number]) => {
      const element = button('', called, title, () => hooks.tool(name));
      element.append(icon(ICONS[name]));
      return [name, element] as const;
    };
    this.#tools = Object.fromEntries(
      [...TOOLS, ...(facts.decoder ? [DECODE] : [])].map(tool)
    ) as Record<Tool, HTMLButtonElement>;
    const method = select('Project the latents', METHODS, chosen => {
      method.value = '';
      if (chosen) {
        hooks.project(chosen);
      }
    });
    this.#find.addEventListener('keydown', event => {
      if (event.key === 'Enter') {
        hooks.find(this.#find.value);
      }
      event.stopPropagation(); // letters are typed here, and are no tools
    });
    this.element = make(
      'div',
      { class: 'astrodata-toolbar', role: 'toolbar', 'aria-label': 'Map' },
      field('Across', this.#axes.x),
      field('Up', this.#axes.y),
      field('Projections', method),
      field('Colour by', this.#color),
      field('Size by', this.#size),
      make(
        'div',
        { class: 'astrodata-field', role: 'group', 'aria-label': 'Tools' },
        make('span', {}, 'Tools'),
        make(
          'span',
          { class: 'astrodata-buttons' },
          ...Object.values(this.#tools),
          button('⤢', 'Show all points', 'Show all points (0)', hooks.fit)
        )
      ),
      field('Find', this.#find),
      detachButton()
    );
  }

  /** Offers the columns that there are. */
  setColumns({ numbers, columns }: Pick<LatentMeta, 'numbers' | 'columns'>): void {
    const names = numbers.map(({ name }) => ({ value: name, text: name }));
    const others = columns
      .filter(({ name }) => !numbers.some(one => one.name === name))
      .map(({ name }) => ({ value: name, text: name }));
    keepingValue(this.#axes.x, names);
    keepingValue(this.#axes.y, names);
    keepingValue(this.#size, [{ value: '', text: 'nothing' }, ...names]);
    keepingValue(this.#color, [
      { value: '', text: 'nothing' },
      { value: 'garage', text: 'inside and outside' },
      ...others,
      ...names
    ]);
  }

  set({ x, y, color, size }: { x: string; y: string; color: string; size: string }): void {
    this.#axes.x.value = x;
    this.#axes.y.value = y;
    this.#color.value = color;
    this.#size.value = size;
  }

  setTool(tool: Tool): void {
    for (const [name, element] of Object.entries(this.#tools)) {
      element.setAttribute('aria-pressed', String(name === tool));
    }
  }

  focusFind(): void {
    this.#find.focus();
    this.#find.select();
  }
}

function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'astrodata-map-icon');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** Gives the facts of a column of numbers. */
export function factsOf(numbers: readonly NumberFacts[], name: string): NumberFacts {
  return numbers.find(one => one.name === name) ?? { name, low: 0, high: 1 };
}

function keepingValue(element: HTMLSelectElement, choices: readonly Choice<string>[]): void {
  const { value } = element;
  setChoices(element, choices);
  element.value = value;
}
