// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import type { CodesMeta, LayerFacts } from '../../../src/core/catalogue';
import type { Part, PartContext } from '../../../src/widgets/fits/part';
import { CataloguePart } from '../../../src/widgets/fits/catalogue';
import {
  coloursOf,
  countIn,
  flagsOf,
  HIDDEN,
  nearestRow,
  placeOf,
  SELECTED,
  type Layer
} from '../../../src/widgets/fits/catalogue/layer';
import { alike, moved } from '../../../src/widgets/fits/catalogue/pace';
import { halfWidth, split } from '../../../src/widgets/fits/catalogue/points';
import { imageToScreen } from '../../../src/core/geometry';
import { Requester } from '../../../src/core/request';
import { Traits } from '../../../src/widgets/common/traits';
import { onEmptyPage, press } from '../common/page';
import { FakeModel } from '../common/fakeModel';
import { facts as imageFacts, FakeKernel, HOSTILE, settle, traits, withoutWebGL } from './fake';

function facts(values: Partial<LayerFacts> = {}): LayerFacts {
  return {
    name: 'stars',
    ident: 1,
    rows: 3,
    columns: [
      { name: 'mag', unit: 'mag' },
      { name: HOSTILE, unit: '' }
    ],
    where_columns: ['ra', 'dec'],
    color: '#ff8000',
    by: '',
    size: null,
    sized: '',
    marker: 'circle',
    colormap: 'viridis',
    visible: true,
    where: '',
    sort: '',
    only_selected: false,
    selected: 0,
    matching: 3,
    version: 0,
    ...values
  };
}

function layer(values: Partial<Layer> = {}): Layer {
  return {
    facts: facts(),
    places: Float32Array.of(-1, 0, 1, 0, NaN, NaN),
    origin: { x: 10, y: 20 },
    unplaced: 1,
    beyond: 0,
    colours: null,
    sizes: null,
    flags: new Uint8Array(3),
    ...values
  };
}

const bytes = (values: readonly number[]) => new DataView(Uint8Array.from(values).buffer);

describe('A catalogue in the browser', () => {
  it('reads which rows are selected and shown from two runs of bits', () => {
    // Rows 0 and 9 are selected; all but row 1 are shown.
    const flags = flagsOf(Uint8Array.of(0b1, 0b10, 0b11111101, 0b11), 10);
    expect([...flags]).toEqual([SELECTED, HIDDEN, 0, 0, 0, 0, 0, 0, 0, SELECTED]);
  });

  it('finds the nearest row within reach, and none that is hidden or has no place', () => {
    expect(nearestRow(layer(), { x: 10.6, y: 20 }, 2)).toEqual({
      row: 1,
      distance: expect.closeTo(0.4, 5)
    });
    expect(nearestRow(layer(), { x: 10.6, y: 20 }, 0.3).row).toBe(-1);
    const hidden = layer({ flags: Uint8Array.of(0, HIDDEN, 0) });
    expect(nearestRow(hidden, { x: 10.6, y: 20 }, 2).row).toBe(0);
    expect(placeOf(layer(), 0)).toEqual({ x: 9, y: 20 });
    expect(placeOf(layer(), 2)).toBeNull();
  });

  it('counts what lies in a box', () => {
    const box = { left: 8, right: 11, bottom: 19, top: 21 };
    expect(countIn(layer(), box)).toBe(2);
    expect(countIn(layer(), { ...box, right: 10 })).toBe(1);
    expect(countIn(layer({ flags: Uint8Array.of(HIDDEN, 0, 0) }), box)).toBe(1);
  });

  it('colours by its own colour, by the map of numbers, and by categories', () => {
    const own = coloursOf(facts(), null);
    expect([...own.subarray(0, 4)]).toEqual([255, 128, 0, 255]);
    const meta: CodesMeta = {
      shape: [1, 1, 3],
      dtype: 'u1',
      column: 'mag',
      kind: 'continuous',
      low: 0,
      high: 1,
      missing: 0,
      categories: []
    };
    const numbers = coloursOf(facts({ colormap: 'grey' }), { meta, data: new Uint8Array(3) });
    expect([...numbers.subarray(4 * 252, 4 * 252 + 4)]).toEqual([255, 255, 255, 255]);
    expect([...numbers.subarray(4 * 255, 4 * 255 + 4)]).toEqual([160, 160, 160, 160]);
    const named = { ...meta, kind: 'categorical' as const };
    const categories = coloursOf(facts(), { meta: named, data: new Uint8Array(3) });
    expect(categories.subarray(0, 3)).not.toEqual(categories.subarray(4, 7));
  });

  it('keeps a place within a twentieth of a screen pixel at the edge of 20,000 pixels, 64 times as large', () => {
    const origin = (20_000 - 1) / 2;
    let most = 0;
    for (let i = 0; i < 2000; i++) {
      const x = 19_980 + i / 100;
      const view = 19_982.337 + i / 977;
      const [first, rest] = split(view - origin);
      // What the card computes, each step in float32.
      const place = Math.fround(x - origin);
      const away = Math.fround(Math.fround(Math.fround(place - first) - rest) * 64);
      most = Math.max(most, Math.abs(away - 64 * (x - view)));
    }
    expect(most).toBeLessThan(0.05);
  });

  it('draws many rows smaller than few', () => {
    const [view, image] = [
      { x: 0, y: 0, zoom: 1 },
      { width: 700, height: 700 }
    ];
    const widths = [10, 2_000, 20_000, 500_000].map(rows => halfWidth(rows, view, image));
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
    expect(widths[0]).toBe(5);
    expect(widths[3]).toBeCloseTo(1.1);
    expect(halfWidth(500_000, { ...view, zoom: 16 }, image)).toBeGreaterThan(2);
  });
});

describe('A picture of points that is slow to draw', () => {
  it('is moved to where a new picture would have its points', () => {
    const [from, to] = [
      { x: 100, y: 50, zoom: 2 },
      { x: 103, y: 46, zoom: 3 }
    ];
    const [across, up, scale] = [...moved(from, to).matchAll(/-?[\d.]+/g)].map(Number);
    const screen = { width: 400, height: 300 };
    for (const point of [
      { x: 90, y: 60 },
      { x: 104.5, y: 41 }
    ]) {
      const before = imageToScreen(from, screen, point);
      const after = imageToScreen(to, screen, point);
      expect(200 + scale * (before.x - 200) + across).toBeCloseTo(after.x);
      expect(150 + scale * (before.y - 150) + up).toBeCloseTo(after.y);
    }
    expect(moved(to, to)).toBe('');
  });

  it('is another one where rows, screen or view are others', () => {
    const drawn = {
      layers: [layer()],
      view: { x: 1, y: 2, zoom: 3 },
      screen: { width: 4, height: 5 },
      density: 1
    };
    expect(alike(drawn, { ...drawn, view: { ...drawn.view } }, true)).toBe(true);
    expect(alike(drawn, { ...drawn, view: { ...drawn.view, x: 2 } }, true)).toBe(false);
    expect(alike(drawn, { ...drawn, view: { ...drawn.view, x: 2 } }, false)).toBe(true);
    expect(alike(drawn, { ...drawn, layers: [layer()] }, false)).toBe(false);
    expect(alike(drawn, { ...drawn, screen: { width: 4, height: 6 } }, false)).toBe(false);
  });
});

describe('The part of the viewer with catalogues', () => {
  onEmptyPage(withoutWebGL, ['setTimeout', 'clearTimeout']);

  async function show(layers: LayerFacts[], more: object = {}) {
    const kernel = new FakeKernel();
    const reply = (meta: object, buffers: DataView[] = []) => ({ meta, buffers });
    Object.assign(kernel.answers, {
      catalogue_places: () =>
        reply(
          {
            shape: [1, 3, 2],
            dtype: 'f4',
            start: 0,
            total: 3,
            origin: [1.5, 1],
            unplaced: 1,
            beyond: 0
          },
          [new DataView(Float32Array.of(-1, 0, 1, 0, NaN, NaN).buffer)]
        ),
      catalogue_bits: () =>
        reply({ shape: [1, 2, 1], dtype: 'u1', version: 0, rows: 3 }, [bytes([0b10, 0b111])]),
      catalogue_row: () =>
        reply({ name: 'stars', row: 1, cells: [{ name: HOSTILE, unit: '', text: HOSTILE }] }),
      catalogue_rows: () =>
        reply({
          start: 0,
          total: 3,
          columns: [
            { name: 'mag', unit: 'mag', number: true },
            { name: HOSTILE, unit: '', number: false }
          ],
          rows: [0, 1, 2],
          cells: [
            ['1', HOSTILE],
            ['2', 'b'],
            ['–', 'c']
          ]
        }),
      catalogue_select: () => reply({ selected: {} }),
      catalogue_set: () => reply({ name: 'stars' }),
      catalogue_cone: () => reply({ count: 1, centre: '' }),
      catalogue_add: () => reply({ name: 'more' }),
      catalogue_remove: () => reply({ name: 'stars' }),
      catalogue_find: () => reply({ row: 1, at: 1 })
    });
    const model = new FakeModel(traits({ catalogue_layers: layers, ...more }));
    const end = new AbortController();
    const failures: unknown[] = [];
    const places: unknown[] = [];
    const context = {
      traits: new Traits(model, end.signal),
      signal: end.signal,
      dirty: () => undefined,
      changed: () => undefined,
      fail: (error: unknown) => failures.push(error),
      goto: (place: unknown, zoom: unknown) => places.push([place, zoom]),
      focus: () => undefined
    } as unknown as PartContext;
    const part: Part = new CataloguePart(context);
    document.body.append(part.overlay!, part.panel!, part.tools!);
    part.connect!(new Requester(kernel));
    part.setImage!(imageFacts(), { hdu: 0, plane: 0 });
    await settle();
    part.frame!({ x: 1.5, y: 1, zoom: 100 }, imageFacts(), { width: 400, height: 300 });
    const key = (name: string) => part.key!(new KeyboardEvent('keydown', { key: name }));
    return { part, kernel, model, failures, places, key };
  }

  const drag = (from: [number, number], to: [number, number], more: PointerEventInit = {}) => {
    const at = ([x, y]: [number, number], type: string) =>
      Object.assign(new MouseEvent(type, { clientX: x, clientY: y, ...more }), {
        pointerId: 1
      }) as unknown as PointerEvent;
    return { down: at(from, 'pointerdown'), up: at(to, 'pointerup') };
  };

  it('asks for places and bits once, and for nothing again when a mere look changes', async () => {
    const { kernel, model, part } = await show([facts()]);
    expect(kernel.msgs('catalogue_places')).toEqual([{ name: 'stars', hdu: 0, start: 0 }]);
    expect(kernel.msgs('catalogue_bits')).toHaveLength(1);
    model.fromPython({ catalogue_layers: [facts({ color: '#00ff00', version: 1 })] });
    await settle();
    expect(kernel.msgs('catalogue_places')).toHaveLength(1);
    expect(kernel.msgs('catalogue_bits')).toHaveLength(2);
    expect(part.overlay!.textContent).toContain('1 without a place here');
  });

  it('shows nothing of a file as markup', async () => {
    const { part } = await show([facts({ name: HOSTILE })], { catalogue_panel: true });
    part.hover!({ x: 2.5, y: 1 }, null);
    await vi.advanceTimersByTimeAsync(100);
    await settle();
    expect(document.querySelector('img')).toBeNull();
    expect(document.querySelector('.astrodata-catalogue-card')!.textContent).toContain(HOSTILE);
  });

  it('selects the rows of a box drawn with Shift, and adds with Ctrl', async () => {
    const { part, kernel } = await show([facts()]);
    const { down, up } = drag([0, 0], [100, 50], { shiftKey: true });
    const grip = part.grip!({ x: 0, y: 2 }, down)!;
    grip.move({ x: 3, y: 0 }, up);
    part.frame!({ x: 1.5, y: 1, zoom: 100 }, imageFacts(), { width: 400, height: 300 });
    expect(part.overlay!.textContent).toContain('2 rows');
    grip.end({ x: 3, y: 0 }, up, true);
    await settle();
    expect(kernel.msgs('catalogue_select')).toEqual([{ box: [0, 0, 3, 2], op: 'replace', hdu: 0 }]);
    const more = drag([0, 0], [100, 50], { shiftKey: true, ctrlKey: true });
    part.grip!({ x: 0, y: 2 }, more.down)!.end({ x: 3, y: 0 }, more.up, true);
    await settle();
    expect(kernel.msgs('catalogue_select').at(-1)).toMatchObject({ op: 'add' });
  });

  it('leaves a drag without Shift to the picture until the tool is taken', async () => {
    const { part, key } = await show([facts()]);
    const { down } = drag([0, 0], [0, 0]);
    expect(part.grip!({ x: 0, y: 2 }, down)).toBeNull();
    expect(key('s')).toBe(true);
    expect(part.grip!({ x: 0, y: 2 }, down)).not.toBeNull();
    expect(key('Escape')).toBe(true);
    expect(part.grip!({ x: 0, y: 2 }, down)).toBeNull();
  });

  it('selects what is in view by a key that frames have no use for', async () => {
    const { part, key, kernel } = await show([facts()]);
    part.frame!({ x: 2, y: 1, zoom: 10 }, { width: 4, height: 3 }, { width: 40, height: 20 });
    expect(['b', 'n', 'm'].map(key)).toEqual([false, false, false]);
    expect(key('a')).toBe(true);
    await settle();
    expect(kernel.msgs('catalogue_select').at(-1)).toMatchObject({ box: [0, 0, 4, 2] });
  });

  it('takes no keys but its own where there is no catalogue', async () => {
    const { key, model } = await show([]);
    expect(['s', 'a', 'Escape', 'x'].map(key)).toEqual([false, false, false, false]);
    expect(key('t')).toBe(true);
    expect(model.get('catalogue_panel')).toBe(true);
    expect(document.body.textContent).toContain('viewer.add_catalogue(table)');
  });

  it('lists rows, walks them by keys, and goes to one', async () => {
    const { kernel, places } = await show([facts({ selected: 1, version: 3 })], {
      catalogue_panel: true
    });
    await settle();
    const grid = document.querySelector<HTMLElement>('[role="grid"]')!;
    Object.defineProperty(grid, 'clientHeight', { value: 220 });
    const lines = () => [...grid.querySelectorAll('[data-at]')];
    expect(lines()).toHaveLength(3);
    expect(lines()[1].getAttribute('aria-selected')).toBe('true');
    press(grid, 'ArrowDown');
    press(grid, 'ArrowDown', { shiftKey: true });
    await settle();
    expect(kernel.msgs('catalogue_select').at(-1)).toMatchObject({ span: [0, 1], op: 'replace' });
    expect(lines()[1].id).toBe(grid.getAttribute('aria-activedescendant'));
    press(grid, ' ');
    await settle();
    expect(kernel.msgs('catalogue_select').at(-1)).toMatchObject({ span: [1, 1], op: 'toggle' });
    press(grid, 'Enter');
    expect(places).toEqual([[{ x: 2.5, y: 1 }, 100]]);
    [...grid.querySelectorAll('button')].find(one => one.textContent!.startsWith('mag'))!.click();
    await settle();
    expect(kernel.msgs('catalogue_set')).toEqual([{ name: 'stars', values: { sort: 'mag' } }]);
  });

  it('tells what the kernel does not understand, and marks the condition', async () => {
    const { kernel, failures } = await show([facts()], { catalogue_panel: true });
    kernel.answers.catalogue_set = () => ({
      error: { code: 'bad-request', message: "there is no column 'nope'" }
    });
    const where = document.querySelector<HTMLInputElement>('[aria-label="Condition on the rows"]')!;
    where.value = 'nope > 1';
    where.dispatchEvent(new Event('change'));
    await settle();
    expect(String(failures[0])).toContain('nope');
    expect(where.getAttribute('aria-invalid')).toBe('true');
  });

  it('searches a cone about the place under the pointer', async () => {
    const { part, kernel } = await show([facts()], { catalogue_panel: true });
    part.hover!({ x: 3.25, y: 0.5 }, null);
    press(document.querySelector<HTMLElement>('[aria-label="Radius of the cone"]')!, 'Enter');
    await settle();
    expect(kernel.msgs('catalogue_cone')).toEqual([
      { name: 'stars', text: '', radius: 30, unit: 'arcsec', x: 3.25, y: 0.5 }
    ]);
  });
});
