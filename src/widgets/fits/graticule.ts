/** Lines of equal longitude and latitude over the picture, with a compass and a scale bar. */
import { imageToScreen, visibleBox, type Box, type Size } from '../../core/geometry';
import type { Angles, FitsRequests, GraticuleMeta, System, View, Where } from '../../core/protocol';
import { isAbort, type Requester } from '../../core/request';
import { decode } from '../../core/wire';
import { Later } from '../common/dom';

const SVG = 'http://www.w3.org/2000/svg';
/** CSS pixels between two lines, about. */
const APART = 80;
/** Length of the compass's arrows, and how far it stays from the corner, in CSS pixels. */
const [ARROW, CORNER] = [26, 46];
/** Room of a letter and of a line of text, in CSS pixels. */
const [LETTER, LINE] = [6.5, 14];
/** Round lengths of the scale bar in degrees, with their names. */
const LENGTHS: readonly (readonly [number, string])[] = [
  ...[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30].map((value): [number, string] => [
    value / 3600,
    `${value}″`
  ]),
  ...[1, 2, 5, 10, 20, 30].map((value): [number, string] => [value / 60, `${value}′`]),
  ...[1, 2, 5, 10, 20, 30, 60].map((value): [number, string] => [value, `${value}°`])
];

interface Lines {
  readonly meta: GraticuleMeta;
  readonly path: Float32Array;
}

/** What the lines are about. */
export interface Sky extends Where {
  readonly system: System;
  readonly angles: Angles;
}

export interface GraticuleHooks {
  /** Other lines are to be drawn. */
  came(): void;
  failed(error: unknown): void;
}

export class Graticule {
  readonly element = document.createElementNS(SVG, 'svg');
  readonly #hooks: GraticuleHooks;
  readonly #rest = new Later(120);
  #requester: Requester<FitsRequests> | null = null;
  #turn = new AbortController();
  #asked = '';
  #lines: Lines | null = null;

  constructor(hooks: GraticuleHooks) {
    this.#hooks = hooks;
    this.element.setAttribute('class', 'astrodata-fits-graticule');
    this.element.setAttribute('aria-hidden', 'true');
  }

  connect(requester: Requester<FitsRequests>): void {
    this.#requester = requester;
  }

  /** Shows the lines over a view, and asks for those of a new view when it rests; null shows none. */
  show(sky: Sky | null, view: View, image: Size, screen: Size): void {
    if (!sky) {
      if (this.#asked) {
        this.#forget();
        this.element.replaceChildren();
      }
      return;
    }
    const { left, bottom, right, top } = visibleBox(view, image, screen);
    const box = [left, bottom, right, top] as const;
    const key = JSON.stringify([sky, box]);
    if (key !== this.#asked && left < right && bottom < top) {
      this.#asked = key;
      const longest = view.zoom * Math.max(right - left, top - bottom);
      const lines = Math.max(2, Math.round(longest / APART));
      this.#rest.run(() => void this.#ask({ ...sky, box, lines }));
    }
    this.#draw(view, screen);
  }

  dispose(): void {
    this.#forget();
  }

  #forget(): void {
    this.#rest.cancel();
    this.#turn.abort();
    this.#asked = '';
    this.#lines = null;
  }

  async #ask(msg: FitsRequests['graticule']['msg']): Promise<void> {
    this.#turn.abort();
    this.#turn = new AbortController();
    const { signal } = this.#turn;
    try {
      const { meta, buffers } = await this.#requester!.request('graticule', msg, signal);
      if (!signal.aborted) {
        this.#lines = { meta, path: decode(meta, buffers[0]).data as Float32Array };
        this.#hooks.came();
      }
    } catch (error) {
      if (!isAbort(error)) {
        this.#hooks.failed(error);
      }
    }
  }

  #draw(view: View, screen: Size): void {
    if (!this.#lines) {
      this.element.replaceChildren();
      return;
    }
    const { meta, path } = this.#lines;
    const at = (x: number, y: number) => imageToScreen(view, screen, { x, y });
    let d = '';
    let pen = 'M';
    for (let i = 0; i < path.length; i += 2) {
      if (Number.isNaN(path[i])) {
        pen = 'M';
        continue;
      }
      const { x, y } = at(path[i], path[i + 1]);
      d += `${pen}${x.toFixed(1)},${y.toFixed(1)}`;
      pen = 'L';
    }
    this.element.replaceChildren(
      // A dark line below a light one is seen on any picture.
      shape('path', { d, class: 'astrodata-fits-below' }),
      shape('path', { d }),
      ...apart(
        compassBox(meta, screen),
        meta.labels.map(label => {
          const { x, y } = at(label.x, label.y);
          const place =
            label.axis === 'lon'
              ? { x: x + 3, y: Math.min(screen.height - 4, Math.max(12, y - 4)) }
              : { x: Math.min(screen.width - 60, Math.max(4, x + 4)), y: y - 3 };
          return { text: label.text, ...place };
        })
      ).map(label => text(label.text, label)),
      ...compass(meta, screen),
      ...scaleBar(meta, view, screen)
    );
  }
}

/** Leaves out what would be written over another, or over the compass. */
function apart<Label extends { text: string; x: number; y: number }>(
  compass: Box | null,
  labels: readonly Label[]
): Label[] {
  const kept: Label[] = [];
  const width = ({ text }: Label) => LETTER * text.length + 8;
  for (const label of labels) {
    const onCompass =
      compass &&
      label.x < compass.right &&
      label.x + width(label) > compass.left &&
      label.y - LINE < compass.bottom &&
      label.y > compass.top;
    const free = kept.every(
      other =>
        Math.abs(other.y - label.y) > LINE ||
        label.x > other.x + width(other) ||
        other.x > label.x + width(label)
    );
    if (free && !onCompass) {
      kept.push(label);
    }
  }
  return kept;
}

/** Gives where the compass lies with its letters. */
function compassBox({ north, east }: GraticuleMeta, screen: Size): Box | null {
  if (!north || !east) {
    return null;
  }
  const xs = [0, ARROW * north[0], ARROW * east[0]].map(dx => CORNER + dx);
  const ys = [0, ARROW * north[1], ARROW * east[1]].map(dy => screen.height - CORNER - dy);
  return {
    left: Math.min(...xs) - LETTER,
    right: Math.max(...xs) + LETTER,
    top: Math.min(...ys) - LINE,
    bottom: Math.max(...ys) + LETTER
  };
}

function compass({ north, east }: GraticuleMeta, screen: Size): SVGElement[] {
  if (!north || !east) {
    return [];
  }
  const from = { x: CORNER, y: screen.height - CORNER };
  return (
    [
      ['N', north],
      ['E', east]
    ] as const
  ).flatMap(([name, [dx, dy]]) => {
    const end = { x: from.x + ARROW * dx, y: from.y - ARROW * dy };
    const d = `M${from.x},${from.y}L${end.x.toFixed(1)},${end.y.toFixed(1)}`;
    const letter = { x: end.x + 8 * dx - 4, y: end.y - 8 * dy + 4 };
    return [
      shape('path', { d, class: 'astrodata-fits-below astrodata-fits-bold' }),
      shape('path', { d, class: 'astrodata-fits-bold' }),
      text(name, letter)
    ];
  });
}

function scaleBar({ scale }: GraticuleMeta, view: View, screen: Size): SVGElement[] {
  if (!scale) {
    return [];
  }
  const pixels = (degrees: number) => (degrees / scale) * view.zoom;
  const length = LENGTHS.filter(([degrees]) => pixels(degrees) <= 0.25 * screen.width).at(-1);
  if (!length || pixels(length[0]) < 12) {
    return [];
  }
  const [right, y] = [screen.width - 16, screen.height - 28];
  const d = `M${(right - pixels(length[0])).toFixed(1)},${y}L${right},${y}`;
  return [
    shape('path', { d, class: 'astrodata-fits-below astrodata-fits-bold' }),
    shape('path', { d, class: 'astrodata-fits-bold' }),
    text(length[1], { x: right - pixels(length[0]) / 2, y: y - 6 }, 'middle')
  ];
}

function shape(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const element = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  return element;
}

function text(content: string, { x, y }: { x: number; y: number }, anchor = 'start'): SVGElement {
  const element = shape('text', {
    x: x.toFixed(1),
    y: y.toFixed(1),
    'text-anchor': anchor
  });
  element.textContent = content;
  return element;
}
