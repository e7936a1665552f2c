// @vitest-environment jsdom
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { imageToScreen } from '../../../src/core/geometry';
import {
  BasemapPart,
  matrixOf,
  viewMatrix,
  type BasemapMeta,
  type BasemapTile
} from '../../../src/widgets/fits/scene/basemap';
import type { SceneContext } from '../../../src/widgets/fits/scene/traits';
import { Traits } from '../../../src/widgets/common/traits';
import { labelled, put } from '../common/page';
import { HOSTILE } from './fake';

const SCREEN = { width: 400, height: 300 };
const VIEW = { x: 50, y: 40, zoom: 2 };
const IMAGE = { width: 100, height: 80 };

function tile(key: string, left = 10): BasemapTile {
  const [right, top, bottom] = [left + 60, 70, 8];
  return {
    key,
    url: `http://tiles.test/${key}.png`,
    corners: [
      [left, top],
      [right, top + 2],
      [right - 1, bottom + 2],
      [left - 1, bottom]
    ]
  };
}

function meta(values: Partial<BasemapMeta> = {}): BasemapMeta {
  return {
    tiles: [tile('3/1/1'), tile('3/2/1', 70)],
    host: 'tiles.test',
    attribution: '© us',
    level: 3,
    ...values
  };
}

/** A part on a model with some traits, on a stage with its canvas. */
function made(given: Record<string, unknown>, answer: () => Promise<{ meta: BasemapMeta }>) {
  const values = { ...given };
  const listeners = new Map<string, () => void>();
  const model = {
    get: (name: string) => values[name],
    set: (name: string, value: unknown) => {
      values[name] = value;
      listeners.get(`change:${name}`)?.();
    },
    save_changes: vi.fn(),
    on: (event: string, listener: () => void) => void listeners.set(event, listener),
    off: (event: string) => void listeners.delete(event)
  };
  const end = new AbortController();
  const traits = new Traits(model as never, end.signal);
  const dirty = vi.fn();
  const fail = vi.fn();
  const part = new BasemapPart({
    traits,
    signal: end.signal,
    dirty,
    fail
  } as unknown as SceneContext);
  const stage = document.createElement('div');
  stage.append(document.createElement('canvas'), part.overlay);
  document.body.append(stage, part.tools);
  const request = vi.fn((_kind: string, _msg: object, _signal: AbortSignal) => answer());
  part.connect({ request } as never);
  const show = async (view = VIEW) => {
    part.frame(view, IMAGE, SCREEN);
    await vi.advanceTimersByTimeAsync(200);
  };
  const images = () => [...part.overlay.querySelectorAll('img')];
  const words = () => part.overlay.querySelector<HTMLElement>('.astrodata-basemap-words')!;
  return { part, stage, request, show, images, words, values, fail, model };
}

const on = { basemap: 'osm', picture_opacity: 1 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

/** Gives where a place of one plane lies in the next. */
function through(matrix: string, [x, y]: readonly number[]): number[] {
  const [a, b, c, d, e, f] = matrix.match(/-?[\d.]+(e-?\d+)?/g)!.map(Number);
  return [a * x + c * y + e, b * x + d * y + f];
}

it('asks nobody until somebody switches it on, and says first whom it will ask', async () => {
  const { part, request, show, images, values } = made(
    { basemap: '', picture_opacity: 1 },
    async () => ({ meta: meta() })
  );
  await show();
  expect(request).not.toHaveBeenCalled();
  expect(images()).toHaveLength(0);
  const picker = labelled<HTMLSelectElement>(part.tools, 'Base map');
  expect(picker.title).toContain('tile.openstreetmap.org');
  expect(picker.title).toContain('which places');
  put(picker, 'osm');
  expect(values.basemap).toBe('osm');
  await show();
  expect(request).toHaveBeenCalledTimes(1);
  expect(images()).toHaveLength(2);
});

it('asks for what the screen shows, beyond the scene too, once it rests', async () => {
  const { request, show, part } = made(on, async () => ({ meta: meta() }));
  part.frame({ ...VIEW, zoom: 3 }, IMAGE, SCREEN);
  await show();
  expect(request).toHaveBeenCalledTimes(1);
  expect(request.mock.calls[0].slice(0, 2)).toEqual([
    'basemap',
    { box: [-50, -35, 150, 115], scale: 2 }
  ]);
  await show();
  expect(request).toHaveBeenCalledTimes(1);
});

it('lays each tile on its place', async () => {
  const { show, images, part } = made(on, async () => ({ meta: meta() }));
  await show();
  const { corners } = tile('3/1/1');
  const view = part.overlay.querySelector<HTMLElement>('.astrodata-basemap-tiles')!.style.transform;
  const places = [
    [0, 0],
    [256, 0],
    [0, 256]
  ].map(corner => through(view, through(images()[0].style.transform, corner)));
  [corners[0], corners[1], corners[3]].forEach(([x, y], number) => {
    const { x: left, y: top } = imageToScreen(VIEW, SCREEN, { x, y });
    expect(places[number][0]).toBeCloseTo(left);
    expect(places[number][1]).toBeCloseTo(top);
  });
});

it('gives matrices that CSS reads', () => {
  expect(matrixOf(tile('a').corners)).toMatch(/^matrix\(([-\d.]+, ){5}[-\d.]+\)$/);
  expect(viewMatrix(VIEW, SCREEN)).toBe('matrix(2, 0, 0, -2, 100, 230)');
});

it('keeps the tiles that stay, and drops the others when the new ones are there', async () => {
  let tiles = [tile('3/1/1'), tile('3/2/1', 70)];
  const { show, images } = made(on, async () => ({ meta: meta({ tiles }) }));
  await show();
  const [first, second] = images();
  [first, second].forEach(image => image.dispatchEvent(new Event('load')));
  tiles = [tile('3/1/1'), tile('3/1/2')];
  await show({ ...VIEW, x: 30 });
  expect(images()).toContain(second);
  const third = images().find(image => image !== first && image !== second)!;
  // jsdom loads no images, and says of each that it is complete only without a source.
  images().forEach(image => image.dispatchEvent(new Event('load')));
  expect(images()).toEqual([first, third]);
});

it('tells whose map it is, as text', async () => {
  const { show, words, part } = made(on, async () => ({ meta: meta({ attribution: HOSTILE }) }));
  await show();
  expect(words().textContent).toBe(HOSTILE);
  expect(words().hidden).toBe(false);
  expect(part.overlay.querySelectorAll('img')).toHaveLength(2);
});

it('says quietly that no tiles come, and takes the broken ones away', async () => {
  const tiles = ['3/1/1', '3/2/1', '3/3/1'].map(key => tile(key));
  const { show, images, words, fail } = made(on, async () => ({ meta: meta({ tiles }) }));
  await show();
  images().forEach(image => image.dispatchEvent(new Event('error')));
  expect(words().textContent).toBe('© us · tiles.test does not give the base map');
  expect(images().every(image => image.hidden)).toBe(true);
  expect(fail).not.toHaveBeenCalled();
  images()[0].dispatchEvent(new Event('load'));
  expect(words().textContent).toBe('© us');
});

it('says what the kernel cannot place', async () => {
  const { show, words, fail } = made(on, async () => {
    throw new Error('it does not say where it is');
  });
  await show();
  expect(words().textContent).toBe('it does not say where it is');
  expect(fail).not.toHaveBeenCalled();
});

it('fades the picture, tells Python, and brings it back when the map is off', async () => {
  const { part, stage, show, values, model } = made(on, async () => ({ meta: meta() }));
  await show();
  const slider = labelled(part.tools, 'Opacity of the picture');
  put(slider, '0.4');
  const faded = () => stage.style.getPropertyValue('--astrodata-picture-opacity');
  expect(faded()).toBe('0.4');
  await vi.advanceTimersByTimeAsync(200);
  expect(values.picture_opacity).toBe(0.4);
  model.set('basemap', '');
  expect(faded()).toBe('1');
  expect(part.overlay.hidden).toBe(true);
  expect(part.overlay.querySelectorAll('img')).toHaveLength(0);
});

it('offers an address that Python gave, and names its host', () => {
  const { part } = made(
    { basemap: 'https://maps.test:8443/{z}/{x}/{y}.png', picture_opacity: 1 },
    async () => ({ meta: meta() })
  );
  const picker = labelled<HTMLSelectElement>(part.tools, 'Base map');
  expect(picker.options).toHaveLength(3);
  expect(picker.title).toBe('Tiles come from maps.test:8443.');
});

it('fetches the tiles of a server as they are named', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    response.end('tile');
  });
  await new Promise<void>(ready => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  const own = { ...tile('3/1/1'), url: `http://127.0.0.1:${port}/3/1/1.png` };
  const { show, images } = made(on, async () => ({ meta: meta({ tiles: [own] }) }));
  await show();
  vi.useRealTimers();
  // jsdom fetches no images: what the browser would.
  await (await fetch(images()[0].src)).text();
  server.close();
  expect(asked).toEqual(['/3/1/1.png']);
});
