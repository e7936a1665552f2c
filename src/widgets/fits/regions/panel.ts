/** What is measured in the selected regions, below the picture. */
import type { DescribeMeta, FitsRequests, Where } from '../../../core/protocol';
import type { Curve, Fact, Fit, Row, Shape } from '../../../core/regions';
import type { Requester } from '../../../core/request';
import { field, make, select, setChoices } from '../../common/dom';
import { valueText } from '../../common/scale';
import { Asking, CURVES, curvesOf, FITS, type Measured } from './asking';
import { CurvePlot } from './curve';
import { colourOf } from './overlay';

export interface PanelHooks {
  /** Changes the selected regions. */
  look(change: { text?: string; color?: string }): void;
  changed(): void;
  done(): void;
}

/** Of a number. */
const DIGITS = 6;

/** Rows of the table; more are told by their number. */
const SHOWN = 100;

const NAMES: readonly (readonly [keyof Row, string])[] = [
  ['pixels', 'pixels'],
  ['sum', 'sum'],
  ['mean', 'mean'],
  ['median', 'median'],
  ['std', 'std'],
  ['mad_std', 'robust std'],
  ['min', 'min'],
  ['max', 'max'],
  ['area', 'area, arcsec²'],
  ['blank', 'blank']
];

/** Numbers without the unit of the image. */
const WITHOUT: readonly (keyof Row)[] = ['pixels', 'area', 'blank'];

export class MeasurePanel {
  readonly element: HTMLElement;
  readonly #asking: Asking;
  readonly #plot = new CurvePlot();
  readonly #title = make('strong', {});
  readonly #text = make('input', {
    type: 'text',
    'aria-label': 'Label of the region',
    placeholder: 'none'
  });
  readonly #color = make('input', { type: 'color', 'aria-label': 'Colour of the region' });
  readonly #curve: HTMLSelectElement;
  readonly #fit: HTMLSelectElement;
  readonly #radius = number('Radius of the aperture, pixels', '15', '2');
  readonly #inner = number('Inner radius of the annulus, pixels', '', '1');
  readonly #outer = number('Outer radius of the annulus, pixels', '', '1');
  readonly #width = number('Width of the line, pixels', '1', '1');
  readonly #fields: Readonly<Record<'curve' | 'fit' | 'radius' | 'annulus' | 'width', HTMLElement>>;
  readonly #numbers = make('div', { class: 'astrodata-fits-numbers' });
  readonly #facts = make('dl', { class: 'astrodata-fits-facts' });
  readonly #said = make('p', { class: 'astrodata-fits-said', role: 'status' });
  /** What was picked, used where a region has it. */
  #wanted: Curve = 'histogram';
  #shapes: readonly Shape[] = [];
  #numbersOf: readonly number[] = [];
  #where: Where | null = null;
  #unit = '';

  constructor(hooks: PanelHooks) {
    this.#asking = new Asking({
      measured: found => this.#show(found),
      failed: error => this.#fail(error),
      changed: () => hooks.changed()
    });
    this.#curve = select<Curve>('Curve', [], curve => {
      this.#wanted = curve;
      this.#ask();
    });
    this.#fit = select<Fit>(
      'Fit',
      FITS.map(value => ({ value, text: value === 'gauss' ? 'Gauss' : 'Moffat' })),
      () => this.#ask()
    );
    for (const input of [this.#radius, this.#inner, this.#outer, this.#width]) {
      input.addEventListener('change', () => this.#ask());
    }
    this.#text.addEventListener('change', () => hooks.look({ text: this.#text.value.trim() }));
    this.#color.addEventListener('change', () => hooks.look({ color: this.#color.value }));
    this.#fields = {
      curve: field('Curve', this.#curve),
      fit: field('Fit', this.#fit),
      radius: field('Aperture, px', this.#radius),
      annulus: make(
        'div',
        { class: 'astrodata-field' },
        make('span', {}, 'Annulus, px'),
        make('div', { class: 'astrodata-row' }, this.#inner, 'to', this.#outer)
      ),
      width: field('Width, px', this.#width)
    };
    this.element = make(
      'section',
      { class: 'astrodata-fits-measure', 'aria-label': 'Measurements', hidden: true },
      make(
        'div',
        { class: 'astrodata-fits-measurehead' },
        this.#title,
        field('Label', this.#text),
        field('Colour', this.#color),
        ...Object.values(this.#fields)
      ),
      this.#numbers,
      this.#said,
      make('div', { class: 'astrodata-fits-measured' }, this.#plot.element, this.#facts)
    );
    this.element.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        event.stopPropagation();
        hooks.done();
      }
    });
  }

  get busy(): boolean {
    return this.#asking.busy;
  }

  connect(requester: Requester<FitsRequests>): void {
    this.#asking.connect(requester);
  }

  setImage(facts: DescribeMeta | null, where: Where | null): void {
    this.#where = where;
    this.#unit = facts?.unit ?? '';
    this.#asking.forget();
    this.#ask();
  }

  /** Measures shapes, which may be in a hand. @param numbers - What they are called. */
  set(shapes: readonly Shape[], numbers: readonly number[]): void {
    const first = shapes[0];
    const other = this.#numbersOf.join() !== numbers.join();
    this.#shapes = shapes;
    this.#numbersOf = numbers;
    this.element.hidden = !first;
    if (!first) {
      this.#asking.forget();
      return;
    }
    if (other) {
      this.#said.textContent = '';
      this.#asking.forget();
    }
    this.#describe(first);
    this.#ask();
  }

  redraw(): void {
    this.#plot.redraw();
  }

  dispose(): void {
    this.#asking.forget();
    this.#plot.dispose();
  }

  #describe(first: Shape): void {
    const count = this.#shapes.length;
    const name = `${first.shape} ${this.#numbersOf[0]}`;
    this.#title.textContent = count > 1 ? `${count} regions; curve of ${name}` : name;
    if (document.activeElement !== this.#text) {
      this.#text.value = first.text ?? '';
    }
    this.#color.value = hexOf(colourOf(first.color));
    const curves = curvesOf(first);
    setChoices(
      this.#curve,
      curves.map(value => ({ value, text: CURVES[value] }))
    );
    const curve = this.#curveOf(first);
    this.#curve.value = curve;
    this.#fields.curve.hidden = curves.length < 2;
    this.#fields.fit.hidden = curve !== 'radial';
    this.#fields.radius.hidden = first.shape !== 'point';
    this.#fields.annulus.hidden = curve !== 'growth';
    this.#fields.width.hidden = curve !== 'line';
    const radius = this.#radiusOf(first);
    this.#inner.placeholder = valueText(1.5 * radius, 3);
    this.#outer.placeholder = valueText(2.5 * radius, 3);
  }

  #curveOf(shape: Shape): Curve {
    const curves = curvesOf(shape);
    return curves.includes(this.#wanted) ? this.#wanted : curves[0];
  }

  #radiusOf(shape: Shape): number {
    return shape.shape === 'circle' ? shape.radius : positive(this.#radius) || 15;
  }

  #ask(): void {
    const first = this.#shapes[0];
    if (!first || !this.#where) {
      return;
    }
    this.#describe(first);
    const radius = this.#radiusOf(first);
    const inner = positive(this.#inner) || 1.5 * radius;
    const outer = positive(this.#outer) || Math.max(2.5 * radius, inner + 2);
    this.#asking.ask({
      ...this.#where,
      shapes: this.#shapes,
      curve: this.#curveOf(first),
      fit: this.#fit.value as Fit,
      radius,
      width: positive(this.#width) || 1,
      annulus: [inner, outer]
    });
  }

  #fail(error: unknown): void {
    this.#said.textContent = error instanceof Error ? error.message : String(error);
    this.#facts.replaceChildren();
    this.#plot.element.hidden = true;
  }

  #show(found: Measured): void {
    const { rows, facts, more } = found.meta;
    this.#said.textContent = more
      ? `${more.toLocaleString('en')} more: viewer.measure() has all`
      : '';
    this.#numbers.replaceChildren(rows.length > 1 ? this.#table(rows) : this.#list(rows[0]));
    this.#facts.replaceChildren(
      ...facts.map(({ name, value, unit }: Fact) => {
        const text = value === null ? 'none' : `${valueText(value, DIGITS)} ${unit}`.trim();
        return make('div', {}, make('dt', {}, name), make('dd', {}, text));
      })
    );
    this.#plot.show(found);
  }

  #list(row: Row): HTMLElement {
    const list = make('dl', { 'aria-label': 'Statistics' });
    for (const [key, name] of NAMES) {
      const value = row[key];
      if (value !== null && (key !== 'blank' || value)) {
        const unit = WITHOUT.includes(key) ? '' : this.#unit;
        list.append(
          make(
            'div',
            {},
            make('dt', {}, name),
            make(
              'dd',
              { 'data-name': key, 'data-value': value },
              `${valueText(value, DIGITS)} ${unit}`
            )
          )
        );
      }
    }
    return list;
  }

  #table(rows: readonly Row[]): HTMLElement {
    const used = NAMES.filter(([key]) => rows.some(row => row[key]));
    const unit = this.#unit && `, ${this.#unit}`;
    const titles = used.map(([key, name]) => (WITHOUT.includes(key) ? name : name + unit));
    const head = ['region', ...titles].map(name => make('th', {}, name));
    const body = rows.slice(0, SHOWN).map((row, i) => {
      const { shape, text } = this.#shapes[i] ?? {};
      const name = text || `${shape} ${this.#numbersOf[i]}`;
      const cells = used.map(([key]) =>
        make('td', {}, row[key] === null ? '' : valueText(row[key], DIGITS))
      );
      return make('tr', {}, make('th', { scope: 'row' }, name), ...cells);
    });
    return make(
      'table',
      { 'aria-label': 'Statistics' },
      make('thead', {}, make('tr', {}, ...head)),
      make('tbody', {}, ...body)
    );
  }
}

function number(label: string, value: string, min: string): HTMLInputElement {
  return make('input', { type: 'number', 'aria-label': label, value, min, step: 'any' });
}

function positive(input: HTMLInputElement): number {
  const value = Number(input.value);
  return value > 0 && Number.isFinite(value) ? value : 0;
}

/** Gives a colour as a colour input wants it. */
export function hexOf(color: string): string {
  if (/^#[0-9a-f]{6}$/i.test(color)) {
    return color.toLowerCase();
  }
  const context = document.createElement('canvas').getContext('2d');
  if (context) {
    context.fillStyle = '#00e64d';
    context.fillStyle = color;
    const found = String(context.fillStyle);
    return /^#[0-9a-f]{6}$/.test(found) ? found : '#00e64d';
  }
  return '#00e64d';
}
