/** All traces as one picture: how often each pixel is crossed, or trace number against time. */
import type uPlot from 'uplot';
import { colour } from '../../core/colormap';
import type { Colormap } from '../../core/protocol';
import type { Brightness, Range, TracesMeta } from '../../core/waveforms';
import { make } from '../common/dom';
import { shortNumber } from '../common/scale';
import { themed } from '../common/theme';
import type { Drawn } from './lines';
import { Panel } from './panel';
import {
  FAINTEST,
  paint,
  pixelAt,
  pixelBox,
  rowOf,
  tracesOf,
  type Picture,
  type Pixel
} from './picture';
import { type PlotHooks } from './plot';
import { count, unitLabel } from './ranges';

export class Overview {
  readonly panel: Panel;
  readonly #ramp = make('span', { class: 'astrodata-waveforms-ramp', role: 'img' });
  #facts: TracesMeta | null = null;
  #picture: Picture | null = null;
  #painted: HTMLCanvasElement | null = null;
  #style: { brightness: Brightness; colormap: Colormap } = {
    brightness: 'log',
    colormap: 'viridis'
  };
  #drawn: Drawn | null = null;
  #trace = 0;

  constructor(hooks: PlotHooks, sync: string, signal: AbortSignal) {
    this.panel = new Panel(
      'overview',
      { label: 'All traces', drag: 'box', sync, grid: false },
      { ...hooks, before: plot => this.#paint(plot), after: plot => this.#mark(plot) },
      signal,
      this.#ramp
    );
    this.panel.say('All traces');
  }

  get picture(): Picture | null {
    return this.#picture;
  }

  set facts(facts: TracesMeta) {
    this.#facts = facts;
    this.panel.plot.period = facts.sample_period;
  }

  /** Shows a picture; null shows none. */
  show(picture: Picture | null): void {
    this.#picture = picture;
    this.#colour();
    if (!picture) {
      this.panel.plot.redraw();
      return;
    }
    const { meta } = picture;
    const persistence = meta.image === 'persistence';
    this.panel.plot.axis = {
      label: persistence ? unitLabel(this.#facts) : 'traces, in order',
      direction: persistence ? 1 : -1
    };
    this.look(meta.samples);
    const traces = meta.total === 1 ? 'trace' : 'traces';
    const what = persistence ? 'Persistence' : 'Heat map';
    this.panel.say(`${what} of ${count(meta.total)} ${traces}`, this.#told());
  }

  /** Shows a stretch of samples; what is sharper comes later. */
  look(samples: Range, values: Range | null = null): void {
    const meta = this.#picture?.meta;
    if (meta) {
      const [start, stop] = samples;
      const y = meta.image === 'persistence' ? (values ?? meta.values) : [0, meta.total];
      this.panel.plot.look([start, stop], y as Range);
    }
  }

  style(brightness: Brightness, colormap: Colormap): void {
    if (brightness !== this.#style.brightness || colormap !== this.#style.colormap) {
      this.#style = { brightness, colormap };
      this.#colour();
      this.panel.plot.redraw();
    }
  }

  /** Draws the trace in the foreground over the picture. */
  mark(trace: number, drawn: Drawn | null): void {
    this.#trace = trace;
    this.#drawn = drawn;
    this.panel.plot.redraw();
  }

  pixelAt(x: number, y: number): Pixel | null {
    return this.#picture && pixelAt(this.#picture, x, y);
  }

  /** Gives what the read-out says of a pixel. */
  text(pixel: Pixel): string {
    const picture = this.#picture!;
    const unit = this.#facts?.unit ?? '';
    if (picture.meta.image === 'persistence') {
      const { values } = pixelBox(picture, pixel);
      const range =
        `${shortNumber(values[0], 4)} to ${shortNumber(values[1], 4)} ${unit}`.trimEnd();
      const traces = pixel.value === 1 ? '1 trace' : `${count(pixel.value)} traces`;
      return `${range}  |  ${traces} here`;
    }
    const [first, n] = tracesOf(picture, pixel.row);
    const which = n === 1 ? `trace ${first}` : `${n} traces from ${first}`;
    const value = Number.isNaN(pixel.value)
      ? 'no data'
      : `mean ${shortNumber(pixel.value, 4)} ${unit}`;
    return `${which}  |  ${value.trimEnd()}`;
  }

  #told(): string {
    const { meta } = this.#picture!;
    return meta.image === 'persistence'
      ? `At most ${meta.most} traces cross one pixel. Drag to zoom, click for the traces at a pixel.`
      : 'The first trace is at the top. Drag to zoom in time, click to jump to a trace.';
  }

  #colour(): void {
    const picture = this.#picture;
    const { brightness, colormap } = this.#style;
    this.#painted = picture && paint(picture, brightness, colormap);
    this.#ramp.hidden = !picture;
    if (picture) {
      const { meta } = picture;
      const ends =
        meta.image === 'persistence'
          ? ['1', count(meta.most ?? 1)]
          : meta.values.map(value => shortNumber(value, 3));
      const stops = Array.from(
        { length: 17 },
        (_, i) =>
          `rgb(${colour(colormap, meta.image === 'persistence' ? FAINTEST + ((1 - FAINTEST) * i) / 16 : i / 16).join(',')})`
      );
      const bar = make('span', {});
      bar.style.background = `linear-gradient(90deg, ${stops.join(', ')})`;
      this.#ramp.replaceChildren(ends[0], bar, ends[1]);
      this.#ramp.setAttribute('aria-label', `Colours from ${ends[0]} to ${ends[1]}`);
    }
  }

  #paint(plot: uPlot): void {
    const picture = this.#picture;
    if (!picture || !this.#painted) {
      return;
    }
    const { ctx, bbox } = plot;
    const { meta } = picture;
    const [low, high] = meta.image === 'persistence' ? meta.values : [0, meta.total];
    const [left, right] = meta.samples.map(x => plot.valToPos(x, 'x', true));
    const ends = [low, high].map(y => plot.valToPos(y, 'y', true));
    const [top, bottom] = [Math.min(...ends), Math.max(...ends)];
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    // As in the colour map where there is nothing: counts are told from it in light and dark themes.
    ctx.fillStyle = `rgb(${colour(this.#style.colormap, 0).join(',')})`;
    ctx.fillRect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(this.#painted, left, top, right - left, bottom - top);
    ctx.restore();
  }

  #mark(plot: uPlot): void {
    const picture = this.#picture;
    if (!picture) {
      return;
    }
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.strokeStyle = themed(this.panel.plot.element, '--astrodata-waveforms-mark');
    ctx.lineWidth = Math.max(1, devicePixelRatio);
    ctx.beginPath();
    if (picture.meta.image === 'heat map') {
      const place = rowOf(picture, this.#trace);
      if (place !== null) {
        const y = plot.valToPos(place, 'y', true);
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
      }
    } else if (this.#drawn) {
      this.#outline(plot, this.#drawn);
    }
    ctx.stroke();
    ctx.restore();
  }

  #outline({ ctx, valToPos }: uPlot, { xs, lows, highs }: Drawn): void {
    let pen = false;
    for (let i = 0; i < xs.length; i++) {
      if (Number.isNaN(lows[i])) {
        pen = false;
        continue;
      }
      const x = valToPos(xs[i], 'x', true);
      const [a, b] = [valToPos(highs[i], 'y', true), valToPos(lows[i], 'y', true)];
      if (pen) {
        ctx.lineTo(x, a);
      } else {
        ctx.moveTo(x, a);
        pen = true;
      }
      ctx.lineTo(x, b);
    }
  }
}
