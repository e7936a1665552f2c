/** The panels of lines: time series and amplitude spectral density. */
import type uPlot from 'uplot';
import type { AsdMeta, SeriesMeta } from '../../core/strain';
import type { WireArray } from '../../core/wire';
import { make } from '../common/dom';
import { themed } from '../common/theme';
import { decades, power, short } from './numbers';
import { Frame } from './panel';
import { type PlotHooks } from '../common/plot';

const colour = (name: string) => (plot: uPlot) => themed(plot.root, name);
const MARK = '--astrodata-strain-mark';

export class TimePanel {
  readonly frame: Frame;
  #meta: SeriesMeta | null = null;
  #array: WireArray | null = null;

  /** @param foot - What stands under the time axis. */
  constructor(hooks: PlotHooks, sync: string, signal: AbortSignal, foot: HTMLElement) {
    this.frame = new Frame(
      'time',
      {
        x: { label: 'seconds' },
        y: { label: '', values: (_, splits) => splits.map(value => short(value, 3)) },
        series: [{ stroke: colour('--astrodata-focus'), width: 1 }],
        sync
      },
      hooks,
      signal,
      { foot: [foot] }
    );
    this.frame.say('Time series');
  }

  get shownData(): { meta: SeriesMeta; array: WireArray } | null {
    return this.#meta && this.#array && { meta: this.#meta, array: this.#array };
  }

  /** @param what - How the series was conditioned. */
  show(meta: SeriesMeta, array: WireArray, what: string): void {
    this.#meta = meta;
    this.#array = array;
    const { xs, ys, low, high } = strokes(meta, array);
    const exponent = thousands(Math.max(Math.abs(low), Math.abs(high)));
    const [least, most] = [low / 10 ** exponent, high / 10 ** exponent];
    const scaled = exponent ? ys.map(y => y && y / 10 ** exponent) : ys;
    const margin = 0.05 * (most - least) || Math.abs(most) || 1;
    this.frame.plot.set([xs, scaled], [meta.start, meta.stop], [least - margin, most + margin]);
    const unit = `${exponent ? power(exponent) : ''} ${meta.unit}`.trim();
    const title = `Time series, ${what}${unit && ', '}${unit}`;
    this.frame.say(
      title,
      `${title}: ${short(low)} to ${short(high)} from ${meta.start.toFixed(3)} to ` +
        `${meta.stop.toFixed(3)} s`
    );
  }

  /** Gives the lowest and highest value at a time, as text. */
  valueAt(time: number): string {
    const [meta, array] = [this.#meta, this.#array];
    if (!meta || !array) {
      return '';
    }
    const columns = array.shape[2];
    const i = Math.floor(((time - meta.start) / (meta.stop - meta.start)) * columns);
    if (i < 0 || i >= columns) {
      return '';
    }
    const [low, high] = [array.data[i], array.data[columns + i]];
    if (Number.isNaN(low)) {
      return 'no data';
    }
    const value = low === high ? short(low) : `${short(low)} … ${short(high)}`;
    return `${value} ${meta.unit}`.trimEnd();
  }
}

/** Gives the power of ten, in steps of three, that is taken out of values for the axis. */
export function thousands(most: number): number {
  return most > 0 && (most < 1e-2 || most >= 1e5) ? 3 * Math.floor(Math.log10(most) / 3) : 0;
}

/**
 * Gives one line that goes through the lowest and the highest value of each stretch, so that it fills what
 * the series fills; null in gaps.
 */
export function strokes(
  meta: SeriesMeta,
  { shape, data }: WireArray
): { xs: number[]; ys: (number | null)[]; low: number; high: number } {
  const columns = shape[2];
  const step = (meta.stop - meta.start) / columns;
  const [xs, ys]: [number[], (number | null)[]] = [[], []];
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < columns; i++) {
    const [least, most] = [data[i], data[columns + i]];
    const gap = Number.isNaN(least);
    if (!gap) {
      low = Math.min(low, least);
      high = Math.max(high, most);
    }
    if (meta.exact) {
      xs.push(meta.start + i * step);
      ys.push(gap ? null : least);
    } else {
      xs.push(meta.start + (i + 0.25) * step, meta.start + (i + 0.75) * step);
      ys.push(gap ? null : least, gap ? null : most);
    }
  }
  return low <= high ? { xs, ys, low, high } : { xs, ys, low: 0, high: 1 };
}

export class AsdPanel {
  readonly frame: Frame;
  #curves: { whole: WireArray; selected: WireArray; unit: string } | null = null;
  readonly #key: HTMLElement;

  constructor(hooks: PlotHooks, signal: AbortSignal) {
    const key = make('span', { class: 'astrodata-strain-key' });
    this.frame = new Frame(
      'asd',
      {
        x: { label: 'frequency, Hz', log: true, values: (_, splits) => splits.map(frequency) },
        y: {
          label: '',
          splits: (_plot, _axis, low, high) => decades(low, high),
          values: (_, splits) =>
            splits.map(n => (Number.isInteger(n) ? power(n) : short(10 ** n, 2)))
        },
        series: [
          { stroke: colour('--astrodata-dim'), width: 1 },
          { stroke: colour('--astrodata-strain-mark'), width: 1.5 }
        ]
      },
      hooks,
      signal,
      { head: [key] }
    );
    this.#key = key;
    this.frame.say('Amplitude spectral density');
  }

  get shownData(): { whole: WireArray; selected: WireArray; unit: string } | null {
    return this.#curves;
  }

  show(meta: AsdMeta, whole: WireArray, selected: WireArray, window: string): void {
    this.#curves = { whole, selected, unit: meta.unit };
    const data = joined(whole, selected);
    const known = [...data[1], ...data[2]].filter(value => typeof value === 'number');
    // What a filter takes away falls by many decades: they are not worth the height of the panel.
    const high = known.length ? known.reduce((a, b) => Math.max(a, b)) : 1;
    const low = Math.max(known.length ? known.reduce((a, b) => Math.min(a, b)) : 0, high - 7);
    const xs = data[0];
    const first = Math.max(xs[0] ?? 1, 1e-3);
    const last = xs[xs.length - 1] ?? 10;
    this.frame.plot.set(data, [Math.max(first, last / 1000), last], [low - 0.1, high + 0.2]);
    this.#key.replaceChildren(
      make('span', { class: 'astrodata-strain-whole' }, 'whole record'),
      make(
        'span',
        { class: 'astrodata-strain-selected' },
        selected.data.length ? `${window} s` : `${window} s: no clean data`
      )
    );
    this.frame.say(
      `Amplitude spectral density, ${meta.unit}`,
      `Amplitude spectral density in ${meta.unit} from ${short(first)} to ${short(last)} Hz, of the ` +
        `whole record and of ${window} s around the centre`
    );
  }

  /** Gives the whole record's amplitude at a frequency, as text. */
  valueAt(hertz: number): string {
    const curve = this.#curves?.whole;
    if (!curve) {
      return '';
    }
    const n = curve.shape[2];
    let nearest = 0;
    for (let i = 1; i < n; i++) {
      if (Math.abs(curve.data[i] - hertz) < Math.abs(curve.data[nearest] - hertz)) {
        nearest = i;
      }
    }
    return `${short(curve.data[n + nearest])} ${this.#curves!.unit}`;
  }
}

/** Gives both curves on one axis of frequencies, their amplitudes as powers of ten. */
export function joined(
  one: WireArray,
  other: WireArray
): [number[], (number | null | undefined)[], (number | null | undefined)[]] {
  const points = (curve: WireArray) => {
    const n = curve.shape[2];
    return new Map(
      Array.from({ length: n }, (_, i) => {
        const amplitude = curve.data[n + i];
        return [curve.data[i], amplitude > 0 ? Math.log10(amplitude) : null];
      })
    );
  };
  const [a, b] = [points(one), points(other)];
  const xs = [...new Set([...a.keys(), ...b.keys()])].filter(x => x > 0).sort((p, q) => p - q);
  // undefined is no point of this curve, which goes on; null is a gap.
  return [xs, xs.map(x => a.get(x)), xs.map(x => b.get(x))];
}

/** Gives a frequency for an axis, null where uPlot leaves the place empty. */
export function frequency(hertz: number | null): string | null {
  return hertz === null ? null : short(hertz, 3);
}

/** Paints a shade between two values of x, and a line in its middle. */
export function shade(plot: uPlot, low: number, high: number, middle: number): void {
  const { ctx, bbox } = plot;
  const x = (value: number) =>
    Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(value, 'x', true)));
  ctx.save();
  ctx.fillStyle = themed(plot.root, MARK);
  ctx.globalAlpha = 0.08;
  const width = x(high) - x(low);
  ctx.fillRect(x(low), bbox.top, width, bbox.height);
  // Seen where the shade is all there is to see, too.
  ctx.globalAlpha = 0.9;
  const edge = 3 * (devicePixelRatio || 1);
  ctx.fillRect(x(low), bbox.top + bbox.height - edge, width, edge);
  line(plot, middle, false);
  ctx.restore();
}

/** Paints a line across the plot at a value of x. */
export function line(plot: uPlot, value: number, dashed: boolean): void {
  const { ctx, bbox } = plot;
  const at = plot.valToPos(value, 'x', true);
  if (!(at >= bbox.left && at <= bbox.left + bbox.width)) {
    return;
  }
  ctx.save();
  ctx.strokeStyle = themed(plot.root, MARK);
  ctx.lineWidth = devicePixelRatio || 1;
  ctx.setLineDash(dashed ? [4, 4] : []);
  ctx.beginPath();
  ctx.moveTo(at, bbox.top);
  ctx.lineTo(at, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
