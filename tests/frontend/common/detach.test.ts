// @vitest-environment jsdom
import './setup';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { DETACH, DETACH_BUTTON, type Detachable } from '../../../src/core/detach';
import { detachButton, withOwnHeight } from '../../../src/widgets/common/detach';
import { make } from '../../../src/widgets/common/dom';
import { widgetOf } from '../../../src/widgets/common/start';
import { FakeChannel } from '../core/fakeChannel';
import { FakeModel } from './fakeModel';
import { shownOn } from './page';

interface Traits {
  channel: string;
  height: number;
}

let model: FakeModel<Traits>;
let el: HTMLElement;
let end: AbortController;
let begun: number;
let rebuild: () => void;

/** A view with a toolbar, in an output. */
const widget = widgetOf<Traits>((own, place, signal, again) => {
  begun += 1;
  rebuild = again;
  const root = make('div', { class: 'astrodata-widget' }, detachButton(), make('output'));
  const show = () => (root.querySelector('output')!.value = String(own.get('height')));
  own.on('change:height', show);
  signal.addEventListener('abort', () => root.remove());
  show();
  place.append(root);
  return { connect: () => undefined, fail: () => undefined };
});

/** Press the button, as JupyterLab's half hears it. */
function press(): Detachable {
  const heard = vi.fn();
  document.body.addEventListener(DETACH, heard, { once: true });
  document.querySelector<HTMLElement>(`.${DETACH_BUTTON}`)!.click();
  return heard.mock.calls[0][0].detail as Detachable;
}

const shown = (): string => document.querySelector('output')!.value;

beforeEach(async () => {
  begun = 0;
  model = new FakeModel<Traits>({ channel: 'c', height: 300 });
  ({ el, end } = await shownOn(widget, model, new FakeChannel()));
});

afterEach(() => {
  end.abort();
  document.body.replaceChildren();
});

test('the button tells whoever listens what to move, and until when', () => {
  const { place, signal } = press();
  expect(place.parentElement).toBe(el);
  expect(place.querySelector('output')).not.toBeNull();
  end.abort();
  expect(signal.aborted).toBe(true);
});

test('a view that was moved begins anew where it is, and ends there', async () => {
  const { place } = press();
  const tab = make('div');
  document.body.append(tab);
  tab.append(place);
  rebuild();
  await vi.waitFor(() => expect(begun).toBe(2));
  expect(tab.querySelectorAll('output')).toHaveLength(1);
  expect(el.childElementCount).toBe(0);
  end.abort();
  expect(tab.childElementCount).toBe(0);
});

test('a view has a height of its own, of which its widget learns nothing', () => {
  const { height } = press();
  expect(height.get()).toBe(300);
  height.set(640);
  expect(shown()).toBe('640');
  expect(height.get()).toBe(640);
  expect(model.get('height')).toBe(300);
  model.set('height', 200);
  expect(shown()).toBe('640');
  height.set(null);
  expect(shown()).toBe('200');
});

test('who no longer listens to the height is not told, by either', () => {
  const { model: own, height } = withOwnHeight(model);
  const told = vi.fn();
  own.on('change:height', told);
  own.off('change:height', told);
  height.set(100);
  model.set('height', 50);
  expect(told).not.toHaveBeenCalled();
});
