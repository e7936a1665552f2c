// @vitest-environment jsdom
import '../common/setup';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LabelTraits } from '../../../src/core/label';
import widget from '../../../src/widgets/label/index';
import { withoutCanvas } from '../common/canvas';
import { FakeModel } from '../common/fakeModel';
import { press, shownOn } from '../common/page';
import { FakeKernel, HOSTILE, settle, traits } from './fake';

async function calm(): Promise<void> {
  for (let i = 0; i < 8; i++) {
    await settle();
  }
}

async function show(
  prepare: (kernel: FakeKernel) => void = () => undefined,
  values: Partial<LabelTraits> = {}
) {
  const kernel = new FakeKernel();
  prepare(kernel);
  const shown = await shownOn(widget, new FakeModel(traits(values)), kernel);
  await calm();
  return shown;
}

const one = <E extends HTMLElement = HTMLElement>(el: HTMLElement, selector: string): E => {
  const found = el.querySelector<E>(selector);
  if (!found) {
    throw new Error(`nothing is ${selector}`);
  }
  return found;
};
const stage = (el: HTMLElement) => one(el, '.astrodata-label-stage');
const title = (el: HTMLElement) => one(el, '.astrodata-label-title').textContent;
const status = (el: HTMLElement) => one(el, '.astrodata-label-status').textContent;
const bar = (el: HTMLElement) => one(el, '.astrodata-label-bar').textContent;
const alert = (el: HTMLElement) => one(el, '[role="alert"]');
const pressed = (el: HTMLElement) =>
  [...el.querySelectorAll('.astrodata-label-class[aria-pressed="true"]')].map(element =>
    element.getAttribute('aria-label')
  );
const note = (el: HTMLElement) => one<HTMLInputElement>(el, '[aria-label="Note"]');
/** How the strip says each event was saved. */
const film = (el: HTMLElement) =>
  [...el.querySelectorAll('.astrodata-label-strip li')].map(
    item => `${item.getAttribute('data-event')} ${item.getAttribute('data-saved')}`
  );

async function type(el: HTMLElement, keys: readonly string[]): Promise<void> {
  keys.forEach(key => press(stage(el), key, { shiftKey: /^[A-Z?+]$/.test(key) }));
  await calm();
}

function pointer(target: HTMLElement, name: string, clientX: number, clientY: number): void {
  target.dispatchEvent(new MouseEvent(name, { clientX, clientY, bubbles: true, button: 0 }));
}

describe('Labeller in the browser', () => {
  beforeEach(() => {
    vi.stubGlobal('CSS', { escape: (text: string) => text });
    vi.stubGlobal('requestAnimationFrame', () => 0);
    vi.stubGlobal('cancelAnimationFrame', () => undefined);
    withoutCanvas();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    document.body.replaceChildren();
  });

  it('shows the first event that has no label, and has the next ones ready', async () => {
    const { el, kernel } = await show(made =>
      made.said.set(0, { label: ['glitch'], note: '', confidence: null, skipped: false })
    );
    expect(kernel.sent.map(frame => frame.kind).slice(0, 2)).toEqual(['hello', 'describe']);
    expect(title(el)).toBe('Event e1');
    expect(bar(el)).toContain('1 of 30 labelled, 29 left');
    expect(
      kernel
        .msgs('event')
        .map(({ row }) => row)
        .sort()
    ).toEqual([1, 2, 3, 4, 5]);
    const rows = kernel.msgs('thumbnails').flatMap(msg => msg.rows as number[]);
    expect(rows.sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(el.querySelector('.astrodata-widget')?.getAttribute('aria-busy')).toBe('false');
  });

  it('labels by a key and goes on; the label counts when the kernel has answered', async () => {
    const { el, kernel, model } = await show();
    kernel.held = true;
    await type(el, ['1']);
    expect(title(el)).toBe('Event e1');
    expect(film(el)[0]).toBe('0/0 pending');
    expect(bar(el)).toContain('1 being saved');
    expect(status(el)).toBe('');
    kernel.held = false;
    kernel.release();
    await calm();
    expect(film(el)[0]).toBe('0/0 done');
    expect(status(el)).toBe('saved event e0: glitch');
    expect(bar(el)).toContain('all saved');
    expect(kernel.written).toEqual(['0 glitch']);
    expect(model.traits.row).toBe(1);
  });

  it('keeps what is typed faster than the kernel answers, in order, each once', async () => {
    const { el, kernel } = await show();
    kernel.held = true;
    const keys = Array.from({ length: 20 }, (_, i) => (i % 3 ? '1' : '2'));
    await type(el, keys);
    for (let i = 0; i < 80; i++) {
      kernel.release();
      await settle();
    }
    kernel.held = false;
    kernel.release();
    await calm();
    expect(kernel.written).toEqual(
      keys.map((key, row) => `${row} ${key === '1' ? 'glitch' : HOSTILE}`)
    );
    expect(title(el)).toBe('Event e20');
  });

  it('sends a label again under its old name when no answer came, and it is written once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { el, kernel } = await show();
    const receive = vi.spyOn(kernel, 'receive').mockImplementation(() => undefined);
    await type(el, ['1']);
    receive.mockRestore();
    vi.advanceTimersByTime(10_001);
    await calm();
    expect(kernel.written).toEqual(['0 glitch']);
    expect(new Set(kernel.msgs('put').map(({ key }) => key)).size).toBe(1);
    expect(film(el)[0]).toBe('0/0 done');
  });

  it('goes back and forth without labels, and says which were passed over', async () => {
    const { el, kernel } = await show();
    await type(el, ['ArrowRight', 'Enter']);
    expect(title(el)).toBe('Event e2');
    expect([...kernel.passed]).toEqual([0, 1]);
    await type(el, ['ArrowLeft']);
    expect(title(el)).toBe('Event e1');
    await type(el, ['1']);
    expect(kernel.written).toEqual(['1 glitch']);
    expect(title(el)).toBe('Event e2');
  });

  it('undoes the last label and goes to its event, where the next key labels it anew', async () => {
    const { el, kernel } = await show();
    await type(el, ['1', '1']);
    await type(el, ['u', '2']);
    expect(kernel.written).toEqual(['0 glitch', '1 glitch', '1 undo', `1 ${HOSTILE}`]);
    expect(title(el)).toBe('Event e2');
    await type(el, ['u', 'u']);
    expect(kernel.written.slice(-2)).toEqual(['1 undo', '0 undo']);
    expect(status(el)).toBe('undone: event e0: no label');
    await type(el, ['U']);
    expect(kernel.msgs('redo')).toHaveLength(1);
  });

  it('holds the keys behind an undo until it is known where it leads', async () => {
    const { el, kernel } = await show();
    await type(el, ['1', '1', '1']);
    kernel.held = true;
    await type(el, ['u', '2']);
    expect(kernel.msgs('put')).toHaveLength(3);
    kernel.held = false;
    kernel.release();
    await calm();
    expect(kernel.written.slice(-2)).toEqual(['2 undo', `2 ${HOSTILE}`]);
  });

  it('tells a failure, leaves the event unlabelled, and saves it when it is tried again', async () => {
    const { el, kernel } = await show(made => (made.full = true));
    await type(el, ['1']);
    expect(alert(el).textContent).toContain('no space left');
    expect(film(el)[0]).toBe('0/0 failed');
    expect(bar(el)).toContain('1 not saved');
    await type(el, ['ArrowLeft']);
    expect(pressed(el)).toEqual([]);
    kernel.full = false;
    [...alert(el).querySelectorAll('button')].find(b => b.textContent === 'Try again')!.click();
    await calm();
    expect(kernel.written).toEqual(['0 glitch']);
    expect(film(el)[0]).toBe('0/0 done');
    expect(pressed(el)).toEqual(['glitch']);
  });

  it('says with an undo which unanswered label it is meant for', async () => {
    const { el, kernel } = await show();
    kernel.held = true;
    await type(el, ['1', 'u']);
    kernel.held = false;
    kernel.release();
    await calm();
    const [put] = kernel.msgs('put');
    expect(kernel.msgs('undo')[0].of).toBe(put.key);
    await type(el, ['1']);
    await type(el, ['u']);
    expect(kernel.msgs('undo')[1].of).toBeNull();
  });

  it('skips with s, and at the end offers what was skipped once more', async () => {
    const { el, kernel } = await show(made => (made.count = 3));
    await type(el, ['s', '1', 'Enter']);
    expect(kernel.written).toEqual(['0 skip', '1 glitch']);
    expect(stage(el).textContent).toContain(
      'Nothing is left in this pass: 1 of 3 are labelled, 1 were skipped, 1 passed over.'
    );
    one(el, '[aria-label="Go through them again"]').click();
    await calm();
    expect(title(el)).toBe('Event e0');
    await type(el, ['1', '1']);
    expect(stage(el).textContent).toContain('All 3 events of the queue are labelled.');
  });

  it('writes a note with n, whose keys are letters and not labels', async () => {
    const { el, kernel } = await show();
    await type(el, ['n']);
    expect(document.activeElement).toBe(note(el));
    press(note(el), '1');
    press(note(el), 's');
    note(el).value = 'odd 1';
    note(el).dispatchEvent(new Event('change'));
    press(note(el), 'Enter');
    expect(document.activeElement).toBe(stage(el));
    await type(el, ['1']);
    expect(kernel.msgs('put').map(msg => [msg.row, msg.note])).toEqual([[0, 'odd 1']]);
    // The next event has none of it.
    expect(note(el).value).toBe('');
    await type(el, ['ArrowLeft']);
    expect(note(el).value).toBe('odd 1');
  });

  it('says how sure one is by keys, with the label or afterwards', async () => {
    const { el, kernel } = await show();
    await type(el, ['-', '-', '1']);
    expect(kernel.msgs('put')[0].confidence).toBe(0.5);
    await type(el, ['ArrowLeft', '+']);
    expect(kernel.msgs('put')[1]).toMatchObject({ row: 0, label: ['glitch'], confidence: 0.75 });
  });

  it('chooses several classes where the label set says so, and goes on by Enter', async () => {
    const { el, kernel } = await show(made => (made.multiple = true));
    await type(el, ['1', '2', '1', 'Enter']);
    expect(kernel.written).toEqual(['0 glitch', `0 glitch+${HOSTILE}`, `0 ${HOSTILE}`]);
    expect(title(el)).toBe('Event e1');
    expect(kernel.passed.size).toBe(0);
  });

  it('ignores a key that is held down, and those with Ctrl', async () => {
    const { el, kernel } = await show();
    press(stage(el), '1');
    press(stage(el), '1', { repeat: true });
    expect(press(stage(el), '1', { ctrlKey: true })).toBe(true);
    await calm();
    expect(kernel.written).toEqual(['0 glitch']);
  });

  it('marks an interval of a waveform and gives it a class', async () => {
    const { el, kernel } = await show(made => (made.kind = 'waveforms'));
    const canvas = one(el, 'canvas.astrodata-label-canvas');
    Object.defineProperty(canvas, 'clientWidth', { value: 468 });
    Object.defineProperty(canvas, 'clientHeight', { value: 300 });
    await type(el, ['r']);
    // The drawing area begins at 58 and is 400 wide, for 4 samples.
    pointer(canvas, 'pointerdown', 58 + 150, 50);
    pointer(canvas, 'pointermove', 58 + 300, 60);
    pointer(canvas, 'pointerup', 58 + 350, 60);
    expect(status(el)).toContain('Press the key of the class');
    await type(el, ['1']);
    expect(kernel.msgs('put')).toMatchObject([
      { row: 0, label: ['glitch'], region: { kind: 'interval', start: 1, stop: 3 } }
    ]);
    expect(title(el)).toBe('Event e0');
    await type(el, ['Escape', '1']);
    expect(kernel.msgs('put')[1]).toMatchObject({ row: 0, region: null });
  });

  it('marks a box and a polygon of an image', async () => {
    const { el, kernel } = await show(made => (made.kind = 'images'));
    const canvas = one(el, 'canvas.astrodata-label-canvas');
    Object.defineProperty(canvas, 'clientWidth', { value: 200 });
    Object.defineProperty(canvas, 'clientHeight', { value: 200 });
    await type(el, ['r']);
    pointer(canvas, 'pointerdown', 50, 100);
    pointer(canvas, 'pointerup', 350, 150);
    await type(el, ['2', 'p']);
    for (const [x, y] of [
      [0, 0],
      [100, 0],
      [100, 150]
    ]) {
      pointer(canvas, 'pointerdown', x, y);
      pointer(canvas, 'pointerup', x, y);
    }
    await type(el, ['Enter', '1']);
    expect(kernel.msgs('put').map(({ region }) => region)).toEqual([
      { kind: 'box', x: 0.5, y: 1, width: 1.5, height: 0.5 },
      {
        kind: 'polygon',
        points: [
          [0, 0],
          [1, 0],
          [1, 1.5]
        ]
      }
    ]);
  });

  it('shows rows of a table as their names and values, strangers as text', async () => {
    const { el } = await show(made => (made.kind = 'rows'));
    const table = one(el, '.astrodata-label-table');
    expect(table.textContent).toContain(`station${HOSTILE}`);
    expect(el.querySelector('img')).toBeNull();
    await type(el, ['r']);
    expect(status(el)).toBe('Rows of a table have no regions.');
  });

  it('adds and renames classes in place', async () => {
    const { el, kernel } = await show();
    one(el, '[aria-label="Change the classes"]').click();
    const name = one<HTMLInputElement>(el, '[aria-label="New class"]');
    name.value = 'blip';
    press(name, 'Enter');
    await calm();
    expect(kernel.msgs('classes')[0].change).toEqual({ what: 'add', name: 'blip' });
    stage(el).focus();
    await type(el, ['3']);
    expect(kernel.written).toEqual(['0 blip']);
    const rename = one<HTMLInputElement>(el, '[aria-label="Name of glitch"]');
    rename.value = 'spike';
    rename.dispatchEvent(new Event('change'));
    await calm();
    expect(one(el, '.astrodata-label-class').textContent).toContain('spike');
  });

  it('lists the keys with ?, those of the classes first, and Escape closes them', async () => {
    const { el } = await show();
    await type(el, ['?']);
    const help = one(el, '[role="dialog"]');
    expect(help.hidden).toBe(false);
    expect(help.querySelector('dt')!.textContent).toBe('1');
    expect(help.textContent).toContain('undo');
    await type(el, ['Escape']);
    expect(help.hidden).toBe(true);
  });

  it('shows a repetition like any other event, and lets it be labelled again', async () => {
    const { el, kernel } = await show();
    await type(el, ['1', '1']);
    kernel.repeats = [{ row: 0, turn: 1, id: 'e0', reason: '' }];
    kernel.answers.event = (plain => (msg: Record<string, unknown>) => {
      const answer = plain(msg);
      return msg.turn && 'meta' in answer
        ? { ...answer, meta: { ...answer.meta, label: [], note: '' } }
        : answer;
    })(kernel.answers.event);
    await type(el, ['1']);
    await type(el, ['1']);
    expect(title(el)).toBe('Event e0');
    expect(pressed(el)).toEqual([]);
    await type(el, ['2']);
    expect(kernel.msgs('put').at(-1)).toMatchObject({ row: 0, turn: 1 });
    expect(title(el)).toBe('Event e4');
  });

  it('follows the event that Python asks for, and asks anew when it goes blind', async () => {
    const { el, model, kernel } = await show();
    model.fromPython({ row: 7 });
    await calm();
    expect(title(el)).toBe('Event e7');
    expect(model.saved.at(-1)).toEqual({ row: 0 });
    const asked = kernel.msgs('event').length;
    model.fromPython({ blind: true });
    await calm();
    expect(
      kernel
        .msgs('event')
        .slice(asked)
        .every(({ blind }) => blind === true)
    ).toBe(true);
    expect(kernel.msgs('event').length).toBeGreaterThan(asked);
    const box = [...el.querySelectorAll<HTMLInputElement>('input[type=checkbox]')].find(input =>
      input.parentElement!.textContent!.includes('Blind')
    )!;
    expect(box.checked).toBe(true);
    box.click();
    await calm();
    expect(model.traits.blind).toBe(false);
    expect(kernel.msgs('event').some(({ row, blind }) => row === 7 && blind === false)).toBe(true);
  });

  it('tells that the kernel is gone, drops nothing that was typed, and saves it by "Try again"', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { el, kernel } = await show();
    kernel.held = true;
    await type(el, ['1', '1']);
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(10_001);
      await calm();
    }
    expect(bar(el)).toContain('2 not saved');
    expect(kernel.written).toEqual([]);
    kernel.held = false;
    [...alert(el).querySelectorAll('button')].find(b => b.textContent === 'Try again')!.click();
    await calm();
    expect(kernel.written).toEqual(['0 glitch', '1 glitch']);
  });

  it('leaves nothing behind when its view ends', async () => {
    const { el, kernel, end, model } = await show();
    end.abort();
    expect(el.children).toHaveLength(0);
    expect(kernel.listeners.size).toBe(0);
    expect([...model.listeners.values()].every(set => set.size === 0)).toBe(true);
  });
});
