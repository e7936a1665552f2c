import { afterEach, beforeEach, vi } from 'vitest';
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

/** What is labelled so, for whoever cannot see it. */
export function labelled<E extends HTMLElement = HTMLInputElement>(
  el: HTMLElement,
  label: string
): E {
  const found = el.querySelector<E>(`[aria-label="${label}"]`);
  if (!found) {
    throw new Error(`nothing is labelled "${label}"`);
  }
  return found;
}

/** Writes into a field, or chooses, as a hand does. */
export function put(control: HTMLInputElement | HTMLSelectElement, value: string): void {
  control.value = value;
  control.dispatchEvent(new Event('input', { bubbles: true }));
  control.dispatchEvent(new Event('change', { bubbles: true }));
}

/** Lets each test of a group begin on an empty page, in a time that only it moves. */
export function onEmptyPage(
  prepare: () => void,
  toFake: ('setTimeout' | 'clearTimeout' | 'performance')[] = [
    'setTimeout',
    'clearTimeout',
    'performance'
  ]
): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake });
    prepare();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    document.body.replaceChildren();
  });
}
