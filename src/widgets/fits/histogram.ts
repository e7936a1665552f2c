/** The histogram of the values under the picture, on which the limits are dragged. */
import { make } from '../common/dom';
import { shortNumber } from '../common/scale';
import { themed } from '../common/theme';
import type { Counted } from './counting';
import type { Range } from './scene';

type End = 'low' | 'high';

const STEP = 0.01;

export class HistogramPanel {
  readonly element: HTMLElement;
  readonly #canvas = make('canvas', { 'aria-hidden': 'true' });
  readonly #plot = make('div', { class: 'astrodata-fits-bins' });
  readonly #said = make('div', { class: 'astrodata-fits-counts' });
  readonly #handles: Record<End, HTMLElement>;
  readonly #moved: (range: Range, done: boolean) => void;
  #counted: Counted | null = null;
  #range: Range | null = null;

  /**
   * @param moved - A limit is dragged; with `done` the hand let go.
   * @param signal - Ends it.
   */
  constructor(moved: (range: Range, done: boolean) => void, signal: AbortSignal) {
    this.#moved = moved;
    this.#handles = { low: this.#handle('low'), high: this.#handle('high') };
    this.#plot.append(this.#canvas, this.#handles.low, this.#handles.high);
    this.element = make(
      'div',
      { class: 'astrodata-fits-histogram', hidden: true },
      this.#plot,
      this.#said
    );
    const observer = new ResizeObserver(() => this.redraw());
    observer.observe(this.#plot);
    signal.addEventListener('abort', () => observer.disconnect());
  }

  /** Whether limits lie where the values were counted. */
  holds({ low, high }: Range): boolean {
    const meta = this.#counted?.meta;
    return !!meta && meta.low <= low && high <= meta.high;
  }

  setCounted(counted: Counted | null): void {
    this.#counted = counted;
    this.redraw();
  }

  setRange(range: Range | null): void {
    this.#range = range;
    this.#place();
  }

  redraw(): void {
    const { clientWidth: width, clientHeight: height } = this.#plot;
    const density = window.devicePixelRatio || 1;
    const canvas = this.#canvas;
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    const context = canvas.getContext('2d');
    if (this.#counted && context) {
      const { counts } = this.#counted;
      const most = Math.log1p(counts.reduce((a, b) => Math.max(a, b), 1));
      context.fillStyle = themed(canvas, '--astrodata-dim');
      const bar = canvas.width / counts.length;
      counts.forEach((count, i) => {
        const up = (canvas.height * Math.log1p(count)) / most;
        context.fillRect(i * bar, canvas.height - up, Math.max(1, bar), up);
      });
    }
    this.#say();
    this.#place();
  }

  #say(): void {
    const meta = this.#counted?.meta;
    const blank = meta?.blank ? `, ${meta.blank.toLocaleString('en')} without a value` : '';
    this.#said.textContent = meta
      ? `${shortNumber(meta.low)} to ${shortNumber(meta.high)}; counts on a logarithmic scale` +
        `${meta.sampled ? ', of a sample' : ''}; ${meta.below.toLocaleString('en')} below, ` +
        `${meta.above.toLocaleString('en')} above${blank}`
      : 'Counting…';
  }

  #place(): void {
    const [range, shown] = [this.#range, this.#counted?.meta];
    for (const end of ['low', 'high'] as const) {
      const handle = this.#handles[end];
      handle.hidden = !range || !shown;
      if (range && shown) {
        const share = (range[end] - shown.low) / (shown.high - shown.low);
        handle.style.left = `${100 * Math.min(1, Math.max(0, share))}%`;
        handle.setAttribute('aria-valuemin', String(shown.low));
        handle.setAttribute('aria-valuemax', String(shown.high));
        handle.setAttribute('aria-valuenow', String(range[end]));
        handle.setAttribute('aria-valuetext', shortNumber(range[end]));
      }
    }
  }

  #handle(end: End): HTMLElement {
    const handle = make('div', {
      class: `astrodata-fits-limit astrodata-fits-${end}`,
      role: 'slider',
      tabindex: 0,
      hidden: true,
      'aria-label': end === 'low' ? 'Low limit on the histogram' : 'High limit on the histogram',
      title: 'Drag, or move by the arrow keys (Shift: ten times as far)'
    });
    let held = false;
    handle.addEventListener('pointerdown', event => {
      if (event.button === 0) {
        handle.setPointerCapture?.(event.pointerId);
        held = true;
        event.preventDefault();
        handle.focus({ preventScroll: true });
      }
    });
    handle.addEventListener('pointermove', event => {
      const shown = this.#counted?.meta;
      if (held && shown) {
        const box = this.#plot.getBoundingClientRect();
        const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
        this.#move(end, shown.low + share * (shown.high - shown.low), false);
      }
    });
    const release = () => {
      if (held && this.#range) {
        held = false;
        this.#moved(this.#range, true);
      }
    };
    handle.addEventListener('pointerup', release);
    handle.addEventListener('pointercancel', release);
    handle.addEventListener('keydown', event => {
      const sign = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      const shown = this.#counted?.meta;
      if (sign && shown && this.#range) {
        event.preventDefault();
        event.stopPropagation();
        const step = (event.shiftKey ? 10 : 1) * STEP * (shown.high - shown.low);
        this.#move(end, this.#range[end] + sign * step, true);
      }
    });
    return handle;
  }

  #move(end: End, value: number, done: boolean): void {
    if (!this.#range) {
      return;
    }
    const range = { ...this.#range, [end]: value };
    if (range.low < range.high) {
      this.setRange(range);
      this.#moved(range, done);
    }
  }
}
