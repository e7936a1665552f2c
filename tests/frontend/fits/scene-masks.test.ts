// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { SceneContext } from '../../../src/widgets/fits/scene/traits';
import { Traits } from '../../../src/widgets/common/traits';
import { MasksPart, type DatesOnShow } from '../../../src/widgets/fits/scene/masks';
import type { LayerFacts } from '../../../src/widgets/fits/scene/masks/facts';
import {
  inksOf,
  paintClasses,
  stamp,
  stepFor,
  type ClassWindow
} from '../../../src/widgets/fits/scene/masks/painting';
import { much } from '../../../src/widgets/fits/scene/masks/rows';
import { labelled, press, put } from '../common/page';
import { HOSTILE } from './fake';

const CLASSES = [
  { value: 1, name: 'one', color: '#ff0000', pixels: 4, hectares: 0.04, share: 0.25 },
  { value: 2, name: 'two', color: '#0000ff', pixels: 0, hectares: 0, share: 0 }
];

function facts(values: Partial<LayerFacts> = {}): LayerFacts {
  return {
    name: 'burnt',
    kind: 'mask',
    visible: true,
    opacity: 0.5,
    outline_only: false,
    version: 0,
    classes: CLASSES,
    notes: [],
    undo: 0,
    redo: 0,
    unsaved: false,
    ...values
  };
}

function windowOf(rows: number[][], step = 1, left = 0, bottom = 0): ClassWindow {
  const [height, width] = [rows.length, rows[0].length];
  return {
    box: [left, bottom, left + width * step, bottom + height * step],
    step,
    rows: height,
    columns: width,
    classes: Uint8Array.from(rows.flat())
  };
}

const FILLED = { filled: true, outlined: true };
/** Paints at a zoom so that the picture's lower left pixel is at the screen's lower left corner. */
function painted(
  window: ClassWindow,
  size: number,
  zoom: number,
  inks = inksOf(CLASSES, 0.5, FILLED)
) {
  const screen = { width: size, height: size };
  const middle = size / zoom / 2 - 0.5;
  const out = new Uint32Array(size * size);
  paintClasses(out, window, { x: middle, y: middle, zoom }, screen, 1, inks);
  const { fill, line } = inksOf(CLASSES, 0.5, FILLED);
  const signs = new Map([
    [0, '.'],
    [fill[1], '1'],
    [line[1], '#'],
    [fill[2], '2'],
    [line[2], '%']
  ]);
  const rows = Array.from({ length: size }, (_, j) => [...out.slice(j * size, (j + 1) * size)]);
  return rows.map(row => row.map(ink => signs.get(ink) ?? '?').join(''));
}

it('paints the south below and outlines one pixel of the screen wide', () => {
  const window = windowOf([
    [1, 1, 0],
    [1, 1, 0],
    [0, 0, 0]
  ]);
  expect(painted(window, 9, 3)).toEqual([
    '.........',
    '.........',
    '.........',
    '######...',
    '11111#...',
    '11111#...',
    '11111#...',
    '11111#...',
    '11111#...'
  ]);
});

it('gives the line between two classes to the higher one', () => {
  expect(painted(windowOf([[1, 2]]), 8, 4).at(-1)).toBe('1111%222');
});

it('paints nothing where only outlines are wanted', () => {
  const inks = inksOf(CLASSES, 0.5, { filled: false, outlined: true });
  const window = windowOf([
    [1, 1, 0],
    [0, 0, 0]
  ]);
  const rows = painted(window, 12, 4, inks);
  expect(rows.slice(-4)).toEqual(['########....', '.......#....', '.......#....', '.......#....']);
});

it('has no cell that is smaller than a pixel of the screen', () => {
  expect([4, 1, 0.5, 0.4, 0.03].map(stepFor)).toEqual([1, 1, 2, 4, 64]);
  expect(stepFor(0.5 - 1e-15)).toBe(2);
});

it('stamps the pixels that the kernel paints', () => {
  const window = windowOf(Array.from({ length: 7 }, () => new Array<number>(9).fill(0)));
  const path = [
    [2, 3],
    [6, 3]
  ] as const;
  stamp(window, path, 2, 1);
  const rows = Array.from({ length: 7 }, (_, i) =>
    [...window.classes.slice(9 * i, 9 * i + 9)].join('')
  );
  expect(rows).toEqual([
    '000000000',
    '000000000',
    '001111100',
    '011111110',
    '001111100',
    '000000000',
    '000000000'
  ]);
  // However small, it paints the pixel that it is in; and it may begin beside the window.
  stamp(window, [[0.4, 6.4]], 0.3, 2);
  stamp(window, [[-5, -5]], 3, 2);
  expect(window.classes[54]).toBe(2);
  expect([...window.classes].filter(value => value === 2)).toHaveLength(1);
});

it('tells areas as a person reads them', () => {
  expect(much(CLASSES)).toBe('0.04 ha, 25.0 %');
  expect(much([{ ...CLASSES[0], hectares: null }])).toBe('4 px, 25.0 %');
  expect(much([{ ...CLASSES[0], share: 0.0001, hectares: 12345.6 }])).toBe('12,346 ha, < 0.1 %');
  expect(much([{ ...CLASSES[0], share: null }])).toBe('');
});

// --- the part --------------------------------------------------------------------------------------

type Asked = [kind: string, msg: Record<string, unknown>];

/** A part on a model with some traits, and a kernel that answers at once. */
function made(values: Record<string, unknown>, dates: DatesOnShow = { shown: 0, second: null }) {
  const listeners = new Map<string, () => void>();
  const model = {
    get: (name: string) => values[name],
    set: (name: string, value: unknown) => void (values[name] = value),
    save_changes: () => undefined,
    on: (event: string, listener: () => void) => void listeners.set(event, listener),
    off: (event: string) => void listeners.delete(event)
  };
  const { signal } = new AbortController();
  const failed: unknown[] = [];
  const looked: unknown[] = [];
  const context = {
    traits: new Traits(model as never, signal),
    signal,
    dirty: () => undefined,
    changed: () => undefined,
    focus: () => undefined,
    goto: (place: unknown) => looked.push(place),
    fail: (error: unknown) => failed.push(error)
  };
  const part = new MasksPart(context as unknown as SceneContext, dates);
  const asked: Asked[] = [];
  const answers: Record<string, (msg: Record<string, unknown>) => object> = {
    classes: ({ box, step }) => ({ box, step, version: 0, shape: [1, 8, 8], dtype: 'u1' }),
    mask_save: ({ path, overwrite }) => ({ path, there: !overwrite })
  };
  part.connect({
    request: async (kind: string, msg: Record<string, unknown>) => {
      asked.push([kind, msg]);
      const meta = { name: msg.name, version: 1, ...answers[kind]?.(msg) };
      return { meta, buffers: [new DataView(new ArrayBuffer(64))] };
    }
  } as never);
  const say = (name: string, value: unknown) => {
    values[name] = value;
    listeners.get(`change:${name}`)?.();
  };
  document.body.append(part.tools, part.panel, part.overlay);
  return { part, values, say, asked, failed, looked };
}

const SCENE = {
  compare: '',
  dates: [{ name: 'S2A', date: '2022-06-14T10:00:00' }],
  date: 0,
  overlays: [facts({ name: 'SCL', kind: 'scl', visible: false }), facts()],
  masks_panel: true,
  masks_visible: true,
  mask_editing: '',
  mask_tool: 'brush',
  brush_size: 3,
  brush_value: 1
};
const event = (more: object = {}) => ({ button: 0, ...more }) as PointerEvent;
const key = (name: string) => new KeyboardEvent('keydown', { key: name });
const settled = (part: MasksPart) => vi.waitFor(() => expect(part.busy).toBe(false));

/** Shows a picture of 8 x 8 pixels, one pixel of the screen each. */
function framed(part: MasksPart) {
  part.frame({ x: 3.5, y: 3.5, zoom: 1 }, { width: 8, height: 8 }, { width: 8, height: 8 });
}

beforeEach(() => {
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
});
afterEach(() => {
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

it('fetches what is seen of the layers that are shown, once', async () => {
  const { part, asked, say } = made({ ...SCENE });
  framed(part);
  framed(part);
  expect(asked).toEqual([['classes', { name: 'burnt', box: [0, 0, 8, 8], step: 1 }]]);
  await settled(part);
  say('overlays', [facts({ version: 1 })]);
  framed(part);
  expect(asked).toHaveLength(2);
  await settled(part);
  part.key(key('m'));
  say('overlays', [facts({ version: 2 })]);
  framed(part);
  expect(asked).toHaveLength(2);
});

it('shows each of two dates its own classification, and masks on both', async () => {
  const element = document.createElement('div');
  const screen = { width: 8, height: 8 };
  const dates: DatesOnShow = { shown: 2, second: { date: 1, element, screen, from: 0.25 } };
  const shown = { ...SCENE, overlays: [facts({ name: 'SCL', kind: 'scl', version: 7 }), facts()] };
  const { part, asked } = made(shown, dates);
  framed(part);
  expect(asked.map(([, { name, date }]) => [name, date])).toEqual([
    ['SCL', 2],
    ['burnt', undefined],
    ['SCL', 1]
  ]);
  await settled(part);
  // What a scene has of its own does not change with the date on show.
  framed(part);
  expect(asked).toHaveLength(3);
  const [own, other] = [part.overlay, element].map(one => one.querySelector('canvas')!);
  expect([own.style.clipPath, other.style.clipPath]).toEqual(['inset(0 75% 0 0)', '']);
});

it('lists all classes while two dates are compared', () => {
  const none = { value: 3, name: 'cloud', color: '#ffffff', pixels: 0, hectares: 0, share: 0 };
  const scl = facts({ name: 'SCL', kind: 'scl', classes: [...CLASSES, none] });
  const { part, say } = made({ ...SCENE, overlays: [scl] });
  expect(part.panel.textContent).not.toContain('cloud');
  say('compare', 'side');
  expect(part.panel.textContent).toContain('cloud');
  expect(part.panel.textContent).toContain('counted on 2022-06-14');
});

it('tells the kernel what is set, and shows names as text', async () => {
  const { part, asked, say } = made({ ...SCENE });
  labelled(part.panel, 'Show SCL').click();
  const color = labelled(part.panel, 'Colour of burnt, one');
  put(color, '#00ff00');
  await settled(part);
  expect(asked).toEqual([
    ['overlay_set', { name: 'SCL', values: { visible: true } }],
    ['overlay_set', { name: 'burnt', values: { colors: { '1': '#00ff00' } } }]
  ]);
  say('overlays', [facts({ name: HOSTILE, notes: [HOSTILE] })]);
  expect(part.panel.querySelector('img')).toBeNull();
  expect(part.panel.textContent).toContain(HOSTILE);
  expect(part.panel.querySelector('[aria-label="Show SCL"]')).toBeNull();
});

it('tells a stroke in order, with the pixels of the picture', async () => {
  const { part, asked } = made({ ...SCENE, mask_editing: 'burnt' });
  framed(part);
  const grip = part.hand.grip!({ x: 1, y: 2 }, event())!;
  grip.move({ x: 4, y: 2 }, event());
  grip.end({ x: 4, y: 2 }, event(), true);
  const erased = part.hand.grip!({ x: 6, y: 6 }, event({ altKey: true }))!;
  erased.end({ x: 6, y: 6 }, event(), true);
  press(document.body, 'z', { ctrlKey: true }); // beside the picture it is not ours
  await settled(part);
  const strokes = asked.filter(([kind]) => kind === 'mask_paint').map(([, msg]) => msg);
  expect(strokes).toEqual([
    {
      name: 'burnt',
      points: [
        [1, 2],
        [4, 2]
      ],
      size: 3,
      value: 1,
      stroke: expect.any(String)
    },
    { name: 'burnt', points: [[6, 6]], size: 3, value: 0, stroke: expect.any(String) }
  ]);
  expect(strokes[0].stroke).not.toBe(strokes[1].stroke);
});

it('closes a polygon by Enter and gives it up by Escape', async () => {
  const { part, asked, values } = made({ ...SCENE, mask_editing: 'burnt', mask_tool: 'polygon' });
  framed(part);
  const click = (x: number, y: number) => {
    part.hand.grip!({ x, y }, event())!.end({ x, y }, event(), true);
  };
  [
    [0, 0],
    [60, 0],
    [60, 60]
  ].forEach(([x, y]) => click(x, y));
  part.keys.key!(key('Enter'));
  click(1, 1);
  part.keys.key!(key('Escape'));
  expect(values.mask_editing).toBe('burnt');
  part.keys.key!(key('Escape'));
  expect(values.mask_editing).toBe('');
  await settled(part);
  expect(asked.filter(([kind]) => kind !== 'classes')).toEqual([
    [
      'mask_fill',
      {
        name: 'burnt',
        points: [
          [0, 0],
          [60, 0],
          [60, 60]
        ],
        value: 1
      }
    ]
  ]);
});

it('takes keys only while it paints', () => {
  const { part, values } = made({ ...SCENE });
  expect([
    part.keys.key!(key('[')),
    part.keys.key!(key('p')),
    part.keys.key!(key('Escape'))
  ]).toEqual([false, false, false]);
  values.mask_editing = 'burnt';
  part.keys.key!(key(']'));
  expect(values.brush_size).toBe(3.75);
  part.keys.key!(key('x'));
  expect(values.brush_value).toBe(0);
  part.keys.key!(key('x'));
  expect(values.brush_value).toBe(1);
});

it('moves the picture by a drag with Shift', () => {
  const { part, looked } = made({ ...SCENE, mask_editing: 'burnt' });
  framed(part);
  part.hand.grip!({ x: 2, y: 2 }, event({ shiftKey: true }))!.move({ x: 5, y: 1 }, event());
  expect(looked).toEqual([{ x: 0.5, y: 4.5 }]);
});

it('asks before it writes over a file, and before what was not saved is gone', async () => {
  const { part, asked } = made({ ...SCENE, overlays: [facts({ unsaved: true })] });
  labelled(part.panel, 'Save burnt').click();
  put(labelled(part.panel, 'File for burnt'), 'a.tif');
  labelled(part.panel, 'Save burnt to the file').click();
  await vi.waitFor(() => expect(part.panel.textContent).toContain('a.tif is there already.'));
  labelled(part.panel, 'Replace the file with burnt').click();
  await vi.waitFor(() => expect(part.panel.textContent).toContain('Saved as a.tif'));
  const remove = labelled(part.panel, 'Remove burnt');
  remove.click();
  expect(remove.textContent).toBe('Not saved: remove?');
  remove.click();
  await settled(part);
  expect(asked.map(([kind]) => kind)).toEqual(['mask_save', 'mask_save', 'mask_remove']);
});

it('tells what the kernel refuses', async () => {
  const { part, failed } = made({ ...SCENE, mask_editing: 'burnt' });
  part.connect({ request: () => Promise.reject(new Error('no such mask')) } as never);
  part.hand.grip!({ x: 1, y: 1 }, event())!.end({ x: 1, y: 1 }, event(), true);
  await vi.waitFor(() => expect(failed.map(String)).toContain('Error: no such mask'));
});
