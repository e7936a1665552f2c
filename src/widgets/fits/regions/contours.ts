/** Contours over the picture: asked for where they are wanted, and a row of controls for the image's own. */
import type { FitsRequests, Where } from '../../../core/protocol';
import type { ContourSet } from '../../../core/regions';
import { isAbort, type Requester } from '../../../core/request';
import { decode } from '../../../core/wire';
import { button, field, make } from '../../common/dom';
import { valueText } from '../../common/scale';
import { colourOf } from './overlay';

export interface ContourHooks {
  /** Paths to draw in array pixels. */
  drawn(paths: readonly { readonly d: string; readonly color: string }[]): void;
  /** Contours as a person wants them. */
  set(sets: readonly ContourSet[]): void;
  changed(): void;
  failed(error: unknown): void;
}

const COLOURS = ['#ffb000', '#3fd0ff', '#ff6ec7', '#9be564', '#c9a0ff'];

export class Contours {
  readonly element: HTMLElement;
  readonly #hooks: ContourHooks;
  readonly #levels = make('input', {
    type: 'text',
    value: '5',
    'aria-label': 'Levels of contours',
    title: 'How many, or values: 500, 700, 900'
  });
  readonly #color = make('input', { type: 'color', 'aria-label': 'Colour of contours' });
  readonly #smooth = make('input', {
    type: 'number',
    value: '1',
    min: '0',
    max: '50',
    step: 'any',
    'aria-label': 'Smoothing of contours, pixels',
    title: 'Standard deviation of a Gaussian, in pixels of what is read: 1,024 a side at most'
  });
  readonly #list = make('ul', { 'aria-label': 'Contours on show' });
  #requester: Requester<FitsRequests> | null = null;
  #turn = new AbortController();
  #open = 0;
  #where: Where | null = null;
  #sets: readonly ContourSet[] = [];
  /** Paths by what they are of. */
  #paths = new Map<string, string>();

  constructor(hooks: ContourHooks) {
    this.#hooks = hooks;
    this.#color.value = COLOURS[0];
    this.#levels.addEventListener('input', () => this.#levels.removeAttribute('aria-invalid'));
    this.#levels.addEventListener('keydown', event => {
      if (event.key === 'Enter') {
        void this.#add();
      }
    });
    this.element = make(
      'section',
      { class: 'astrodata-fits-contouring', 'aria-label': 'Contours', hidden: true },
      field('Contours: how many, or values', this.#levels),
      field('Smooth, px', this.#smooth),
      field('Colour', this.#color),
      button('Draw', 'Draw contours', 'Contours of this image', () => void this.#add()),
      button('Clear', 'Clear contours', 'Take all contours off', () => hooks.set([])),
      this.#list
    );
  }

  get busy(): boolean {
    return this.#open > 0;
  }

  connect(requester: Requester<FitsRequests>): void {
    this.#requester = requester;
    this.#fetch();
  }

  setImage(where: Where | null): void {
    if (JSON.stringify(where) !== JSON.stringify(this.#where)) {
      this.#where = where;
      this.#paths.clear();
      this.#turn.abort();
      this.#turn = new AbortController();
      this.#fetch();
    }
  }

  set(sets: readonly ContourSet[]): void {
    this.#sets = sets;
    this.#color.value = COLOURS[sets.length % COLOURS.length];
    this.#list.replaceChildren(...sets.map((one, i) => this.#line(one, i)));
    this.#fetch();
  }

  dispose(): void {
    this.#turn.abort();
  }

  #line(set: ContourSet, place: number): HTMLElement {
    const swatch = make('span', { class: 'astrodata-fits-swatch' });
    swatch.style.background = colourOf(set.color);
    const name = set.source ? (set.source.split('/').at(-1) ?? set.source) : 'this image';
    const levels = set.levels.map(level => valueText(level, 4)).join(', ');
    return make(
      'li',
      {},
      swatch,
      `${name}: ${levels}`,
      button('×', `Take contours ${place + 1} off`, 'Take these contours off', () =>
        this.#hooks.set(this.#sets.filter((_, i) => i !== place))
      )
    );
  }

  async #add(): Promise<void> {
    const words = this.#levels.value.split(/[\s,;]+/).filter(Boolean);
    const numbers = words.map(Number);
    const good = numbers.length > 0 && numbers.every(Number.isFinite);
    const count = numbers.length === 1 && /^\d{1,2}$/.test(words[0]) ? numbers[0] : 0;
    this.#levels.setAttribute('aria-invalid', String(!good));
    if (!good || !this.#where || !this.#requester) {
      return;
    }
    await this.#work(async signal => {
      const smooth = Math.min(50, Math.max(0, Number(this.#smooth.value) || 0));
      const msg = { ...this.#where!, levels: count, smooth };
      const levels = count
        ? (await this.#requester!.request('contour_levels', msg, signal)).meta.levels
        : numbers;
      this.#hooks.set([...this.#sets, { source: '', levels, smooth, color: this.#color.value }]);
    });
  }

  #fetch(): void {
    for (const set of this.#sets) {
      const key = keyOf(set);
      if (!this.#paths.has(key) && this.#where && this.#requester) {
        this.#paths.set(key, '');
        const msg = { ...this.#where, contours: set };
        void this.#work(async signal => {
          const { meta, buffers } = await this.#requester!.request('contours', msg, signal);
          this.#paths.set(key, pathOf(decode(meta, buffers[0]).data as Float32Array));
          this.#draw();
        });
      }
    }
    this.#draw();
  }

  #draw(): void {
    this.#hooks.drawn(
      this.#sets.flatMap(set => {
        const d = this.#paths.get(keyOf(set));
        return d ? [{ d, color: set.color }] : [];
      })
    );
  }

  async #work(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#turn;
    this.#open++;
    this.#hooks.changed();
    try {
      await work(signal);
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) {
        this.#hooks.failed(error);
      }
    } finally {
      this.#open--;
      this.#hooks.changed();
    }
  }
}

/** What is drawn does not hang on its colour. */
function keyOf({ color: _color, ...set }: ContourSet): string {
  return JSON.stringify(set);
}

function pathOf(points: Float32Array): string {
  const parts: string[] = [];
  let pen = 'M';
  for (let i = 0; i < points.length; i += 2) {
    if (Number.isNaN(points[i])) {
      pen = 'M';
    } else {
      parts.push(`${pen}${points[i].toFixed(2)} ${points[i + 1].toFixed(2)}`);
      pen = 'L';
    }
  }
  return parts.join('');
}
