import { describe, expect, it } from 'vitest';
import type { AxisWish } from '../../../src/core/table';
import {
  centralOf,
  extentOf,
  numberingOf,
  phase,
  placeOf,
  placesOf,
  valueOf
} from '../../../src/widgets/table/axes';
import { clauseOf, columnsShown, moved, quoted, replaced } from '../../../src/widgets/table/state';
import { column } from './fake';

const axis = (values: Partial<AxisWish> = {}): AxisWish => ({
  name: 'x',
  log: false,
  flip: false,
  fold: null,
  ...values
});

describe('Axes of the plot', () => {
  it.each([{}, { log: true }, { flip: true }, { log: true, flip: true }])(
    'give a value back from its place (%o)',
    values => {
      expect(valueOf(placeOf(123.5, axis(values)), axis(values))).toBeCloseTo(123.5, 9);
    }
  );

  it('have no place for what has no logarithm', () => {
    expect(placeOf(0, axis({ log: true }))).toBeNaN();
    expect(placeOf(-3, axis({ log: true }))).toBeNaN();
    expect([...placesOf(Float64Array.of(10, -1, NaN), axis({ log: true }))]).toEqual([1, NaN, NaN]);
  });

  it('fold times about the epoch, from minus a half to a half', () => {
    expect([10, 11, 12.5, 13, 9].map(time => phase(time, [2, 10]))).toEqual([
      0, -0.5, 0.25, -0.5, -0.5
    ]);
  });

  it('number a logarithmic axis with powers of ten', () => {
    const numbering = numberingOf({ log: true, flip: false })!;
    const ticks = numbering.ticks([-1, 3], 4);
    expect(ticks.map(tick => numbering.text(tick, ticks))).toEqual([
      '0.1',
      '1',
      '10',
      '100',
      '1000'
    ]);
    const close = numbering.ticks([1, 1.5], 4);
    expect(close.map(tick => Number(numbering.text(tick, close)))).toEqual([10, 20, 30]);
  });

  it('number a flipped axis with its values', () => {
    const numbering = numberingOf({ log: false, flip: true })!;
    const ticks = numbering.ticks([-20, -10], 2);
    expect(ticks.map(tick => numbering.text(tick, ticks))).toEqual(['10', '15', '20']);
    expect(numberingOf({ log: false, flip: false })).toBeNull();
  });

  it('show what is shown, and of a light curve no outliers', () => {
    const values = Float64Array.from({ length: 2000 }, (_, i) => 100 + (i % 10));
    values[5] = 1e9;
    values[6] = NaN;
    expect(extentOf(values, () => true)).toEqual([100, 1e9]);
    expect(extentOf(values, row => row > 10)).toEqual([100, 109]);
    const [low, high] = centralOf(values, () => true)!;
    expect(low).toBe(100);
    expect(high).toBeLessThan(120);
    expect(centralOf(values, () => false)).toBeNull();
  });
});

describe('Filters made by hand', () => {
  it('quote names that are no plain words', () => {
    expect(quoted('mag')).toBe('mag');
    expect(quoted('e mag')).toBe('`e mag`');
    expect(quoted('in')).toBe('`in`');
  });

  it('say what a stretch of a histogram means', () => {
    expect(clauseOf('mag', [1, 2])).toBe('1 <= mag <= 2');
    expect(clauseOf('mag', [null, 2])).toBe('mag <= 2');
    expect(clauseOf('mag', [1, null])).toBe('mag >= 1');
    expect(clauseOf('mag', null)).toBe('');
  });

  it('join what a person wrote, and stand for what the hand made before', () => {
    expect(replaced('', '', 'mag >= 1')).toBe('mag >= 1');
    expect(replaced('ra > 5', '', 'mag >= 1')).toBe('ra > 5 & mag >= 1');
    expect(replaced('ra > 5 & mag >= 1', 'mag >= 1', 'mag >= 2')).toBe('ra > 5 & mag >= 2');
    expect(replaced('ra > 5 & mag >= 1', 'mag >= 1', '')).toBe('ra > 5');
    expect(replaced('ra > 5 | ra < 1', '', 'mag >= 1')).toBe('(ra > 5 | ra < 1) & mag >= 1');
  });
});

describe('Columns on show', () => {
  const all = ['a', 'b', 'c'].map(name => column(name));

  it('are all, or those named in their order', () => {
    expect(columnsShown(all, []).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(columnsShown(all, ['c', 'gone', 'a']).map(({ name }) => name)).toEqual(['c', 'a']);
  });

  it('are moved before another, or to the end', () => {
    expect(moved(['a', 'b', 'c'], 'c', 'a')).toEqual(['c', 'a', 'b']);
    expect(moved(['a', 'b', 'c'], 'a', null)).toEqual(['b', 'c', 'a']);
  });
});
