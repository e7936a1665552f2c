import { describe, expect, it } from 'vitest';
import {
  filterText,
  nextAfter,
  parseFilter,
  withLimits
} from '../../../src/widgets/waveforms/filters';

describe('filters as text', () => {
  it('reads conditions joined by "and" or commas', () => {
    expect(parseFilter('0.01 <= peak <= 0.5 and pulses = 1, width >= 10')).toEqual({
      peak: [0.01, 0.5],
      pulses: [1, 1],
      width: [10, null]
    });
    expect(parseFilter('  ')).toEqual({});
    expect(parseFilter('3 >= pulses')).toEqual({ pulses: [null, 3] });
    expect(parseFilter('0.5 >= peak >= 1e-3')).toEqual({ peak: [1e-3, 0.5] });
    expect(parseFilter('peak > 1 & peak < 2 && 3 > width')).toEqual({
      peak: [nextAfter(1, 1), nextAfter(2, -1)],
      width: [null, nextAfter(3, -1)]
    });
  });

  it('leaves a number out that is only to be reached', () => {
    const { pulses } = parseFilter('pulses > 1');
    expect(pulses[0]).toBeGreaterThan(1);
    expect(pulses[0]).toBeLessThan(1.0000001);
    expect(parseFilter('baseline < 0').baseline[1]).toBeLessThan(0);
  });

  it('writes what it reads', () => {
    for (const text of [
      '0.01 < peak < 0.5 and pulses = 1',
      'peak >= -1e-7',
      'peak > 0',
      'measured_peak <= 0.3',
      '1 <= a < 2'
    ]) {
      expect(filterText(parseFilter(text))).toBe(text);
    }
    expect(filterText({ peak: [null, null] })).toBe('');
  });

  it('says what is no condition', () => {
    expect(() => parseFilter('peak')).toThrow('“peak” is no filter');
    expect(() => parseFilter('1 < peak > 2')).toThrow('is no filter');
    expect(() => parseFilter('peak > 2 and peak < 1')).toThrow('No peak passes');
  });

  it('knows columns that are called like parts of every object', () => {
    expect(parseFilter('constructor > 1').constructor).toEqual([nextAfter(1, 1), null]);
  });

  it('counts to the next number', () => {
    expect(nextAfter(1, 1)).toBe(1 + Number.EPSILON);
    expect(nextAfter(1, -1)).toBe(1 - Number.EPSILON / 2);
    expect(nextAfter(-1, 1)).toBe(-1 + Number.EPSILON / 2);
    expect(nextAfter(0, -1)).toBe(-Number.MIN_VALUE);
  });

  it('sets and takes away one column', () => {
    const filter = { peak: [0, 1], width: [2, null] } as const;
    expect(withLimits(filter, 'peak', [3, null])).toEqual({ width: [2, null], peak: [3, null] });
    expect(withLimits(filter, 'peak', null)).toEqual({ width: [2, null] });
  });
});
