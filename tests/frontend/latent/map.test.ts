// @vitest-environment jsdom
import '../common/setup';
import { describe, expect, it, vi } from 'vitest';
import type { LatentTraits, SelectionStep, Shape } from '../../../src/core/latent';
import widget from '../../../src/widgets/latent/index';
import { inkOf } from '../../../src/widgets/latent/ink';
import { panned, valuesAt, whole, zoomed } from '../../../src/widgets/latent/map/frame';
import { FEW, paint } from '../../../src/widgets/latent/map/painter';
import { paint as paintCounts } from '../../../src/widgets/latent/map/raster';
import { DIM, HIDDEN, packed } from '../../../src/widgets/latent/paint';
import { withoutCanvas } from '../common/canvas';
import { FakeModel } from '../common/fakeModel';
import { onEmptyPage, press, shownOn } from '../common/page';
import { FakeKernel, facts, HOSTILE, settle, traits } from './fake';

async function show(
  values: Partial<LatentTraits> = {},
  prepare: (kernel: FakeKernel) => void = () => undefined
) {
  const kernel = new FakeKernel();
  prepare(kernel);
  const shown = await shownOn(widget, new FakeModel(traits({ tab: 'map', ...values })), kernel);
  await pause();
  return shown;
}

/** Lets all that waits happen: answers, and what is done after a pause. */
async function pause(): Promise<void> {
  for (let i = 0; i < 6; i++) {
    await settle();
    vi.advanceTimersByTime(300);
  }
  await settle();
}

const by = <E extends HTMLElement = HTMLInputElement>(el: HTMLElement, label: string): E => {
  const pane = el.querySelector('[role="tabpanel"]:not([hidden])')!;
  return pane.querySelector<E>(`[aria-label="${label.replaceAll('"', '\\"')}"]`)!;
};
const stage = (el: HTMLElement) => el.querySelector<HTMLElement>('.astrodata-map-stage')!;
const canvas = (el: HTMLElement) => el.querySelector<HTMLElement>('.astrodata-map-stage > canvas')!;
const said = (el: HTMLElement) => el.querySelector('.astrodata-map-chosen')!.textContent;

/** Draws over the stage, which is 100 by 100 pixels: x from -4.3 to 6.3, y the same upwards. */
function draw(
  el: HTMLElement,
  points: readonly [number, number][],
  more: MouseEventInit = {}
): void {
  const box = { left: 0, right: 100, top: 0, bottom: 100, width: 100, height: 100 };
  const target = stage(el);
  target.getBoundingClientRect = () => box as DOMRect;
  for (const name of ['clientWidth', 'clientHeight']) {
    Object.defineProperty(target, name, { value: 100, configurable: true });
  }
  const at = (name: string, [clientX, clientY]: readonly [number, number]) =>
    target.dispatchEvent(
      new MouseEvent(name, { clientX, clientY, bubbles: true, button: 0, ...more })
    );
  at('pointerdown', points[0]);
  points.slice(1).forEach(point => at('pointermove', point));
  at('pointerup', points.at(-1)!);
}

const LABELS = (kernel: FakeKernel) => {
  kernel.answers.describe = () => ({ meta: facts({ labels: kernel.labels }) });
};
const PICTURES = (kernel: FakeKernel) => {
  kernel.answers.describe = () => ({ meta: facts({ events: 'waveforms' }) });
};

describe('The map of a LatentExplorer', () => {
  onEmptyPage(withoutCanvas);

  it('fetches the two columns on show and nothing of the tabs that nobody opened', async () => {
    const { el, kernel, model } = await show();
    const names = new Set(kernel.msgs('values').map(({ name }) => name));
    expect(names).toEqual(new Set(['z0', HOSTILE]));
    expect(kernel.msgs('state')).toHaveLength(0);
    const axes = by<HTMLSelectElement>(el, 'Across');
    axes.value = 'peak';
    axes.dispatchEvent(new Event('change'));
    await pause();
    expect(model.traits.x).toBe('peak');
    expect(kernel.msgs('values').at(-1)).toMatchObject({ name: 'peak' });
    expect(el.querySelector('.astrodata-widget')!.getAttribute('aria-busy')).toBe('false');
  });

  it('asks for what lies beside the map once the map has its colours', async () => {
    const { el, kernel } = await show({}, kernel => (kernel.held = ['column']));
    expect(kernel.msgs('values').length).toBeGreaterThan(0);
    expect(kernel.msgs('gallery')).toHaveLength(0);
    expect(kernel.msgs('histogram')).toHaveLength(0);
    // Its place is kept, so that the picture does not move.
    expect(el.querySelector('.astrodata-latent-legend')!.textContent).toBe('signal');
    kernel.release();
    await pause();
    expect(el.querySelectorAll('.astrodata-map-chip')).toHaveLength(2);
    expect(kernel.msgs('gallery')).toHaveLength(1);
    expect(kernel.msgs('histogram')).toHaveLength(2);
  });

  it('sends the polygon of a lasso and nothing else, and says what the kernel found', async () => {
    const { el, kernel } = await show();
    press(canvas(el), 'l');
    draw(el, [
      [10, 10],
      [60, 10],
      [60, 60],
      [30, 30]
    ]);
    await pause();
    const [{ polygon, op, x, y }] = kernel.msgs('lasso') as unknown as {
      polygon: number[][];
      op: string;
      x: string;
      y: string;
    }[];
    expect([op, x, y]).toEqual(['replace', 'z0', HOSTILE]);
    expect(polygon).toHaveLength(4);
    expect(polygon[0][0]).toBeCloseTo(-4.3 + 1.06);
    expect(polygon[0][1]).toBeCloseTo(6.3 - 1.06);
    expect(said(el)).toBe('2 of 3 selected');
  });

  it.each([
    [{ shiftKey: true }, 'add'],
    [{ altKey: true }, 'subtract'],
    [{ shiftKey: true, altKey: true }, 'intersect']
  ])('takes %o for a box as %s', async (keys, op) => {
    const { el, kernel } = await show();
    press(canvas(el), 'b');
    draw(
      el,
      [
        [60, 60],
        [10, 20]
      ],
      keys
    );
    await pause();
    const { step } = kernel.msgs('select')[0] as { step: SelectionStep };
    expect(step.op).toBe(op);
    const { x_range, y_range } = step.box!;
    expect(x_range[0]).toBeLessThan(x_range[1]);
    expect(y_range![0]).toBeLessThan(y_range![1]);
  });

  it('selects by a condition, goes back, keeps by name and clears', async () => {
    const { el, kernel } = await show();
    const where = by(el, 'Select by a condition');
    where.value = ' peak > 3 ';
    press(where, 'Enter', { shiftKey: true });
    await pause();
    expect(kernel.msgs('select')).toEqual([{ step: { op: 'add', where: 'peak > 3' } }]);
    expect(el.querySelector('.astrodata-map-words')!.textContent).toBe(HOSTILE);
    by<HTMLButtonElement>(el, 'Selection before').click();
    await pause();
    expect(kernel.msgs('travel')).toEqual([{ what: 'back' }]);
    by<HTMLButtonElement>(el, 'Keep the selection').click();
    const name = by(el, 'Name of the selection');
    name.value = 'rare';
    press(name, 'Enter');
    await pause();
    expect(kernel.msgs('keep')).toEqual([{ name: 'rare' }]);
    const kept = by<HTMLSelectElement>(el, 'Kept selections');
    kept.value = '=rare';
    kept.dispatchEvent(new Event('change'));
    await pause();
    expect(kernel.msgs('select').at(-1)).toEqual({ step: { op: 'replace', kept: 'rare' } });
    press(canvas(el), 'Escape');
    await pause();
    expect(said(el)).toBe('nothing selected');
  });

  it('does not take letters that are typed into a field for tools', async () => {
    const { el } = await show();
    press(by(el, 'Select by a condition'), 'l');
    press(by(el, 'Find a point by its id'), 'b');
    expect(by(el, 'Tool: pan').getAttribute('aria-pressed')).toBe('true');
  });

  it('filters by brushing a histogram and by the legend, both at once', async () => {
    const { el, kernel } = await show({ color: 'signal' });
    const chart = el.querySelector<HTMLElement>('.astrodata-map-bins > canvas')!;
    press(chart, 'ArrowRight');
    await pause();
    const legend = [...el.querySelectorAll<HTMLButtonElement>('.astrodata-map-chip')];
    expect(legend[1].textContent).toContain(HOSTILE);
    legend[0].click();
    await pause();
    const { steps } = kernel.msgs('filter').at(-1) as unknown as { steps: Shape[] };
    expect(steps).toEqual([
      { box: { x: 'peak', x_range: [0.5, 10] } },
      { categories: { column: 'signal', names: [HOSTILE] } }
    ]);
    expect(el.querySelector('.astrodata-map-filter')!.textContent).toContain('2 shown');
    by<HTMLButtonElement>(el, 'Show all').click();
    await pause();
    expect(kernel.msgs('filter').at(-1)).toEqual({ steps: [] });
  });

  it('labels the selection by key when there is one, and undoes', async () => {
    const { el, kernel } = await show({}, LABELS);
    const [glitch, hostile] = ['glitch', HOSTILE].map(name => by(el, `Label as ${name}`));
    expect([glitch, hostile].map(one => (one as unknown as HTMLButtonElement).disabled)).toEqual([
      true,
      true
    ]);
    press(canvas(el), '1');
    await pause();
    expect(kernel.msgs('label')).toEqual([]);
    kernel.selection = [{ op: 'replace', where: 'peak > 1' }];
    press(by(el, 'Select by a condition'), 'Enter');
    by(el, 'Select by a condition').value = 'peak > 1';
    press(by(el, 'Select by a condition'), 'Enter');
    await pause();
    press(canvas(el), '1');
    await pause();
    expect(kernel.msgs('label')).toEqual([{ name: 'glitch', note: null }]);
    expect(el.querySelector('.astrodata-map-labels')!.textContent).toContain('2 labelled glitch');
    press(canvas(el), 'u');
    await pause();
    expect(kernel.msgs('label_step')).toEqual([{ what: 'undo' }]);
    expect(el.querySelector('img')).toBeNull();
  });

  it('says what the kernel refused, and labels nothing on the screen then', async () => {
    const { el } = await show({}, kernel => {
      LABELS(kernel);
      kernel.selection = [{ op: 'replace', where: 'peak > 1' }];
      kernel.answers.label = () => ({ error: { code: 'unreadable', message: 'the disk is full' } });
    });
    by<HTMLButtonElement>(el, 'Label as glitch').click();
    await pause();
    expect(el.querySelector('[role="alert"]')!.textContent).toContain('the disk is full');
    expect(el.querySelector('.astrodata-map-labels')!.textContent).not.toContain('labelled');
  });

  it('finds a point by its id and tells what is known of it, as text', async () => {
    const { el, kernel, model } = await show();
    const find = by(el, 'Find a point by its id');
    find.value = '9';
    press(find, 'Enter');
    await pause();
    expect(model.traits.point).toBe(2);
    expect(el.querySelector('.astrodata-map-facts')!.textContent).toContain(HOSTILE);
    press(canvas(el), 'n');
    await pause();
    expect(kernel.msgs('select')).toEqual([
      { step: { op: 'replace', nearest: { row: 2, k: 20 } } }
    ]);
    find.value = '8';
    press(find, 'Enter');
    await pause();
    expect(el.querySelector('[role="alert"]')!.textContent).toContain("no point has the id '8'");
  });

  it('shows a wall of what is behind the points, and opens one by a click', async () => {
    const { el, kernel, model } = await show({}, PICTURES);
    const wall = el.querySelector<HTMLElement>('.astrodata-map-wall')!;
    Object.defineProperty(wall, 'clientWidth', { value: 220 });
    Object.defineProperty(wall, 'clientHeight', { value: 180 });
    const sort = by<HTMLSelectElement>(el, 'Sort by');
    sort.value = 'peak';
    sort.dispatchEvent(new Event('change'));
    await pause();
    expect(kernel.msgs('gallery').at(-1)).toMatchObject({ sort: 'peak', descending: true });
    const tiles = [...wall.querySelectorAll<HTMLElement>('[role="option"]')];
    expect(tiles.map(tile => tile.textContent)).toEqual(['7', `${HOSTILE}2.5`, '9']);
    // Those of the first look, of one narrow column, and the one that came into sight; each once.
    expect(kernel.msgs('thumbnails').map(({ rows }) => rows)).toEqual([[0, 1], [2]]);
    tiles[1].click();
    await pause();
    expect(model.traits.point).toBe(1);
    expect(tiles[1].getAttribute('aria-selected')).toBe('true');
    press(wall, 'ArrowRight');
    await pause();
    expect(model.traits.point).toBe(2);
  });

  it('shows how far a projection is, and maps it when it is done', async () => {
    const { el, kernel, model } = await show();
    const method = by<HTMLSelectElement>(el, 'Project the latents');
    method.value = 'umap';
    method.dispatchEvent(new Event('change'));
    await pause();
    expect(kernel.msgs('project')).toEqual([{ method: 'umap' }]);
    const work = { name: 'umap', share: 0.4, message: '', columns: [] };
    model.fromPython({ work: { ...work, state: 'running' } });
    const bar = el.querySelector<HTMLElement>('.astrodata-map-work')!;
    expect([bar.hidden, bar.textContent]).toEqual([false, 'umap: 40 %Cancel']);
    by<HTMLButtonElement>(el, 'Cancel').click();
    await pause();
    expect(kernel.msgs('cancel_work')).toHaveLength(1);
    const columns = ['umap0', 'umap1'].map(name => ({ name, low: 0, high: 1 }));
    model.fromPython({ work: { ...work, share: 1, state: 'done', columns } });
    await pause();
    expect([model.traits.x, model.traits.y]).toEqual(['umap0', 'umap1']);
    expect(bar.hidden).toBe(true);
    model.fromPython({ work: { ...work, state: 'failed', message: 'no umap here' } });
    expect(el.querySelector('[role="alert"]')!.textContent).toContain('no umap here');
  });

  it('asks the kernel for pictures of more points than it holds', async () => {
    const { el, kernel } = await show({}, one => {
      one.answers.describe = () => ({ meta: facts({ many: true }) });
      one.answers.raster = ({ width, height }) => {
        const size = Number(width) * Number(height);
        const counts = new DataView(new Uint32Array(2 * size).buffer);
        return {
          meta: { shape: [2, Number(height), Number(width)], dtype: 'u4' },
          buffers: [counts, new DataView(new ArrayBuffer(0))]
        };
      };
      one.answers.near = () => ({ meta: { point: 1 } });
    });
    expect(kernel.msgs('values')).toHaveLength(0);
    expect(el.querySelectorAll('[role="tab"]')).toHaveLength(1);
    draw(el, [[50, 50]]);
    await pause();
    expect(kernel.msgs('near')).toHaveLength(1);
    expect(kernel.msgs('point')).toEqual([{ point: 1 }]);
  });

  it('leaves nothing behind when its view ends', async () => {
    const { el, kernel, model, end } = await show({}, PICTURES);
    end.abort();
    expect(el.children).toHaveLength(0);
    expect(kernel.listeners.size).toBe(0);
    expect([...model.listeners.values()].every(set => set.size === 0)).toBe(true);
  });
});

describe('The frame of a map', () => {
  it('keeps what is under the cursor when it comes closer', () => {
    const frame = whole([0, 10], [-1, 1]);
    const at = { x: 0.25, y: 0.1 };
    const closer = zoomed(frame, at, 3);
    valuesAt(closer, at).forEach((value, i) => expect(value).toBeCloseTo(valuesAt(frame, at)[i]));
    expect(closer.x[1] - closer.x[0]).toBeCloseTo((frame.x[1] - frame.x[0]) / 3);
  });

  it('moves with the hand and ends where numbers end', () => {
    const frame = { x: [0, 10], y: [0, 10] } as const;
    expect(panned(frame, 0.1, 0.2)).toEqual({ x: [-1, 9], y: [2, 12] });
    let now = { x: [1e6, 1e6 + 1], y: [0, 1] } as Parameters<typeof zoomed>[0];
    for (let i = 0; i < 200; i++) {
      now = zoomed(now, { x: 0.5, y: 0.5 }, 2);
    }
    expect(now.x[1]).toBeGreaterThan(now.x[0]);
    expect(whole([3, 3], [0, 0])).toEqual({ x: [2.7, 3.3], y: [-1, 1] });
  });
});

describe('The picture of a map', () => {
  const target = (width: number, height: number) => ({
    width,
    height,
    pixels: new Uint32Array(width * height)
  });
  const frame = { x: [0, 10], y: [0, 10] } as const;

  it('paints few points as discs of their sizes, selected ones on top', () => {
    const picture = target(10, 10);
    const [x, y] = [Float32Array.of(5, 5, 1), Float32Array.of(5, 5, 9)];
    const column = null;
    const ink = inkOf(column, 3, Uint8Array.of(0b010), null, false);
    const sizes = Uint8Array.of(252, 0, 0);
    expect(paint(picture, { x, y, ink, sizes }, frame, 0.5)).toEqual({ drawn: 3, how: 'points' });
    // The second one is selected and small: around it the large one that is not shows.
    expect(picture.pixels[5 * 10 + 5]).toBe(ink.table[0]);
    expect(picture.pixels[5 * 10 + 2]).toBe(ink.table[DIM]);
    expect(picture.pixels[0]).toBe(0);
  });

  it('hides what the filters hide, in points and densities', () => {
    const count = FEW + 5;
    const [x, y] = [new Float32Array(count).fill(5), new Float32Array(count).fill(5)];
    const shown = new Uint8Array(Math.ceil(count / 8)).fill(255);
    shown[shown.length - 1] = 2 ** (count % 8 || 8) - 1;
    expect(inkOf(null, count, null, shown, false).codes).toBeNull();
    shown[0] = 0b11111110;
    const hiding = inkOf(null, count, null, shown, false);
    expect(hiding.codes![0]).toBe(HIDDEN);
    const painting = { x, y, ink: hiding, sizes: null };
    expect(paint(target(4, 4), painting, frame, 1)).toEqual({ drawn: count - 1, how: 'density' });
  });

  it('paints what is selected over what is not, however few', () => {
    const count = FEW + 8;
    const [x, y] = [new Float32Array(count).fill(5), new Float32Array(count).fill(5)];
    const selected = new Uint8Array(Math.ceil(count / 8));
    selected[0] = 1;
    const picture = target(1, 1);
    const ink = inkOf(null, count, selected, null, false);
    paint(picture, { x, y, ink, sizes: null }, frame, 1);
    expect(picture.pixels[0] & 0xffffff).toBe(ink.table[0] & 0xffffff);
  });

  it('turns the counts of the kernel upright and colours them by their bytes', () => {
    const picture = target(1, 2);
    const table = new Uint32Array(256);
    table.set([packed(255, 0, 0), packed(0, 0, 255)]);
    const counts = Uint32Array.of(7, 0, 0, 0);
    const drawn = paintCounts(picture, counts, Uint8Array.of(1, 0), { table, selected: false });
    expect(drawn).toBe(7);
    expect([...picture.pixels]).toEqual([0, packed(0, 0, 255)]);
  });
});
