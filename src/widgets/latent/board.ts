/** The latent space: joins the scatter matrix, the garage, the curves and the kernel. */
import type {
  Box,
  Interval,
  LatentMeta,
  LatentRequests,
  LatentTraits,
  StateMeta
} from '../../core/latent';
import { isAbort, type Requester } from '../../core/request';
import { Later, make } from '../common/dom';
import { download } from '../common/download';
import { valueText } from '../common/scale';
import type { Traits } from '../common/traits';
import type { Chosen } from './chosen';
import type { Cloud, Column, Values } from './cloud';
import { legendOf } from './colours';
import { Counts } from './counts';
import { Detail } from './detail';
import type { Side } from './edge';
import { DOTS, Matrix } from './matrix';
import { inkOf } from './ink';
import { membership, nearest } from './paint';
import type { Panel } from './panel';
import { Queue } from './queue';
import { rangeOf } from './range';
import { Sliders } from './sliders';
import { Toolbar } from './toolbar';

const REACH = 10;
/** Latents up to which all of them are fetched, and not only those on show. */
const ALL = 16;

export interface BoardHooks {
  failed(error: unknown, retry?: () => void): void;
  /** Work began or ended. */
  changed(): void;
}

export class Board {
  readonly element: HTMLElement;
  readonly #facts: LatentMeta;
  readonly #requester: Requester<LatentRequests>;
  readonly #traits: Traits<LatentTraits>;
  readonly #hooks: BoardHooks;
  readonly #signal: AbortSignal;
  readonly #cloud: Cloud;
  readonly #chosen: Chosen;
  /** Of each latent its values; of what has not come yet nothing is painted. */
  readonly #axes: Values[];
  readonly #toolbar: Toolbar;
  readonly #counts: Counts;
  readonly #matrix: Matrix;
  readonly #detail: Detail;
  readonly #sliders: Sliders | null;
  readonly #legend = make('div', { class: 'astrodata-latent-legend' });
  readonly #status = make('div', { class: 'astrodata-latent-status', role: 'status' });
  /** What changes or counts the garage: in order, or an undo could overtake a drag. */
  readonly #cut: Queue;
  readonly #curves: Queue;
  readonly #probe = new Later(60);
  readonly #view = Math.random().toString(36).slice(2);
  #garage: Interval[];
  /** About which "garage" limits are laid: it must not run away under a hand. */
  #about: readonly Interval[];
  #state: StateMeta | null = null;
  #held = false;
  #gesture = 0;
  #turn = 0;
  #color: Column | null = null;
  #group: Column | null = null;
  #begun = false;
  #loading = true;
  #hovered = -1;
  #hoverFrame = 0;
  #moved = false;

  constructor(
    facts: LatentMeta,
    requester: Requester<LatentRequests>,
    traits: Traits<LatentTraits>,
    data: { readonly cloud: Cloud; readonly chosen: Chosen },
    hooks: BoardHooks,
    signal: AbortSignal
  ) {
    this.#facts = facts;
    this.#requester = requester;
    this.#traits = traits;
    this.#hooks = hooks;
    this.#signal = signal;
    this.#garage = traits.get('garage').map(([low, high]) => [low, high]);
    this.#about = this.#garage;
    this.#cloud = data.cloud;
    this.#chosen = data.chosen;
    this.#axes = facts.axes.map(() => new Float32Array(0));
    const failed = (error: unknown) => {
      hooks.failed(error);
      this.#held = false;
      this.#count(); // what the garage is now
    };
    this.#cut = new Queue(failed, () => this.#settled());
    this.#curves = new Queue(
      error => hooks.failed(error),
      () => hooks.changed()
    );
    this.#toolbar = this.#makeToolbar();
    this.#counts = new Counts(() => this.#chosen.clear());
    this.#detail = this.#makeDetail();
    this.#sliders = this.#makeSliders();
    const names = facts.axes.map(axis => axis.name);
    this.#matrix = this.#makeMatrix(names);
    this.element = make(
      'div',
      {},
      this.#toolbar.element,
      this.#counts.element,
      this.#legend,
      make('div', { class: 'astrodata-latent-body' }, this.#matrix.element),
      ...(this.#sliders ? [this.#sliders.element] : []),
      this.#status
    );
    this.element.addEventListener('keydown', event => this.#onKey(event));
  }

  get busy(): boolean {
    return (this.#begun && this.#loading) || this.#cut.busy || this.#curves.busy;
  }

  /** Fetches the points and shows them. */
  start(): void {
    this.#begun = true;
    this.#follow();
    this.#showSettings();
    this.#showAxes();
    this.#matrix.mark('probe', null);
    this.#count();
    this.#showPoint();
    void this.#load();
  }

  redraw(): void {
    this.#detail.redraw();
  }

  dispose(): void {
    this.#cut.clear();
    this.#curves.clear();
    this.#probe.cancel();
    cancelAnimationFrame(this.#hoverFrame);
    this.#detail.dispose();
  }

  // --- the points -------------------------------------------------------------------------------

  async #load(): Promise<void> {
    this.#loading = true;
    this.#hooks.changed();
    try {
      const group = this.#facts.group ? this.#cloud.column(this.#facts.group) : null;
      await Promise.all([this.#loadAxes(), group]);
      this.#group = await group;
      await this.#showColor();
      this.#showPoint();
    } catch (error) {
      if (!isAbort(error)) {
        this.#hooks.failed(error, () => void this.#load());
      }
    } finally {
      this.#loading = false;
      this.#hooks.changed();
    }
  }

  async #loadAxes(): Promise<void> {
    const wanted =
      this.#facts.axes.length <= ALL ? this.#facts.axes.keys() : this.#traits.get('axes');
    await Promise.all(
      [...wanted].map(async axis => {
        this.#axes[axis] = await this.#cloud.values(this.#facts.axes[axis].name);
      })
    );
  }

  async #showColor(): Promise<void> {
    const name = this.#traits.get('color');
    this.#toolbar.setColor(name);
    try {
      const column = name && name !== 'garage' ? await this.#cloud.column(name) : null;
      if (this.#traits.get('color') === name) {
        this.#color = column;
        this.#paint();
      }
    } catch (error) {
      if (!isAbort(error)) {
        this.#hooks.failed(error, () => void this.#showColor());
      }
    }
  }

  /** Inside and outside, as a column like any other. */
  #inAndOut(): Column {
    const codes = membership(this.#axes, this.#garage);
    const { inside = 0, outside = 0 } = this.#state ?? {};
    const categories = [
      { name: 'inside', count: inside },
      { name: 'outside', count: outside }
    ];
    return {
      codes,
      meta: { name: 'garage', kind: 'categorical', low: 0, high: 1, missing: 0, categories }
    };
  }

  #paint(): void {
    const color = this.#traits.get('color') === 'garage' ? this.#inAndOut() : this.#color;
    const grouped = color?.meta.kind === 'categorical' ? color : this.#group;
    this.#legend.replaceChildren(
      ...(color ? [legendOf(color.meta)] : []),
      ...(grouped && grouped !== color ? [legendOf(grouped.meta)] : [])
    );
    this.#legend.hidden = !color && !grouped;
    this.#matrix.paint({
      axes: this.#axes,
      ink: inkOf(
        color,
        this.#cloud.count,
        this.#chosen.selected,
        this.#chosen.shown,
        this.#cloud.count <= DOTS
      ),
      groups: {
        codes: grouped?.codes ?? null,
        names: grouped?.meta.categories.map(one => one.name) ?? []
      }
    });
  }

  // --- the garage -------------------------------------------------------------------------------

  #drag(axis: number, side: Side, value: number): void {
    const interval: [number, number] = [...this.#garage[axis]];
    interval[side] = value;
    if (interval[0] > interval[1]) {
      interval[side] = interval[1 - side];
    }
    this.#garage[axis] = interval;
    this.#matrix.setGarage(this.#garage);
    const [low, high] = interval;
    const gesture = String(this.#gesture);
    const { name } = this.#facts.axes[axis];
    this.#status.textContent = `${name}: ${valueText(low)} to ${valueText(high)}`;
    this.#cut.push(`move ${axis} ${gesture}`, async () => {
      const msg = { view: this.#view, turn: this.#turn++, gesture, axis, low, high };
      await this.#ask('move', msg);
    });
    if (this.#traits.get('color') === 'garage' && this.#cloud.count <= DOTS) {
      this.#paint();
    }
  }

  async #ask<K extends 'state' | 'move' | 'step' | 'calibrate'>(
    kind: K,
    msg: LatentRequests[K]['msg']
  ): Promise<void> {
    const { meta } = await this.#requester.request(kind, msg, this.#signal);
    this.#state = meta;
    this.#counts.set(meta);
    this.#toolbar.setState(meta);
  }

  #count(): void {
    this.#cut.push('state', () => this.#ask('state', {}));
  }

  /** What Python, or another view, made of the garage; what this view asked for is known already. */
  #followGarage(): void {
    this.#cut.push('follow', async () => {
      const before = JSON.stringify(this.#garage);
      await this.#ask('state', {});
      if (!this.#held && JSON.stringify(this.#state!.garage) !== before) {
        this.#showAbout();
      }
    });
  }

  /** Lays the panels about the garage as it is now, if they are about the garage. */
  #showAbout(): void {
    this.#about = this.#state!.garage;
    if (this.#traits.get('limits') === 'garage') {
      this.#showRanges();
    }
  }

  /** Once nothing is under way, the garage on show is the kernel's. */
  #settled(): void {
    this.#hooks.changed();
    if (this.#cut.busy || this.#held || !this.#state) {
      return;
    }
    const before = JSON.stringify(this.#garage);
    this.#garage = this.#state.garage.map(([low, high]) => [low, high]);
    this.#matrix.setGarage(this.#garage);
    const changed = before !== JSON.stringify(this.#garage);
    const late = this.#traits.get('color') === 'garage' && !this.#loading;
    if (late && (changed || this.#cloud.count > DOTS)) {
      this.#paint();
    }
  }

  #change(kind: 'step' | 'calibrate', msg: object): void {
    this.#cut.push('', async () => {
      await this.#ask(kind, msg as never);
      this.#showAbout();
    });
  }

  async #export(): Promise<void> {
    try {
      const { meta } = await this.#requester.request('export', {}, this.#signal);
      download(meta.name, new Blob([meta.text], { type: 'application/json' }));
    } catch (error) {
      if (!isAbort(error)) {
        this.#hooks.failed(error, () => void this.#export());
      }
    }
  }

  // --- points and curves ------------------------------------------------------------------------

  #zOf(point: number): number[] | null {
    return point < 0 ? null : this.#axes.map(values => values[point] ?? NaN);
  }

  #showPoint(): void {
    const point = this.#traits.get('point');
    const z = this.#zOf(point);
    this.#matrix.mark('point', z);
    this.#sliders?.setPoint(point >= 0);
    if (!this.#facts.traces && !this.#facts.decoder) {
      this.#detail.clear(point);
    } else if (point < 0) {
      this.#curves.clear();
      this.#detail.clear(-1);
      this.#matrix.mark('probe', null);
    } else {
      if (z?.every(Number.isFinite)) {
        this.#sliders?.set(z);
      }
      this.#matrix.mark('probe', null);
      this.#askCurves(point, null);
    }
    if (point >= 0) {
      this.#tell(point);
    }
  }

  #askCurves(point: number, z: readonly number[] | null): void {
    this.#moved = z !== null;
    this.#curves.push('curves', async () => {
      const reply = await this.#requester.request('curves', { point, z }, this.#signal);
      const newest = this.#moved === (z !== null) && this.#traits.get('point') === point;
      if (newest) {
        this.#detail.show(reply, z !== null);
      }
    });
  }

  #probeAt(z: readonly number[]): void {
    this.#matrix.mark('probe', z);
    this.#askCurves(this.#traits.get('point'), z);
  }

  #hover(panel: Panel, at: { x: number; y: number } | null): void {
    cancelAnimationFrame(this.#hoverFrame);
    this.#hoverFrame = requestAnimationFrame(() => {
      const point = at ? this.#near(panel, at) : -1;
      if (point === this.#hovered) {
        return;
      }
      this.#hovered = point;
      panel.element.classList.toggle('astrodata-latent-over', point >= 0);
      this.#matrix.mark('hover', this.#zOf(point));
      const shown = point < 0 ? this.#traits.get('point') : point;
      if (shown < 0) {
        this.#probe.cancel();
        this.#status.textContent = '';
      } else {
        this.#tell(shown);
      }
    });
  }

  #near(panel: Panel, at: { x: number; y: number }): number {
    if (panel.y === null) {
      return -1;
    }
    const { clientWidth, clientHeight } = panel.element;
    const { x, y } = panel.ranges;
    return nearest(
      this.#axes[panel.x],
      this.#axes[panel.y],
      panel.valuesAt(at),
      { x: (x[1] - x[0]) / clientWidth, y: (y[1] - y[0]) / clientHeight },
      REACH
    );
  }

  /** Tells a point's values: its latents at once, its columns when the kernel has answered. */
  #tell(point: number): void {
    const z = this.#zOf(point)!;
    const latents = this.#facts.axes.map(({ name }, i) => `${name} ${valueText(z[i])}`);
    const begin = `Point ${point}:  ${latents.join('  ')}`;
    this.#status.textContent = begin;
    this.#probe.run(() => {
      this.#requester.request('point', { point }, this.#signal).then(
        ({ meta }) => {
          const shown = this.#hovered < 0 ? this.#traits.get('point') : this.#hovered;
          if (shown === point) {
            const values = meta.values.map(([name, value]) => `${name} ${value}`);
            this.#status.textContent = [begin, meta.inside ? 'inside' : 'outside', ...values].join(
              '  ·  '
            );
          }
        },
        (error: unknown) => {
          if (!isAbort(error)) {
            this.#hooks.failed(error);
          }
        }
      );
    });
  }

  #select(box: Box): void {
    this.#chosen.select('replace', { box });
  }

  /** Follows the selection: counts it, and shows the rectangle if it is one. */
  #showSelection(): void {
    this.#matrix.setSelection(this.#marked());
    this.#count();
    if (!this.#loading) {
      this.#paint();
    }
  }

  #marked(): Box | null {
    const steps = this.#chosen.meta.selection;
    return (steps.length === 1 && steps[0].box) || null;
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
      return;
    }
    if (event.key === 'Escape' && this.#chosen.selected && !this.#held) {
      this.#chosen.clear();
    } else if (event.key === 'z' || event.key === 'Z') {
      this.#change('step', { what: event.shiftKey ? 'redo' : 'undo' });
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  // --- settings ---------------------------------------------------------------------------------

  #follow(): void {
    this.#traits.follow(['garage'], () => {
      if (JSON.stringify(this.#traits.get('garage')) !== JSON.stringify(this.#state?.garage)) {
        this.#followGarage();
      }
    });
    this.#traits.follow(['color'], () => void this.#showColor());
    this.#traits.follow(['point'], () => this.#showPoint());
    this.#chosen.follow(() => this.#showSelection());
    this.#traits.follow(['axes'], () => this.#showAxes());
    this.#traits.follow(['limits', 'height'], () => this.#showSettings());
  }

  #showSettings(): void {
    this.#toolbar.setLimits(this.#traits.get('limits'));
    this.#matrix.setHeight(this.#traits.get('height'));
    this.#showRanges();
  }

  #showAxes(): void {
    const axes = this.#traits.get('axes');
    this.#toolbar.setAxes(axes);
    this.#matrix.build(axes);
    this.#showRanges();
    if (!this.#loading && axes.some(axis => !this.#axes[axis].length)) {
      void this.#load();
    }
  }

  #showRanges(): void {
    const limits = this.#traits.get('limits');
    this.#matrix.setRanges(
      this.#facts.axes.map((axis, i) => rangeOf(limits, axis, this.#about[i]))
    );
    this.#matrix.setGarage(this.#garage);
    this.#matrix.setSelection(this.#marked());
    this.#matrix.mark('point', this.#zOf(this.#traits.get('point')));
    this.#matrix.mark('probe', this.#moved && this.#sliders ? this.#sliders.z : null);
  }

  #makeToolbar(): Toolbar {
    const write = (values: Partial<LatentTraits>) => this.#traits.write(values);
    return new Toolbar(this.#facts, {
      color: color => {
        write({ color });
        void this.#showColor();
      },
      limits: limits => {
        write({ limits });
        this.#about = [...this.#garage];
        this.#showSettings();
      },
      axes: axes => {
        write({ axes });
        this.#showAxes();
      },
      step: what => this.#change('step', { what }),
      calibrate: rate => this.#change('calibrate', { rate }),
      export: () => void this.#export()
    });
  }

  #makeDetail(): Detail {
    const { traces, decoder, points, sample_period } = this.#facts;
    const what = [traces ? 'its trace' : '', decoder ? 'what it decodes to' : ''].filter(Boolean);
    const hint = what.length
      ? `Click a point to see ${what.join(' and ')}. Drag over a panel to select.`
      : 'Drag over a panel to select. Give traces= or decoder= to see curves here.';
    return new Detail(hint, !what.length, points, sample_period, {
      point: point => {
        this.#traits.write({ point });
        this.#showPoint();
      }
    });
  }

  #makeSliders(): Sliders | null {
    const { decoder, axes, median } = this.#facts;
    if (!decoder) {
      return null;
    }
    const ranges = axes.map((axis, i) => rangeOf('all', axis, this.#garage[i]));
    const go = (z: readonly number[] | null) => {
      if (z?.every(Number.isFinite)) {
        this.#sliders?.set(z);
        this.#probeAt(z);
      }
    };
    return new Sliders(axes, ranges, median, {
      moved: z => this.#probeAt(z),
      home: where => go(where === 'median' ? median : this.#zOf(this.#traits.get('point')))
    });
  }

  #makeMatrix(names: readonly string[]): Matrix {
    const hooks = {
      grabbed: (held: boolean) => {
        this.#held = held;
        this.#gesture += 1;
      },
      moved: (axis: number, side: Side, value: number) => this.#drag(axis, side, value),
      released: () => {
        this.#held = false;
        this.#settled();
      },
      hover: (panel: Panel, at: { x: number; y: number } | null) => this.#hover(panel, at),
      click: (panel: Panel, at: { x: number; y: number }) => {
        const point = this.#near(panel, at);
        if (point >= 0) {
          this.#traits.write({ point });
          this.#showPoint();
        }
      },
      marked: (selection: Box, done: boolean) => {
        if (done) {
          this.#select(selection);
        } else {
          this.#matrix.setSelection(selection);
        }
      }
    };
    return new Matrix(names, this.#detail.element, hooks, this.#signal);
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input[type="number"], select');
}
