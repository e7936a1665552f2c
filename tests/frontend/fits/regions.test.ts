// @vitest-environment jsdom
import '../common/setup';
import { describe, expect, it, vi } from 'vitest';
import type { Point } from '../../../src/core/geometry';
import type { FitsTraits } from '../../../src/core/protocol';
import type { Path, Shape } from '../../../src/core/regions';
import {
  away,
  corners,
  drawn,
  extent,
  handles,
  pathOf,
  reshaped,
  type Handle
} from '../../../src/core/shapes';
import { Requester } from '../../../src/core/request';
import { Traits } from '../../../src/widgets/common/traits';
import { Hands } from '../../../src/widgets/fits/regions/hands';
import type { PartContext } from '../../../src/widgets/fits/part';
import { RegionsPart } from '../../../src/widgets/fits/regions/regions';
import { Store } from '../../../src/widgets/fits/regions/store';
import { FakeModel } from '../common/fakeModel';
import { facts, FakeKernel, HOSTILE, settle, traits, withoutWebGL } from './fake';
import { onEmptyPage } from '../common/page';

const CIRCLE: Shape = { shape: 'circle', x: 10, y: 20, radius: 5 };
const ELLIPSE: Shape = { shape: 'ellipse', x: 0, y: 0, width: 20, height: 8, angle: 90 };
const BOX: Shape = { shape: 'box', x: 40, y: 40, width: 20, height: 10, angle: 0 };
const TRIANGLE: Shape = {
  shape: 'polygon',
  points: [
    [0, 0],
    [10, 0],
    [0, 10]
  ]
};
const LINE: Shape = {
  shape: 'line',
  points: [
    [0, 0],
    [10, 0]
  ]
};
const DOT: Shape = { shape: 'point', x: 1, y: 2 };
const ALL = [CIRCLE, ELLIPSE, BOX, TRIANGLE, LINE, DOT];

const pointer = (values: Partial<PointerEvent> = {}) =>
  ({ shiftKey: false, pointerId: 1, clientX: 0, clientY: 0, ...values }) as PointerEvent;

describe('the geometry of regions', () => {
  it('tells inside from outside, and how far the outline is', () => {
    expect(away(CIRCLE, { x: 10, y: 27 })).toBeCloseTo(2);
    expect(away(CIRCLE, { x: 10, y: 20 })).toBeCloseTo(-5);
    expect(away(ELLIPSE, { x: 0, y: 12 })).toBeCloseTo(2);
    expect(away(ELLIPSE, { x: 0, y: 9 })).toBeCloseTo(-1);
    expect(away(ELLIPSE, { x: 5, y: 0 })).toBeCloseTo(1);
    expect(away(BOX, { x: 40, y: 42 })).toBeCloseTo(-3);
    expect(away(TRIANGLE, { x: 8, y: 8 })).toBeCloseTo(6 / Math.SQRT2);
    expect(away(LINE, { x: 13, y: 4 })).toBeCloseTo(5);
    expect(away(DOT, { x: 4, y: 6 })).toBeCloseTo(5);
  });

  it('gives the box about a turned shape', () => {
    expect(extent(ELLIPSE).top).toBeCloseTo(10);
    expect(extent(ELLIPSE).right).toBeCloseTo(4);
    const turned = extent({ ...BOX, angle: 90 } as Shape);
    expect(turned.right - turned.left).toBeCloseTo(10);
    expect(extent(TRIANGLE)).toEqual({ left: 0, right: 10, bottom: 0, top: 10 });
  });

  it('takes each handle where the hand is, about the middle', () => {
    const [right] = handles(CIRCLE, 1);
    expect(reshaped(CIRCLE, right, { x: 10, y: 29 })).toEqual({ ...CIRCLE, radius: 9 });
    const side = handles(BOX, 1).find(({ kind, index }) => kind === 'side' && index === 0)!;
    expect(side).toMatchObject({ x: 50, y: 40 });
    expect(reshaped(BOX, side, { x: 55, y: 99 })).toEqual({ ...BOX, width: 30 });
    const corner = handles(BOX, 1).find(({ kind, index }) => kind === 'corner' && index === 2)!;
    expect(reshaped(BOX, corner, { x: 60, y: 60 }, true)).toEqual({
      ...BOX,
      width: 80,
      height: 40
    });
    const turn = handles(BOX, 5).find(({ kind }) => kind === 'turn')!;
    expect(turn).toMatchObject({ x: 40, y: 50 });
    expect(reshaped(BOX, turn, { x: 80, y: 40 })).toEqual({ ...BOX, angle: 270 });
    expect(reshaped(BOX, turn, { x: 36, y: 60 }, true)).toEqual({ ...BOX, angle: 15 });
    const vertex = handles(TRIANGLE, 1)[1];
    expect(corners(reshaped(TRIANGLE, vertex, { x: 7, y: 8 }) as never)[1]).toEqual([7, 8]);
    // Nothing shrinks to nothing.
    expect(reshaped(CIRCLE, right, CIRCLE)).toMatchObject({ radius: 0.01 });
  });

  it('draws circles from their middle and boxes from corner to corner', () => {
    expect(drawn('circle', { x: 1, y: 1 }, { x: 4, y: 5 })).toMatchObject({ x: 1, radius: 5 });
    expect(drawn('box', { x: 1, y: 1 }, { x: 5, y: 3 })).toMatchObject({
      x: 3,
      width: 4,
      height: 2
    });
    expect(pathOf(TRIANGLE)).toBe('M0 0L10 0L0 10Z');
    expect(pathOf(LINE)).toBe('M0 0L10 0');
    expect(pathOf(CIRCLE)).toMatch(/^M15 20A5 5 0 0 1 5 20A5 5 0 0 1 15 20Z$/);
  });
});

describe('the regions of a view', () => {
  function start(shapes: readonly Shape[] = ALL) {
    const kept = vi.fn();
    const store = new Store(kept);
    store.read(shapes, []);
    return { store, kept };
  }

  it('are changed by steps that are taken back and done again', () => {
    const { store } = start();
    store.select([0, 2]);
    store.change(shape => ({ ...shape, color: 'red' }) as Shape);
    store.remove();
    expect(store.shapes).toHaveLength(4);
    store.undo();
    expect(store.shapes.map(({ color }) => color)).toEqual(['red', undefined, 'red', ...Array(3)]);
    expect(store.selected).toEqual([0, 2]);
    store.undo();
    expect(store.shapes).toEqual(ALL);
    store.redo();
    store.redo();
    expect(store.shapes).toHaveLength(4);
    expect(store.redoable).toBe(false);
    store.undo();
    store.add([DOT]);
    expect(store.redoable).toBe(false);
  });

  it('are no step while a hand holds them', () => {
    const { store, kept } = start();
    store.hold([CIRCLE]);
    expect(store.shapes).toEqual([CIRCLE]);
    store.release(false);
    expect(store.shapes).toEqual(ALL);
    expect(kept).not.toHaveBeenCalled();
  });

  it('are selected by their groups, and copies have groups of their own', () => {
    const { store } = start();
    store.select([1, 3]);
    store.group();
    store.select([1]);
    expect(store.selected).toEqual([1, 3]);
    store.duplicate(store.chosen, 5, 0);
    expect(store.selected).toEqual([6, 7]);
    expect(store.shapes.slice(6).map(({ group }) => group)).toEqual(['group 2', 'group 2']);
    store.ungroup();
    store.select([6]);
    expect(store.selected).toEqual([6]);
  });

  it('follow Python, which can be taken back as well', () => {
    const { store } = start();
    store.select([5]);
    store.read([CIRCLE], [0, 5]);
    expect(store.selected).toEqual([0]);
    store.undo();
    expect(store.shapes).toEqual(ALL);
  });
});

describe('hands on regions', () => {
  function start(shapes: readonly Shape[] = [], zoom = 1) {
    const store = new Store(() => undefined);
    store.read(shapes, []);
    let grips: Handle[] = [];
    const hooks = {
      zoom: () => zoom,
      reach: () => 400,
      grips: () => grips,
      changed: vi.fn(),
      toolDone: vi.fn(),
      band: vi.fn(),
      color: () => 'red'
    };
    const hands = new Hands(store, hooks);
    const drag = (from: Point, to: Point, values: Partial<PointerEvent> = {}, kept = true) => {
      const grip = hands.grip(from, pointer(values));
      grip?.move(to, pointer(values));
      grip?.end(to, pointer(values), kept);
      return grip;
    };
    return { store, hands, hooks, drag, hold: (of: Handle[]) => (grips = of) };
  }

  it('draw by a drag in the colour of now, or by a click as large as a finger', () => {
    const { store, hands, hooks, drag } = start([], 2);
    hands.tool = 'circle';
    drag({ x: 5, y: 5 }, { x: 15, y: 5 });
    drag({ x: 50, y: 50 }, { x: 50, y: 50 });
    expect(store.shapes).toEqual([
      { shape: 'circle', x: 5, y: 5, radius: 10, color: 'red' },
      { shape: 'circle', x: 50, y: 50, radius: 10, color: 'red' }
    ]);
    expect(store.selected).toEqual([1]);
    expect(hooks.toolDone).toHaveBeenCalledWith(false);
    drag({ x: 5, y: 5 }, { x: 15, y: 5 }, {}, false);
    expect(store.shapes).toHaveLength(2);
  });

  it('draw a polygon by its corners, which a double click sets twice', () => {
    const { store, hands, drag } = start();
    hands.tool = 'polygon';
    const at = [
      [0, 0],
      [20, 0],
      [20, 20],
      [20, 20]
    ].map(([x, y]) => ({ x, y }));
    at.forEach(place => drag(place, place));
    expect(hands.drawing).toBe(true);
    hands.close();
    expect(hands.drawing).toBe(false);
    expect((store.shapes[0] as Path).points).toHaveLength(3);
    at.slice(0, 2).forEach(place => drag(place, place));
    hands.close();
    expect(store.shapes).toHaveLength(1);
  });

  it('close a polygon at its first corner, and drop one', () => {
    const { store, hands, drag } = start();
    hands.tool = 'polygon';
    for (const [x, y] of [
      [0, 0],
      [30, 0],
      [30, 30],
      [1, 1]
    ]) {
      drag({ x, y }, { x, y });
    }
    expect(store.shapes).toHaveLength(1);
    drag({ x: 0, y: 0 }, { x: 0, y: 0 });
    hands.drop();
    expect(hands.drawing).toBe(false);
  });

  it('select, move and leave the view its drag beside all regions', () => {
    const { store, drag } = start([CIRCLE, BOX]);
    expect(drag({ x: 200, y: 200 }, { x: 210, y: 200 })).toBeNull();
    drag({ x: 10, y: 20 }, { x: 20, y: 30 });
    expect(store.selected).toEqual([0]);
    expect(store.shapes[0]).toMatchObject({ x: 20, y: 30 });
    drag({ x: 40, y: 40 }, { x: 40, y: 40 }, { shiftKey: true });
    expect(store.selected).toEqual([0, 1]);
    drag({ x: 40, y: 40 }, { x: 45, y: 40 });
    expect(store.shapes.map(shape => ('x' in shape ? shape.x : 0))).toEqual([25, 45]);
    store.undo();
    expect(store.shapes[1]).toEqual(BOX);
  });

  it('reach a small region within a large one, and a huge one by its outline only', () => {
    const small: Shape = { shape: 'circle', x: 0, y: 0, radius: 10 };
    const large: Shape = { shape: 'circle', x: 0, y: 0, radius: 100 };
    const huge: Shape = { shape: 'circle', x: 0, y: 0, radius: 300 };
    const { hands } = start([small, large, huge]);
    expect(hands.at({ x: 1, y: 1 })).toBe(0);
    expect(hands.at({ x: 50, y: 0 })).toBe(1);
    expect(hands.at({ x: 200, y: 0 })).toBe(-1);
    expect(hands.at({ x: 299, y: 0 })).toBe(2);
  });

  it('take a handle before a region, and select those in a box', () => {
    const { store, drag, hold } = start([CIRCLE, BOX, DOT]);
    store.select([0]);
    hold(handles(CIRCLE, 20));
    drag({ x: 15, y: 20 }, { x: 18, y: 20 });
    expect(store.shapes[0]).toMatchObject({ x: 10, radius: 8 });
    hold([]);
    drag({ x: 25, y: 60 }, { x: 60, y: 30 }, { shiftKey: true });
    expect(store.selected).toEqual([0, 1]);
  });
});

describe('regions in the viewer', () => {
  onEmptyPage(withoutWebGL, ['setTimeout', 'clearTimeout']);

  const ROW = { pixels: 79, blank: 0, sum: 5, mean: 1.5, median: 1, std: 2, mad_std: 1, min: 0, max: 9, x: 1, y: 1, area: null }; // prettier-ignore
  const measured = (rows: object[]) => ({
    meta: { rows, unit: 'Jy', more: 0, curve: '', facts: [], shape: [1, 2, 0], dtype: 'f4' },
    buffers: [new DataView(new ArrayBuffer(0))]
  });

  function start(values: Partial<FitsTraits> = {}) {
    const model = new FakeModel(traits(values));
    const kernel = new FakeKernel();
    Object.assign(kernel.answers, {
      measure: (msg: { shapes: Shape[] }) => measured(msg.shapes.map(() => ROW)),
      regions_read: () => ({ meta: { shapes: [CIRCLE], notes: [`a ${HOSTILE} is left out`] } }),
      contours: () => ({
        meta: { shape: [1, 5, 2], dtype: 'f4' },
        buffers: [new DataView(Float32Array.from([0, 0, 1, 1, NaN, NaN, 2, 2, 3, 3]).buffer)]
      }),
      contour_levels: () => ({ meta: { levels: [1, 2] } })
    });
    const end = new AbortController();
    const fail = vi.fn();
    const part = new RegionsPart({
      traits: new Traits(model, end.signal),
      signal: end.signal,
      dirty: vi.fn(),
      changed: vi.fn(),
      fail,
      goto: vi.fn(),
      focus: vi.fn()
    } as unknown as PartContext);
    const stage = document.createElement('div');
    const canvas = document.createElement('canvas');
    stage.append(canvas, part.overlay);
    document.body.append(stage, part.tools, part.panel);
    part.connect(new Requester(kernel));
    part.setImage(facts({ frame: 'ICRS' }), { hdu: 0, plane: 0 });
    part.frame({ x: 0, y: 0, zoom: 2 }, { width: 9, height: 9 }, { width: 400, height: 300 });
    const key = (init: KeyboardEventInit) => part.key(new KeyboardEvent('keydown', init));
    const wait = async () => {
      for (let i = 0; i < 4; i++) {
        await vi.advanceTimersByTimeAsync(100);
        await settle();
      }
    };
    return { model, kernel, part, fail, stage, canvas, key, wait, end };
  }

  it('are drawn where they are, with their labels as text', () => {
    const { part } = start({ shapes: [{ ...CIRCLE, text: HOSTILE }, DOT], selected_shapes: [0] });
    const image = part.overlay.querySelector('g')!;
    expect(image.getAttribute('transform')).toBe('matrix(2 0 0 -2 200 150)');
    expect(part.overlay.querySelector('text')!.textContent).toBe(HOSTILE);
    expect(part.overlay.querySelector('img')).toBeNull();
    expect(part.overlay.querySelectorAll('.astrodata-fits-handles > *')).toHaveLength(4);
  });

  it('cost one attribute a frame while the view is moved', () => {
    const shapes = Array.from({ length: 300 }, (_, i) => ({ ...CIRCLE, x: i, text: 'a' }));
    const { part } = start({ shapes });
    const set = vi.spyOn(Element.prototype, 'setAttribute');
    part.frame({ x: 5, y: 5, zoom: 2 }, { width: 9, height: 9 }, { width: 400, height: 300 });
    expect(set).toHaveBeenCalledTimes(1);
  });

  it('touch only the region that a hand moves', () => {
    const shapes = Array.from({ length: 300 }, (_, i) => ({ ...CIRCLE, x: 40 * i, y: 0 }));
    const { part } = start({ shapes });
    const grip = part.grip({ x: 40, y: 0 }, pointer())!;
    const replace = vi.spyOn(Element.prototype, 'replaceChildren');
    grip.move({ x: 45, y: 3 }, pointer());
    const groups = replace.mock.instances.filter(
      one => (one as unknown as Element).tagName === 'g'
    );
    expect(groups).toHaveLength(1);
    grip.end({ x: 45, y: 3 }, pointer(), true);
  });

  it('are drawn by tools and keys, and told to the kernel once the hand lets go', async () => {
    const { part, model, key, wait, kernel } = start();
    document.querySelector<HTMLElement>('[aria-label="Draw a circle"]')!.click();
    const grip = part.grip({ x: 0, y: 0 }, pointer())!;
    grip.move({ x: 5, y: 0 }, pointer());
    expect(model.get('shapes')).toEqual([]);
    await wait();
    expect(kernel.msgs('measure')).toHaveLength(1);
    grip.end({ x: 6, y: 0 }, pointer(), true);
    expect(model.get('shapes')).toEqual([{ shape: 'circle', x: 0, y: 0, radius: 6 }]);
    expect(model.get('selected_shapes')).toEqual([0]);
    expect(key({ key: 'ArrowRight', shiftKey: true })).toBe(true);
    expect(model.get('shapes')[0]).toMatchObject({ x: 10 });
    expect(key({ key: 'z', ctrlKey: true })).toBe(true);
    expect(model.get('shapes')[0]).toMatchObject({ x: 0 });
    expect(key({ key: 'c', ctrlKey: true }) && key({ key: 'v', ctrlKey: true })).toBe(true);
    expect(model.get('shapes')).toHaveLength(2);
    expect(key({ key: 'a', ctrlKey: true })).toBe(true);
    expect(key({ key: 'Delete' })).toBe(true);
    expect(model.get('shapes')).toEqual([]);
    // With nothing selected, arrows are the view's.
    expect(key({ key: 'ArrowRight' })).toBe(false);
    expect(key({ key: 'Escape' })).toBe(false);
  });

  it('are measured in the panel, the newest wish only', async () => {
    const { part, kernel, wait } = start({ shapes: [CIRCLE, BOX], selected_shapes: [0] });
    await wait();
    expect(part.panel.textContent).toContain('circle 0');
    expect(part.panel.querySelector('[data-name="mean"]')!.textContent).toBe('1.5 DN');
    expect(part.panel.querySelector('[data-name="area"]')).toBeNull();
    kernel.held = ['measure'];
    const grip = part.grip({ x: 10, y: 20 }, pointer())!;
    for (let i = 1; i < 8; i++) {
      grip.move({ x: 10 + 5 * i, y: 20 }, pointer());
      await vi.advanceTimersByTimeAsync(20);
    }
    const before = kernel.msgs('measure').length;
    expect(before).toBeLessThanOrEqual(3);
    kernel.held = false;
    kernel.release();
    await wait();
    const last = kernel.msgs('measure').at(-1) as { shapes: { x: number }[] };
    expect(last.shapes[0].x).toBe(45);
    grip.end({ x: 45, y: 20 }, pointer(), true);
    part.key(new KeyboardEvent('keydown', { key: 'a', ctrlKey: true }));
    await wait();
    expect(part.panel.querySelectorAll('tbody tr')).toHaveLength(2);
  });

  it('tell in the panel what cannot be measured', async () => {
    const { part, kernel, fail, wait } = start({ shapes: [CIRCLE] });
    kernel.answers.measure = () => ({ error: { code: 'bad-request', message: 'too large' } });
    part.grip({ x: 10, y: 20 }, pointer());
    await wait();
    expect(part.panel.textContent).toContain('too large');
    expect(fail).not.toHaveBeenCalled();
  });

  it('take undo from JupyterLab only on the picture', () => {
    const { canvas } = start({ shapes: [CIRCLE] });
    const outer = vi.fn();
    document.addEventListener('keydown', outer, true);
    const press = (target: Element, key: string) =>
      target.dispatchEvent(
        new KeyboardEvent('keydown', { key, ctrlKey: true, bubbles: true, cancelable: true })
      );
    expect(press(canvas, 'z')).toBe(false);
    expect(outer).not.toHaveBeenCalled();
    expect(press(canvas, 's')).toBe(true);
    expect(press(document.body, 'z')).toBe(true);
    expect(outer).toHaveBeenCalledTimes(2);
    document.removeEventListener('keydown', outer, true);
  });

  it('come from a file, with what was left out told as text; an error changes nothing', async () => {
    const { part, model, kernel, fail, wait } = start({ shapes: [DOT] });
    const input = document.querySelector<HTMLInputElement>('[aria-label="Region file"]')!;
    const choose = async (text: string) => {
      const file = Object.assign(new File([text], 'mine.reg'), { text: async () => text });
      Object.defineProperty(input, 'files', { value: [file], configurable: true });
      input.dispatchEvent(new Event('change'));
      await wait();
    };
    await choose('circle(11,21,5)');
    expect(model.get('shapes')).toEqual([DOT, CIRCLE]);
    expect(part.panel.textContent).toContain(`1 region from mine.reg. a ${HOSTILE} is left out`);
    kernel.answers.regions_read = () => ({
      error: { code: 'damaged', message: 'mine.reg, line 1, column 1: no' }
    });
    await choose('circl(11,21,5)');
    expect(fail).toHaveBeenCalledWith(
      expect.objectContaining({ message: 'mine.reg, line 1, column 1: no' })
    );
    expect(model.get('shapes')).toHaveLength(2);
  });

  it('have contours beside them, asked for once an image', async () => {
    const { part, model, kernel, wait } = start();
    const levels = part.panel.querySelector<HTMLInputElement>('[aria-label="Levels of contours"]')!;
    const draw = part.panel.querySelector<HTMLElement>('[aria-label="Draw contours"]')!;
    levels.value = '2';
    draw.click();
    await wait();
    expect(model.get('contour_sets')).toMatchObject([{ source: '', levels: [1, 2] }]);
    const path = part.overlay.querySelector('.astrodata-fits-contours path')!;
    expect(path.getAttribute('d')).toBe('M0.00 0.00L1.00 1.00M2.00 2.00L3.00 3.00');
    levels.value = '3, many';
    draw.click();
    await wait();
    expect(levels.getAttribute('aria-invalid')).toBe('true');
    expect(kernel.msgs('contours')).toHaveLength(1);
    part.setImage(facts(), { hdu: 0, plane: 1 });
    await wait();
    expect(kernel.msgs('contours')).toHaveLength(2);
    part.panel.querySelector<HTMLElement>('[aria-label="Clear contours"]')!.click();
    expect(part.overlay.querySelector('.astrodata-fits-contours path')).toBeNull();
  });
});
