/** The line over the picture along which the cube is cut, and the picture of that cut. */
import {
  nearestChannel,
  plainUnit,
  valueOf,
  type CubeFacts,
  type Path,
  type SliceMeta
} from '../../../core/cubes';
import { table } from '../../../core/colormap';
import { imageToScreen, type Point, type Size } from '../../../core/geometry';
import type { Colormap, View } from '../../../core/protocol';
import type { WireArray } from '../../../core/wire';
import { make } from '../../common/dom';
import type { Grip } from '../part';
import { contextOf, drawAxes, plotBox } from './axes';

const SVG = 'http://www.w3.org/2000/svg';
/** CSS pixels from an end within which it is taken. */
const REACH = 9;

export class SliceLine {
  readonly element = document.createElementNS(SVG, 'svg');
  readonly #moved: (path: Path | null, done: boolean) => void;
  #path: Path | null = null;
  #armed = false;
  #zoom = 1;

  /** @param moved - The line is drawn; with `done` the hand let go. */
  constructor(moved: (path: Path | null, done: boolean) => void) {
    this.#moved = moved;
    this.element.setAttribute('class', 'astrodata-fits-slice-line');
    this.element.setAttribute('aria-hidden', 'true');
  }

  get path(): Path | null {
    return this.#path;
  }

  /** Whether the next drag on the picture draws a line. */
  get armed(): boolean {
    return this.#armed;
  }

  arm(on: boolean): void {
    this.#armed = on;
  }

  set(path: Path | null): void {
    this.#path = path;
  }

  /** Brings the line to where the image is. */
  frame(view: View, screen: Size): void {
    this.#zoom = view.zoom;
    const path = this.#path;
    if (!path) {
      this.element.replaceChildren();
      return;
    }
    const [from, to] = path.map(([x, y]) => imageToScreen(view, screen, { x, y }));
    const shape = (name: string, attributes: Record<string, string | number>) => {
      const element = document.createElementNS(SVG, name);
      Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, `${value}`));
      return element;
    };
    const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
    this.element.replaceChildren(
      shape('line', { ...ends, class: 'astrodata-fits-below' }),
      shape('line', ends),
      shape('circle', { cx: from.x, cy: from.y, r: 4 }),
      shape('rect', { x: to.x - 3.5, y: to.y - 3.5, width: 7, height: 7 })
    );
  }

  /** Takes the hand when the tool is on, or an end is touched. */
  grip(at: Point): Grip | null {
    const fixed = this.#armed ? at : this.#other(at);
    if (!fixed) {
      return null;
    }
    const drawn = !this.#armed;
    const first = drawn && this.#isFirst(at);
    const before = this.#path;
    const path = ({ x, y }: Point): Path => {
      const ends: Path = [
        [round(fixed.x), round(fixed.y)],
        [round(x), round(y)]
      ];
      return first ? [ends[1], ends[0]] : ends;
    };
    return {
      move: now => {
        this.#path = path(now);
        this.#moved(this.#path, false);
      },
      end: (now, _event, kept) => {
        const made = path(now);
        const long = Math.hypot(made[1][0] - made[0][0], made[1][1] - made[0][1]) >= 1;
        this.#path = kept && long ? made : before;
        this.#armed = false;
        this.#moved(this.#path, true);
      }
    };
  }

  #near([x, y]: readonly [number, number], at: Point): boolean {
    return Math.hypot(x - at.x, y - at.y) * this.#zoom < REACH;
  }

  #isFirst(at: Point): boolean {
    return !!this.#path && this.#near(this.#path[0], at) && !this.#near(this.#path[1], at);
  }

  /** Gives the end that stays when the other one is taken. */
  #other(at: Point): Point | null {
    const path = this.#path;
    if (!path || !path.some(end => this.#near(end, at))) {
      return null;
    }
    const [x, y] = this.#isFirst(at) ? path[1] : path[0];
    return { x, y };
  }
}

export class SlicePlot {
  readonly canvas = make('canvas', {
    class: 'astrodata-fits-slice',
    role: 'img',
    'aria-label': 'Position-velocity slice',
    title: 'Offset along the line against the spectral axis; click: show that channel'
  });
  readonly #pick: (channel: number) => void;
  #slice: { array: WireArray; meta: SliceMeta } | null = null;
  #cube: CubeFacts | null = null;
  #channel = 0;
  #colours: Colormap = 'grey';

  constructor(pick: (channel: number) => void, signal: AbortSignal) {
    this.#pick = pick;
    this.canvas.addEventListener('click', event => {
      const channels = this.#slice?.array.shape[1] ?? 0;
      const box = plotBox(this.canvas);
      const top = this.canvas.getBoundingClientRect().top + box.top;
      const channel = Math.floor((1 - (event.clientY - top) / box.height) * channels);
      if (channel >= 0 && channel < channels) {
        this.#pick(channel);
      }
    });
    const observer = new ResizeObserver(() => this.redraw());
    observer.observe(this.canvas);
    signal.addEventListener('abort', () => observer.disconnect());
  }

  get shown(): boolean {
    return this.#slice !== null;
  }

  set(slice: { array: WireArray; meta: SliceMeta } | null, cube: CubeFacts | null): void {
    this.#slice = slice;
    this.#cube = cube;
    this.redraw();
  }

  setChannel(channel: number, colours: Colormap): void {
    if (channel !== this.#channel || colours !== this.#colours) {
      this.#channel = channel;
      this.#colours = colours;
      this.redraw();
    }
  }

  redraw(): void {
    const { canvas } = this;
    const [slice, cube] = [this.#slice, this.#cube];
    const context = slice && cube && canvas.clientWidth ? contextOf(canvas) : null;
    if (!context || !slice || !cube) {
      return;
    }
    const box = plotBox(canvas);
    const [, channels, points] = slice.array.shape;
    const small = make('canvas', { width: points, height: channels });
    const picture = this.#picture(slice);
    const inner = small.getContext('2d');
    if (inner && picture) {
      inner.putImageData(picture, 0, 0);
      context.imageSmoothingEnabled = false;
      context.drawImage(small, box.left, box.top, box.width, box.height);
    }
    const { step, step_unit: unit } = slice.meta;
    const { values } = cube;
    drawAxes(canvas, context, box, {
      x: [-0.5 * step, (points - 0.5) * step],
      y: [values[0], values[values.length - 1]],
      xLabel: `offset (${unit})`,
      yLabel: cube.unit ? `${cube.quantity} (${plainUnit(cube.unit)})` : cube.quantity,
      yShare: value => (nearestChannel(cube, value) + 0.5) / channels
    });
    const at = box.top + box.height * (1 - (this.#channel + 0.5) / channels);
    // Light on dark, to be seen on any picture.
    for (const [colour, width] of [
      ['rgb(0 0 0 / 60%)', 3],
      ['#fff', 1]
    ] as const) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(box.left, at);
      context.lineTo(box.left + box.width, at);
      context.stroke();
    }
    canvas.setAttribute(
      'aria-label',
      `Position-velocity slice, ${points} points; channel ${this.#channel}, ${valueOf(cube, this.#channel)}`
    );
  }

  /** Paints the first channel at the bottom. */
  #picture({ array, meta }: { array: WireArray; meta: SliceMeta }): ImageData | null {
    if (typeof ImageData === 'undefined') {
      return null;
    }
    const [, channels, points] = array.shape;
    const picture = new ImageData(points, channels);
    const colours = table(this.#colours);
    const size = colours.length / 256;
    array.data.forEach((value, i) => {
      const row = channels - 1 - Math.floor(i / points);
      const to = 4 * (row * points + (i % points));
      const share = (value - meta.low) / (meta.high - meta.low || 1);
      if (Number.isFinite(share)) {
        const from = size * Math.round(255 * Math.min(1, Math.max(0, share)));
        picture.data.set(colours.subarray(from, from + 3), to);
        picture.data[to + 3] = 255;
      }
    });
    return picture;
  }
}

export function axisLabel(cube: CubeFacts): string {
  const { quantity, unit, convention, frame, kind } = cube;
  if (quantity === 'channel') {
    return 'channel';
  }
  const air = kind === 'air wavelength' && quantity === 'wavelength' ? 'air ' : '';
  const said = quantity === 'velocity' && convention ? `${convention} ` : '';
  return `${air}${said}${quantity} (${plainUnit(unit)}${frame ? `, ${frame}` : ''})`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
