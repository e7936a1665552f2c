/** The numbers at an edge of a picture, as elements that a screen reader can pass over. */
import type { Interval } from '../../core/latent';
import { make } from '../common/dom';
import { share, ticks, tickText } from '../common/scale';

/** Pixels that numbers keep. */
export interface Room {
  /** From each other. */
  readonly apart: number;
  /** From the ends of the edge. */
  readonly ends: number;
}

/** How an edge is numbered, where its places are not the numbers themselves. */
export interface Numbering {
  ticks(range: Interval, count: number): number[];
  text(place: number, all: readonly number[]): string;
}

const PLAIN: Numbering = { ticks, text: tickText };

/** Shows a name and as many numbers as there is room for. */
export function showTicks(
  element: HTMLElement,
  name: string,
  range: Interval,
  upright: boolean,
  { apart, ends }: Room,
  numbering: Numbering = PLAIN
): void {
  const room = upright ? element.clientHeight : element.clientWidth;
  const all = numbering.ticks(range, Math.max(1, room / apart));
  const numbers = all
    .filter(value => {
      const place = share(value, range) * room;
      return !room || (place > ends && place < room - ends);
    })
    .map(value => {
      const tick = make('span', {}, numbering.text(value, all));
      tick.style[upright ? 'bottom' : 'left'] = `${100 * share(value, range)}%`;
      return tick;
    });
  element.replaceChildren(make('b', {}, name), ...numbers);
}
