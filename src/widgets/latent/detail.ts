/** The curves behind a point: its trace over its reconstruction, and the difference. */
import type { AlignedData } from 'uplot';
import type { CurveMeta, CurvesMeta } from '../../core/latent';
import type { Reply } from '../../core/request';
import { decode } from '../../core/wire';
import { button, make } from '../common/dom';
import { valueText } from '../common/scale';
import { themed } from '../common/theme';
import { Lines } from '../common/lines';

export interface DetailHooks {
  /** A point was typed; -1 for none. */
  point(point: number): void;
}

type Column = (number | null)[];

const UNITS: readonly [number, string][] = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns']
];

export class Detail {
  readonly element: HTMLElement;
  readonly #number = make('input', { type: 'number', min: 0, step: 1, 'aria-label': 'Point' });
  readonly #title = make('span', { class: 'astrodata-latent-title', role: 'status' });
  readonly #key = make('span', { class: 'astrodata-latent-curvekey' });
  readonly #above = make('div', { class: 'astrodata-latent-curves', role: 'img' });
  readonly #below = make('div', { class: 'astrodata-latent-residual', role: 'img' });
  readonly #hint = make('p', { class: 'astrodata-latent-hint' });
  readonly #period: number | null;
  readonly #sync = `astrodata-latent-${Math.random().toString(36).slice(2)}`;
  #plots: [Lines, Lines] | null = null;
  #unit: readonly [number, string] = [1, 'sample'];

  /** @param bare - Whether there will never be a curve. */
  constructor(
    hint: string,
    bare: boolean,
    points: number,
    period: number | null,
    hooks: DetailHooks
  ) {
    this.#period = period;
    this.#number.max = String(points - 1);
    this.#number.placeholder = 'none';
    this.#number.addEventListener('change', () => {
      const value = this.#number.value === '' ? -1 : Math.round(Number(this.#number.value));
      if (value < points && value >= -1) {
        hooks.point(value);
      }
    });
    this.#hint.textContent = hint;
    this.element = make(
      'section',
      {
        class: `astrodata-latent-detail${bare ? ' astrodata-latent-bare' : ''}`,
        'aria-label': 'Curves'
      },
      make(
        'div',
        { class: 'astrodata-latent-head' },
        make('label', { class: 'astrodata-row' }, 'Point', this.#number),
        button('×', 'No point', 'Show no point', () => hooks.point(-1)),
        this.#title,
        this.#key
      ),
      this.#hint,
      this.#above,
      this.#below
    );
    this.#above.hidden = this.#below.hidden = true;
  }

  /** Shows nothing but which point it is about. */
  clear(point: number): void {
    this.#number.value = point < 0 ? '' : String(point);
    this.#title.textContent = '';
    this.#key.replaceChildren();
    this.#above.hidden = this.#below.hidden = true;
    this.#hint.hidden = false;
  }

  /** @param moved - Whether the latents are those of the sliders. */
  show({ meta, buffers }: Reply<CurvesMeta>, moved: boolean): void {
    this.#number.value = meta.point < 0 ? '' : String(meta.point);
    const curves = new Map(
      meta.curves.map((curve, i) => [
        curve.name,
        this.#curve(curve, decode(curve, buffers[i]).data)
      ])
    );
    if (!curves.size) {
      this.clear(meta.point);
      this.#title.textContent = meta.notes.join(' ');
      return;
    }
    this.#unit = this.#unitOf(Math.max(...meta.curves.map(curve => curve.samples)));
    this.#hint.hidden = true;
    this.#above.hidden = false;
    this.#below.hidden = !curves.has('residual');
    this.#describe(meta, moved, curves.has('trace'), curves.has('decoded'));
    this.#draw(curves);
  }

  redraw(): void {
    this.#plots?.forEach(plot => plot.redraw());
  }

  dispose(): void {
    this.#plots?.forEach(plot => plot.dispose());
  }

  #describe(meta: CurvesMeta, moved: boolean, trace: boolean, decoded: boolean): void {
    const made = moved ? 'decoded' : 'reconstruction';
    const said = [
      meta.rms === undefined
        ? ''
        : `sum of squares ${valueText(meta.loss!)}, rms ${valueText(meta.rms)}`,
      ...meta.notes
    ];
    this.#title.textContent = said.filter(Boolean).join('. ');
    this.#key.replaceChildren(
      ...(trace ? [make('span', { class: 'astrodata-latent-trace' }, 'trace')] : []),
      ...(decoded ? [make('span', { class: 'astrodata-latent-made' }, made)] : [])
    );
    const whose = meta.point < 0 ? '' : ` of point ${meta.point}`;
    const what = [trace ? `Trace${whose}` : '', decoded ? `${made}${trace ? '' : whose}` : ''];
    this.#above.setAttribute('aria-label', what.filter(Boolean).join(' over '));
    this.#below.setAttribute('aria-label', `Trace minus ${made}`);
  }

  #draw(curves: Map<string, { x: number[]; y: Column }>): void {
    const found = ['trace', 'decoded'].map(name => curves.get(name));
    const x = found.reduce<number[]>(
      (longest, one) => (one && one.x.length > longest.length ? one.x : longest),
      []
    );
    const scaled = x.map(sample => sample * this.#unit[0]);
    const above = [scaled, ...found.map(one => fitted(one?.y, x.length))] as AlignedData;
    const below = [scaled, fitted(curves.get('residual')?.y, x.length)] as AlignedData;
    const label = this.#unit[1] === 'sample' ? 'sample' : `time / ${this.#unit[1]}`;
    if (this.#plots) {
      this.#plots[0].set(above);
      this.#plots[1].set(below);
      return;
    }
    const colour = (name: string) => () => themed(this.#above, name);
    this.#plots = [
      new Lines(
        this.#above,
        {
          x: label,
          y: '',
          sync: this.#sync,
          series: [
            { stroke: colour('--astrodata-latent-trace'), width: 1 },
            { stroke: colour('--astrodata-latent-made'), width: 1.8, spanGaps: true }
          ]
        },
        above
      ),
      new Lines(
        this.#below,
        {
          x: label,
          y: 'diff.',
          sync: this.#sync,
          bottom: false,
          series: [{ stroke: colour('--astrodata-latent-trace'), width: 1 }]
        },
        below
      )
    ];
  }

  #curve({ shape, samples }: CurveMeta, data: ArrayLike<number>): { x: number[]; y: Column } {
    const [, bands, columns] = shape;
    const x: number[] = [];
    const y: Column = [];
    for (let i = 0; i < columns; i++) {
      for (let band = 0; band < bands; band++) {
        const value = data[band * columns + i];
        x.push(((i + (band + 0.5) / bands) * samples) / columns - 0.5);
        y.push(Number.isFinite(value) ? value : null);
      }
    }
    return { x, y };
  }

  #unitOf(samples: number): readonly [number, string] {
    if (this.#period === null) {
      return [1, 'sample'];
    }
    const whole = samples * this.#period;
    const [size, name] = UNITS.find(([unit]) => whole >= unit) ?? UNITS[UNITS.length - 1];
    return [this.#period / size, name];
  }
}

/** Gives a curve as long as the others; a curve of another length ends earlier. */
function fitted(values: Column | undefined, length: number): Column {
  return Array.from({ length }, (_, i) => values?.[i] ?? null);
}
