/** The last few events and the next few as thumbnails, and what became of each. */
import type { Next } from '../../core/label';
import { make } from '../common/dom';
import { paintPicture, type Picture } from '../common/pictures';
import { nameOf } from './trail';

/** Whether the log has what was said of an event. */
export type Saved = 'pending' | 'done' | 'failed';

export interface Frame {
  readonly next: Next;
  readonly label: readonly string[];
  readonly color: string | null;
  readonly skipped: boolean;
  readonly saved: Saved | null;
  readonly now: boolean;
}

const SAID: Record<Saved, string> = { pending: 'being saved', done: 'saved', failed: 'not saved' };
const MARKS: Record<Saved, string> = { pending: '…', done: '✓', failed: '!' };

export class Strip {
  /** The keys of the labeller hold here too, and walk what does not fit into view. */
  readonly element = make('ol', {
    class: 'astrodata-label-strip',
    tabindex: 0,
    'aria-label': 'Events before and after'
  });
  readonly #thumbnail: (row: number) => Picture | undefined;
  readonly #chosen: (next: Next) => void;

  constructor(thumbnail: (row: number) => Picture | undefined, chosen: (next: Next) => void) {
    this.#thumbnail = thumbnail;
    this.#chosen = chosen;
  }

  show(frames: readonly Frame[]): void {
    const { element } = this;
    const items = frames.map(frame => this.#item(frame));
    element.replaceChildren(...items);
    // Where not all fit, the one on show stays in the middle.
    const now = items[frames.findIndex(frame => frame.now)];
    if (now) {
      element.scrollLeft = now.offsetLeft - (element.clientWidth - now.offsetWidth) / 2;
    }
  }

  #item({ next, label, color, skipped, saved, now }: Frame): HTMLElement {
    const what = label.join(', ') || (skipped ? 'skipped' : 'no label');
    const state = saved ? `, ${SAID[saved]}` : '';
    const canvas = make('canvas', { 'aria-hidden': 'true' });
    const item = make(
      'button',
      {
        type: 'button',
        tabindex: -1,
        title: `${next.id}: ${what}${state}`,
        'aria-label': `Event ${next.id}: ${what}${state}`,
        ...(now ? { 'aria-current': 'true' } : {})
      },
      canvas,
      make(
        'span',
        { class: 'astrodata-label-caption' },
        label.join(', ') || (skipped ? 'skipped' : next.id)
      ),
      ...(saved
        ? [make('span', { class: `astrodata-label-saved astrodata-label-${saved}` }, MARKS[saved])]
        : [])
    );
    if (color) {
      item.style.setProperty('--astrodata-label-class', color);
      item.classList.add('astrodata-label-coloured');
    }
    item.addEventListener('click', () => this.#chosen(next));
    const thumbnail = this.#thumbnail(next.row);
    if (thumbnail) {
      paintPicture(canvas, thumbnail, this.element);
    }
    return make('li', { 'data-event': nameOf(next), 'data-saved': saved ?? 'none' }, item);
  }
}
