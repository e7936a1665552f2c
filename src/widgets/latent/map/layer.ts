/** The points of the map: which columns they lie along, what colours and sizes them, and which is near. */
import type { Interval, NumberFacts } from '../../../core/latent';
import type { Corner } from '../../../core/polygon';
import { isAbort } from '../../../core/request';
import type { Column, Values } from '../cloud';
import { tableOf } from '../colours';
import { inkOf } from '../ink';
import { nearest } from '../paint';
import type { Context } from './context';
import { whole } from './frame';
import { FEW, type Painting } from './painter';
import type { Plot } from './plot';
import { remoteOf } from './raster';
import { factsOf } from './toolbar';

export interface LayerHooks {
  /** The columns of the map are others. */
  placed(): void;
  /** The column that colours is another, or none. */
  coloured(column: Column | null): void;
}

/** Columns across and up; without values where the kernel keeps them. */
export interface Axes {
  readonly x: string;
  readonly y: string;
  readonly values: readonly [Values, Values] | null;
}

export class Layer {
  readonly #context: Context;
  readonly #plot: Plot;
  readonly #hooks: LayerHooks;
  #numbers: readonly NumberFacts[];
  #axes: Axes | null = null;
  #color: Column | null = null;
  #size: Column | null = null;
  #painting: Painting | null = null;
  #loading = 0;
  #starting = false;

  constructor(context: Context, plot: Plot, hooks: LayerHooks) {
    this.#context = context;
    this.#plot = plot;
    this.#hooks = hooks;
    this.#numbers = context.facts.numbers;
  }

  get busy(): boolean {
    return this.#loading > 0;
  }

  get axes(): Axes | null {
    return this.#axes;
  }

  get numbers(): readonly NumberFacts[] {
    return this.#numbers;
  }

  /** Takes new columns in, or newer ones in the place of old ones. */
  add(made: readonly NumberFacts[]): void {
    const names = made.map(({ name }) => name);
    names.forEach(name => this.#context.cloud.forget(name));
    this.#numbers = [...this.#numbers.filter(({ name }) => !names.includes(name)), ...made];
  }

  /** Fetches all that the first picture needs, and paints it once. */
  async start(): Promise<void> {
    this.#starting = true;
    await Promise.all([this.showAxes(), this.showColor(), this.showSize()]);
    this.#starting = false;
    this.repaint();
    if (this.#context.facts.many) {
      await this.#plot.begun; // what else the kernel has to count would hold it up
    }
  }

  async showAxes(): Promise<void> {
    const { cloud, facts, traits } = this.#context;
    const [x, y] = [traits.get('x'), traits.get('y')];
    await this.#load(
      async () => {
        const values = facts.many ? null : await Promise.all([cloud.values(x), cloud.values(y)]);
        if (traits.get('x') === x && traits.get('y') === y) {
          this.#axes = { x, y, values };
          this.fit();
          this.showGarage();
          this.repaint();
          this.#hooks.placed();
        }
      },
      () => void this.showAxes()
    );
  }

  async showColor(): Promise<void> {
    await this.#showColumn('color', column => {
      this.#color = column;
      this.#hooks.coloured(column);
    });
  }

  async showSize(): Promise<void> {
    await this.#showColumn('size', column => (this.#size = column));
  }

  repaint(): void {
    const { cloud, chosen } = this.#context;
    if (!this.#axes || this.#starting) {
      return;
    }
    if (!this.#axes.values) {
      this.#repaintRemote(this.#axes);
      return;
    }
    const [x, y] = this.#axes.values;
    const few = cloud.count <= FEW;
    const ink = inkOf(this.#color, cloud.count, chosen.selected, chosen.shown, few);
    this.#painting = { x, y, ink, sizes: this.#size?.codes ?? null };
    this.#plot.paint(this.#painting);
  }

  /** Shows all points. */
  fit(): void {
    if (this.#axes) {
      const { x, y } = this.#axes;
      const extent = (name: string): Interval => {
        const { low, high } = factsOf(this.#numbers, name);
        return [low, high];
      };
      this.#plot.setFrame(whole(extent(x), extent(y)), [x, y]);
    }
  }

  /** Only where somebody knows what noise is: elsewhere the garage is that of all points. */
  showGarage(): void {
    const { facts, traits } = this.#context;
    const garage = traits.get('garage');
    const of = (name: string | undefined) => {
      const axis = facts.axes.findIndex(one => one.name === name);
      return axis < 0 ? null : garage[axis];
    };
    const limits = { x: of(this.#axes?.x), y: of(this.#axes?.y) };
    this.#plot.setGarage(facts.noise ? limits : null);
  }

  placeOf(point: number): Corner | null {
    return point < 0 || !this.#axes?.values
      ? null
      : [this.#axes.values[0][point], this.#axes.values[1][point]];
  }

  /** Gives the point nearest to a place, or -1; of very many only the kernel knows. */
  near(values: Corner, near: Corner): number {
    if (!this.#axes?.values || !this.#painting) {
      return -1;
    }
    const [x, y] = this.#axes.values;
    const at = { x: values[0], y: values[1] };
    return nearest(x, y, at, { x: near[0], y: near[1] }, 1, this.#painting.ink.codes);
  }

  #repaintRemote({ x, y }: Axes): void {
    const { cloud, chosen, requester, signal, traits } = this.#context;
    const wish = {
      x,
      y,
      color: this.#color ? traits.get('color') : '',
      table: tableOf(this.#color?.meta ?? null),
      selected: chosen.meta.selection.length > 0,
      count: cloud.count
    };
    this.#plot.paint(remoteOf(requester, wish, signal));
  }

  async #showColumn(trait: 'color' | 'size', show: (column: Column | null) => void): Promise<void> {
    const { cloud, traits } = this.#context;
    const name = traits.get(trait);
    await this.#load(
      async () => {
        const column = name ? await cloud.column(name) : null;
        if (traits.get(trait) === name) {
          show(column);
          this.repaint();
        }
      },
      () => void this.#showColumn(trait, show)
    );
  }

  async #load(work: () => Promise<void>, retry: () => void): Promise<void> {
    const { hooks } = this.#context;
    this.#loading++;
    hooks.changed();
    try {
      await work();
    } catch (error) {
      if (!isAbort(error)) {
        hooks.failed(error, retry);
      }
    } finally {
      this.#loading--;
      hooks.changed();
    }
  }
}
