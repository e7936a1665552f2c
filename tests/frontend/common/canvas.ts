import { vi } from 'vitest';

/** Stands in for the canvas, whose pictures jsdom does not have; they are looked at in a real browser. */
export function withoutCanvas(): void {
  const context = new Proxy(
    { canvas: null as unknown },
    {
      get: (target, name) =>
        name === 'canvas'
          ? target.canvas
          : name === 'measureText'
            ? () => ({ width: 10 })
            : () => undefined,
      set: () => true
    }
  );
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockImplementation(function (
    this: HTMLCanvasElement
  ) {
    return new Proxy(context, {
      get: (target, name) => (name === 'canvas' ? this : Reflect.get(target, name)),
      set: () => true
    }) as never;
  });
  class Nothing {
    constructor() {
      return new Proxy(this, { get: () => () => undefined });
    }
  }
  vi.stubGlobal('Path2D', Nothing);
  vi.stubGlobal(
    'ImageData',
    class {
      constructor(readonly data: Uint8ClampedArray) {}
    }
  );
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      disconnect() {}
    }
  );
}
