import { describe, expect, it } from 'vitest';
import type { State } from '../../../src/widgets/strain/state';
import {
  centred,
  conditioned,
  keyed,
  spanOf,
  spanTrait,
  windowed,
  zoomed
} from '../../../src/widgets/strain/state';
import { EPOCH, record, traits } from './fake';

const state = (values: Partial<State> = {}): State => traits(values);
const whole = record();

describe('What the strain viewer shows', () => {
  it('is the whole record without a span, and the part that lies within it with one', () => {
    expect(spanOf(state(), whole)).toEqual([0, 32]);
    expect(spanOf(state({ span: [EPOCH + 4, EPOCH + 8] }), whole)).toEqual([4, 8]);
    expect(spanOf(state({ span: [EPOCH - 4, EPOCH + 8] }), whole)).toEqual([0, 8]);
    expect(spanOf(state({ span: [EPOCH + 40, EPOCH + 50] }), whole)).toEqual([0, 32]);
  });

  it('never shows fewer than some samples, nor more than there are', () => {
    const [low, high] = spanTrait([3, 3], whole)!;
    expect(high - low).toBeCloseTo(16 / 4096, 6);
    expect(spanTrait([-50, 80], whole)).toBeNull();
    expect(spanTrait([-5, 5], whole)).toEqual([EPOCH, EPOCH + 10]);
    expect(spanTrait([30, 36], whole)).toEqual([EPOCH + 26, EPOCH + 32]);
  });

  it('keeps what is under the pointer there while it zooms', () => {
    const [low, high] = zoomed(state({ span: [EPOCH + 8, EPOCH + 16] }), whole, 10, 0.5)!;
    expect([low - EPOCH, high - EPOCH]).toEqual([9, 13]);
    expect(zoomed(state(), whole, 10, 2)).toBeNull();
  });

  it('moves the time axis along with a centre that would leave it', () => {
    expect(centred(state(), whole, 20)).toEqual({ center: EPOCH + 20 });
    const near = state({ span: [EPOCH + 8, EPOCH + 16] });
    expect(centred(near, whole, 10)).toEqual({ center: EPOCH + 10 });
    expect(centred(near, whole, 20)).toEqual({
      center: EPOCH + 20,
      span: [EPOCH + 16, EPOCH + 24]
    });
    expect(centred(state(), whole, 99)).toEqual({ center: EPOCH + 32 });
  });

  it('makes centre and window of a marked stretch, within 0.5 to 8 s', () => {
    expect(windowed([10, 12], whole)).toEqual({ center: EPOCH + 11, window: 2 });
    expect(windowed([10, 10.1], whole).window).toBe(0.5);
    expect(windowed([10, 30], whole).window).toBe(8);
  });

  it.each([
    [{ whiten: false, band: null, notches: [] }, 'raw'],
    [{ whiten: true, band: null, notches: [] }, 'whitened'],
    [{ whiten: true, band: [35, 350], notches: [60] }, 'whitened, 35–350 Hz, 1 notch'],
    [{ whiten: false, band: [null, 350], notches: [] }, 'below 350 Hz'],
    [{ whiten: false, band: [35, null], notches: [60, 120] }, 'above 35 Hz, 2 notches']
  ] as const)('tells what was done: %j', (settings, text) => {
    expect(conditioned(settings)).toBe(text);
  });

  it.each([
    ['ArrowRight', false, { center: EPOCH + 16.2 }],
    ['ArrowLeft', true, { center: EPOCH + 15 }],
    ['ArrowUp', false, { q: 14.4 }],
    ['ArrowDown', false, { q: 10 }],
    ['[', false, { window: 1.6 }],
    [']', false, { window: 2.5 }],
    ['+', false, { span: [EPOCH + 8, EPOCH + 24] }],
    ['-', false, { span: null }],
    ['0', false, { span: null }],
    ['w', false, { whiten: false }],
    ['x', false, null]
  ] as const)('knows the key %s', (key, shift, expected) => {
    expect(keyed(key, shift, state(), whole)).toEqual(expected);
  });

  it('stops at the ends of Q and window', () => {
    expect(keyed('ArrowUp', false, state({ q: 64 }), whole)).toEqual({ q: 64 });
    expect(keyed('ArrowDown', false, state({ q: 4 }), whole)).toEqual({ q: 4 });
    expect(keyed(']', false, state({ window: 8 }), whole)).toEqual({ window: 8 });
  });
});
