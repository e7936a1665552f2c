// @vitest-environment jsdom
import '../common/setup';
import { describe, expect, it, vi } from 'vitest';
import { table } from '../../../src/core/colormap';
import type { EnvelopeMeta, TracesMeta } from '../../../src/core/waveforms';
import { linesCsv } from '../../../src/widgets/waveforms/export';
import { extent, fetched, lanes, middles, nearest } from '../../../src/widgets/waveforms/lines';
import {
  brightnessOf,
  colours,
  pixelAt,
  pixelBox,
  rowOf,
  tracesOf,
  type Picture
} from '../../../src/widgets/waveforms/picture';
import { evenly } from '../../../src/widgets/waveforms/plot';
import { roomy, samplesOf, scaled, secondsText } from '../../../src/widgets/waveforms/ranges';
import { drawnTraces, panned, toggled, zoomed } from '../../../src/widgets/waveforms/state';
import { cellText } from '../../../src/widgets/waveforms/table';
import { Walker } from '../../../src/widgets/waveforms/walker';
import { settle } from '../core/fakeChannel';
import { facts, state } from './fake';

const persistence: Picture = {
  meta: {
    image: 'persistence',
    samples: [0, 100],
    total: 9,
    values: [-1, 1],
    most: 9,
    shape: [1, 2, 4],
    dtype: 'u4'
  },
  array: { shape: [1, 2, 4], dtype: 'u4', data: Uint32Array.from([0, 1, 9, 3, 0, 0, 0, 5]) },
  firsts: null
};

const heat: Picture = {
  meta: { image: 'heat map', samples: [0, 2], total: 5, values: [0, 10] },
  array: { shape: [1, 2, 2], dtype: 'f4', data: Float32Array.from([0, 10, NaN, 5]) },
  firsts: { shape: [1, 1, 2], dtype: 'i4', data: Int32Array.from([3, 17]) }
};

describe('pictures of all traces', () => {
  it('paint the lowest value at the bottom and nothing where no trace is', () => {
    const rgba = colours(persistence, 'linear', 'viridis');
    const at = (line: number, column: number) => [
      ...rgba.subarray(4 * (4 * line + column), 4 * (4 * line + column) + 4)
    ];
    expect(at(1, 0)).toEqual([0, 0, 0, 0]);
    expect(at(1, 2)).toEqual([...table('viridis').subarray(765), 255]);
    expect(at(0, 3)[3]).toBe(255);
    expect(at(0, 0)[3]).toBe(0);
  });

  it('make more traces brighter, and one visible, whatever the curve', () => {
    for (const brightness of ['linear', 'sqrt', 'log'] as const) {
      const shades = [1, 2, 10, 100].map(n => brightnessOf(n, 100, brightness));
      expect(shades).toEqual([...shades].sort((a, b) => a - b));
      expect(shades[0]).toBeGreaterThan(0.1);
      expect(shades[3]).toBe(1);
    }
    expect(brightnessOf(1, 1, 'log')).toBe(1);
    expect(brightnessOf(10, 100, 'log')).toBeGreaterThan(brightnessOf(10, 100, 'linear'));
  });

  it('paint the first trace of a heat map at the top, and hatch what has no value', () => {
    const rgba = colours(heat, 'log', 'grey');
    expect([...rgba.subarray(0, 8)]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
    expect(rgba[11]).toBe(255);
    expect(rgba[8]).not.toBe(rgba[10]);
  });

  it('are read under the pointer', () => {
    expect(pixelAt(persistence, 60, -0.5)).toEqual({ row: 0, column: 2, value: 9 });
    expect(pixelAt(persistence, 60, 1.5)).toBeNull();
    expect(pixelAt(persistence, -1, 0)).toBeNull();
    expect(pixelBox(persistence, { row: 1, column: 3, value: 5 })).toEqual({
      samples: [75, 100],
      values: [0, 1]
    });
    expect(pixelAt(heat, 1.5, 4)).toEqual({ row: 1, column: 1, value: 5 });
    expect(tracesOf(heat, 1)).toEqual([17, 3]);
    expect(rowOf(heat, 16)).toBe(1.25);
    expect(rowOf(heat, 2)).toBeNull();
  });
});

const envelope = (exact: boolean): { meta: EnvelopeMeta; buffers: DataView<ArrayBuffer>[] } => ({
  meta: {
    shape: [2, 2, 2],
    dtype: 'f4',
    traces: [4, 9],
    start: 10,
    stop: exact ? 12 : 20,
    shifts: [0, 0],
    exact,
    lines: ['data']
  },
  buffers: [new DataView(Float32Array.from([1, 2, 10, NaN, 3, 4, 30, NaN]).buffer)]
});

describe('lines', () => {
  it('come as lowest and highest values of each trace', () => {
    const { meta, buffers } = envelope(false);
    const [first, second] = fetched(meta, buffers).drawn;
    expect([...first.xs]).toEqual([12, 17]);
    expect([first.lows, first.highs].map(values => Array.from(values))).toEqual([
      [1, 2],
      [3, 4]
    ]);
    expect(extent([first, second], [10, 20])).toEqual([1, 30]);
    expect(extent([second], [16, 20])).toBeNull();
  });

  it('lie in lanes that do not meet', () => {
    const { meta, buffers } = envelope(false);
    const shown = fetched(meta, buffers);
    const by = lanes(meta.traces, shown.drawn);
    expect(10 + by.get(9)! + 20).toBeLessThan(1 + by.get(4)!);
  });

  it('count samples at their middle', () => {
    expect([...middles(5, 8, 3)]).toEqual([5, 6, 7]);
    expect([...middles(0, 10, 2)]).toEqual([2, 7]);
    expect(nearest([0, 10, 20], 14)).toBe(1);
    expect(nearest([0, 10, 20], 99)).toBe(2);
  });

  it('are saved with their limits, or sample by sample', () => {
    const timed: TracesMeta = facts({ unit: 'mV', sample_period: 0.5 });
    const coarse = envelope(false);
    expect(linesCsv(fetched(coarse.meta, coarse.buffers), timed)).toBe(
      [
        'first sample,last sample,time (s),trace 4 min (mV),trace 4 max (mV),trace 9 min (mV),trace 9 max (mV)',
        '10,14,5,1,3,10,30',
        '15,19,7.5,2,4,NaN,NaN',
        ''
      ].join('\n')
    );
    const fine = envelope(true);
    expect(linesCsv(fetched(fine.meta, fine.buffers), facts()).split('\n').slice(0, 2)).toEqual([
      'sample,trace 4,trace 9',
      '10,3,30'
    ]);
  });
});

describe('ranges', () => {
  it('stay inside a trace and hold some samples', () => {
    expect(samplesOf(-50, 50, 1000)).toEqual([0, 100]);
    expect(samplesOf(990, 1090, 1000)).toEqual([900, 1000]);
    expect(samplesOf(500, 500.2, 1000)).toEqual([496, 504]);
    expect(samplesOf(-5, 2000, 1000)).toBeNull();
    expect(samplesOf(0, 1, 4)).toBeNull();
  });

  it('keep what is under the cursor there while zooming', () => {
    expect(scaled([0, 100], 25, 0.5)).toEqual([12.5, 62.5]);
    expect(zoomed(state(), facts({ samples: 1000 }), 0.5, 250).time_range).toEqual([125, 625]);
    expect(zoomed(state({ time_range: [0, 900] }), facts({ samples: 1000 }), 4).time_range).toBe(
      null
    );
  });

  it('pan by a share of what is shown, up to the ends', () => {
    const one = facts({ samples: 1000 });
    expect(panned(state({ time_range: [100, 200] }), one, 0.2).time_range).toEqual([120, 220]);
    expect(panned(state({ time_range: [100, 200] }), one, 50).time_range).toEqual([900, 1000]);
    expect(panned(state(), one, 0.2).time_range).toBeNull();
  });

  it('give a flat line some room', () => {
    const [low, high] = roomy(7, 7);
    expect(low).toBeLessThan(7);
    expect(high).toBeGreaterThan(7);
    expect(roomy(Infinity, -Infinity)).toEqual([0, 1]);
  });

  it('have round ticks', () => {
    expect(evenly(0.013, 0.119, 0.02)).toEqual([0.02, 0.04, 0.06, 0.08, 0.1]);
    expect(evenly(5, 5, 0)).toEqual([5]);
    expect(secondsText(3.2e-6)).toBe('3.2 µs');
    expect(secondsText(0)).toBe('0 s');
  });
});

describe('traces on show', () => {
  it('are the one in the foreground and those that exist beside it', () => {
    const of = facts({ traces: 10 });
    expect(drawnTraces(state({ trace: 3, traces: [5, 3, 99, 5 - 1] }), of)).toEqual([3, 5, 4]);
    expect(toggled(state({ trace: 3, traces: [5] }), 5)).toEqual({ traces: [] });
    expect(toggled(state({ trace: 3, traces: [5] }), 7)).toEqual({ traces: [5, 7] });
    expect(toggled(state({ trace: 3, traces: [5] }), 3)).toEqual({ traces: [5] });
  });

  it('have cells that can be read', () => {
    expect([null, true, 'text', 0.123456789, 12, 123456.789].map(v => cellText(v))).toEqual([
      'NaN',
      'yes',
      'text',
      '0.12346',
      '12',
      '123460'
    ]);
  });
});

describe('a walk', () => {
  it('takes steps together that come while one is under way', async () => {
    const steps: number[] = [];
    let go = () => undefined as void;
    const walker = new Walker({
      step: by => {
        steps.push(by);
        return new Promise(resolve => (go = () => resolve(true)));
      },
      changed: () => undefined,
      failed: () => undefined
    });
    void walker.step(1);
    void walker.step(1);
    void walker.step(1);
    go();
    await settle();
    go();
    await settle();
    expect(steps).toEqual([1, 2]);
  });

  it('plays until the last trace', async () => {
    vi.useFakeTimers();
    let left = 2;
    const walker = new Walker({
      step: async () => left-- > 0,
      changed: () => undefined,
      failed: () => undefined
    });
    walker.toggle();
    expect(walker.playing).toBe(true);
    await vi.advanceTimersByTimeAsync(5000);
    expect([walker.playing, left]).toEqual([false, -1]);
    vi.useRealTimers();
  });
});
