// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import { wheelFactor } from '../../../src/widgets/common/wheel';
import { listen, type GestureHooks } from '../../../src/widgets/fits/gestures';

function start() {
  const canvas = document.createElement('canvas');
  canvas.setPointerCapture = vi.fn();
  const hooks = {
    pan: vi.fn(),
    zoom: vi.fn(),
    shade: vi.fn(),
    key: vi.fn(),
    fit: vi.fn(),
    actual: vi.fn(),
    hover: vi.fn(),
    other: vi.fn(() => false),
    grip: vi.fn<GestureHooks['grip']>(() => null)
  };
  const end = new AbortController();
  listen(canvas, hooks, end.signal);
  const pointer = (type: string, x: number, y: number, pointerId = 1, button = 0) => {
    const event = new MouseEvent(type, { clientX: x, clientY: y, button });
    canvas.dispatchEvent(Object.assign(event, { pointerId }));
  };
  const key = (init: KeyboardEventInit) => {
    const event = new KeyboardEvent('keydown', { cancelable: true, bubbles: true, ...init });
    canvas.dispatchEvent(event);
    return event;
  };
  return { canvas, hooks, end, pointer, key };
}

describe('hands on the picture', () => {
  it('drag it while a button is held, and not after', () => {
    const { hooks, pointer, canvas } = start();
    pointer('pointermove', 1, 1);
    pointer('pointerdown', 10, 10);
    pointer('pointermove', 13, 8);
    pointer('pointerup', 13, 8);
    pointer('pointermove', 99, 99);
    expect(hooks.pan.mock.calls).toEqual([[3, -2]]);
    expect(canvas.setPointerCapture).toHaveBeenCalledWith(1);
    expect(hooks.hover).toHaveBeenLastCalledWith({ x: 99, y: 99 }, expect.anything());
  });

  it('turn contrast and bias with the right button, and open no menu', () => {
    const { canvas, hooks, pointer } = start();
    canvas.getBoundingClientRect = () => ({ left: 0, top: 0, width: 200, height: 100 }) as DOMRect;
    pointer('pointerdown', 10, 10, 1, 2);
    pointer('pointermove', 30, 60);
    pointer('pointerup', 30, 60, 1, 2);
    pointer('pointermove', 99, 99);
    expect(hooks.shade.mock.calls).toEqual([[0.1, 0.5]]);
    expect(hooks.pan).not.toHaveBeenCalled();
    const menu = new MouseEvent('contextmenu', { cancelable: true });
    canvas.dispatchEvent(menu);
    expect(menu.defaultPrevented).toBe(true);
  });

  it('zoom it with two fingers about their middle', () => {
    const { hooks, pointer } = start();
    pointer('pointerdown', 0, 0, 1);
    pointer('pointerdown', 10, 0, 2);
    pointer('pointermove', 20, 0, 2);
    expect(hooks.zoom).toHaveBeenCalledWith({ x: 10, y: 0 }, 2);
    expect(hooks.pan).toHaveBeenCalledWith(5, 0);
  });

  it('zoom it by the wheel, which then does not scroll the page', () => {
    const { canvas, hooks } = start();
    const event = new WheelEvent('wheel', {
      deltaY: -100,
      clientX: 4,
      clientY: 5,
      cancelable: true
    });
    canvas.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    expect(hooks.zoom).toHaveBeenCalledWith({ x: 4, y: 5 }, wheelFactor(event));
    expect(wheelFactor(event)).toBeGreaterThan(1);
  });

  it.each([
    ['ArrowLeft', 'pan', [60, 0]],
    ['ArrowRight', 'pan', [-60, 0]],
    ['ArrowUp', 'pan', [0, 60]],
    ['ArrowDown', 'pan', [0, -60]],
    ['+', 'zoom', [null, 1.5]],
    ['-', 'zoom', [null, 1 / 1.5]],
    ['0', 'fit', []],
    ['f', 'fit', []],
    ['1', 'actual', []]
  ] as const)('the key %s means %s', (name, hook, expected) => {
    const { hooks, key } = start();
    expect(key({ key: name }).defaultPrevented).toBe(true);
    expect(hooks[hook].mock.calls).toEqual([expected]);
  });

  it('leave other keys, and those with Ctrl, to the page', () => {
    const { hooks, key } = start();
    for (const init of [{ key: 'Tab' }, { key: '0', ctrlKey: true }, { key: 'toString' }]) {
      expect(key(init).defaultPrevented).toBe(false);
    }
    const { other, ...own } = hooks;
    expect(Object.values(own).every(hook => hook.mock.calls.length === 0)).toBe(true);
    expect(other).toHaveBeenCalled();
  });

  it('mean nothing once the view has ended', () => {
    const { hooks, end, pointer, key } = start();
    end.abort();
    pointer('pointerdown', 0, 0);
    pointer('pointermove', 9, 9);
    key({ key: 'f' });
    expect(Object.values(hooks).every(hook => hook.mock.calls.length === 0)).toBe(true);
  });

  it('turn the wheel by pixels, lines or pages, never by more than a factor of four', () => {
    expect(wheelFactor({ deltaY: 0, deltaMode: 0, ctrlKey: false })).toBe(1);
    const lines = wheelFactor({ deltaY: -3, deltaMode: 1, ctrlKey: false });
    expect(lines).toBeCloseTo(wheelFactor({ deltaY: -48, deltaMode: 0, ctrlKey: false }));
    expect(wheelFactor({ deltaY: -1e6, deltaMode: 2, ctrlKey: true })).toBe(4);
    expect(wheelFactor({ deltaY: 1e6, deltaMode: 0, ctrlKey: false })).toBe(0.25);
  });

  it('lets somebody else take the hand, who holds it until the button is up', () => {
    const { hooks, pointer } = start();
    const grip = { move: vi.fn(), end: vi.fn() };
    hooks.grip.mockReturnValueOnce(grip);
    pointer('pointerdown', 10, 10);
    pointer('pointermove', 14, 12);
    pointer('pointerup', 15, 12);
    expect(grip.move).toHaveBeenCalledExactlyOnceWith({ x: 14, y: 12 }, expect.anything());
    expect(grip.end).toHaveBeenCalledExactlyOnceWith({ x: 15, y: 12 }, expect.anything(), true);
    expect(hooks.pan).not.toHaveBeenCalled();
    pointer('pointerdown', 10, 10);
    pointer('pointermove', 14, 12);
    expect(hooks.pan).toHaveBeenCalledExactlyOnceWith(4, 2);
  });

  it('gives keys that are not its own away', () => {
    const { hooks, key } = start();
    hooks.other.mockReturnValueOnce(true);
    expect(key({ key: 'ArrowLeft' }).defaultPrevented).toBe(true);
    expect(hooks.pan).not.toHaveBeenCalled();
  });
});
