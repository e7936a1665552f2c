/**
 * Regions drawn over the picture. They lie in a group in array pixels, which one transform brings to where
 * the image is: a frame costs the same for one region and for a thousand.
 */
import type { Point, Size } from '../../../core/geometry';
import type { View } from '../../../core/protocol';
import type { Shape } from '../../../core/regions';
import { extent, handles, pathOf, type Handle } from '../../../core/shapes';

const SVG = 'http://www.w3.org/2000/svg';
/** Of regions without a colour; DS9's green is pure. */
const COLOUR = '#00e64d';
/** Names that DS9 means otherwise than CSS. */
const NAMES: Readonly<Record<string, string>> = { green: '#00ff00' };
/** CSS pixels between an outline and the handle that turns it. */
export const REACH = 22;
const CROSS = 'M-7 0H7M0 -7V7';

interface Drawn {
  readonly shape: Shape;
  readonly element: SVGGElement;
  /** What is as large on any screen, and where it stands. */
  readonly fixed: readonly { readonly element: SVGElement; readonly at: Point }[];
}

export class Overlay {
  readonly element = node('svg', { class: 'astrodata-fits-regions', 'aria-hidden': 'true' });
  readonly #image = node('g', {});
  readonly #contours = node('g', { class: 'astrodata-fits-contours' });
  readonly #shapes = node('g', {});
  readonly #handles = node('g', { class: 'astrodata-fits-handles' });
  readonly #band = node('path', { class: 'astrodata-fits-band', visibility: 'hidden' });
  #drawn: Drawn[] = [];
  #grips: readonly { readonly element: SVGElement; readonly at: Point }[] = [];
  #zoom = 0;

  constructor() {
    this.#image.append(this.#contours, this.#shapes, this.#handles, this.#band);
    this.element.append(this.#image);
  }

  /** Draws what changed: shapes are told by identity. */
  set(shapes: readonly Shape[], selected: readonly number[]): void {
    const chosen = new Set(selected);
    const before = this.#drawn;
    this.#drawn = shapes.map((shape, i) => {
      const known = before[i];
      const same = known?.shape === shape;
      const drawn = same ? known : draw(shape, known?.element);
      if (!same && this.#zoom) {
        drawn.fixed.forEach(one => this.#place(one));
      }
      drawn.element.classList.toggle('astrodata-fits-chosen', chosen.has(i));
      if (!known) {
        this.#shapes.append(drawn.element);
      }
      return drawn;
    });
    before.slice(shapes.length).forEach(({ element }) => element.remove());
    this.#setHandles(selected.length === 1 ? shapes[selected[0]] : null);
  }

  /** Shows what a hand is drawing: corners of a polygon, or the box that selects. */
  setBand(points: readonly Point[], closed: boolean): void {
    const path = points.map(({ x, y }, i) => `${i ? 'L' : 'M'}${x} ${y}`).join('');
    this.#band.setAttribute('d', path + (closed ? 'Z' : ''));
    this.#band.setAttribute('visibility', points.length ? 'visible' : 'hidden');
  }

  /** Draws contours: paths in array pixels with their colours. */
  setContours(paths: readonly { readonly d: string; readonly color: string }[]): void {
    this.#contours.replaceChildren(
      ...paths.map(({ d, color }) => node('path', { d, stroke: colourOf(color) }))
    );
  }

  /** Brings all to where the image is. */
  frame(view: View, screen: Size): void {
    const { x, y, zoom } = view;
    const [left, top] = [screen.width / 2 - x * zoom, screen.height / 2 + y * zoom];
    this.#image.setAttribute('transform', `matrix(${zoom} 0 0 ${-zoom} ${left} ${top})`);
    if (zoom !== this.#zoom) {
      this.#zoom = zoom;
      this.#drawn.forEach(({ fixed }) => fixed.forEach(one => this.#place(one)));
      this.#setHandles(this.#handled);
    }
  }

  /** Gives the handles of the one selected region. */
  grips(): readonly Handle[] {
    return this.#handled && this.#zoom ? handles(this.#handled, REACH / this.#zoom) : [];
  }

  #handled: Shape | null = null;

  #setHandles(shape: Shape | null): void {
    this.#handled = shape;
    const wanted = this.grips();
    this.#handles.setAttribute('visibility', wanted.length ? 'visible' : 'hidden');
    const kinds = wanted.map(({ kind }) => kind).join();
    if (this.#handles.getAttribute('data-kinds') !== kinds) {
      this.#handles.setAttribute('data-kinds', kinds);
      this.#handles.replaceChildren(
        ...wanted.map(({ kind }) =>
          kind === 'turn'
            ? node('circle', { r: '4.5' })
            : node('rect', { x: '-4', y: '-4', width: '8', height: '8' })
        )
      );
    }
    this.#grips = wanted.map((at, i) => ({
      element: this.#handles.children[i] as SVGElement,
      at
    }));
    this.#grips.forEach(one => this.#place(one));
  }

  #place({ element, at }: { readonly element: SVGElement; readonly at: Point }): void {
    const size = 1 / (this.#zoom || 1);
    element.setAttribute('transform', `translate(${at.x} ${at.y}) scale(${size} ${-size})`);
  }
}

/** @param into - Element of another shape in the same place, used again while a hand drags. */
function draw(shape: Shape, into?: SVGGElement): Drawn {
  const element = into ?? node('g', {});
  element.setAttribute('stroke', colourOf(shape.color));
  element.classList.toggle('astrodata-fits-excluded', !!shape.exclude);
  const fixed: { element: SVGElement; at: Point }[] = [];
  const parts: SVGElement[] = [];
  if (shape.shape === 'point') {
    const cross = node('g', {});
    cross.append(
      node('path', { d: CROSS, class: 'astrodata-fits-under' }),
      node('path', { d: CROSS })
    );
    fixed.push({ element: cross, at: shape });
    parts.push(cross);
  } else {
    const d = pathOf(shape);
    parts.push(node('path', { d, class: 'astrodata-fits-under' }), node('path', { d }));
  }
  if (shape.text) {
    const { left, right, top } = extent(shape);
    const label = node('text', {
      'text-anchor': 'middle',
      y: shape.shape === 'point' ? '-10' : '-9',
      fill: colourOf(shape.color)
    });
    label.textContent = shape.text;
    fixed.push({ element: label, at: { x: (left + right) / 2, y: top } });
    parts.push(label);
  }
  element.replaceChildren(...parts);
  return { shape, element, fixed };
}

/** Gives the colour of a region on the screen. */
export function colourOf(name: string | undefined): string {
  return name ? (NAMES[name.toLowerCase()] ?? name) : COLOUR;
}

function node<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string>>
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  return element;
}
