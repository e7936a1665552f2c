/** The panels of pictures: spectrogram and Q-transform. */
import type uPlot from 'uplot';
import { colour as colourOf } from '../../core/colormap';
import type { Colormap } from '../../core/protocol';
import type { Glitch, PictureMeta } from '../../core/strain';
import type { WireArray } from '../../core/wire';
import { make } from '../common/dom';
import { frequency, shade } from './curves';
import { glitchText, nearest, paintMarks } from './glitches';
import { Frame } from './panel';
import { paint, valueAt, type Picture } from './picture';
import type { PlotHooks } from '../common/plot';

const STOPS = 24;

/** What lies over a picture. */
export interface Overlay {
  readonly glitches: readonly Glitch[];
  /** Shaded from low to high, with a line at the middle; null for none. */
  readonly shaded: readonly [low: number, high: number, middle: number] | null;
}

export class ImagePanel {
  readonly frame: Frame;
  readonly #bar: HTMLElement;
  readonly #tip = make('div', { class: 'astrodata-strain-tip', role: 'tooltip', hidden: true });
  #picture: Picture | null = null;
  #limits: readonly [number, number] = [0, 1];
  #labels: readonly [string, string] = ['', ''];
  #colormap: Colormap = 'viridis';
  #painted: HTMLCanvasElement | null = null;
  #overlay: Overlay = { glitches: [], shaded: null };

  constructor(name: string, title: string, hooks: PlotHooks, sync: string, signal: AbortSignal) {
    const bar = make('span', { class: 'astrodata-strain-bar', role: 'img' });
    this.frame = new Frame(
      name,
      {
        x: { label: 'seconds' },
        y: { label: 'frequency, Hz', log: true, values: (_, splits) => splits.map(frequency) },
        series: [{ width: 0 }],
        sync,
        grid: false
      },
      {
        ...hooks,
        before: plot => this.#paint(plot),
        after: plot => this.#mark(plot),
        hover: at => {
          this.#point(at);
          hooks.hover(at);
        }
      },
      signal,
      { head: [bar] }
    );
    this.#bar = bar;
    this.frame.stage.append(this.#tip);
    this.frame.say(title);
  }

  get shownData(): Picture | null {
    return this.#picture;
  }

  /** What the first and the last colour stand for, and the colours between. */
  get bar(): { labels: readonly [string, string]; colours: string[] } {
    return {
      labels: this.#labels,
      colours: Array.from(
        { length: STOPS + 1 },
        (_, i) => `rgb(${colourOf(this.#colormap, i / STOPS).join(',')})`
      )
    };
  }

  /**
   * @param limits - Values of the first and the last colour; `labels` is how they are written.
   * @param frange - First and last frequency of the axis.
   */
  show(
    meta: PictureMeta,
    array: WireArray,
    limits: readonly [number, number],
    labels: readonly [string, string],
    title: string,
    told: string,
    frange: [number, number] = [meta.low, meta.high]
  ): void {
    this.#picture = { meta, array };
    this.#limits = limits;
    this.#labels = labels;
    this.frame.say(title, told);
    this.#colour();
    this.frame.plot.set(
      [
        [meta.start, meta.stop],
        [null, null]
      ],
      [meta.start, meta.stop],
      frange
    );
  }

  setColormap(colormap: Colormap): void {
    if (colormap !== this.#colormap) {
      this.#colormap = colormap;
      this.#colour();
      this.frame.plot.redraw();
    }
  }

  setOverlay(overlay: Overlay): void {
    this.#overlay = overlay;
    if (this.#picture) {
      this.frame.plot.redraw();
    }
  }

  valueAt(time: number, hertz: number): number | null {
    return this.#picture && valueAt(this.#picture, time, hertz);
  }

  #colour(): void {
    if (!this.#picture) {
      return;
    }
    const [low, high] = this.#limits;
    this.#painted = paint(this.#picture.array, low, high, this.#colormap);
    const stops = this.bar.colours;
    const ramp = make('span', { class: 'astrodata-strain-ramp' });
    ramp.style.background = `linear-gradient(90deg, ${stops.join(', ')})`;
    this.#bar.replaceChildren(this.#labels[0], ramp, this.#labels[1]);
    this.#bar.setAttribute('aria-label', `Colours from ${this.#labels[0]} to ${this.#labels[1]}`);
  }

  #paint(plot: uPlot): void {
    const picture = this.#picture;
    if (!picture || !this.#painted) {
      return;
    }
    const { ctx, bbox } = plot;
    const { start, stop, low, high } = picture.meta;
    const [left, right] = [start, stop].map(x => plot.valToPos(x, 'x', true));
    const [bottom, top] = [low, high].map(y => plot.valToPos(y, 'y', true));
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(this.#painted, left, top, right - left, bottom - top);
    ctx.restore();
  }

  #mark(plot: uPlot): void {
    const { glitches, shaded } = this.#overlay;
    if (shaded) {
      shade(plot, ...shaded);
    }
    paintMarks(plot, glitches, true);
  }

  #point(at: { left: number; top: number } | null): void {
    const found =
      at &&
      nearest(this.frame.plot.place, this.#overlay.glitches, at, this.#picture?.meta.low ?? 1);
    this.#tip.hidden = !found;
    if (found && at) {
      this.#tip.textContent = glitchText(found);
      const { width } = this.frame.plot;
      const right = at.left > width / 2;
      this.#tip.style.top = `${at.top + 14}px`;
      this.#tip.style.left = right ? '' : `${at.left + 74}px`;
      this.#tip.style.right = right ? `${width - at.left + 24}px` : '';
    }
  }
}
