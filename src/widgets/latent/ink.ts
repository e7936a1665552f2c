/** The colours of points once a selection dims some and filters hide others. */
import { has, type Bits } from './chosen';
import type { Column } from './cloud';
import { tableOf } from './colours';
import { DIM, HIDDEN, rarestLast, type Ink } from './paint';

/**
 * Gives what points are painted with.
 *
 * @param selected - Null while nothing is selected.
 * @param shown - Null while all are shown.
 * @param ordered - Whether what is rare or selected shall lie on top, which dots need and densities do not.
 */
export function inkOf(
  column: Column | null,
  count: number,
  selected: Bits | null,
  shown: Bits | null,
  ordered: boolean
): Ink {
  const table = tableOf(column?.meta ?? null);
  const hides = !!shown && !all(shown, count);
  if (!column && !selected && !hides) {
    return { codes: null, table, order: null };
  }
  const codes = column ? column.codes.slice() : new Uint8Array(count);
  if (selected) {
    for (let i = 0; i < count; i++) {
      if (!has(selected, i)) {
        codes[i] = DIM;
      }
    }
  }
  if (shown && hides) {
    for (let i = 0; i < count; i++) {
      if (!has(shown, i)) {
        codes[i] = HIDDEN;
      }
    }
  }
  const layered = selected || column?.meta.kind === 'categorical';
  return { codes, table, order: ordered && layered ? rarestLast(codes) : null };
}

function all(bits: Bits, count: number): boolean {
  const whole = count >> 3;
  for (let i = 0; i < whole; i++) {
    if (bits[i] !== 255) {
      return false;
    }
  }
  return !(count & 7) || bits[whole] === (1 << (count & 7)) - 1;
}
