import { describe, expect, it } from 'vitest';
import { placeOf, toAir, toVacuum, wavelengthAt, type LineFacts } from '../../../src/core/spectrum';
import { withError } from '../../../src/widgets/spectrum/measures';
import {
  axisLabel,
  linesWithin,
  rangeOn,
  rowsOf,
  type State
} from '../../../src/widgets/spectrum/state';
import { facts, traits } from './fake';

const state = (values: Partial<State> = {}): State => traits(values);

describe('Places on a spectral axis', () => {
  // Of astropy 7.1: (6564.632 * u.AA).to(unit, u.spectral()).
  it.each([
    ['Angstrom', 6564.632],
    ['nm', 656.4632],
    ['um', 0.6564632],
    ['GHz', 456678.23878017836],
    ['eV', 1.8886694400112642]
  ])('are those of astropy in %s', (unit, expected) => {
    expect(placeOf(6564.632, unit, 'vacuum', 1)).toBeCloseTo(expected, 8);
  });

  it.each(['Angstrom', 'nm', 'um', 'GHz', 'Hz', 'eV', 'keV', 'km/s'])(
    'come back from %s, in vacuum and in air',
    unit => {
      for (const medium of ['vacuum', 'air'] as const) {
        const place = placeOf(5008.24, unit, medium, 4862.691);
        expect(wavelengthAt(place, unit, medium, 4862.691)).toBeCloseTo(5008.24, 8);
      }
    }
  );

  it('are in air what NIST tells, and the same in the far ultraviolet', () => {
    expect(toAir(6564.632)).toBeCloseTo(6562.819, 2);
    expect(toAir(1215.67)).toBe(1215.67);
    expect(toVacuum(toAir(3728))).toBeCloseTo(3728, 9);
  });

  it('are velocities about the reference', () => {
    expect(placeOf(5000, 'km/s', 'vacuum', 5000)).toBe(0);
    expect(placeOf(5050, 'km/s', 'vacuum', 5000)).toBeCloseTo(2997.92458, 6);
  });

  it('keep a stretch on another axis, its ends in order', () => {
    const from = { unit: 'Angstrom', medium: 'vacuum', reference: 1 } as const;
    const [low, high] = rangeOn([4000, 5000], from, { ...from, unit: 'GHz' })!;
    expect(low).toBeCloseTo(2.99792458e9 / 5000, 6);
    expect(high).toBeCloseTo(2.99792458e9 / 4000, 6);
    expect(rangeOn([0, 1], { ...from, unit: 'pix' }, from)).toBeNull();
  });
});

describe('Lines over a spectrum', () => {
  const line = (name: string, wavelength: number, group: string): LineFacts => ({
    name,
    label: name,
    wavelength,
    group,
    seen: 'both'
  });
  const known = facts({
    lines: [line('a', 1000, 'x'), line('b', 1500, 'y'), line('c', 2500, 'x')]
  });

  it('lie at 1 + z times their wavelength', () => {
    const found = linesWithin(state({ lines: ['x'], redshift: 1 }), known, [1500, 6000]);
    expect(found.map(({ line: { name }, x }) => [name, x])).toEqual([
      ['a', 2000],
      ['c', 5000]
    ]);
  });

  it('are chosen by name or by group, and left out beyond the stretch', () => {
    const found = linesWithin(state({ lines: ['x', 'b'] }), known, [1200, 6000]);
    expect(found.map(one => one.line.name)).toEqual(['b', 'c']);
    expect(linesWithin(state({ lines: [] }), known, [0, 1e9])).toEqual([]);
    const unknown = { ...known, has_units: false };
    expect(linesWithin(state({ lines: ['x'] }), unknown, [0, 1e9])).toEqual([]);
  });

  it('have labels that never lie over each other', () => {
    const places = [10, 14, 18, 22, 100];
    const rows = rowsOf(places, [30, 30, 30, 30, 30], 3);
    expect(rows).toEqual([0, 1, 2, -1, 0]);
  });
});

describe('What is written', () => {
  it('has as many digits as its error allows', () => {
    expect(withError(5432.617, 1.63)).toBe('5432.6 ± 1.6');
    expect(withError(-75.71, 0.0286)).toBe('−75.710 ± 0.029');
    expect(withError(12.3456789, null)).toBe('12.3457');
    expect(withError(null, 1)).toBe('–');
  });

  it('names the axis and its unit', () => {
    expect(axisLabel(state(), facts())).toBe('wavelength in vacuum (Å)');
    expect(axisLabel(state({ unit: 'nm', medium: 'air' }), facts())).toBe('wavelength in air (nm)');
    expect(axisLabel(state({ unit: 'GHz' }), facts())).toBe('frequency (GHz)');
    expect(axisLabel(state({ unit: 'km/s' }), facts())).toBe('velocity about H-alpha (km/s)');
    expect(axisLabel(state(), facts({ unit: 'pix', has_units: false }))).toBe('pixel');
  });
});
