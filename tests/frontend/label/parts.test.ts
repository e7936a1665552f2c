// @vitest-environment jsdom
import '../common/setup';
import { describe, expect, it } from 'vitest';
import type { ClassFacts, EventMeta } from '../../../src/core/label';
import { inkOn } from '../../../src/widgets/label/drawing';
import { between, within } from '../../../src/widgets/label/hands';
import { Keymap } from '../../../src/widgets/label/keymap';
import { inWords, Pace } from '../../../src/widgets/label/pace';
import { Trace } from '../../../src/widgets/label/trace';
import { Trail } from '../../../src/widgets/label/trail';

const key = (name: string, more: Partial<KeyboardEvent> = {}) => ({
  key: name,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...more
});

const kind = (name: string, hotkey: string): ClassFacts => ({
  name,
  hotkey,
  color: '#000000',
  parent: null,
  count: 0
});

const next = (row: number, turn = 0) => ({ row, turn, id: String(row), reason: '' });

describe('the keys', () => {
  it('give a class its own key, and the command another one', () => {
    const keys = new Keymap([kind('noise', 'n'), kind('signal', 's')]);
    expect(keys.meaning(key('n'))).toEqual({ class: 'noise' });
    expect(keys.meaning(key('/'))).toEqual({ command: 'note' });
    expect(keys.keysOf('note')).toEqual(['/']);
    expect(keys.keysOf('skip')).toEqual(['↓']);
  });

  it('tell undo from redo, and know letters under Caps Lock', () => {
    const keys = new Keymap([kind('blip', 'b')]);
    expect(keys.meaning(key('u'))).toEqual({ command: 'undo' });
    expect(keys.meaning(key('U', { shiftKey: true }))).toEqual({ command: 'redo' });
    expect(keys.meaning(key('Backspace', { shiftKey: true }))).toEqual({ command: 'redo' });
    expect(keys.meaning(key('U'))).toEqual({ command: 'undo' });
    expect(keys.meaning(key('B'))).toEqual({ class: 'blip' });
    expect(keys.meaning(key('+', { shiftKey: true }))).toEqual({ command: 'surer' });
    expect(keys.meaning(key('?', { shiftKey: true }))).toEqual({ command: 'help' });
    expect(keys.meaning(key('b', { ctrlKey: true }))).toBeNull();
    expect(keys.meaning(key('q'))).toBeNull();
  });
});

describe('the trail', () => {
  it('goes on into what comes next, and back through what was shown', () => {
    const trail = new Trail();
    trail.offer([next(3), next(1), next(4)]);
    expect([trail.next(), trail.next()]).toEqual([true, true]);
    expect(trail.now?.row).toBe(1);
    expect(trail.before(4).map(({ row }) => row)).toEqual([3]);
    expect(trail.back()).toBe(true);
    expect(trail.back()).toBe(false);
    expect(trail.after(4).map(({ row }) => row)).toEqual([1, 4]);
  });

  it('does not take an older answer that offers again what is here, but takes its repetition', () => {
    const trail = new Trail();
    trail.offer([next(3), next(1)]);
    trail.next();
    trail.offer([next(3), next(3, 1), next(1)]);
    expect(trail.after(4)).toEqual([next(3, 1), next(1)]);
    expect(trail.held).toEqual([3]);
  });

  it('keeps the event under the eyes when the queue is put into another order', () => {
    const trail = new Trail();
    trail.offer([next(0), next(1)]);
    trail.next();
    trail.offer([next(9), next(8)]);
    expect(trail.now?.row).toBe(0);
    trail.next();
    expect(trail.now?.row).toBe(9);
  });
});

describe('the pace', () => {
  it('counts labels a minute without breaks', () => {
    const pace = new Pace();
    expect(pace.perMinute).toBeNull();
    [0, 1000, 2000, 700_000, 701_000].forEach(time => pace.note(time));
    expect(pace.perMinute).toBeCloseTo(60);
    expect([inWords(0.2), inWords(12.4), inWords(200)]).toEqual([
      'less than a minute',
      '12 min',
      '3.3 h'
    ]);
  });
});

describe('regions', () => {
  it('are whole samples, or hundredths of pixels, whichever way they are drawn', () => {
    expect(between('interval', { x: 7.6, y: 0 }, { x: 2.2, y: 5 })).toEqual({
      kind: 'interval',
      start: 2,
      stop: 8
    });
    expect(between('box', { x: 3, y: 4 }, { x: 1.234, y: 6 })).toEqual({
      kind: 'box',
      x: 1.23,
      y: 4,
      width: 1.77,
      height: 2
    });
  });

  it('are cut to the event, and nothing beside it is one', () => {
    const size = { width: 10, height: 8 };
    expect(within({ kind: 'interval', start: -5, stop: 20 }, size)).toEqual({
      kind: 'interval',
      start: 0,
      stop: 9
    });
    expect(within({ kind: 'box', x: 20, y: 0, width: 5, height: 5 }, size)).toBeNull();
    expect(within({ kind: 'box', x: -1, y: 6, width: 3, height: 5 }, size)).toEqual({
      kind: 'box',
      x: 0,
      y: 6,
      width: 2,
      height: 2
    });
    expect(within({ kind: 'polygon', points: [[0, 0]] }, size)).toBeNull();
  });
});

describe('a trace', () => {
  const meta = { samples: 8, low: 0, high: 7, id: '1' } as unknown as EventMeta;
  const values = Float32Array.from([0, 1, 2, 3, 4, NaN, 6, 7]);

  it('maps samples and values there and back, also when it is zoomed', () => {
    const trace = new Trace(meta, { shape: [1, 1, 8], dtype: 'f4', data: values }, null);
    const check = () => {
      const frame = trace.frame(500, 300);
      const { x, y } = frame.toData(frame.toCanvas({ x: 3.25, y: 2.5 }));
      expect([x, y]).toEqual([expect.closeTo(3.25, 9), expect.closeTo(2.5, 9)]);
      return frame;
    };
    const whole = check();
    expect(whole.toData({ x: whole.left, y: 0 }).x).toBeCloseTo(-0.5);
    trace.zoom({ x: 3, y: 0 }, 2);
    const zoomed = check();
    expect(zoomed.toData({ x: zoomed.right, y: 0 }).x).toBeLessThan(7);
    trace.zoom({ x: 3, y: 0 }, 1e-9);
    expect(check().toData({ x: zoomed.right, y: 0 }).x).toBeCloseTo(7.5);
  });

  it('reads values out, missing ones too, and of an envelope both', () => {
    const trace = new Trace(meta, { shape: [1, 1, 8], dtype: 'f4', data: values }, null);
    expect(trace.readout({ x: 3.2, y: 0 })).toBe('sample 3: 3');
    expect(trace.readout({ x: 5, y: 0 })).toBe('sample 5: NaN');
    expect(trace.readout({ x: 90, y: 0 })).toBe('');
    const envelope = new Trace(
      meta,
      { shape: [1, 2, 2], dtype: 'f4', data: Float32Array.from([0, 4, 3, 7]) },
      1e-8
    );
    expect(envelope.readout({ x: 6, y: 0 })).toBe('sample 6 (60): 4 to 7');
  });
});

describe('ink', () => {
  it('is legible on the colour of each class', () => {
    expect([inkOn('#ffffff'), inkOn('#ffcc00'), inkOn('#00008b')]).toEqual([
      '#000000',
      '#000000',
      '#ffffff'
    ]);
  });
});
