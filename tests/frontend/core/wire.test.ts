import { describe, expect, it } from 'vitest';
import { decode } from '../../../src/core/wire';

describe('decode', () => {
  it('shares the bytes of an aligned buffer', () => {
    const bytes = new Float32Array([1, NaN, Infinity]).buffer;
    const { shape, dtype, data } = decode({ shape: [1, 1, 3], dtype: 'f4' }, bytes);
    expect([shape, dtype]).toEqual([[1, 1, 3], 'f4']);
    expect(data).toEqual(new Float32Array([1, NaN, Infinity]));
    expect(data.buffer).toBe(bytes);
  });

  it.each([0, 1, 2, 3, 4, 7])('finds values that begin %i bytes into a message', offset => {
    const message = new Uint8Array(offset + 8 + 5).fill(255);
    new DataView(message.buffer).setInt32(offset, -5, true);
    new DataView(message.buffer).setInt32(offset + 4, 2 ** 31 - 1, true);
    const view = new DataView(message.buffer, offset, 8);
    const { data } = decode({ shape: [1, 1, 2], dtype: 'i4' }, view);
    expect([...data]).toEqual([-5, 2 ** 31 - 1]);
    expect(data).toHaveLength(2);
  });

  it('refuses a length that is not that of the shape', () => {
    expect(() => decode({ shape: [1, 2, 2], dtype: 'u2' }, new ArrayBuffer(7))).toThrow(
      'a u2 array of shape (1, 2, 2) needs 8 bytes, 7 came'
    );
  });

  it.each(['f8', '', null, 4, 'toString'])('refuses the dtype %j', dtype => {
    expect(() => decode({ shape: [1], dtype }, new ArrayBuffer(8))).toThrow(/unknown dtype/);
  });

  it.each([undefined, 'ab', [1, -1], [1.5], [NaN], ['2']].map(shape => [shape]))(
    'refuses the shape %j',
    shape => {
      expect(() => decode({ shape, dtype: 'u1' }, new ArrayBuffer(1))).toThrow(/not the shape/);
    }
  );
});
