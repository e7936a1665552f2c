/** What browsers have and jsdom lacks; import it before anything of JupyterLab's. */
import { Blob, File } from 'node:buffer';

class FakeDragEvent extends MouseEvent {
  readonly dataTransfer: DataTransfer | null;

  constructor(type: string, init: DragEventInit = {}) {
    super(type, init);
    this.dataTransfer = init.dataTransfer ?? null;
  }
}

globalThis.DragEvent ??= FakeDragEvent as unknown as typeof DragEvent;
globalThis.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};
// jsdom lays nothing out: a list would show nothing, or all of ten thousand rows.
Object.defineProperties(HTMLElement.prototype, {
  clientHeight: { get: () => 600 },
  offsetHeight: { get: () => 60 }
});
window.matchMedia ??= () =>
  ({
    matches: false,
    addListener: () => undefined,
    addEventListener: () => undefined
  }) as unknown as MediaQueryList;
// jsdom's own give no bytes.
Object.assign(globalThis, { Blob, File });
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
