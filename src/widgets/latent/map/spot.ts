/** One point or place of the map: what is behind it, what it decodes to, and what a hand rests on. */
import type { LatentMeta } from '../../../core/latent';
import type { Corner } from '../../../core/polygon';
import { Later } from '../../common/dom';
import { Detail } from '../detail';
import { Queue } from '../queue';
import { Card } from './card';
import { ask, type Context } from './context';
import { Facts } from './facts';
import type { Layer } from './layer';
import type { Plot, PlotHooks } from './plot';
import type { Thumbnails } from './thumbnails';

export interface SpotHooks {
  /** Another point is on show, or none. */
  shown(point: number): void;
  nearest(point: number): void;
}

export class Spot {
  readonly detail: Detail;
  readonly facts: Facts;
  readonly #context: Context;
  readonly #plot: Plot;
  readonly #layer: Layer;
  readonly #hooks: SpotHooks;
  readonly #card: Card;
  readonly #curves: Queue;
  readonly #soon = new Later(80);
  #hovered = -1;
  /** Latents of the point on show, from which one walks. */
  #base: readonly number[] | null = null;
  #turn = 0;

  constructor(
    context: Context,
    plot: Plot,
    layer: Layer,
    thumbnails: Thumbnails | null,
    hooks: SpotHooks
  ) {
    const { facts } = context;
    this.#context = context;
    this.#plot = plot;
    this.#layer = layer;
    this.#hooks = hooks;
    this.#curves = new Queue(
      error => context.hooks.failed(error),
      () => context.hooks.changed()
    );
    const curves = facts.traces || facts.decoder;
    this.facts = new Facts(facts, curves ? null : thumbnails, hooks);
    this.detail = new Detail(hintOf(facts), !curves, facts.points, facts.sample_period, {
      point: point => this.open(point)
    });
    this.#card = new Card(thumbnails);
    plot.canvas.parentElement!.append(this.#card.element);
  }

  get busy(): boolean {
    return this.#curves.busy;
  }

  open(point: number): void {
    this.#context.traits.write({ point });
    this.show();
  }

  /** Shows the point that the trait says. */
  show(): void {
    const { facts, requester, signal, traits } = this.#context;
    const point = traits.get('point');
    this.#turn++;
    this.mark();
    this.#hooks.shown(point);
    if (point < 0) {
      this.#curves.clear();
      this.detail.clear(-1);
      this.facts.clear();
      return;
    }
    this.#curves.push('point', async () => {
      const { meta } = await requester.request('point', { point }, signal);
      if (traits.get('point') === point) {
        this.facts.show(meta);
      }
    });
    if (facts.traces || facts.decoder) {
      this.#askCurves(point, null);
    } else {
      this.detail.clear(point);
    }
  }

  mark(): void {
    this.#plot.mark('point', this.#layer.placeOf(this.#context.traits.get('point')));
  }

  /** Opens the point at a place, or decodes the place. */
  click(values: Corner, near: Corner): void {
    const go = (point: number) => (point < 0 ? this.decodeAt(values) : this.open(point));
    const { axes } = this.#layer;
    if (axes?.values) {
      go(this.#layer.near(values, near));
    } else if (axes) {
      const msg = { x: axes.x, y: axes.y, at: values, reach: near };
      ask(this.#context, 'near', msg, meta => go(meta.point));
    }
  }

  /** Decodes a place: the latents across and up are its own, the others those of the point. */
  decodeAt([across, up]: Corner): void {
    const { axes, decoder, median } = this.#context.facts;
    const place = this.#layer.axes;
    const [i, j] = [place?.x, place?.y].map(name => axes.findIndex(axis => axis.name === name));
    if (!decoder || i < 0 || j < 0) {
      return;
    }
    const z = [...(this.#base ?? median)];
    z[i] = across;
    z[j] = up;
    this.#plot.mark('point', [across, up]);
    this.#askCurves(-1, z);
  }

  hover(at: Parameters<PlotHooks['hover']>[0]): void {
    const point = at ? this.#layer.near(at.values, at.near) : -1;
    this.#plot.mark('hover', this.#layer.placeOf(point));
    if (point < 0 || !at) {
      this.#hovered = -1;
      this.#card.hide();
      this.#soon.cancel();
      return;
    }
    if (point === this.#hovered) {
      return;
    }
    this.#hovered = point;
    const { clientWidth: width, clientHeight: height } = this.#plot.canvas;
    this.#soon.run(() => {
      this.#card.show(point, at.place, { width, height });
      ask(this.#context, 'point', { point }, meta => {
        if (this.#hovered === point) {
          this.#card.tell(meta);
        }
      });
    });
  }

  find(text: string): void {
    ask(this.#context, 'find', { text }, meta => this.open(meta.point));
  }

  dispose(): void {
    this.#curves.clear();
    this.#soon.cancel();
    this.detail.dispose();
  }

  #askCurves(point: number, z: readonly number[] | null): void {
    const { requester, signal } = this.#context;
    const turn = ++this.#turn;
    this.#curves.push('curves', async () => {
      const reply = await requester.request('curves', { point, z }, signal);
      if (turn === this.#turn) {
        this.#base = z ? this.#base : reply.meta.z;
        this.detail.show(reply, z !== null);
      }
    });
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
