// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  atChannel,
  atStokes,
  channelOf,
  cubeFacts,
  nearestChannel,
  planeName,
  stokesOf,
  valueOf,
  type CubeMeta
} from '../../../src/core/cubes';
import type { DescribeMeta, FitsTraits } from '../../../src/core/protocol';
import { AheadRequester } from '../../../src/widgets/fits/cube/ahead';
import { CubePart } from '../../../src/widgets/fits/cube/part';
import { Player } from '../../../src/widgets/fits/cube/player';
import type { PartContext } from '../../../src/widgets/fits/part';
import { Traits } from '../../../src/widgets/common/traits';
import { FakeModel } from '../common/fakeModel';
import { facts, FakeKernel, hdu, settle, traits, withoutWebGL } from './fake';
import { onEmptyPage } from '../common/page';

const META: CubeMeta = {
  shape: [1, 1, 3],
  dtype: 'f4',
  hdu: 0,
  lead: [2, 3],
  channel_axis: 1,
  stokes_axis: 0,
  polarisations: ['I', 'Q'],
  kind: 'frequency',
  quantity: 'frequency',
  unit: 'GHz',
  frame: 'LSRK',
  convention: '',
  rest: '110201354000.0 Hz',
  units: ['GHz', 'km/s'],
  value_unit: 'K',
  note: ''
};

function floats(...values: number[]): DataView {
  return new DataView(Float32Array.from(values).buffer);
}

/** What the kernel sends of values in float64. */
function halves(...values: number[]): DataView[] {
  const high = Float32Array.from(values);
  return [new DataView(high.buffer), floats(...values.map((value, i) => value - high[i]))];
}

const VALUES = [110.2, 110.20001, 110.20002];
const CUBE = cubeFacts({ meta: META, buffers: halves(...VALUES) as never });

describe('the planes of a cube', () => {
  it('keep the digits of float64', () => {
    CUBE.values.forEach((value, i) => expect(value).toBeCloseTo(VALUES[i], 12));
    expect(valueOf(CUBE, 1)).toBe('110.2000100 GHz');
    expect(nearestChannel(CUBE, 110.200013)).toBe(1);
  });

  it('are numbered by polarisation and channel, in either order', () => {
    expect([0, 4, 5].map(plane => channelOf(CUBE, plane))).toEqual([0, 1, 2]);
    expect(stokesOf(CUBE, 4)).toBe(1);
    expect(atChannel(CUBE, 4, 2)).toBe(5);
    expect(atStokes(CUBE, 4, 0)).toBe(1);
    expect(planeName(CUBE, 4)).toBe('Q, channel 1');
    const turned = { ...CUBE, lead: [3, 2], channel_axis: 0, stokes_axis: 1 };
    expect(channelOf(turned, 5)).toBe(2);
    expect(atStokes(turned, 5, 0)).toBe(4);
  });
});

describe('play', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function player(order: 'loop' | 'bounce' | 'once', channels = 3) {
    const shown: number[] = [];
    const ahead: (readonly number[])[] = [];
    const ended = vi.fn();
    const made: Player = new Player({
      show: channel => shown.push(channel),
      ahead: next => ahead.push(next),
      ended
    });
    made.set(channels, 10, order);
    return { made, shown, ahead, ended };
  }

  it.each([
    ['loop', [1, 2, 0, 1, 2, 0]],
    ['bounce', [1, 2, 1, 0, 1, 2]],
    ['once', [1, 2]]
  ] as const)('goes on by "%s"', (order, wanted) => {
    const { made, shown, ended } = player(order);
    made.start();
    for (let i = 0; i < 6; i++) {
      vi.advanceTimersByTime(100);
      if (shown.length > i) {
        made.shown(shown[i]);
      }
    }
    expect(shown).toEqual(wanted);
    expect(ended).toHaveBeenCalledTimes(order === 'once' ? 1 : 0);
  });

  it('waits for a channel to be shown before the next one', () => {
    const { made, shown } = player('loop');
    made.start();
    vi.advanceTimersByTime(1000);
    expect(shown).toEqual([1]);
    made.shown(1);
    vi.advanceTimersByTime(100);
    expect(shown).toEqual([1, 2]);
  });

  it('fetches those that come soon, and begins anew at the end of "once"', () => {
    const { made, shown, ahead } = player('once', 4);
    made.shown(1);
    made.start();
    expect(ahead.at(-1)).toEqual([2, 3]);
    made.stop();
    made.shown(3);
    made.start();
    vi.advanceTimersByTime(100);
    expect(shown).toEqual([0]);
  });

  it('does nothing with one channel', () => {
    const { made } = player('loop', 1);
    made.start();
    expect(made.playing).toBe(false);
  });
});

describe('a requester that asks ahead', () => {
  it('answers from what it has, forgets what was strided, and tells errors when they count', async () => {
    const kernel = new FakeKernel();
    const requester = new AheadRequester(kernel);
    const msg = { hdu: 0, plane: 2, width: 1024 };
    requester.ahead('overview', msg);
    requester.ahead('overview', msg);
    await settle();
    expect(kernel.msgs('overview')).toHaveLength(1);
    await requester.request('overview', { width: 1024, plane: 2, hdu: 0 });
    await requester.request('overview', msg);
    expect(kernel.msgs('overview')).toHaveLength(1);
    const whole = kernel.answers.overview;
    kernel.answers.overview = asked => {
      const answer = whole(asked) as { meta: object };
      return { ...answer, meta: { ...answer.meta, reduction: 'strided' } };
    };
    const other = { ...msg, plane: 3 };
    requester.ahead('overview', other);
    await settle();
    await requester.request('overview', other);
    await requester.request('overview', other);
    expect(kernel.msgs('overview')).toHaveLength(3);
    kernel.answers.limits = () => ({ error: { code: 'damaged', message: 'cut short' } });
    requester.ahead('limits', { hdu: 0, plane: 2, limits: 'zscale' });
    await settle();
    await expect(
      requester.request('limits', { hdu: 0, plane: 2, limits: 'zscale' })
    ).rejects.toThrow('cut short');
    requester.dispose();
  });
});

describe('the cube part', () => {
  onEmptyPage(withoutWebGL);

  const shown = (values: Partial<DescribeMeta> = {}) =>
    facts({
      kind: 'cube',
      planes: 6,
      hdus: [hdu(0, { kind: 'cube', shape: [2, 3, 3, 4] })],
      ...values
    });

  async function part(values: Partial<FitsTraits> = {}) {
    const kernel = new FakeKernel();
    Object.assign(kernel.answers, {
      cube: () => ({ meta: META, buffers: halves(...VALUES) }),
      spectrum: (msg: { x?: number }) => ({
        meta: {
          ready: true,
          shape: [1, 1, 3],
          dtype: 'f4',
          pixels: 1,
          file: { state: 'working', progress: 0.5 }
        },
        buffers: [floats(msg.x ?? 9, NaN, 3)]
      }),
      moment: () => ({ meta: { ready: true, hdu: 7, of: 0, stokes: 'I' } }),
      cube_cancel: () => ({ meta: {} })
    });
    const model = new FakeModel({
      ...traits(),
      spectra: true,
      ...values
    } as FitsTraits);
    const end = new AbortController();
    const context = {
      traits: new Traits(model, end.signal),
      signal: end.signal,
      dirty: vi.fn(),
      changed: vi.fn(),
      fail: vi.fn(),
      goto: vi.fn(),
      sharpen: vi.fn(),
      show: vi.fn<PartContext['show']>(),
      focus: vi.fn()
    } as unknown as PartContext & {
      show: ReturnType<typeof vi.fn>;
      fail: ReturnType<typeof vi.fn>;
    };
    const made = new CubePart(context);
    document.body.append(made.tools, made.overlay, made.panel);
    made.connect(new AheadRequester(kernel));
    made.setImage(shown(), { hdu: 0, plane: 0 });
    await settle();
    return { made, kernel, model, context };
  }

  const control = <E extends HTMLElement = HTMLElement>(label: string) =>
    document.querySelector<E>(`[aria-label="${label}"]`)!;

  it('names the plane on show, and shows nothing for an image', async () => {
    const { made } = await part();
    const name = document.querySelector<HTMLElement>('.astrodata-fits-plane-name')!;
    expect(name.textContent).toBe('I, channel 0: 110.2000000 GHz');
    made.setImage(shown(), { hdu: 0, plane: 5 });
    expect(name.textContent).toBe('Q, channel 2: 110.2000200 GHz');
    made.setImage(facts(), { hdu: 1, plane: 0 });
    expect([name.hidden, made.tools.hidden, made.panel.hidden]).toEqual([true, true, true]);
  });

  it('steps, plays and pauses by keys, and tells Python', async () => {
    const { made, model, context } = await part();
    const press = (key: string) => made.key(new KeyboardEvent('keydown', { key }));
    expect(press(']')).toBe(true);
    expect(context.show).toHaveBeenLastCalledWith({ plane: 1 });
    expect(press('q')).toBe(false);
    press(' ');
    expect(model.get('playing')).toBe(true);
    vi.advanceTimersByTime(126);
    expect(context.show.mock.calls.at(-1)![0]).toEqual({ plane: 1 });
    press(' ');
    expect(model.get('playing')).toBe(false);
    expect(context.show.mock.calls.at(-1)![0]).toEqual({ plane: 0 });
  });

  it('reads the newest spectrum under the pointer, one at a time', async () => {
    const { made, kernel } = await part();
    kernel.held = ['spectrum'];
    for (let i = 0; i < 4; i++) {
      made.hover({ x: i, y: 1 });
      await vi.advanceTimersByTimeAsync(40);
    }
    expect(kernel.msgs('spectrum').map(msg => msg.x)).toEqual([0]);
    kernel.release();
    await settle();
    await vi.advanceTimersByTimeAsync(40);
    kernel.release();
    await settle();
    expect(kernel.msgs('spectrum').map(msg => msg.x)).toEqual([0, 3]);
    expect(document.querySelector('.astrodata-fits-legend')!.textContent).toContain('x 3 y 13 K');
    expect(document.querySelector('.astrodata-fits-cube-note')!.textContent).toContain('50 % done');
  });

  it('pins a click, unpins a second one, and leaves drags alone', async () => {
    const { made, model } = await part();
    const target = document.createElement('canvas');
    const click = (x: number, to = x) => {
      const event = (type: string, clientX: number) =>
        Object.assign(new MouseEvent(type, { clientX }), { pointerId: 1 }) as PointerEvent;
      const down = event('pointerdown', 10 * x);
      target.dispatchEvent(down);
      expect(made.grip({ x, y: 2 }, down)).toBeNull();
      target.dispatchEvent(event('pointerup', 10 * to));
    };
    click(1);
    click(3);
    click(2, 3);
    expect(model.get('pinned')).toEqual([
      { x: 1, y: 2 },
      { x: 3, y: 2 }
    ]);
    await settle();
    expect(control('Unpin x 3 y 2')).toBeTruthy();
    click(1);
    expect(model.get('pinned')).toEqual([{ x: 3, y: 2 }]);
  });

  it('shows a moment map when it is ready, and the way back', async () => {
    const { made, kernel, context } = await part({ channel_range: [1, 2] });
    let asked = 0;
    kernel.answers.moment = () =>
      asked++
        ? { meta: { ready: true, hdu: 7, of: 0, stokes: 'I' } }
        : { meta: { ready: false, progress: 0.25, doing: 'moment 0' } };
    control('Make map').click();
    await settle();
    expect(control<HTMLProgressElement>('Progress').value).toBe(0.25);
    await vi.advanceTimersByTimeAsync(200);
    await settle();
    expect(kernel.msgs('moment')[0]).toMatchObject({ order: 0, channels: [1, 2], threshold: null });
    expect(context.show).toHaveBeenLastCalledWith({ hdu: 7, plane: 0 });
    made.setImage(facts({ hdu: 7 }), { hdu: 7, plane: 0 });
    control('Back to the cube').click();
    expect(context.show).toHaveBeenLastCalledWith({ hdu: 0, plane: 0 });
  });

  it('gives up a moment when it is told to', async () => {
    const { kernel, context, made } = await part();
    kernel.answers.moment = () => ({ meta: { ready: false, progress: 0.1, doing: 'moment 0' } });
    control('Make map').click();
    await settle();
    expect(made.busy).toBe(true);
    control('Cancel').click();
    await settle();
    expect(made.busy).toBe(false);
    expect(kernel.msgs('cube_cancel')[0]).toMatchObject({ what: 'moment' });
    expect(context.fail).not.toHaveBeenCalled();
  });

  it('keeps the unit that was when another one cannot be told', async () => {
    const { kernel, model, context } = await part();
    kernel.answers.cube = () => ({ error: { code: 'bad-request', message: 'no rest frequency' } });
    const rest = control<HTMLInputElement>('Rest frequency or wavelength');
    expect(rest.value).toBe('110.201354 GHz');
    rest.value = 'soon';
    rest.dispatchEvent(new Event('change'));
    await settle();
    expect(context.fail).toHaveBeenCalled();
    expect([model.get('rest'), rest.value]).toEqual(['', '110.201354 GHz']);
  });
});
