/** A few columns of the row under the pointer, beside it. */
import type { RowMeta } from '../../../core/catalogue';
import type { Point, Size } from '../../../core/geometry';
import { make } from '../../common/dom';

const [WIDTH, GAP] = [230, 14];

export class Card {
  readonly element = make('div', {
    class: 'astrodata-catalogue-card',
    role: 'status',
    hidden: true
  });

  /** @param at - Where the row lies, in CSS pixels of the picture. */
  show({ name, row, cells }: RowMeta, at: Point, screen: Size): void {
    this.element.replaceChildren(
      make('b', {}, `${name}, row ${row.toLocaleString('en')}`),
      make(
        'dl',
        {},
        ...cells.flatMap(({ name: column, unit, text }) => [
          make('dt', {}, column),
          make('dd', {}, text, ...(unit ? [make('small', {}, ` ${unit}`)] : []))
        ])
      )
    );
    const right = at.x + GAP + WIDTH <= screen.width;
    const left = right ? at.x + GAP : Math.max(4, at.x - GAP - WIDTH);
    const below = at.y < screen.height / 2;
    Object.assign(this.element.style, {
      left: `${left}px`,
      width: `${Math.min(WIDTH, screen.width - 8)}px`,
      top: below ? `${at.y + GAP}px` : 'auto',
      bottom: below ? 'auto' : `${screen.height - at.y + GAP}px`
    });
    this.element.hidden = false;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
