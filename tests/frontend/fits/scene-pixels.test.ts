// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from 'vitest';
import type { SceneContext } from '../../../src/widgets/fits/scene/traits';
import { Traits } from '../../../src/widgets/common/traits';
import { steps, titleOf } from '../../../src/widgets/fits/scene/areas/panel';
import { chosen, place, type AreaMeta } from '../../../src/widgets/fits/scene/areas/wire';
import {
  dateTicks,
  dayText,
  momentOf,
  tickTexts
} from '../../../src/widgets/fits/scene/pixels/dates';
import { bandMarks, seriesCurves, type Pinned } from '../../../src/widgets/fits/scene/pixels/panel';
import { PixelsPart } from '../../../src/widgets/fits/scene/pixels/part';
import { IndexPicker } from '../../../src/widgets/fits/scene/pixels/picker';
import { roomy } from '../../../src/widgets/fits/scene/pixels/plot';
import { Reading, type Series } from '../../../src/widgets/fits/scene/pixels/reading';
import { toggled, type SpectrumMeta } from '../../../src/widgets/fits/scene/pixels/wire';
import { TranscodingPart } from '../../../src/widgets/fits/scene/transcoding';
import { HOSTILE, withoutWebGL } from './fake';

vi.mock('uplot', () => ({
  default: class {
    ctx = { canvas: {} };
    root = document.createElement('div');
    over = document.createElement('div');
    axes = [{}];
    setData() {}
    setScale() {}
    setSize() {}
    redraw() {}
    destroy() {}
    batch(run: () => void) {
      run();
    }
  }
}));

beforeEach(() => {
  withoutWebGL();
  document.body.replaceChildren();
});

const SPECTRUM: SpectrumMeta = {
  x: 3,
  y: 4,
  quantity: 'reflectance',
  bands: [
    { band: 'B04', wavelength: 664.6, value: 0.1, resolution: 10 },
    { band: 'B08', wavelength: 832.8, value: null, resolution: 10 }
  ],
  cloud: false,
  class: HOSTILE,
  date: '',
  place: ''
};

/** A part's context on traits of its own, and what the kernel was asked. */
function context(values: Record<string, unknown>, answer: (kind: string, msg: never) => object) {
  const listeners: [string, () => void][] = [];
  const model = {
    get: (name: string) => values[name],
    set: (name: string, value: unknown) => {
      values[name] = value;
      listeners.filter(([event]) => event === `change:${name}`).forEach(([, tell]) => tell());
    },
    save_changes: () => undefined,
    on: (event: string, listener: () => void) => void listeners.push([event, listener]),
    off: () => undefined
  };
  const { signal } = new AbortController();
  const traits = new Traits(model as never, signal);
  const asked: [string, object][] = [];
  const requester = {
    request: async (kind: string, msg: never) => {
      asked.push([kind, msg]);
      const meta = answer(kind, msg);
      if (meta instanceof Error) {
        throw meta;
      }
      return { meta, buffers: [] };
    }
  };
  const lent = {
    traits,
    signal,
    dirty: vi.fn(),
    changed: vi.fn(),
    fail: vi.fn(),
    show: vi.fn(),
    focus: vi.fn(),
    goto: vi.fn()
  };
  return {
    lent: lent as unknown as SceneContext,
    values,
    asked,
    requester: requester as never,
    model
  };
}

const settled = async () => {
  for (let i = 0; i < 20; i++) {
    await Promise.resolve();
  }
};

const click = (target: HTMLElement, moved = 0) => {
  const event = (type: string, clientX: number) =>
    Object.assign(new MouseEvent(type, { clientX }), { pointerId: 1, isPrimary: true }) as never;
  return {
    down: event('pointerdown', 0),
    up: () => target.dispatchEvent(event('pointerup', moved))
  };
};

const PIXELS = {
  pixels: [],
  pixel_panel: false,
  series_indices: ['NBR'],
  series_clouds: false,
  choices: [{ group: 'Indices', text: 'NBR', bands: ['NBR'] }],
  dates: [{ date: '2022-07-14T10:06:01+00:00', error: '', hdu: 0 }],
  date: 0,
  selected_shapes: []
};

it('pins a place, takes it back, and keeps no more than there are colours', () => {
  expect(toggled([[1, 2]], [3, 4])).toEqual([
    [1, 2],
    [3, 4]
  ]);
  expect(toggled([[1, 2]], [1, 2])).toEqual([]);
  const many = Array.from({ length: 12 }, (_, i) => [i, 0] as const);
  const full = many.reduce<readonly (readonly [number, number])[]>(toggled, []);
  expect(full).toHaveLength(10);
  expect(full[0]).toEqual([2, 0]);
});

it('shows the spectrum of a clicked pixel, and no more after a double click', async () => {
  const { lent, values, asked, requester } = context({ ...PIXELS }, () => SPECTRUM);
  const part = new PixelsPart(lent);
  part.connect(requester);
  part.setImage({ width: 10, height: 10 } as never);
  expect([part.tools.hidden, part.panel.hidden]).toEqual([false, true]);
  const target = document.createElement('div');
  const press = (moved = 0) => {
    const { down, up } = click(target, moved);
    Object.defineProperty(down, 'target', { value: target });
    expect(part.grip({ x: 3.2, y: 4.4 }, down)).toBeNull();
    up();
  };
  press(30); // a drag
  expect(values.pixels).toEqual([]);
  press();
  await settled();
  expect(values.pixels).toEqual([[3, 4]]);
  expect(part.panel.hidden).toBe(false);
  expect(asked).toEqual([['scene_spectrum', { x: 3, y: 4, date: 0 }]]); // one date has no series
  expect(part.panel.querySelector('li')?.textContent).toContain(HOSTILE);
  expect(part.panel.querySelector('img')).toBeNull();
  expect(part.overlay.children).toHaveLength(1);
  press();
  expect(values).toMatchObject({ pixels: [], pixel_panel: false });
  expect(part.overlay.children).toHaveLength(0);
});

it('leaves a click to the regions while one is selected, and takes the key s', () => {
  const { lent, values } = context({ ...PIXELS, selected_shapes: [0] }, () => SPECTRUM);
  const part = new PixelsPart(lent);
  part.setImage({ width: 10, height: 10 } as never);
  const target = document.createElement('div');
  const { down, up } = click(target);
  Object.defineProperty(down, 'target', { value: target });
  part.grip({ x: 3, y: 4 }, down);
  up();
  expect(values.pixels).toEqual([]);
  part.hover({ x: 5, y: 6 });
  expect(part.key(new KeyboardEvent('keydown', { key: 's' }))).toBe(true);
  expect(values.pixels).toEqual([[5, 6]]);
  expect(part.key(new KeyboardEvent('keydown', { key: 's', ctrlKey: true }))).toBe(false);
});

it('reads a series date by date, and each thing once', async () => {
  const { asked, requester } = context({}, (kind, msg: { first: number }) =>
    kind === 'scene_spectrum'
      ? SPECTRUM
      : {
          first: msg.first,
          total: 3,
          dates: [`2022-0${msg.first + 1}-01`],
          cloud: [msg.first === 1],
          values: { NBR: [msg.first / 10] },
          untold: []
        }
  );
  const reading = new Reading(() => undefined);
  reading.connect(requester);
  const wish = { pixels: [[3, 4]] as const, date: 0, indices: ['NBR'], series: true };
  reading.want(wish);
  await settled();
  const series = reading.series([3, 4])!;
  expect(series.dates).toEqual(['2022-01-01', '2022-02-01', '2022-03-01']);
  expect(series.values.NBR).toEqual([0, 0.1, 0.2]);
  expect(reading.busy).toBe(false);
  const before = asked.length;
  reading.want({ ...wish, date: 1 });
  reading.want(wish);
  await settled();
  expect(asked.slice(before).map(([kind]) => kind)).not.toContain('scene_series');
});

it('tells why a series is not there, and asks no more for it', async () => {
  const { asked, requester } = context({}, kind =>
    kind === 'scene_spectrum' ? SPECTRUM : new Error('no date')
  );
  const reading = new Reading(() => undefined);
  reading.connect(requester);
  reading.want({ pixels: [[3, 4]], date: 0, indices: ['NBR'], series: true });
  await settled();
  expect(reading.reasons('series')).toEqual(['no date']);
  expect(reading.reasons('spectrum')).toEqual([]);
  expect(asked).toHaveLength(2);
});

it('leaves dates under cloud out of the line, not out of the picture', () => {
  const series: Series = {
    dates: ['2022-01-01', '2022-02-01'],
    cloud: [false, true],
    values: { NBR: [0.1, 0.2] },
    untold: 0,
    total: 2
  };
  const pins: Pinned[] = [{ place: [3, 4], colour: 'red', spectrum: SPECTRUM, series }];
  const [curve] = seriesCurves(pins, ['NBR', 'other'], false);
  expect(curve).toMatchObject({ y: [0.1, 0.2], hollow: [false, true] });
  expect(seriesCurves(pins, ['NBR'], true)[0].hollow).toEqual([]);
  expect(bandMarks(pins).map(({ text }) => text)).toEqual(['B04', 'B08']);
  expect(roomy([], 0.1)).toEqual([0, 1]);
  expect(roomy([0, 1], 0.1, 0.5)).toEqual([-0.1, 1.6]);
});

it('puts ticks where days, months and years begin', () => {
  const [low, high] = ['2022-03-14T10:06:01', '2022-09-14'].map(momentOf);
  expect(tickTexts(dateTicks(low, high, 4))).toEqual(['2022-05', '2022-07', '2022-09']);
  expect(tickTexts(dateTicks(low, low + 3 * 86_400_000, 4))).toEqual([
    '2022-03-15',
    '2022-03-16',
    '2022-03-17'
  ]);
  expect(tickTexts(dateTicks(momentOf('2015-06-01'), momentOf('2024-06-01'), 5))).toEqual([
    '2016',
    '2018',
    '2020',
    '2022',
    '2024'
  ]);
  expect(dayText(NaN)).toBe('no date');
});

it('picks indices, takes formulas, and never leaves none', () => {
  const picked = vi.fn();
  const picker = new IndexPicker(picked, new AbortController().signal);
  document.body.append(picker.element); // boxes elsewhere tell no change
  picker.set(['NBR', 'NDVI'], ['NBR', HOSTILE]);
  const boxes = [...picker.element.querySelectorAll<HTMLInputElement>('[type=checkbox]')];
  expect(boxes.map(({ value, checked }) => [value, checked])).toEqual([
    ['NBR', true],
    ['NDVI', false],
    [HOSTILE, true]
  ]);
  expect(picker.element.querySelector('img')).toBeNull();
  boxes[1].click();
  expect(picked).toHaveBeenLastCalledWith(['NBR', HOSTILE, 'NDVI']);
  picker.set(['NBR', 'NDVI'], ['NBR']);
  picker.element.querySelector<HTMLInputElement>('[type=checkbox]')!.click();
  expect(picked).toHaveBeenCalledTimes(1);
  const formula = picker.element.querySelector<HTMLInputElement>('[type=text]')!;
  formula.value = ' B08 / B04 ';
  formula.dispatchEvent(new Event('change'));
  expect(picked).toHaveBeenLastCalledWith(['NBR', 'B08 / B04']);
});

it('tells an area in words, and the first selected region with an inside', () => {
  const box = { shape: 'box', x: 1, y: 1, width: 2, height: 2, angle: 0, color: 'red' } as const;
  const line = { shape: 'line', points: [] } as const;
  expect(chosen([line, box], [0, 1])?.number).toBe(1);
  expect(chosen([line, box], [0])).toBeNull();
  expect(place(box)).not.toHaveProperty('color');
  const found = { rows: [], pixels: 1234, hectares: 12.34, cloud: 0.25, next: null } as AreaMeta;
  const shown = { title: 'box 1', found, busy: false };
  expect(titleOf(shown)).toBe('box 1: 1,234 pixels, 12.34 ha, 25.00 % cloud');
  expect(titleOf({ ...shown, found: null, busy: true })).toBe('box 1: reading …');
  const counts = {
    dates: [''],
    edges: [0, 1, 2],
    counts: [[3, 4]],
    total: 1,
    left: 0,
    sampled: false
  };
  expect(steps(counts)[0]).toMatchObject({ x: [0, 0, 1, 1, 2, 2], y: [0, 3, 3, 4, 4, 0] });
});

it('tells of bands that are written anew, stops them, and tells a failure once', async () => {
  let meta = { state: 'running', done: 0.5, bands: 3, rewritten: 0, said: '' };
  const { lent, asked, requester } = context({ choices: [] }, () => meta);
  const sharpen = vi.fn();
  const part = new TranscodingPart(lent, sharpen);
  part.connect(requester);
  await settled();
  expect(part.panel.hidden).toBe(false);
  expect(part.panel.textContent).toContain(
    '3 bands of JPEG 2000 anew, for tiles to come faster: 50 %'
  );
  part.panel.querySelector('button')!.click();
  expect(asked[asked.length - 1]).toEqual(['transcoding', { wish: 'cancel' }]);
  meta = { state: 'failed', done: 0.5, bands: 3, rewritten: 0, said: 'no room' };
  part.setImage({} as never, null);
  await settled();
  expect(part.panel.textContent).toContain('no room');
  part.panel.querySelector<HTMLElement>('[aria-label="Dismiss"]')!.click();
  expect(part.panel.hidden).toBe(true);
  part.setImage({} as never, null);
  await settled();
  expect(part.panel.hidden).toBe(true);
  // What was reduced from other files is fetched anew, once.
  expect(sharpen).not.toHaveBeenCalled();
  meta = { state: 'done', done: 1, bands: 3, rewritten: 1, said: '' };
  for (let i = 0; i < 2; i++) {
    part.setImage({} as never, null);
    await settled();
    expect(part.panel.hidden).toBe(true);
    expect(sharpen).toHaveBeenCalledTimes(1);
  }
  part.dispose();
});
