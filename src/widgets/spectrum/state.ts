/** What is on show: the widget's traits, and what follows from them for the axis. */
import type { Axis, LineFacts, Range, SpectrumMeta, SpectrumTraits } from '../../core/spectrum';
import { isWavelength, placeOf, wavelengthAt } from '../../core/spectrum';

export const NAMES = [
  'redshift',
  'unit',
  'medium',
  'reference',
  'smoothing',
  'width',
  'errors',
  'mask',
  'lines',
  'x_range',
  'y_range',
  'height',
  'version'
] as const satisfies readonly (keyof SpectrumTraits)[];

export type State = Pick<SpectrumTraits, (typeof NAMES)[number]>;

/** Gives the unit of the axis, by its name. */
export function unitOf({ unit }: Pick<State, 'unit'>, facts: SpectrumMeta): string {
  return unit === 'own' ? facts.unit : unit;
}

/** Gives the axis as requests name it. */
export function axisOf(state: State, facts: SpectrumMeta): Axis {
  const { unit, medium } = state;
  return { unit, medium, reference: referenceOf(state, facts) };
}

/** Gives the wavelength of velocity 0 as observed, in Angstrom. */
export function referenceOf({ reference, redshift }: State, facts: SpectrumMeta): number {
  const line = facts.lines.find(({ name }) => name === reference);
  return (line?.wavelength ?? 1) * (1 + redshift);
}

export interface Marked {
  readonly line: LineFacts;
  readonly x: number;
}

/** Gives the lines that are drawn and lie on a stretch of the axis, from left to right. */
export function linesWithin(state: State, facts: SpectrumMeta, [low, high]: Range): Marked[] {
  if (!facts.has_units) {
    return [];
  }
  const unit = unitOf(state, facts);
  const reference = referenceOf(state, facts);
  const wanted = new Set(state.lines);
  return facts.lines
    .filter(({ name, group }) => wanted.has(name) || wanted.has(group))
    .map(line => ({
      line,
      x: placeOf(line.wavelength * (1 + state.redshift), unit, state.medium, reference)
    }))
    .filter(({ x }) => x > low && x < high)
    .sort((a, b) => a.x - b.x);
}

/** Gives the rows that labels stand in so that none lies over another; -1 where there is no room. */
export function rowsOf(
  places: readonly number[],
  widths: readonly number[],
  rows: number
): number[] {
  const ends = new Array<number>(rows).fill(-Infinity);
  return places.map((place, i) => {
    const row = ends.findIndex(end => end + 4 < place - widths[i] / 2);
    if (row >= 0) {
      ends[row] = place + widths[i] / 2;
    }
    return row;
  });
}

/** Gives the same stretch of wavelengths on another axis. */
export function rangeOn(
  range: Range,
  from: { unit: string; medium: State['medium']; reference: number },
  to: { unit: string; medium: State['medium']; reference: number }
): Range | null {
  const ends = range.map(end =>
    placeOf(
      wavelengthAt(end, from.unit, from.medium, from.reference),
      to.unit,
      to.medium,
      to.reference
    )
  );
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  return Number.isFinite(high - low) && high > low ? [low, high] : null;
}

/** Gives what the axis is called. */
export function axisLabel(state: State, facts: SpectrumMeta): string {
  const unit = unitOf(state, facts);
  if (unit === 'pix') {
    return 'pixel';
  }
  if (unit === 'km/s') {
    return `velocity about ${state.reference} (km/s)`;
  }
  if (isWavelength(unit)) {
    return `wavelength in ${state.medium} (${unit === 'Angstrom' ? 'Å' : unit === 'um' ? 'µm' : unit})`;
  }
  return `${unit.endsWith('eV') ? 'energy' : unit.endsWith('Hz') ? 'frequency' : 'axis'} (${unit})`;
}
