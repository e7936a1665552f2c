// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import { clearDates, cloudText, dayOf, nextClear, type SceneDate } from '../../../src/core/dates';
import type { FitsTraits } from '../../../src/core/protocol';
import { AheadRequester } from '../../../src/widgets/fits/cube/ahead';
import type { Frame } from '../../../src/widgets/fits/renderer';
import { DatesPart } from '../../../src/widgets/fits/scene/dates/part';
import type { SceneContext } from '../../../src/widgets/fits/scene/traits';
import { Traits } from '../../../src/widgets/common/traits';
import { FakeModel } from '../common/fakeModel';
import { labelled, onEmptyPage, press, put } from '../common/page';
import { facts, FakeKernel, HOSTILE, settle, traits, withoutWebGL } from './fake';

const date = (number: number, values: Partial<SceneDate> = {}): SceneDate => ({
  name: `S2A_${number}`,
  date: `2022-0${number + 1}-14T10:06:01+00:00`,
  cloud: number / 10,
  satellite: 'Sentinel-2A',
  level: 'L2A',
  hdu: number,
  error: '',
  ...values
});

const DATES = [date(0), date(1, { cloud: 0.9 }), date(2, { cloud: null }), date(3)];

const BASE = {
  bands: ['B04'],
  dates: DATES,
  date: 0,
  other: null,
  compare: '',
  swipe: 0.5,
  max_cloud: 1,
  dates_pace: 1,
  play_dates: false
};

const FRAME: Frame = {
  bands: [{ layers: [], low: 0, high: 1 }],
  view: { x: 1, y: 1, zoom: 1 },
  screen: { width: 40, height: 30 },
  shade: { stretch: 'linear', contrast: 1, bias: 0.5, reverse: false } as Frame['shade'],
  colormap: 'viridis'
};

/** A part on a model with some traits, on the page, with a kernel behind it. */
function made(values: Record<string, unknown> = BASE) {
  const model = new FakeModel({ ...traits(), ...values } as FitsTraits & typeof BASE);
  const { signal } = new AbortController();
  const fail = vi.fn();
  const show = vi.fn();
  const hands = vi.fn();
  const read = vi.fn();
  const nothing = () => undefined;
  const part = new DatesPart({
    traits: new Traits(model, signal),
    signal,
    fail,
    show,
    hands,
    read,
    dirty: nothing,
    changed: nothing
  } as unknown as SceneContext);
  const kernel = new FakeKernel();
  kernel.answers.thumbnail = msg => ({
    meta: { ...(msg as object), shape: [2, 2, 3], dtype: 'u1', width: 2, height: 2 },
    buffers: [new DataView(new Uint8Array(12).buffer)]
  });
  const el = document.createElement('div');
  el.append(part.overlay, part.beside, part.panel);
  document.body.append(el);
  part.connect(new AheadRequester(kernel) as never);
  const options = () => [...el.querySelectorAll<HTMLElement>('[role="option"]')];
  const strip = () => labelled<HTMLElement>(el.querySelector('.astrodata-fits-dates')!, 'Dates');
  return { part, model, kernel, el, fail, show, hands, read, options, strip };
}

const shown = (hdu: number) => [facts({ hdu }), { hdu, plane: 0 }] as const;

describe('dates', () => {
  it('are clear up to a share of cloud, and when nothing is known of it', () => {
    expect(clearDates(DATES, 1)).toEqual([0, 1, 2, 3]);
    expect(clearDates(DATES, 0.3)).toEqual([0, 2, 3]);
    expect(clearDates([date(0, { error: 'no band' }), date(1)], 1)).toEqual([1]);
    expect(nextClear(DATES, 0, 1, 0.5)).toBe(2);
    expect(nextClear(DATES, 2, -1, 0.5)).toBe(0);
    expect(nextClear(DATES, 3, 1, 1)).toBeNull();
  });

  it('are told by their day, and by their name where they have none', () => {
    expect(dayOf(DATES[0])).toBe('2022-01-14');
    expect(dayOf(date(0, { date: '' }))).toBe('S2A_0');
    expect([cloudText(DATES[1]), cloudText(DATES[2])]).toEqual(['90 %', '']);
  });
});

describe('the time slider', () => {
  onEmptyPage(withoutWebGL);

  it('stays out of sight where there is one date', () => {
    const { part } = made({ ...BASE, dates: [DATES[0]] });
    part.painted(FRAME);
    expect([part.panel.hidden, part.overlay.hidden, part.beside.hidden]).toEqual([
      true,
      true,
      true
    ]);
    expect(part.help).toEqual([]);
    expect(part.key(new KeyboardEvent('keydown', { key: ']' }))).toBe(false);
  });

  it('shows each date with its day and its cloud, and marks the one on show', () => {
    const { options, strip, model } = made();
    expect(options().map(one => one.getAttribute('aria-label'))).toEqual([
      '2022-01-14, 0 % cloud',
      '2022-02-14, 90 % cloud',
      '2022-03-14',
      '2022-04-14, 30 % cloud'
    ]);
    model.fromPython({ date: 3 });
    expect(options().map(one => one.getAttribute('aria-selected'))).toEqual([
      'false',
      'false',
      'false',
      'true'
    ]);
    expect(strip().getAttribute('aria-activedescendant')).toBe(options()[3].id);
    expect(options()[1].querySelector('i')!.style.width).toBe('90%');
  });

  it('moves by a click and by keys, and tells date and number in one message', () => {
    const { options, strip, model, show } = made();
    options()[2].click();
    expect(model.saved).toEqual([{ date: 2, hdu: 2 }]);
    expect(show).toHaveBeenCalledTimes(1);
    press(strip(), 'ArrowRight');
    expect(model.get('date')).toBe(3);
    press(strip(), 'Home');
    expect(model.get('date')).toBe(0);
    press(strip(), 'ArrowLeft');
    expect(model.saved).toHaveLength(3);
    press(strip(), 'End');
    expect(model.get('hdu')).toBe(3);
  });

  it('passes over cloudy dates with keys, which a click still shows', () => {
    const { part, el, options, strip, model } = made();
    put(labelled(el, 'Maximum cloud in per cent'), '50');
    expect(model.get('max_cloud')).toBe(0.5);
    expect(options().map(one => one.classList.contains('astrodata-fits-date-skipped'))).toEqual([
      false,
      true,
      false,
      false
    ]);
    press(strip(), 'ArrowRight');
    expect(model.get('date')).toBe(2);
    expect(part.key(new KeyboardEvent('keydown', { key: '[' }))).toBe(true);
    expect(model.get('date')).toBe(0);
    options()[1].click();
    expect(model.get('date')).toBe(1);
    put(labelled(el, 'Maximum cloud in per cent'), '150');
    expect(model.get('max_cloud')).toBe(0.5);
    expect(el.textContent).toContain('2 of 4, 3 of them clear');
  });

  it('says why a date cannot show the bands, and stays', () => {
    const { options, model, fail } = made({
      ...BASE,
      dates: [date(0), date(1, { error: 'S2A_1 has no band' })]
    });
    options()[1].click();
    expect(fail.mock.calls[0][0].message).toBe('S2A_1 has no band');
    expect(model.saved).toEqual([]);
  });

  it('fetches thumbnails after the first picture, and anew when the colours changed', async () => {
    const { part, kernel } = made();
    await settle();
    expect(kernel.msgs('thumbnail')).toEqual([]);
    part.painted(FRAME);
    part.painted(FRAME);
    expect(part.busy).toBe(true);
    await settle();
    expect(kernel.msgs('thumbnail').map(({ date }) => date)).toEqual([0, 1, 2, 3]);
    expect(part.busy).toBe(false);
    part.painted({ ...FRAME, colormap: 'grey' });
    part.painted({ ...FRAME, colormap: 'heat' });
    vi.advanceTimersByTime(1000);
    await settle();
    expect(kernel.msgs('thumbnail')).toHaveLength(8);
  });

  it('says on a date why it has no thumbnail, and shows names as text', async () => {
    const { part, kernel, options, fail } = made({
      ...BASE,
      dates: [date(0, { date: '', name: HOSTILE }), date(1)]
    });
    kernel.answers.thumbnail = () => ({ error: { code: 'unreadable', message: 'it is gone' } });
    part.painted(FRAME);
    await settle();
    expect(options()[1].title).toBe('it is gone');
    expect(options()[0].textContent).toContain(HOSTILE);
    expect(options()[0].querySelector('img')).toBeNull();
    expect(fail).not.toHaveBeenCalled();
  });

  it('plays clear dates at a pace, each after the one before was shown', () => {
    const { part, el, model } = made({ ...BASE, max_cloud: 0.5, dates_pace: 2 });
    part.setImage(...shown(0));
    labelled(el, 'Play the dates').click();
    expect(model.get('play_dates')).toBe(true);
    vi.advanceTimersByTime(501);
    expect(model.get('date')).toBe(2);
    vi.advanceTimersByTime(2000);
    expect(model.get('date')).toBe(2); // its picture has not come
    part.setImage(...shown(2));
    vi.advanceTimersByTime(501);
    expect(model.get('date')).toBe(3);
    part.setImage(...shown(3));
    vi.advanceTimersByTime(501);
    expect(model.get('date')).toBe(0);
    part.key(new KeyboardEvent('keydown', { key: ' ' }));
    expect(model.get('play_dates')).toBe(false);
    part.setImage(...shown(0));
    vi.advanceTimersByTime(2000);
    expect(model.get('date')).toBe(0);
  });
});

describe('two dates', () => {
  onEmptyPage(withoutWebGL);

  it('are compared with the next one unless another was chosen', () => {
    const { el, model } = made();
    put(labelled<HTMLSelectElement>(el, 'Compare'), 'swipe');
    expect(model.saved).toEqual([{ compare: 'swipe', other: 1 }]);
    put(labelled<HTMLSelectElement>(el, 'Compare with'), '3');
    expect(model.get('other')).toBe(3);
    labelled(el, 'Swap the dates').click();
    expect([model.get('date'), model.get('other'), model.get('hdu')]).toEqual([3, 0, 3]);
    put(labelled<HTMLSelectElement>(el, 'Compare'), '');
    expect(el.querySelector('.astrodata-fits-second')).toBeNull();
    expect(model.get('other')).toBe(0);
  });

  it('are cut at a line that keys move', () => {
    const { el, model } = made({ ...BASE, other: 3, compare: 'swipe' });
    const line = labelled<HTMLElement>(el, 'Swipe');
    const second = el.querySelector<HTMLElement>('.astrodata-fits-second')!;
    const clip = () => second.style.clipPath;
    expect(clip()).toBe('inset(0 0 0 50%)');
    press(line, 'ArrowRight');
    expect(model.get('swipe')).toBeCloseTo(0.52);
    expect(clip()).toBe('inset(0 0 0 52%)');
    press(line, 'Home');
    expect([model.get('swipe'), line.getAttribute('aria-valuenow')]).toEqual([0, '0']);
    expect(line.getAttribute('aria-valuetext')).toContain('2022-01-14 up to 0 %');
    model.fromPython({ swipe: 0.25 });
    expect([clip(), line.style.left]).toEqual(['inset(0 0 0 25%)', '25%']);
    const labels = [...el.querySelectorAll<HTMLElement>('.astrodata-fits-date-label')];
    expect(labels.map(({ textContent }) => textContent)).toEqual(['2022-01-14', '2022-04-14']);
  });

  it('stand side by side with the hands of the first on both', () => {
    const { part, el, model, hands, read } = made({ ...BASE, other: 3, compare: 'side' });
    const second = el.querySelector<HTMLElement>('.astrodata-fits-second')!;
    expect(second.parentElement).toBe(part.beside);
    expect(second.style.height).toBe('480px');
    expect(hands.mock.calls[0][0]).toBe(second.querySelector('canvas'));
    part.painted(FRAME);
    part.hover({ x: 1, y: 1 }, {} as PointerEvent);
    expect(read.mock.lastCall).toEqual([null, '2022-01-14']);
    const crosses = [...el.querySelectorAll<HTMLElement>('.astrodata-fits-cross')];
    expect(crosses.map(({ hidden, style }) => [hidden, style.left, style.top])).toEqual([
      [false, '20px', '15px'],
      [false, '20px', '15px']
    ]);
    // Over the other picture its own values are told.
    const target = second.querySelector('canvas')!;
    part.hover({ x: 1, y: 1 }, { target } as unknown as PointerEvent);
    expect(read.mock.lastCall).toEqual([3, '2022-04-14']);
    part.hover(null, null);
    expect(read.mock.lastCall).toEqual([null, '']);
    expect(crosses.every(({ hidden }) => hidden)).toBe(true);
    model.fromPython({ compare: 'swipe' });
    expect(second.parentElement).toBe(part.overlay);
    expect([second.style.height, part.beside.hidden]).toEqual(['', true]);
    // Beyond the line lies the other one.
    const told = [0, 2].map(x => {
      part.hover({ x, y: 1 }, {} as PointerEvent);
      return read.mock.lastCall![0] as number | null;
    });
    expect(told).toEqual([null, 3]);
  });

  it('show regions and pixels on both', () => {
    const { part, el } = made({ ...BASE, other: 3, compare: 'side' });
    const stage = document.createElement('div');
    const regions = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    regions.setAttribute('class', 'astrodata-fits-regions');
    stage.append(regions, part.overlay);
    el.append(stage);
    part.painted(FRAME);
    const mirrored = part.beside.querySelectorAll('.astrodata-fits-regions');
    expect(mirrored).toHaveLength(1);
    part.painted(FRAME);
    expect(part.beside.querySelectorAll('.astrodata-fits-regions')).toHaveLength(1);
  });

  it('are not compared with one that lacks a band', () => {
    const { el, model, fail } = made({ ...BASE, dates: [date(0), date(1, { error: 'no band' })] });
    put(labelled<HTMLSelectElement>(el, 'Compare'), 'side');
    expect(fail).toHaveBeenCalledTimes(1);
    expect(model.get('compare')).toBe('');
    expect(labelled<HTMLSelectElement>(el, 'Compare').value).toBe('');
  });
});
