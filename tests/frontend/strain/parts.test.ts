// @vitest-environment jsdom
import '../common/setup';
import { describe, expect, it, vi } from 'vitest';
import { NO_VALUE, table } from '../../../src/core/colormap';
import type { SeriesMeta } from '../../../src/core/strain';
import type { WireArray } from '../../../src/core/wire';
import { ListControl, LogSlider, PairControl } from '../../../src/widgets/strain/controls';
import { joined, strokes, thousands } from '../../../src/widgets/strain/curves';
import { asdCsv, pictureCsv, seriesCsv } from '../../../src/widgets/strain/export';
import { Flags, told } from '../../../src/widgets/strain/flags';
import { glitchText, nearest, neighbour } from '../../../src/widgets/strain/glitches';
import { decades, parseList, power, short } from '../../../src/widgets/strain/numbers';
import { axesOf, colours, valueAt } from '../../../src/widgets/strain/picture';
import { EPOCH } from './fake';

const array = (shape: number[], values: number[]): WireArray => ({
  shape,
  dtype: 'f4',
  data: Float32Array.from(values)
});
const series = (values: Partial<SeriesMeta> = {}): SeriesMeta => ({
  shape: [1, 2, 3],
  dtype: 'f4',
  start: 0,
  stop: 3,
  exact: false,
  unit: 'strain',
  ...values
});

describe('Numbers', () => {
  it.each([
    [0, '0'],
    [1.23456, '1.235'],
    [2048, '2048'],
    [1e-22, '1×10⁻²²'],
    [-2.5e7, '-2.5×10⁷']
  ])('%f reads %s', (value, text) => {
    expect(short(value)).toBe(text);
  });

  it('writes powers of ten and finds decades', () => {
    expect(power(-23)).toBe('10⁻²³');
    expect(decades(-23.2, -19.8)).toEqual([-23, -22, -21, -20]);
    expect(decades(-40, 0, 6).length).toBeLessThanOrEqual(7);
    const close = decades(-1.7, -1.2);
    expect(close.length).toBeGreaterThan(1);
    expect(close.every(n => n >= -1.7 && n <= -1.2)).toBe(true);
  });

  it('reads lists of frequencies, and nothing else', () => {
    expect(parseList('60, 120;180  240')).toEqual([60, 120, 180, 240]);
    expect(parseList('')).toEqual([]);
    expect(parseList('60 Hz')).toBeNull();
    expect(parseList('-60')).toBeNull();
  });
});

describe('A series', () => {
  it('goes through the lowest and highest value of each stretch, and leaves gaps open', () => {
    const { xs, ys, low, high } = strokes(series(), array([1, 2, 3], [-1, NaN, 3, 1, NaN, 5]));
    expect(xs).toEqual([0.25, 0.75, 1.25, 1.75, 2.25, 2.75]);
    expect(ys).toEqual([-1, 1, null, null, 3, 5]);
    expect([low, high]).toEqual([-1, 5]);
  });

  it('is one point a sample when it is seen closely', () => {
    const { xs, ys } = strokes(series({ exact: true }), array([1, 2, 3], [1, 2, 3, 1, 2, 3]));
    expect([xs, ys]).toEqual([
      [0, 1, 2],
      [1, 2, 3]
    ]);
  });

  it('has an axis even if there is nothing but a gap', () => {
    const gap = strokes(series(), array([1, 2, 3], Array(6).fill(NaN)));
    expect([gap.low, gap.high]).toEqual([0, 1]);
  });

  it('takes powers of ten out of values that axes cannot write', () => {
    expect([thousands(4e-19), thousands(3), thousands(0), thousands(2e6)]).toEqual([-21, 0, 0, 6]);
  });

  it('is saved with GPS times', () => {
    const text = seriesCsv(series(), array([1, 2, 3], [-1, NaN, 3, 1, NaN, 5]), EPOCH);
    expect(text.split('\n').slice(0, 3)).toEqual([
      'gps_s,min (strain),max (strain)',
      '1126259446.0,-1,1',
      '1126259447.0,NaN,NaN'
    ]);
  });
});

describe('Spectra', () => {
  it('share one axis of frequencies, each going on where it has no point', () => {
    const [xs, whole, selected] = joined(
      array([1, 2, 3], [0, 10, 20, 1, 0.1, 0]),
      array([1, 2, 1], [15, 100])
    );
    expect(xs).toEqual([10, 15, 20]);
    expect(whole.map(y => y && Math.round(y))).toEqual([-1, undefined, null]);
    expect(selected).toEqual([undefined, 2, undefined]);
  });

  it('are saved one below the other', () => {
    const text = asdCsv({ unit: 'σ/√Hz' }, array([1, 2, 1], [10, 2]), array([1, 2, 1], [15, 4]));
    expect(text).toBe('of,frequency_hz,asd (σ/√Hz)\nwhole,10,2\nwindow,15,4\n');
  });
});

describe('A picture', () => {
  const meta = { shape: [1, 2, 2], dtype: 'f4', start: 10, stop: 12, low: 10, high: 1000 };
  const picture = { meta, array: array([1, 2, 2], [0, 1, 2, NaN]) };

  it('is painted with the highest frequency on top, and gaps as no value', () => {
    const rgba = colours(picture.array, 0, 2, 'viridis');
    const rgb = table('viridis');
    expect([...rgba.subarray(0, 4)]).toEqual([...rgb.subarray(765, 768), 255]);
    expect([...rgba.subarray(8, 12)]).toEqual([...rgb.subarray(0, 3), 255]);
    expect(NO_VALUE.map(String)).toContain(String([...rgba.subarray(4, 7)]));
  });

  it('tells the value at a time and a frequency', () => {
    expect(valueAt(picture, 10.5, 50)).toBe(0);
    expect(valueAt(picture, 11.5, 50)).toBe(1);
    expect(valueAt(picture, 10.5, 1000)).toBe(2);
    expect(valueAt(picture, 9.9, 50)).toBeNull();
    expect(valueAt(picture, 10.5, 1001)).toBeNull();
  });

  it('is saved with the middles of its rows and columns', () => {
    const { times, frequencies } = axesOf(picture);
    expect(times).toEqual([10.5, 11.5]);
    expect(frequencies.map(Math.round)).toEqual([32, 316]);
    expect(pictureCsv(picture, EPOCH, 'energy').split('\n')).toEqual([
      'energy: frequency_hz \\ gps_s,1126259456.5,1126259457.5',
      '31.622777,0,1',
      '316.22777,2,NaN',
      ''
    ]);
  });
});

describe('Glitches', () => {
  const glitch = (time: number, frequency: number | null = 100) => ({
    time,
    frequency,
    snr: 8.25,
    duration: null,
    label: 'Blip'
  });

  it('are told in a line', () => {
    expect(glitchText(glitch(3, 60))).toBe('Blip, 3.0000 s, 60 Hz, SNR 8.25');
    expect(glitchText({ ...glitch(3, null), snr: null, label: '' })).toBe('Glitch, 3.0000 s');
  });

  it('are found one after the other, forwards and backwards', () => {
    const all = [glitch(1), glitch(5), glitch(9)];
    expect(neighbour(all, 5, 1)?.time).toBe(9);
    expect(neighbour(all, 5, -1)?.time).toBe(1);
    expect(neighbour(all, 9, 1)).toBeNull();
  });

  it('are found under the pointer', () => {
    const place = (time: number, frequency: number) => ({ left: 10 * time, top: frequency });
    const all = [glitch(1), glitch(2, null)];
    expect(nearest(place, all, { left: 12, top: 104 }, 20)?.time).toBe(1);
    expect(nearest(place, all, { left: 20, top: 22 }, 20)?.time).toBe(2);
    expect(nearest(place, all, { left: 60, top: 60 }, 20)).toBeNull();
  });
});

describe('Data-quality flags', () => {
  const flag = (name: string, ...spans: [number, number][]) => ({ name, spans });

  it('have a bar where they hold, a name, and words for who cannot see it', () => {
    const flags = new Flags();
    flags.look([0, 10]);
    flags.set([flag('DATA', [0, 10]), flag('<b>CAT2</b>', [2, 4], [20, 30])]);
    const rows = flags.element.querySelectorAll<HTMLElement>('[role=img]');
    expect(rows[0].getAttribute('aria-label')).toBe('DATA holds 100 % of the time shown');
    expect(rows[1].getAttribute('aria-label')).toBe('<b>CAT2</b> holds 20 % of the time shown');
    expect(rows[1].textContent).toBe('<b>CAT2</b>');
    const bars = rows[1].querySelectorAll<HTMLElement>('.astrodata-strain-flag');
    expect([...bars].map(bar => [bar.style.left, bar.style.width])).toEqual([['20%', '20%']]);
    expect(bars[0].className).not.toBe(rows[0].querySelector('.astrodata-strain-flag')!.className);
  });

  it('never say that all is well when a moment is missing', () => {
    expect(told(flag('DATA', [0, 9.99]), [0, 10])).toContain('99 %');
  });

  it('show a few first and all on demand', () => {
    const flags = new Flags();
    flags.set(Array.from({ length: 7 }, (_, i) => flag(`F${i}`, [0, 1])));
    expect(flags.shown).toHaveLength(4);
    flags.element.querySelector('button')!.click();
    expect(flags.shown).toHaveLength(7);
    flags.element.querySelector('button')!.click();
    expect(flags.shown).toHaveLength(4);
  });
});

describe('Controls', () => {
  const change = (input: HTMLInputElement, value: string, event = 'change') => {
    input.value = value;
    input.dispatchEvent(new Event(event));
  };

  it('a slider goes by factors and keeps values between its steps', () => {
    const moved = vi.fn();
    const slider = new LogSlider('Q', [4, 64], '', 'title', moved);
    const input = slider.element.querySelector('input')!;
    slider.set(12);
    expect(input.getAttribute('aria-valuetext')).toBe('12');
    change(input, '100', 'input');
    expect(moved).toHaveBeenLastCalledWith(16);
    change(input, '200', 'input');
    expect(moved).toHaveBeenLastCalledWith(64);
  });

  it('a pair refuses what no filter has, and says why', () => {
    const picked = vi.fn();
    const pair = new PairControl(
      { captions: ['from', 'to'], labels: ['From', 'To'], open: true, title: '' },
      picked
    );
    pair.limit(2048);
    const [low, high] = pair.elements.map(element => element.querySelector('input')!);
    change(low, '35');
    expect(picked).toHaveBeenLastCalledWith([35, null]);
    change(high, '3000');
    expect(high.validationMessage).toBe('Stay below 2048 Hz, half the sample rate.');
    expect(high.getAttribute('aria-invalid')).toBe('true');
    change(high, '20');
    expect(high.validationMessage).toMatch(/low frequency must be below/);
    change(high, '-3');
    expect(high.validationMessage).toMatch(/above 0 Hz/);
    expect(picked).toHaveBeenCalledTimes(1);
    change(high, '350');
    expect(picked).toHaveBeenLastCalledWith([35, 350]);
    expect(high.getAttribute('aria-invalid')).toBeNull();
  });

  it('a list refuses words and lines beyond the limit', () => {
    const picked = vi.fn();
    const list = new ListControl('Notches', 'Notches', '', picked);
    list.limit(2048);
    const input = list.element.querySelector('input')!;
    change(input, 'mains');
    expect(input.validationMessage).toMatch(/commas/);
    change(input, '60, 2048');
    expect(input.validationMessage).toMatch(/2048 Hz/);
    change(input, '60, 120');
    expect(picked.mock.calls).toEqual([[[60, 120]]]);
    list.set([60, 120]);
    expect(input.value).toBe('60, 120');
  });
});
