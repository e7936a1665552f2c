import { describe, expect, it } from 'vitest';
import { logRange, percent, ticks, tickText, valueText } from '../../../src/widgets/common/scale';
import {
  density,
  DIM,
  dots,
  histogram,
  membership,
  MISSING,
  nearest,
  packed,
  rarestLast
} from '../../../src/widgets/latent/paint';
import { Queue } from '../../../src/widgets/latent/queue';
import { rangeOf } from '../../../src/widgets/latent/range';
import { settle } from '../core/fakeChannel';

const f4 = (...values: number[]) => Float32Array.from(values);
const target = (width: number, height: number) => ({
  width,
  height,
  pixels: new Uint32Array(width * height)
});
const RED = packed(255, 0, 0);
const BLUE = packed(0, 0, 255);

describe('Painting', () => {
  it('puts each point where its values say, upwards, and leaves NaN out', () => {
    const picture = target(4, 4);
    const ink = { codes: null, table: new Uint32Array(256).fill(RED), order: null };
    const drawn = dots(picture, f4(0.1, 3.9, NaN, 9), f4(0.1, 3.9, 1, 1), [0, 4], [0, 4], ink, 1);
    expect(drawn).toBe(2);
    expect([...picture.pixels].flatMap((pixel, i) => (pixel ? [i] : []))).toEqual([3, 12]);
  });

  it('keeps squares at the border inside the picture', () => {
    const picture = target(3, 3);
    const ink = { codes: null, table: new Uint32Array(256).fill(RED), order: null };
    dots(picture, f4(2.9), f4(0.1), [0, 3], [0, 3], ink, 3);
    expect([...picture.pixels].flatMap((pixel, i) => (pixel ? [i] : []))).toEqual([4, 5, 7, 8]);
  });

  it('paints the last of the order on top', () => {
    const table = new Uint32Array(256);
    table.set([RED, BLUE]);
    const codes = Uint8Array.of(1, 0, 0, 0, 0, 0);
    const x = new Float32Array(6).fill(0.5);
    const picture = target(1, 1);
    dots(picture, x, x, [0, 1], [0, 1], { codes, table, order: rarestLast(codes) }, 1);
    expect(picture.pixels[0]).toBe(BLUE);
  });

  it('orders what is dimmed first, then what has no value, then frequent ones as they come', () => {
    const codes = Uint8Array.of(0, MISSING, 1, DIM, 0, 1, 0, 1, 0, 1, 2);
    expect([...rarestLast(codes)]).toEqual([3, 1, 0, 2, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('shows where points lie densest, in the mean of their colours', () => {
    const picture = target(2, 1);
    const table = new Uint32Array(256);
    table.set([RED, BLUE]);
    const ink = { codes: Uint8Array.of(0, 1, 0, 0), table, order: null };
    const drawn = density(picture, f4(0.5, 0.5, 1.5, NaN), f4(0, 0, 0, 0), [0, 2], [-1, 1], ink);
    expect(drawn).toBe(3);
    const [left, right] = picture.pixels;
    expect([left & 255, (left >>> 16) & 255]).toEqual([127, 127]);
    expect([right & 255, (right >>> 16) & 255]).toEqual([255, 0]);
    expect(left >>> 24).toBeGreaterThan(right >>> 24);
  });

  it('counts the groups of a histogram apart, and neither what is beyond nor what has no group', () => {
    const counts = histogram(
      f4(0.1, 0.9, 1.1, 5, NaN, 0.2),
      [0, 2],
      2,
      Uint8Array.of(0, 1, 1, 0, 0, MISSING),
      2
    );
    expect(counts.map(bins => [...bins])).toEqual([
      [1, 0],
      [1, 1]
    ]);
  });

  it('finds the nearest point in reach', () => {
    const [x, y] = [f4(0, 10, NaN), f4(0, 10, 1)];
    expect(nearest(x, y, { x: 8, y: 9 }, { x: 1, y: 1 }, 5)).toBe(1);
    expect(nearest(x, y, { x: 5, y: 5 }, { x: 1, y: 1 }, 3)).toBe(-1);
    expect(nearest(x, y, { x: 5, y: 5 }, { x: 5, y: 5 }, 3)).toBeGreaterThanOrEqual(0);
  });

  it('takes the limits themselves for inside, and a latent without a value for neither', () => {
    const axes = [f4(-1, 1, 1.5, NaN), f4(0, 0, 0, 0)];
    const garage: [number, number][] = [
      [-1, 1],
      [0, 0]
    ];
    expect([...membership(axes, garage)]).toEqual([0, 0, 1, MISSING]);
  });
});

describe('Scales', () => {
  const axis = { name: 'z', low: 0, high: 10, central: [1, 9] as const, constant: false };

  it('span all points, their middle, or the garage and around it', () => {
    expect(rangeOf('all', axis, [4, 5])).toEqual([-0.3, 10.3]);
    expect(rangeOf('98%', axis, [4, 5])[0]).toBeCloseTo(0.76);
    expect(rangeOf('garage', axis, [4, 5])).toEqual([2.5, 6.5]);
    expect(rangeOf('garage', axis, [4, 4])).toEqual([-0.3, 10.3]);
  });

  it('have a width even for a latent that is constant', () => {
    for (const value of [0, 0.25, -1e6]) {
      const [low, high] = rangeOf('all', { ...axis, low: value, high: value, constant: true }, [
        value,
        value
      ]);
      expect(low).toBeLessThan(value);
      expect(high).toBeGreaterThan(value);
    }
  });

  it('have round numbers, told apart by as many digits as needed', () => {
    expect(ticks([-0.3, 10.3], 4)).toEqual([0, 5, 10]);
    const fine = ticks([0.101, 0.109], 4);
    expect(fine.map(value => tickText(value, fine))).toEqual(['0.102', '0.104', '0.106', '0.108']);
    expect(ticks([1, 1], 4)).toEqual([]);
    expect(tickText(-5, [-5, 0, 5])).toBe('−5');
    expect(tickText(2e6, [0, 2e6])).toBe('2e6');
  });

  it('of logarithms end at 1, 2 or 5 times a power of ten', () => {
    expect(logRange(0.55, 41)).toEqual([0.5, 50]);
    expect(logRange(1, 10)).toEqual([1, 10]);
  });

  it('give values and shares as they are read', () => {
    expect([1.23456789, -0.5, NaN, Infinity, 1e-7, 0].map(value => valueText(value))).toEqual([
      '1.2346',
      '−0.5',
      'NaN',
      '∞',
      '1e−7',
      '0'
    ]);
    expect([0, 1, 0.0123, 0.0001, 0.9999].map(percent)).toEqual([
      '0 %',
      '100 %',
      '1.23 %',
      '0.010 %',
      '99.990 %'
    ]);
  });
});

describe('The queue of wishes', () => {
  it('runs one at a time, and of equal neighbours that wait only the newest', async () => {
    const [done, failed]: [string[], unknown[]] = [[], []];
    let open: () => void = () => undefined;
    const queue = new Queue(
      error => failed.push(error),
      () => undefined
    );
    const wish = (name: string) => async () => {
      done.push(name);
    };
    queue.push('move', () => new Promise(resolve => (open = resolve)));
    queue.push('move', wish('old'));
    queue.push('move', wish('new'));
    queue.push('undo', wish('undo'));
    queue.push('move', wish('after'));
    expect(queue.busy).toBe(true);
    open();
    await settle();
    expect(done).toEqual(['new', 'undo', 'after']);
    expect(queue.busy).toBe(false);
    queue.push('', async () => {
      throw new Error('no');
    });
    queue.push('', wish('still'));
    await settle();
    expect(failed).toHaveLength(1);
    expect(done.at(-1)).toBe('still');
  });
});
