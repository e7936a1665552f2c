/** The map: joins picture, controls, selection, histograms, gallery, labels and what is behind a point. */
import type {
  Box,
  Interval,
  LatentMeta,
  LatentRequests,
  LatentTraits,
  Shape,
  Work
} from '../../../core/latent';
import { countInside, type Corner } from '../../../core/polygon';
import type { Requester } from '../../../core/request';
import { Later, make } from '../../common/dom';
import type { Traits } from '../../common/traits';
import { has, type Chosen } from '../chosen';
import type { Cloud, Values } from '../cloud';
import { ask, tell, type Context, type MapHooks } from './context';
import { Gallery } from './gallery';
import { Histograms } from './histograms';
import { LabelBar } from './labelbar';
import { Layer } from './layer';
import { Legend } from './legend';
import { Plot, type Keys, type Tool } from './plot';
import { opOf, SelectionBar } from './selectionbar';
import { Spot } from './spot';
import { Thumbnails } from './thumbnails';
import { MapToolbar } from './toolbar';
import { WorkBar } from './work';

const NEAREST = 20;
/** Histograms that are there to begin with. */
const FIRST = 2;
/** Points beyond which the live count of a lasso looks at a part of them. */
const LIVE = 200_000;

export class MapView {
  readonly element: HTMLElement;
  readonly #context: Context;
  readonly #toolbar: MapToolbar;
  readonly #bar: SelectionBar;
  readonly #labels: LabelBar | null;
  readonly #plot: Plot;
  readonly #layer: Layer;
  readonly #spot: Spot;
  readonly #legend: Legend;
  readonly #histograms: Histograms;
  readonly #gallery: Gallery;
  readonly #work: WorkBar;
  readonly #after = new Later(80);
  readonly #garage = new Later(250);
  readonly #live = new Later(30);
  #brushes: readonly Shape[] = [];
  /** Settles with the first picture, which nothing shall hold up. */
  #begun: Promise<void> = Promise.resolve();
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
    const context = { facts, requester, traits, ...data, hooks, signal };
    this.#context = context;
    const failed = (error: unknown) => hooks.failed(error);
    const thumbnails = facts.events ? new Thumbnails(requester, failed, signal) : null;
    this.#plot = this.#makePlot();
    this.#legend = new Legend(() => this.#filter());
    this.#layer = new Layer(context, this.#plot, {
      placed: () => this.#spot.mark(),
      coloured: column => {
        if (this.#legend.set(column?.meta ?? null)) {
          this.#filter();
        }
      }
    });
    this.#spot = new Spot(context, this.#plot, this.#layer, thumbnails, {
      shown: point => this.#gallery.mark(point),
      nearest: point => this.#nearest(point)
    });
    this.#toolbar = this.#makeToolbar();
    this.#bar = this.#makeBar();
    this.#labels = facts.labels ? new LabelBar(context, () => this.#showLabels()) : null;
    const brushed = (shapes: readonly Shape[]) => {
      this.#brushes = shapes;
      this.#filter();
    };
    this.#histograms = new Histograms(requester, { brushed, failed }, signal);
    const open = (point: number) => this.#spot.open(point);
    this.#gallery = new Gallery(facts, requester, thumbnails, { open, failed }, signal);
    this.#work = new WorkBar(() => ask(context, 'cancel_work', {}));
    this.element = this.#laidOut();
    this.element.addEventListener('keydown', event => this.#onKey(event));
  }

  get busy(): boolean {
    return this.#layer.busy || this.#spot.busy || !!this.#labels?.busy;
  }

  /** Shows what there is. */
  start(): void {
    const { chosen, facts, traits } = this.#context;
    this.#follow();
    this.#plot.setHeight(traits.get('height'));
    this.#plot.setRenderer(traits.get('renderer'));
    this.#setTool('pan');
    this.#showSettings();
    this.#histograms.setColumns(this.#layer.numbers);
    const latents = facts.axes.map(({ name }) => name);
    const others = facts.numbers.filter(({ name }) => !latents.includes(name));
    [...others, ...facts.numbers].slice(0, FIRST).forEach(({ name }) => this.#histograms.add(name));
    if (facts.labels) {
      this.#labels?.set(facts.labels);
    }
    this.#bar.setKept(Object.keys(traits.get('kept')));
    this.#showWork();
    this.#legend.expect(traits.get('color'));
    this.#begun = this.#layer.start();
    chosen.refresh();
    this.#spot.show();
  }

  /** Tells whether it is on the page; what cannot be seen is not worked out. */
  setHidden(hidden: boolean): void {
    this.#hidden = hidden;
    if (!hidden && this.#stale) {
      this.#showChosen();
    }
  }

  redraw(): void {
    this.#spot.detail.redraw();
    this.#histograms.redraw();
    this.#gallery.redraw();
  }

  dispose(): void {
    this.#labels?.dispose();
    this.#spot.dispose();
    [this.#after, this.#garage, this.#live].forEach(later => later.cancel());
  }

  // --- selection --------------------------------------------------------------------------------

  #showChosen(): void {
    const { meta } = this.#context.chosen;
    this.#bar.set(meta);
    this.#labels?.setChosen(meta.count > 0);
    if (!meta.filters.length && (this.#brushes.length || this.#legend.shape)) {
      this.#clearFilters(); // Python took them away
    }
    this.#stale = this.#hidden;
    if (this.#hidden) {
      return;
    }
    this.#layer.repaint();
    // A wall of pictures for each step of a brush would hold up the brush.
    void this.#begun.then(() =>
      this.#after.run(() => {
        void this.#histograms.refresh();
        void this.#gallery.refresh(meta.selection.length > 0);
      })
    );
  }

  #drawn(tool: 'box' | 'lasso', corners: readonly Corner[], keys: Keys, done: boolean): void {
    const { chosen } = this.#context;
    const { axes } = this.#layer;
    const op = opOf(keys);
    if (!axes) {
      return;
    }
    const { x, y, values } = axes;
    if (!done) {
      if (values) {
        this.#live.run(() => this.#bar.setLive(this.#countLive(values, corners), op));
      } // else the kernel counts once the hand lets go
      return;
    }
    this.#live.cancel();
    if (tool === 'box') {
      chosen.select(op, { box: boxOf(x, y, corners) });
    } else if (corners.length > 2) {
      chosen.lasso({ x, y, polygon: corners }, op);
    } else {
      this.#bar.set(chosen.meta);
    }
  }

  /** Of very many points a part is counted while the hand is at it; the kernel counts all at its end. */
  #countLive([x, y]: readonly [Values, Values], corners: readonly Corner[]): number {
    const { shown } = this.#context.chosen;
    const skip = shown ? (point: number) => !has(shown, point) : undefined;
    const part = Math.min(1, LIVE / x.length);
    const end = Math.round(x.length * part);
    return Math.round(countInside(x.subarray(0, end), y.subarray(0, end), corners, skip) / part);
  }

  #filter(): void {
    const legend = this.#legend.shape;
    this.#context.chosen.filter([...this.#brushes, ...(legend ? [legend] : [])]);
  }

  #clearFilters(): void {
    this.#brushes = [];
    this.#histograms.clear();
    this.#legend.clear();
  }

  #nearest(point: number): void {
    if (point >= 0) {
      this.#context.chosen.select('replace', { nearest: { row: point, k: NEAREST } });
    }
  }

  // --- settings ---------------------------------------------------------------------------------

  #follow(): void {
    const { chosen, cloud, traits } = this.#context;
    traits.follow(['x', 'y'], () => this.#changed('axes'));
    traits.follow(['color'], () => this.#changed('color'));
    traits.follow(['size'], () => this.#changed('size'));
    traits.follow(['point'], () => this.#spot.show());
    traits.follow(['height'], () => this.#plot.setHeight(traits.get('height')));
    traits.follow(['kept'], () => this.#bar.setKept(Object.keys(traits.get('kept'))));
    traits.follow(['renderer'], () => this.#plot.setRenderer(traits.get('renderer')));
    traits.follow(['work'], () => this.#showWork());
    traits.follow(['garage'], () => {
      this.#layer.showGarage();
      cloud.forget('garage');
      if (traits.get('color') === 'garage') {
        this.#garage.run(() => void this.#layer.showColor());
      }
    });
    chosen.follow(() => this.#showChosen());
  }

  #changed(what: 'axes' | 'color' | 'size'): void {
    this.#showSettings();
    const shows = {
      axes: () => this.#layer.showAxes(),
      color: () => this.#layer.showColor(),
      size: () => this.#layer.showSize()
    };
    void shows[what]();
  }

  #showSettings(): void {
    const { traits } = this.#context;
    const [x, y] = [traits.get('x'), traits.get('y')];
    this.#toolbar.set({ x, y, color: traits.get('color'), size: traits.get('size') });
  }

  #showLabels(): void {
    const { chosen, cloud, traits } = this.#context;
    cloud.forget('label');
    if (traits.get('color') === 'label') {
      void this.#layer.showColor();
    }
    const { selection, filters } = chosen.meta;
    if (selection.length || filters.length) {
      chosen.refresh(); // it may be by their labels
    }
  }

  #showWork(): void {
    const { facts, hooks, traits } = this.#context;
    const work = traits.get('work') as Partial<Work>;
    this.#work.set(work);
    if (work.state === 'failed') {
      hooks.failed(new Error(work.message));
    }
    const made = work.state === 'done' ? (work.columns ?? []) : [];
    const known = new Set(this.#layer.numbers.map(({ name }) => name));
    if (!made.some(({ name }) => !known.has(name))) {
      return;
    }
    this.#layer.add(made);
    const columns = { numbers: this.#layer.numbers, columns: facts.columns };
    this.#toolbar.setColumns(columns);
    this.#histograms.setColumns(columns.numbers);
    this.#gallery.setColumns(columns);
    if (made.length > 1) {
      traits.write({ x: made[0].name, y: made[1].name });
      this.#changed('axes');
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
    const { chosen, facts, traits } = this.#context;
    const labels = this.#labels;
    const name = labels?.classOf(event.key) ?? null;
    const actions: Record<string, () => void> = {
      p: () => this.#setTool('pan'),
      b: () => this.#setTool('box'),
      l: () => this.#setTool('lasso'),
      ...(facts.decoder ? { d: () => this.#setTool('decode') } : {}),
      '0': () => this.#layer.fit(),
      '/': () => this.#toolbar.focusFind(),
      n: () => this.#nearest(traits.get('point')),
      '[': () => chosen.travel('back'),
      ']': () => chosen.travel('forward'),
      ...(labels ? { u: () => labels.step('undo'), U: () => labels.step('redo') } : {})
    };
    if (name !== null && chosen.meta.count > 0) {
      labels!.label(name);
    } else if (event.key === 'Escape' && chosen.meta.selection.length) {
      chosen.clear();
    } else if (Object.hasOwn(actions, event.key)) {
      actions[event.key]();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  // --- parts ------------------------------------------------------------------------------------

  #makePlot(): Plot {
    const { hooks, signal } = this.#context;
    return new Plot(
      {
        drawn: (tool, corners, keys, done) => this.#drawn(tool, corners, keys, done),
        hover: at => this.#spot.hover(at),
        click: (values, near) => this.#spot.click(values, near),
        failed: error => tell(hooks, error),
        walked: values => this.#spot.decodeAt(values)
      },
      signal
    );
  }

  #makeToolbar(): MapToolbar {
    const { facts, traits } = this.#context;
    return new MapToolbar(facts, {
      axis: (which, name) => {
        traits.write({ [which]: name });
        this.#changed('axes');
      },
      color: color => {
        traits.write({ color });
        this.#changed('color');
      },
      size: size => {
        traits.write({ size });
        this.#changed('size');
      },
      tool: tool => this.#setTool(tool),
      fit: () => this.#layer.fit(),
      find: text => this.#spot.find(text),
      project: method => ask(this.#context, 'project', { method })
    });
  }

  #makeBar(): SelectionBar {
    const { chosen, facts } = this.#context;
    const setKept = ({ kept }: { kept: readonly string[] }) => this.#bar.setKept(kept);
    return new SelectionBar(facts.points, {
      select: (op, shape) => chosen.select(op, shape),
      clear: () => chosen.clear(),
      travel: what => chosen.travel(what),
      keep: name => ask(this.#context, 'keep', { name }, setKept),
      forget: name => ask(this.#context, 'forget', { name }, setKept),
      showAll: () => {
        this.#clearFilters();
        this.#filter();
      }
    });
  }

  #laidOut(): HTMLElement {
    return make(
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
          this.#spot.detail.element,
          this.#spot.facts.element,
          this.#histograms.element
        )
      ),
      this.#gallery.element
    );
  }
}

function boxOf(x: string, y: string, corners: readonly Corner[]): Box {
  const side = (i: 0 | 1): Interval => {
    const ends = [corners[0][i], corners[2][i]];
    return [Math.min(...ends), Math.max(...ends)];
  };
  return { x, x_range: side(0), y, y_range: side(1) };
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input, select, textarea');
}
