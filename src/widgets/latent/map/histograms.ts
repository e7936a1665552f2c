/** Histograms of columns, on which one brushes what is shown. */
import type { Interval, LatentRequests, NumberFacts, Shape } from '../../../core/latent';
import { isAbort, type Requester } from '../../../core/request';
import { decode } from '../../../core/wire';
import { button, make, select, setChoices } from '../../common/dom';
import { themed } from '../../common/theme';
import { valueAt, valueText } from '../../common/scale';

const BINS = 60;
const CLICK = 3;
const STEP = 0.05;

export interface HistogramHooks {
  /** The brushes are others: only what lies in each of them is shown. */
  brushed(shapes: readonly Shape[]): void;
  failed(error: unknown): void;
}

interface One {
  readonly name: string;
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly brush: HTMLElement;
  readonly said: HTMLElement;
  range: Interval;
  counts: ArrayLike<number> | null;
  part: Interval | null;
}

export class Histograms {
  readonly element: HTMLElement;
  readonly #list = make('div');
  readonly #more: HTMLSelectElement;
  readonly #requester: Requester<LatentRequests>;
  readonly #hooks: HistogramHooks;
  readonly #signal: AbortSignal;
  readonly #shown: One[] = [];
  #numbers: readonly NumberFacts[] = [];
  #turn = 0;

  constructor(requester: Requester<LatentRequests>, hooks: HistogramHooks, signal: AbortSignal) {
    this.#requester = requester;
    this.#hooks = hooks;
    this.#signal = signal;
    this.#more = select('Add a histogram', [], name => {
      this.#more.value = '';
      if (name) {
        this.add(name);
        void this.refresh();
      }
    });
    this.element = make(
      'section',
      { class: 'astrodata-map-histograms', 'aria-label': 'Histograms' },
      this.#list,
      this.#more
    );
  }

  setColumns(numbers: readonly NumberFacts[]): void {
    this.#numbers = numbers;
    this.#offer();
  }

  /** Shows a column; it is filled by the next `refresh`. */
  add(name: string): void {
    if (this.#shown.some(one => one.name === name)) {
      return;
    }
    const one = this.#make(name);
    this.#shown.push(one);
    this.#list.append(one.element);
    this.#offer();
  }

  /** Follows filters that were taken away elsewhere. */
  clear(): void {
    for (const one of this.#shown) {
      one.part = null;
      showBrush(one);
    }
  }

  /** Counts anew, of the selection and of what is shown. */
  async refresh(): Promise<void> {
    const turn = ++this.#turn;
    for (const one of [...this.#shown]) {
      try {
        const msg = { name: one.name, bins: BINS };
        const { meta, buffers } = await this.#requester.request('histogram', msg, this.#signal);
        if (turn !== this.#turn) {
          return;
        }
        one.range = [meta.low, meta.high];
        one.counts = decode(meta, buffers[0]).data;
        this.#draw(one);
      } catch (error) {
        if (!isAbort(error)) {
          this.#hooks.failed(error);
        }
        return;
      }
    }
  }

  redraw(): void {
    this.#shown.forEach(one => this.#draw(one));
  }

  #offer(): void {
    const rest = this.#numbers.filter(({ name }) => !this.#shown.some(one => one.name === name));
    this.#more.hidden = !rest.length;
    setChoices(this.#more, [
      { value: '', text: 'histogram of …' },
      ...rest.map(({ name }) => ({ value: name, text: name }))
    ]);
  }

  #make(name: string): One {
    const canvas = make('canvas', {
      tabindex: 0,
      role: 'slider',
      'aria-label': `Histogram of ${name}: drag to show a part of it`,
      'aria-valuetext': 'all'
    });
    const brush = make('div', { class: 'astrodata-map-brush', hidden: true });
    const said = make('small');
    const close = button('×', `Take ${name} away`, 'Take this histogram away', () => {
      this.#shown.splice(this.#shown.indexOf(one), 1);
      one.element.remove();
      this.#offer();
      if (one.part) {
        this.#tell();
      }
    });
    const element = make(
      'figure',
      {},
      make('figcaption', {}, make('b', {}, name), said, close),
      make('div', { class: 'astrodata-map-bins' }, canvas, brush)
    );
    const one: One = {
      name,
      element,
      canvas,
      brush,
      said,
      range: [0, 1],
      counts: null,
      part: null
    };
    this.#listen(one);
    return one;
  }

  #listen(one: One): void {
    const { canvas } = one;
    const at = (event: PointerEvent) => {
      const box = canvas.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    };
    let from: number | null = null;
    canvas.addEventListener('pointerdown', event => {
      if (event.button === 0) {
        canvas.setPointerCapture?.(event.pointerId);
        from = at(event);
      }
    });
    canvas.addEventListener('pointermove', event => {
      if (from !== null) {
        const now = at(event);
        one.part = [Math.min(from, now), Math.max(from, now)];
        showBrush(one);
      }
    });
    canvas.addEventListener('pointerup', event => {
      if (from === null) {
        return;
      }
      const width = Math.abs(at(event) - from) * canvas.clientWidth;
      from = null;
      if (width < CLICK) {
        one.part = null;
        showBrush(one);
      }
      this.#tell();
    });
    canvas.addEventListener('keydown', event => {
      const part = one.part ?? [0, 1];
      const moved: Record<string, Interval | null> = {
        ArrowLeft: [part[0] - (event.shiftKey ? 0 : STEP), part[1] - STEP],
        ArrowRight: [part[0] + STEP, part[1] + (event.shiftKey ? 0 : STEP)],
        Delete: null
      };
      if (Object.hasOwn(moved, event.key)) {
        event.preventDefault();
        event.stopPropagation();
        const next = moved[event.key];
        one.part = next && [Math.max(0, next[0]), Math.min(1, next[1])];
        if (one.part && one.part[1] <= one.part[0]) {
          one.part = part;
        }
        showBrush(one);
        this.#tell();
      }
    });
  }

  #tell(): void {
    this.#hooks.brushed(
      this.#shown
        .filter(one => one.part)
        .map(one => {
          const [low, high] = one.part!.map(part => valueAt(part, one.range));
          return { box: { x: one.name, x_range: [low, high] as const } };
        })
    );
  }

  /** Counts on a logarithmic scale: tails are what one looks for. */
  #draw(one: One): void {
    const { canvas, counts } = one;
    const context = canvas.getContext('2d');
    const pixel = globalThis.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth * pixel, canvas.clientHeight * pixel];
    if (!context || !counts || !width) {
      return;
    }
    canvas.width = width;
    canvas.height = height;
    let most = 1;
    for (let i = 0; i < counts.length; i++) {
      most = Math.max(most, counts[i]);
    }
    // The selection first, then all that is shown: painted the other way round.
    for (const [row, colour] of [
      [1, '--astrodata-dim'],
      [0, '--astrodata-focus']
    ] as const) {
      context.fillStyle = themed(canvas, colour);
      context.globalAlpha = row ? 0.45 : 0.9;
      for (let bin = 0; bin < BINS; bin++) {
        const count = counts[row * BINS + bin];
        if (count) {
          const top = (height * Math.log1p(count)) / Math.log1p(most);
          context.fillRect((bin * width) / BINS, height - top, width / BINS - 0.5, top);
        }
      }
    }
    showBrush(one);
  }
}

function showBrush(one: One): void {
  const { part, brush, range, said, canvas } = one;
  brush.hidden = !part;
  const [low, high] = part ?? [0, 1];
  brush.style.left = `${100 * low}%`;
  brush.style.width = `${100 * (high - low)}%`;
  const ends = [low, high].map(end => valueText(valueAt(end, range), 4));
  said.textContent = ` ${ends[0]} to ${ends[1]}`;
  canvas.setAttribute('aria-valuetext', part ? said.textContent.trim() : 'all');
}
