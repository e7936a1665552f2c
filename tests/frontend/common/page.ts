import type { FakeChannel } from '../core/fakeChannel';
import type { FakeModel } from './fakeModel';

/** A widget on a page of its own, with the kernel behind it. */
export interface Shown<Traits extends object, Kernel extends FakeChannel> {
  el: HTMLElement;
  model: FakeModel<Traits>;
  kernel: Kernel;
  /** Takes the widget from the page. */
  end: AbortController;
}

/** Shows a widget as Jupyter does; its first questions may still wait for answers. */
export async function shownOn<Traits extends object, Kernel extends FakeChannel>(
  widget: unknown,
  model: FakeModel<Traits>,
  kernel: Kernel
): Promise<Shown<Traits, Kernel>> {
  const [el, end] = [document.createElement('div'), new AbortController()];
  document.body.append(el);
  await (widget as { render: (props: object) => Promise<void> }).render({
    model,
    el,
    host: { getModel: async () => kernel },
    signal: end.signal
  });
  return { el, model, kernel, end };
}

/** Presses a key; tells whether nobody took it. */
export function press(target: HTMLElement, key: string, more: KeyboardEventInit = {}): boolean {
  return target.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
  );
}
