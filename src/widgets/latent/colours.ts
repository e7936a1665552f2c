/** The colours of points: tables by byte, and the legend that tells them. */
import { colour, type Rgb } from '../../core/colormap';
import type { ColumnMeta } from '../../core/latent';
import { make } from '../common/dom';
import { css, PALETTE } from '../common/palette';
import { DIM, HIDDEN, MISSING, packed } from './paint';
import { valueText } from '../common/scale';

export { css, PALETTE };

const LEVELS = 252;
const NO_VALUE: Rgb = [150, 150, 150];
/** Viridis without its ends, of which one vanishes on dark grounds and the other on light ones. */
const [FIRST, LAST] = [0.14, 0.94];

/** Gives the colour of a share of a continuous column's range. */
const continuous = (part: number) => colour('viridis', FIRST + (LAST - FIRST) * part);

/** Gives the colour of each byte of a column; of all points when there is none. */
export function tableOf(column: ColumnMeta | null): Uint32Array {
  const table = new Uint32Array(256).fill(packed(...PALETTE[0], 215));
  if (column?.kind === 'continuous') {
    for (let code = 0; code <= LEVELS; code++) {
      table[code] = packed(...continuous(code / LEVELS), 230);
    }
  } else if (column) {
    for (let code = 0; code < LEVELS; code++) {
      table[code] = packed(...colourOf(column, code), 215);
    }
  }
  table[MISSING] = packed(...NO_VALUE, 130);
  table[DIM] = packed(...NO_VALUE, 70);
  table[HIDDEN] = 0;
  return table;
}

/** Gives the colour of a category: its own, or that of its place. */
export function colourOf(column: ColumnMeta, code: number): Rgb {
  const own = /^#([0-9a-f]{6})$/i.exec(column.categories[code]?.color ?? '');
  if (own) {
    const value = parseInt(own[1], 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  }
  return PALETTE[Math.min(code, PALETTE.length - 1)];
}

/** Gives what the colours of a column mean. */
export function legendOf(column: ColumnMeta): HTMLElement {
  const missing = column.missing ? `, ${column.missing.toLocaleString('en')} without a value` : '';
  if (column.kind === 'continuous') {
    const ramp = make('span', { class: 'astrodata-latent-ramp', 'aria-hidden': 'true' });
    const stops = Array.from({ length: 12 }, (_, i) => css(continuous(i / 11)));
    ramp.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
    return make(
      'span',
      { class: 'astrodata-latent-bar', role: 'img', 'aria-label': barLabel(column) + missing },
      make('b', {}, column.name),
      make('span', {}, valueText(column.low)),
      ramp,
      make('span', {}, valueText(column.high) + missing)
    );
  }
  const items = column.categories.map(({ name, count }, i) => {
    const patch = make('i', { 'aria-hidden': 'true' });
    patch.style.background = css(PALETTE[Math.min(i, PALETTE.length - 1)]);
    return make('li', {}, patch, `${name} `, make('small', {}, count.toLocaleString('en')));
  });
  return make(
    'span',
    { class: 'astrodata-latent-key' },
    make('b', {}, column.name),
    make('ul', { 'aria-label': `Colours of ${column.name}` }, ...items),
    missing.replace(', ', '')
  );
}

function barLabel({ name, low, high }: ColumnMeta): string {
  return `Colours of ${name}: from ${valueText(low)} to ${valueText(high)}, its central 98 %`;
}
