/** What the two kinds of pictures share: a canvas that fits its place, and the regions over it. */
import type { Region } from '../../core/label';
import { make } from '../common/dom';

export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface Marked {
  readonly region: Region;
  readonly color: string;
  readonly text: string;
  /** Not yet in the log. */
  readonly open?: boolean;
}

/** Where a picture's values lie on the canvas, in CSS pixels. */
export interface Frame {
  toCanvas(place: Place): Place;
  toData(place: Place): Place;
  /** Of the drawing area. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Picture {
  /** Shows everything again. */
  home(): void;
  /** Makes what is at a place larger or smaller. */
  zoom(at: Place, factor: number): void;
  /** Moves by CSS pixels. */
  pan(dx: number, dy: number): void;
  frame(width: number, height: number): Frame;
  paint(context: CanvasRenderingContext2D, width: number, height: number, theme: Theme): void;
  /** Told beside the pointer. */
  readout(place: Place): string;
}

export interface Theme {
  readonly text: string;
  readonly dim: string;
  readonly grid: string;
  readonly line: string;
  readonly font: string;
}

export class Canvas {
  readonly element = make('canvas', { class: 'astrodata-label-canvas', role: 'img' });
  readonly #observer: ResizeObserver;
  #picture: Picture | null = null;
  #marked: readonly Marked[] = [];
  #asked = 0;

  constructor() {
    this.#observer = new ResizeObserver(() => this.redraw());
    this.#observer.observe(this.element);
  }

  get picture(): Picture | null {
    return this.#picture;
  }

  show(picture: Picture | null, label: string): void {
    this.#picture = picture;
    this.element.setAttribute('aria-label', label);
    this.redraw();
  }

  mark(marked: readonly Marked[]): void {
    this.#marked = marked;
    this.redraw();
  }

  /** Gives where a pointer is on the canvas. */
  at(event: { clientX: number; clientY: number }): Place {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  get frame(): Frame | null {
    const { clientWidth, clientHeight } = this.element;
    return this.#picture?.frame(clientWidth, clientHeight) ?? null;
  }

  redraw(): void {
    this.#asked ||= requestAnimationFrame(() => {
      this.#asked = 0;
      this.#paint();
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.#asked);
    this.#observer.disconnect();
  }

  #paint(): void {
    const { element } = this;
    const { clientWidth: width, clientHeight: height } = element;
    const context = element.getContext('2d');
    if (!context || width === 0 || height === 0) {
      return;
    }
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (element.width !== w || element.height !== h) {
      element.width = w;
      element.height = h;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!this.#picture) {
      return;
    }
    this.#picture.paint(context, width, height, themeOf(element));
    paintRegions(context, this.#picture.frame(width, height), this.#marked);
  }
}

function themeOf(element: Element): Theme {
  const style = getComputedStyle(element);
  const value = (name: string, otherwise: string) =>
    style.getPropertyValue(name).trim() || otherwise;
  return {
    text: value('--astrodata-text', '#212121'),
    dim: value('--astrodata-dim', '#616161'),
    grid: value('--astrodata-label-grid', '#e0e0e0'),
    line: value('--astrodata-label-line', '#1565c0'),
    font: `11px ${style.fontFamily || 'sans-serif'}`
  };
}

function paintRegions(
  context: CanvasRenderingContext2D,
  frame: Frame,
  marked: readonly Marked[]
): void {
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top);
  context.clip();
  for (const { region, color, text, open } of marked) {
    const corners = cornersOf(region, frame);
    context.beginPath();
    corners.forEach(({ x, y }, i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.globalAlpha = 0.16;
    context.fillStyle = color;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 2;
    context.strokeStyle = color;
    context.setLineDash(open ? [5, 4] : []);
    context.stroke();
    if (text) {
      paintText(context, text, color, corners, frame);
    }
  }
  context.restore();
}

function paintText(
  context: CanvasRenderingContext2D,
  text: string,
  color: string,
  corners: readonly Place[],
  frame: Frame
): void {
  const x = Math.max(frame.left, Math.min(...corners.map(corner => corner.x))) + 3;
  const y = Math.max(frame.top, Math.min(...corners.map(corner => corner.y))) + 14;
  context.font = `600 11px sans-serif`;
  const { width } = context.measureText(text);
  context.fillStyle = color;
  context.fillRect(x - 2, y - 11, width + 6, 15);
  context.fillStyle = inkOn(color);
  context.fillText(text, x + 1, y);
}

function cornersOf(region: Region, frame: Frame): Place[] {
  switch (region.kind) {
    case 'interval': {
      const left = frame.toCanvas({ x: region.start, y: 0 }).x;
      const right = frame.toCanvas({ x: region.stop, y: 0 }).x;
      return [
        { x: left, y: frame.top },
        { x: right, y: frame.top },
        { x: right, y: frame.bottom },
        { x: left, y: frame.bottom }
      ];
    }
    case 'box': {
      const { x, y, width, height } = region;
      return [
        [x, y],
        [x + width, y],
        [x + width, y + height],
        [x, y + height]
      ].map(([px, py]) => frame.toCanvas({ x: px, y: py }));
    }
    case 'polygon':
      return region.points.map(([x, y]) => frame.toCanvas({ x, y }));
  }
}

/** Gives black or white, whichever is read better on a colour `#rrggbb`. */
export function inkOn(color: string): string {
  const linear = [1, 3, 5].map(i => {
    const part = parseInt(color.slice(i, i + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return light > 0.179 ? '#000000' : '#ffffff';
}
