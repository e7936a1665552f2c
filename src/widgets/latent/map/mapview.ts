/** The map: joins picture, controls, selection, histograms, gallery, labels and what is behind a point. */
import type {
  Interval,
  LatentMeta,
  LatentRequests,
  LatentTraits,
  NumberFacts,
  Shape,
  Work
} from '../../../core/latent';
import { countInside, type Corner } from '../../../core/polygon';
import { isAbort, type Requester } from '../../../core/request';
import { Later, make } from '../../common/dom';
import type { Traits } from '../../common/traits';
import { has, type Chosen } from '../chosen';
import type { Cloud, Column, Values } from '../cloud';
import { Detail } from '../detail';
import { tableOf } from '../colours';
import { inkOf } from '../ink';
import { nearest } from '../paint';
import { Queue } from '../queue';
import { Card } from './card';
import { Facts } from './facts';
import { whole } from './frame';
import { Gallery } from './gallery';
import { Histograms } from './histograms';
import { LabelBar } from './labelbar';
import { Legend } from './legend';
import { FEW, type Painting } from './painter';
import { Plot, type Keys, type Tool } from './plot';
import { remoteOf } from './raster';
import { opOf, SelectionBar } from './selectionbar';
import { Thumbnails } from './thumbnails';
import { factsOf, MapToolbar } from './toolbar';
import { WorkBar } from './work';

const NEAREST = 20;
/** Histograms that are there to begin with. */
const FIRST = 2;
/** Points beyond which the live count of a lasso looks at a part of them. */
const LIVE = 1_000_000;

export interface MapHooks {
  failed(error: unknown, retry?: () => void): void;
  /** Work began or ended. */
  changed(): void;
}

export class MapView {
  readonly element: HTMLElement;
  readonly #facts: LatentMeta;
  readonly #requester: Requester<LatentRequests>;
  readonly #traits: Traits<LatentTraits>;
  readonly #cloud: Cloud;
  readonly #chosen: Chosen;
  readonly #hooks: MapHooks;
  readonly #signal: AbortSignal;
  readonly #toolbar: MapToolbar;
  readonly #bar: SelectionBar;
  readonly #labels: LabelBar | null;
  readonly #plot: Plot;
  readonly #legend: Legend;
  readonly #histograms: Histograms;
  readonly #thumbnails: Thumbnails | null;
  readonly #gallery: Gallery;
  readonly #detail: Detail;
  readonly #pointFacts: Facts;
  readonly #card: Card;
  readonly #work: WorkBar;
  readonly #curves: Queue;
  readonly #labelling: Queue;
  readonly #soon = new Later(80);
  readonly #after = new Later(250);
  readonly #live = new Later(30);
  #numbers: readonly NumberFacts[];
  /** Without values where the kernel keeps them. */
  #axes: { x: string; y: string; values: [Values, Values] | null } | null = null;
  #color: Column | null = null;
  #size: Column | null = null;
  #painting: Painting | null = null;
  #brushes: readonly Shape[] = [];
  #hovered = -1;
  #loading = 0;
  /** Latents of the point on show, from which one walks. */
  #base: readonly number[] | null = null;
  #turn = 0;
  #hidden = false;
  #stale = false;

  constructor(
    facts: LatentMeta,
    requester: Requester<LatentRequests>,
    traits: Traits<LatentTraits>,
    data: { readonly cloud: Cloud; readonly chosen: Chosen },
    hooks: MapHooks,
    signal: AbortSignal
  ) {
    this.#facts = facts;
    this.#requester = requester;
    this.#traits = traits;
    this.#cloud = data.cloud;
    this.#chosen = data.chosen;
    this.#hooks = hooks;
    this.#signal = signal;
    this.#numbers = facts.numbers;
    const failed = (error: unknown) => hooks.failed(error);
    const changed = () => hooks.changed();
    this.#curves = new Queue(failed, changed);
    this.#labelling = new Queue(failed, changed);
    this.#thumbnails = facts.events ? new Thumbnails(requester, failed, signal) : null;
    const open = (point: number) => this.#open(point);
    this.#plot = this.#makePlot();
    this.#toolbar = this.#makeToolbar();
    this.#bar = this.#makeBar();
    this.#labels = facts.labels ? this.#makeLabels() : null;
    this.#legend = new Legend(() => this.#filter());
    this.#histograms = new Histograms(
      requester,
      {
        brushed: shapes => {
          this.#brushes = shapes;
          this.#filter();
        },
        failed
      },
      signal
    );
    this.#gallery = new Gallery(facts, requester, this.#thumbnails, { open, failed }, signal);
    const curves = facts.traces || facts.decoder;
    this.#pointFacts = new Facts(facts, curves ? null : this.#thumbnails, {
      nearest: point => this.#nearest(point)
    });
    this.#detail = new Detail(hintOf(facts), !curves, facts.points, facts.sample_period, {
      point: open
    });
    this.#card = new Card(this.#thumbnails);
    this.#plot.canvas.parentElement!.append(this.#card.element);
    this.#work = new WorkBar(() => this.#ask('cancel_work', {}));
    this.element = make(
      'div',
      { class: 'astrodata-map' },
      this.#toolbar.element,
      this.#bar.element,
      ...(this.#labels ? [this.#labels.element] : []),
      this.#work.element,
      this.#legend.element,
      make(
        'div',
        { class: 'astrodata-map-body' },
        make('div', { class: 'astrodata-map-main' }, this.#plot.element),
        make(
          'div',
          { class: 'astrodata-map-side' },
          this.#detail.element,
          this.#pointFacts.element,
          this.#histograms.element
        )
      ),
      this.#gallery.element
    );
    this.element.addEventListener('keydown', event => this.#onKey(event));
  }

  get busy(): boolean {
    return this.#loading > 0 || this.#curves.busy || this.#labelling.busy;
  }

  /** Shows what there is. */
  start(): void {
    this.#follow();
    this.#plot.setHeight(this.#traits.get('height'));
    this.#plot.setRenderer(this.#traits.get('renderer'));
    this.#setTool('pan');
    this.#showSettings();
    this.#histograms.setColumns(this.#numbers);
    const latents = this.#facts.axes.map(({ name }) => name);
    const others = this.#numbers.filter(({ name }) => !latents.includes(name));
    [...others, ...this.#numbers].slice(0, FIRST).forEach(({ name }) => this.#histograms.add(name));
    if (this.#facts.labels) {
      this.#labels?.set(this.#facts.labels);
    }
    this.#bar.setKept(Object.keys(this.#traits.get('kept')));
    this.#showWork();
    void this.#showAxes();
    void this.#showColor();
    void this.#showSize();
    this.#chosen.refresh();
    this.#showPoint();
  }

  /** Tells whether it is on the page; what cannot be seen is not worked out. */
  setHidden(hidden: boolean): void {
    this.#hidden = hidden;
    if (!hidden && this.#stale) {
      this.#showChosen();
    }
  }

  redraw(): void {
    this.#detail.redraw();
    this.#histograms.redraw();
    this.#gallery.redraw();
  }

  dispose(): void {
    this.#curves.clear();
    this.#labelling.clear();
    [this.#soon, this.#after, this.#live].forEach(later => later.cancel());
    this.#detail.dispose();
  }

  // --- points -----------------------------------------------------------------------------------

  async #showAxes(): Promise<void> {
    const [x, y] = [this.#traits.get('x'), this.#traits.get('y')];
    this.#showSettings();
    await this.#load(
      async () => {
        const values = this.#facts.many
          ? null
          : await Promise.all([this.#cloud.values(x), this.#cloud.values(y)]);
        if (this.#traits.get('x') === x && this.#traits.get('y') === y) {
          this.#axes = { x, y, values };
          this.#fit();
          this.#showGarage();
          this.#repaint();
          this.#markPoint();
        }
      },
      () => void this.#showAxes()
    );
  }

  async #showColor(): Promise<void> {
    const name = this.#traits.get('color');
    this.#showSettings();
    await this.#load(
      async () => {
        const column = name ? await this.#cloud.column(name) : null;
        if (this.#traits.get('color') === name) {
          this.#color = column;
          if (this.#legend.set(column?.meta ?? null)) {
            this.#filter();
          }
          this.#repaint();
        }
      },
      () => void this.#showColor()
    );
  }

  async #showSize(): Promise<void> {
    const name = this.#traits.get('size');
    this.#showSettings();
    await this.#load(
      async () => {
        const column = name ? await this.#cloud.column(name) : null;
        if (this.#traits.get('size') === name) {
          this.#size = column;
          this.#repaint();
        }
      },
      () => void this.#showSize()
    );
  }

  #repaint(): void {
    if (!this.#axes) {
      return;
    }
    const { count } = this.#cloud;
    if (!this.#axes.values) {
      this.#repaintRemote(this.#axes.x, this.#axes.y);
      return;
    }
    const [x, y] = this.#axes.values;
    const { selected, shown } = this.#chosen;
    const ink = inkOf(this.#color, count, selected, shown, count <= FEW);
    this.#painting = { x, y, ink, sizes: this.#size?.codes ?? null };
    this.#plot.paint(this.#painting);
  }

  #repaintRemote(x: string, y: string): void {
    const wish = {
      x,
      y,
      color: this.#color ? this.#traits.get('color') : '',
      table: tableOf(this.#color?.meta ?? null),
      selected: this.#chosen.meta.selection.length > 0,
      count: this.#cloud.count
    };
    this.#plot.paint(remoteOf(this.#requester, wish, this.#signal));
  }

  #fit(): void {
    if (this.#axes) {
      const { x, y } = this.#axes;
      const extent = (name: string): Interval => {
        const { low, high } = factsOf(this.#numbers, name);
        return [low, high];
      };
      this.#plot.setFrame(whole(extent(x), extent(y)), [x, y]);
    }
  }

  // --- selection --------------------------------------------------------------------------------

  #showChosen(): void {
    const { meta } = this.#chosen;
    this.#bar.set(meta);
    this.#bar.setError(false);
    this.#labels?.setChosen(meta.count > 0);
    if (!meta.filters.length && (this.#brushes.length || this.#legend.shape)) {
      // Python took them away.
      this.#brushes = [];
      this.#histograms.clear();
      this.#legend.clear();
    }
    this.#stale = this.#hidden;
    if (this.#hidden) {
      return;
    }
    this.#repaint();
    // A wall of pictures for each step of a brush would hold up the brush.
    this.#after.run(() => {
      void this.#histograms.refresh();
      void this.#gallery.refresh(meta.selection.length > 0);
    });
  }

  #drawn(tool: 'box' | 'lasso', corners: readonly Corner[], keys: Keys, done: boolean): void {
    if (!this.#axes) {
      return;
    }
    const { x, y, values } = this.#axes;
    const op = opOf(keys);
    if (!done && !values) {
      return; // the kernel counts once the hand lets go
    }
    if (!done) {
      this.#live.run(() => this.#bar.setLive(this.#countLive(values!, corners), op));
      return;
    }
    this.#live.cancel();
    if (tool === 'box') {
      const across = [corners[0][0], corners[2][0]].sort((a, b) => a - b);
      const up = [corners[0][1], corners[2][1]].sort((a, b) => a - b);
      const box = {
        x,
        x_range: across as unknown as Interval,
        y,
        y_range: up as unknown as Interval
      };
      this.#chosen.select(op, { box });
    } else if (corners.length > 2) {
      this.#chosen.lasso({ x, y, polygon: corners }, op);
    } else {
      this.#bar.set(this.#chosen.meta);
    }
  }

  /** Of very many points a part is counted while the hand is at it; the kernel counts all at its end. */
  #countLive([x, y]: [Values, Values], corners: readonly Corner[]): number {
    const { shown } = this.#chosen;
    const skip = shown ? (point: number) => !has(shown, point) : undefined;
    const part = Math.min(1, LIVE / x.length);
    const end = Math.round(x.length * part);
    return Math.round(countInside(x.subarray(0, end), y.subarray(0, end), corners, skip) / part);
  }

  #filter(): void {
    const legend = this.#legend.shape;
    this.#chosen.filter([...this.#brushes, ...(legend ? [legend] : [])]);
  }

  #nearest(point: number): void {
    if (point >= 0) {
      this.#chosen.select('replace', { nearest: { row: point, k: NEAREST } });
    }
  }

  // --- one point --------------------------------------------------------------------------------

  #open(point: number): void {
    this.#traits.write({ point });
    this.#showPoint();
  }

  #showPoint(): void {
    const point = this.#traits.get('point');
    this.#turn++;
    this.#markPoint();
    this.#gallery.mark(point);
    if (point < 0) {
      this.#curves.clear();
      this.#detail.clear(-1);
      this.#pointFacts.clear();
      return;
    }
    this.#curves.push('point', async () => {
      const { meta } = await this.#requester.request('point', { point }, this.#signal);
      if (this.#traits.get('point') === point) {
        this.#pointFacts.show(meta);
      }
    });
    if (this.#facts.traces || this.#facts.decoder) {
      this.#askCurves(point, null);
    } else {
      this.#detail.clear(point);
    }
  }

  #markPoint(): void {
    this.#plot.mark('point', this.#placeOf(this.#traits.get('point')));
  }

  /** Only where somebody knows what noise is: elsewhere the garage is that of all points. */
  #showGarage(): void {
    const garage = this.#traits.get('garage');
    const of = (name: string | undefined) => {
      const axis = this.#facts.axes.findIndex(one => one.name === name);
      return axis < 0 ? null : garage[axis];
    };
    const limits = { x: of(this.#axes?.x), y: of(this.#axes?.y) };
    this.#plot.setGarage(this.#facts.noise ? limits : null);
  }

  #placeOf(point: number): Corner | null {
    return point < 0 || !this.#axes?.values
      ? null
      : [this.#axes.values[0][point], this.#axes.values[1][point]];
  }

  #askCurves(point: number, z: readonly number[] | null): void {
    const turn = ++this.#turn;
    this.#curves.push('curves', async () => {
      const reply = await this.#requester.request('curves', { point, z }, this.#signal);
      if (turn === this.#turn) {
        this.#base = z ? this.#base : reply.meta.z;
        this.#detail.show(reply, z !== null);
      }
    });
  }

  #near(values: Corner, near: Corner): number {
    if (!this.#axes?.values || !this.#painting) {
      return -1;
    }
    const [x, y] = this.#axes.values;
    const at = { x: values[0], y: values[1] };
    return nearest(x, y, at, { x: near[0], y: near[1] }, 1, this.#painting.ink.codes);
  }

  #click(values: Corner, near: Corner): void {
    const go = (point: number) => {
      if (point >= 0) {
        this.#open(point);
      } else {
        this.#decodeAt(values);
      }
    };
    if (this.#axes?.values) {
      go(this.#near(values, near));
    } else if (this.#axes) {
      const { x, y } = this.#axes;
      this.#requester.request('near', { x, y, at: values, reach: near }, this.#signal).then(
        ({ meta }) => go(meta.point),
        (error: unknown) => this.#fail(error)
      );
    }
  }

  /** Decodes a place of the map: the latents across and up are its own, the others those of the point. */
  #decodeAt([across, up]: Corner): void {
    const { axes, decoder, median } = this.#facts;
    const [i, j] = [this.#axes?.x, this.#axes?.y].map(name =>
      axes.findIndex(axis => axis.name === name)
    );
    if (!decoder || i < 0 || j < 0) {
      return;
    }
    const z = [...(this.#base ?? median)];
    z[i] = across;
    z[j] = up;
    this.#plot.mark('point', [across, up]);
    this.#askCurves(-1, z);
  }

  #hover(at: { values: Corner; near: Corner; place: { x: number; y: number } } | null): void {
    const point = at ? this.#near(at.values, at.near) : -1;
    this.#plot.mark('hover', this.#placeOf(point));
    if (point < 0 || !at) {
      this.#hovered = -1;
      this.#card.hide();
      this.#soon.cancel();
      return;
    }
    const { clientWidth: width, clientHeight: height } = this.#plot.canvas;
    if (point === this.#hovered) {
      return;
    }
    this.#hovered = point;
    this.#soon.run(() => {
      this.#card.show(point, at.place, { width, height });
      this.#requester.request('point', { point }, this.#signal).then(
        ({ meta }) => {
          if (this.#hovered === point) {
            this.#card.tell(meta);
          }
        },
        (error: unknown) => this.#fail(error)
      );
    });
  }

  // --- labels -----------------------------------------------------------------------------------

  #label(name: string | null): void {
    this.#labelling.push('', async () => {
      const { meta } = await this.#requester.request('label', { name, note: null }, this.#signal);
      this.#labels!.set(meta);
      this.#labels!.say(
        `${meta.labelled.toLocaleString('en')} ${name === null ? 'without a label' : `labelled ${name}`}`
      );
      this.#showLabels();
    });
  }

  #stepLabel(what: 'undo' | 'redo'): void {
    this.#labelling.push('', async () => {
      const { meta } = await this.#requester.request('label_step', { what }, this.#signal);
      this.#labels!.set(meta);
      this.#labels!.say(what === 'undo' ? 'undone' : 'done again');
      this.#showLabels();
    });
  }

  #showLabels(): void {
    this.#cloud.forget('label');
    if (this.#traits.get('color') === 'label') {
      void this.#showColor();
    }
  }

  // --- settings ---------------------------------------------------------------------------------

  #follow(): void {
    this.#traits.follow(['x', 'y'], () => void this.#showAxes());
    this.#traits.follow(['color'], () => void this.#showColor());
    this.#traits.follow(['size'], () => void this.#showSize());
    this.#traits.follow(['point'], () => this.#showPoint());
    this.#traits.follow(['height'], () => this.#plot.setHeight(this.#traits.get('height')));
    this.#traits.follow(['kept'], () => this.#bar.setKept(Object.keys(this.#traits.get('kept'))));
    this.#traits.follow(['renderer'], () => this.#plot.setRenderer(this.#traits.get('renderer')));
    this.#traits.follow(['work'], () => this.#showWork());
    this.#traits.follow(['garage'], () => {
      this.#showGarage();
      this.#cloud.forget('garage');
      if (this.#traits.get('color') === 'garage') {
        this.#after.run(() => void this.#showColor());
      }
    });
    this.#chosen.follow(() => this.#showChosen());
  }

  #showSettings(): void {
    const [x, y] = [this.#traits.get('x'), this.#traits.get('y')];
    this.#toolbar.set({ x, y, color: this.#traits.get('color'), size: this.#traits.get('size') });
  }

  #showWork(): void {
    const work = this.#traits.get('work') as Partial<Work>;
    this.#work.set(work);
    if (work.state === 'failed') {
      this.#hooks.failed(new Error(work.message));
    }
    const made = work.state === 'done' ? (work.columns ?? []) : [];
    const known = new Set(this.#numbers.map(({ name }) => name));
    if (!made.some(({ name }) => !known.has(name))) {
      return;
    }
    const names = made.map(({ name }) => name);
    names.forEach(name => this.#cloud.forget(name));
    this.#numbers = [...this.#numbers.filter(({ name }) => !names.includes(name)), ...made];
    const columns = { numbers: this.#numbers, columns: this.#facts.columns };
    this.#toolbar.setColumns(columns);
    this.#histograms.setColumns(this.#numbers);
    this.#gallery.setColumns(columns);
    if (names.length > 1) {
      this.#traits.write({ x: names[0], y: names[1] });
      void this.#showAxes();
    }
  }

  #setTool(tool: Tool): void {
    this.#plot.tool = tool;
    this.#toolbar.setTool(tool);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || isTyping(event.target)) {
      return;
    }
    const name = this.#labels?.classOf(event.key) ?? null;
    const actions: Record<string, () => void> = {
      p: () => this.#setTool('pan'),
      b: () => this.#setTool('box'),
      l: () => this.#setTool('lasso'),
      ...(this.#facts.decoder ? { d: () => this.#setTool('decode') } : {}),
      '0': () => this.#fit(),
      '/': () => this.#toolbar.focusFind(),
      n: () => this.#nearest(this.#traits.get('point')),
      '[': () => this.#chosen.travel('back'),
      ']': () => this.#chosen.travel('forward'),
      ...(this.#labels
        ? { u: () => this.#stepLabel('undo'), U: () => this.#stepLabel('redo') }
        : {})
    };
    if (name !== null && this.#chosen.meta.count > 0) {
      this.#label(name);
    } else if (event.key === 'Escape' && this.#chosen.selected) {
      this.#chosen.clear();
    } else if (Object.hasOwn(actions, event.key)) {
      actions[event.key]();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #makePlot(): Plot {
    return new Plot(
      {
        drawn: (tool, corners, keys, done) => this.#drawn(tool, corners, keys, done),
        hover: at => this.#hover(at),
        click: (values, near) => this.#click(values, near),
        failed: error => this.#fail(error),
        walked: values => this.#decodeAt(values)
      },
      this.#signal
    );
  }

  #makeToolbar(): MapToolbar {
    return new MapToolbar(this.#facts, {
      axis: (which, name) => {
        this.#traits.write({ [which]: name });
        void this.#showAxes();
      },
      color: color => {
        this.#traits.write({ color });
        void this.#showColor();
      },
      size: size => {
        this.#traits.write({ size });
        void this.#showSize();
      },
      tool: tool => this.#setTool(tool),
      fit: () => this.#fit(),
      find: text => {
        this.#requester.request('find', { text }, this.#signal).then(
          ({ meta }) => this.#open(meta.point),
          (error: unknown) => this.#fail(error)
        );
      },
      project: method => this.#ask('project', { method })
    });
  }

  #makeBar(): SelectionBar {
    return new SelectionBar(this.#facts.points, {
      select: (op, shape) => this.#chosen.select(op, shape),
      clear: () => this.#chosen.clear(),
      travel: what => this.#chosen.travel(what),
      keep: name => this.#ask('keep', { name }, meta => this.#bar.setKept(meta.kept)),
      forget: name => this.#ask('forget', { name }, meta => this.#bar.setKept(meta.kept)),
      showAll: () => {
        this.#brushes = [];
        this.#histograms.clear();
        this.#legend.clear();
        this.#filter();
      }
    });
  }

  #makeLabels(): LabelBar {
    return new LabelBar({
      label: name => this.#label(name),
      step: what => this.#stepLabel(what)
    });
  }

  async #load(work: () => Promise<void>, retry: () => void): Promise<void> {
    this.#loading++;
    this.#hooks.changed();
    try {
      await work();
    } catch (error) {
      if (!isAbort(error)) {
        this.#hooks.failed(error, retry);
      }
    } finally {
      this.#loading--;
      this.#hooks.changed();
    }
  }

  #ask<K extends 'keep' | 'forget' | 'project' | 'cancel_work'>(
    kind: K,
    msg: LatentRequests[K]['msg'],
    then: (meta: LatentRequests[K]['meta']) => void = () => undefined
  ): void {
    this.#requester.request(kind, msg, this.#signal).then(
      ({ meta }) => then(meta),
      (error: unknown) => this.#fail(error)
    );
  }

  #fail(error: unknown): void {
    if (!isAbort(error)) {
      this.#hooks.failed(error);
    }
  }
}

function hintOf({ traces, decoder, events }: LatentMeta): string {
  const what = [
    traces ? 'its trace' : events ? 'what is behind it' : '',
    decoder ? 'what it decodes to' : ''
  ].filter(Boolean);
  return what.length
    ? `Click a point to see ${what.join(' and ')}.`
    : 'Click a point to see its values.';
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input, select, textarea');
}
