// @vitest-environment jsdom
import '../common/setup';
import { describe, expect, it, vi } from 'vitest';
import type { LatentTraits } from '../../../src/core/latent';
import widget from '../../../src/widgets/latent/index';
import { FakeKernel, facts, HOSTILE, settle, traits } from './fake';
import { withoutCanvas } from '../common/canvas';
import { FakeModel } from '../common/fakeModel';
import { onEmptyPage, press, shownOn } from '../common/page';

async function show(
  values: Partial<LatentTraits> = {},
  prepare: (kernel: FakeKernel) => void = () => undefined
) {
  const kernel = new FakeKernel();
  prepare(kernel);
  const shown = await shownOn(widget, new FakeModel(traits(values)), kernel);
  for (let i = 0; i < 6; i++) {
    await settle();
  }
  return shown;
}

function labelled<E extends HTMLElement = HTMLInputElement>(el: HTMLElement, label: string): E {
  const pane = el.querySelector('[role="tabpanel"]:not([hidden])') ?? el;
  const found = pane.querySelector<E>(`[aria-label="${CSS.escape(label)}"]`);
  if (!found) {
    throw new Error(`nothing is labelled "${label}"`);
  }
  return found;
}

const alert = (el: HTMLElement) => el.querySelector('[role="alert"]') as HTMLElement;
const shown = (el: HTMLElement, selector: string) =>
  el.querySelector<HTMLElement>(`[role="tabpanel"]:not([hidden]) ${selector}`)!;
const figures = (el: HTMLElement) => el.querySelector('.astrodata-latent-counts')!.textContent;
const limit = (el: HTMLElement, name: string) => labelled<HTMLElement>(el, name);

describe('LatentExplorer in the browser', () => {
  onEmptyPage(() => {
    vi.stubGlobal('CSS', { escape: (text: string) => text.replaceAll('"', '\\"') });
    withoutCanvas();
  });

  it('greets the kernel, then fetches each latent once, in parts', async () => {
    const { kernel, el } = await show();
    expect(kernel.sent.map(frame => frame.kind).slice(0, 2)).toEqual(['hello', 'describe']);
    expect(
      kernel
        .msgs('values')
        .map(({ name, start }) => `${name === HOSTILE ? 1 : 0} ${start}`)
        .sort()
    ).toEqual(['0 0', '0 2', '1 0', '1 2']);
    expect(kernel.msgs('column')).toEqual([{ name: 'signal' }]);
    expect(figures(el)).toContain('2 of 3');
    expect(figures(el)).toContain('[0 %, 65.76 %], 0 of 2');
    expect(figures(el)).toContain('no truth was given');
    expect(el.querySelector('.astrodata-widget')?.getAttribute('aria-busy')).toBe('false');
  });

  it('shows text of strangers as text', async () => {
    const { el } = await show({ point: 1 });
    vi.advanceTimersByTime(100);
    await settle();
    expect(el.querySelector('img')).toBeNull();
    expect(shown(el, '.astrodata-latent-legend').textContent).toContain(HOSTILE);
    expect(el.querySelector('.astrodata-latent-status')!.textContent).toContain(HOSTILE);
  });

  it('moves a limit by keys, one gesture for each press that is held', async () => {
    const { el, kernel, model } = await show();
    const upper = limit(el, 'z0 upper limit');
    expect([upper.getAttribute('role'), upper.tabIndex]).toEqual(['slider', 0]);
    press(upper, 'ArrowLeft');
    await settle();
    press(upper, 'ArrowLeft', { repeat: true });
    await settle();
    press(upper, 'ArrowRight', { shiftKey: true });
    await settle();
    const moves = kernel.msgs('move') as { gesture: string; high: number; turn: number }[];
    expect(new Set(moves.map(move => move.gesture)).size).toBe(2);
    expect(moves[0].gesture).toBe(moves[1].gesture);
    // A step is one 200th of what the panel spans: 10.6.
    expect(moves.map(move => move.high)).toEqual(
      [1 - 0.053, 1 - 0.106, 1 - 0.106 + 0.53].map(high => expect.closeTo(high, 9))
    );
    expect(moves.map(move => move.turn)).toEqual([0, 1, 2]);
    expect(upper.getAttribute('aria-valuenow')).toBe(String(moves[2].high));
    // The kernel alone writes the garage.
    expect(model.saved).toEqual([]);
  });

  it('drags with the mouse; while the kernel is busy only the newest place waits', async () => {
    const { el, kernel } = await show();
    const upper = limit(el, 'z0 upper limit');
    const box = { left: 0, right: 100, top: 0, bottom: 100, width: 100, height: 100 };
    upper.parentElement!.getBoundingClientRect = () => box as DOMRect;
    const at = (name: string, clientX: number) =>
      upper.dispatchEvent(new MouseEvent(name, { clientX, bubbles: true, button: 0 }));
    kernel.held = true;
    at('pointerdown', 50);
    for (const x of [52, 60, 70, 80]) {
      at('pointermove', x);
      await settle();
    }
    expect(kernel.msgs('move')).toHaveLength(1);
    kernel.release();
    await settle();
    kernel.release();
    await settle();
    at('pointerup', 80);
    await settle();
    const moves = kernel.msgs('move') as { high: number }[];
    expect(moves).toHaveLength(2);
    expect(moves[1].high).toBeCloseTo(-4.3 + 0.8 * 10.6);
    expect(figures(el)).toContain('2 of 3');
  });

  it('does not let a limit pass the other one', async () => {
    const { el, kernel } = await show();
    const upper = limit(el, 'z0 upper limit');
    for (let i = 0; i < 5; i++) {
      press(upper, 'PageDown');
      await settle();
    }
    const moves = kernel.msgs('move') as { low: number; high: number }[];
    expect(moves.every(({ low, high }) => low <= high)).toBe(true);
    expect(moves.at(-1)!.high).toBe(-1);
  });

  it('undoes by button and by key, and is told by the kernel whether it can', async () => {
    const { el, kernel } = await show();
    const undo = labelled<HTMLButtonElement>(el, 'Undo');
    expect(undo.disabled).toBe(true);
    press(limit(el, 'z0 upper limit'), 'ArrowLeft');
    await settle();
    expect(undo.disabled).toBe(false);
    undo.click();
    await settle();
    expect(kernel.msgs('step')).toEqual([{ what: 'undo' }]);
    expect(limit(el, 'z0 upper limit').getAttribute('aria-valuenow')).toBe('1');
    press(limit(el, 'z0 upper limit'), 'Z', { shiftKey: true });
    await settle();
    expect(kernel.msgs('step').at(-1)).toEqual({ what: 'redo' });
  });

  it('goes back to what the kernel has when a move is refused', async () => {
    const { el } = await show({}, kernel => {
      kernel.answers.move = () => ({ error: { code: 'bad-request', message: 'not so' } });
    });
    const upper = limit(el, 'z0 upper limit');
    press(upper, 'ArrowLeft');
    await settle();
    await settle();
    expect(alert(el).textContent).toContain('not so');
    expect(upper.getAttribute('aria-valuenow')).toBe('1');
  });

  it('follows a garage that Python sets', async () => {
    const { el, kernel, model } = await show();
    kernel.garage = [
      [-0.25, 0.25],
      [-2, 2]
    ];
    model.fromPython({ garage: kernel.garage });
    await settle();
    await settle();
    expect(limit(el, 'z0 upper limit').getAttribute('aria-valuenow')).toBe('0.25');
    expect(figures(el)).toContain('1 of 3');
  });

  it('calibrates to a rate in per cent, and refuses what is none', async () => {
    const { el, kernel } = await show();
    const rate = labelled(el, 'False-positive rate in per cent');
    rate.value = '2.5';
    labelled(el, 'Calibrate').click();
    await settle();
    expect(kernel.msgs('calibrate')).toEqual([{ rate: 0.025 }]);
    rate.value = '120';
    labelled(el, 'Calibrate').click();
    await settle();
    expect(rate.getAttribute('aria-invalid')).toBe('true');
    expect(kernel.msgs('calibrate')).toHaveLength(1);
  });

  it('shows curves of a point, and of the sliders only the newest place', async () => {
    const { el, kernel, model } = await show();
    const number = labelled(el, 'Point');
    number.value = '2';
    number.dispatchEvent(new Event('change'));
    await settle();
    expect(model.saved.at(-1)).toEqual({ point: 2 });
    expect(kernel.msgs('curves')).toEqual([{ point: 2, z: null }]);
    expect(labelled(el, 'Trace of point 2 over reconstruction').hidden).toBe(false);
    expect(shown(el, '.astrodata-latent-title').textContent).toBe('sum of squares 8, rms 2');
    kernel.held = true;
    const slider = labelled(el, 'Decode at z0');
    for (const value of ['1', '2', '3']) {
      slider.value = value;
      slider.dispatchEvent(new Event('input'));
      await settle();
    }
    kernel.release();
    await settle();
    kernel.release();
    await settle();
    const asked = kernel.msgs('curves').slice(1) as { z: number[] }[];
    expect(asked.map(({ z }) => Math.round(z[0]))).toEqual([1, 3]);
    expect(labelled(el, 'Trace of point 2 over decoded').hidden).toBe(false);
  });

  it('follows a selection that Python makes, and takes it back with Escape', async () => {
    const { el, kernel, model } = await show();
    const box = { x: 'z0', x_range: [-1, 1], y: HOSTILE, y_range: [-1, 1] } as const;
    kernel.selection = [{ op: 'replace', box }];
    model.fromPython({ selection: [{ op: 'replace', box }] });
    await settle();
    await settle();
    expect(kernel.msgs('mask')).toHaveLength(1);
    expect(figures(el)).toContain('2 selected: 1 inside, 1 outside');
    press(limit(el, 'z0 upper limit'), 'Escape');
    await settle();
    await settle();
    expect(kernel.msgs('select').at(-1)).toEqual({ step: null });
    expect(figures(el)).not.toContain('selected');
    // The kernel alone writes the selection.
    expect(model.saved).toEqual([]);
  });

  it('offers no sliders, curves or calibration where there is nothing to them', async () => {
    const { el } = await show({}, kernel => {
      const bare = { traces: false, decoder: false, noise: 0, warnings: ['z1 is constant'] };
      kernel.answers.describe = () => ({ meta: facts(bare) });
    });
    expect(el.querySelector('[aria-label="Calibrate"]')).toBeNull();
    expect(el.querySelector('.astrodata-latent-sliders')).toBeNull();
    expect(shown(el, '.astrodata-latent-hint').textContent).toContain('decoder=');
    expect(el.querySelector('.astrodata-latent-notes')!.textContent).toContain('z1 is constant');
  });

  it('shows and hides latents, but never all of them', async () => {
    const { el, model } = await show();
    expect(el.querySelectorAll('.astrodata-latent-panel')).toHaveLength(3);
    labelled(el, 'Show z0').click();
    expect(model.traits.axes).toEqual([1]);
    expect(el.querySelectorAll('.astrodata-latent-panel')).toHaveLength(1);
    labelled(el, `Show ${HOSTILE}`).click();
    expect(model.traits.axes).toEqual([1]);
  });

  it('asks for the history when its tab is opened, and names the collapsed starts', async () => {
    const { el, kernel } = await show({}, one => {
      one.answers.describe = () => ({ meta: facts({ history: true }) });
    });
    expect(kernel.msgs('history')).toHaveLength(0);
    const tabs = [...el.querySelectorAll<HTMLElement>('[role="tab"]')];
    tabs[2].click();
    await settle();
    tabs[1].click();
    tabs[2].click();
    await settle();
    expect(kernel.msgs('history')).toHaveLength(1);
    expect(labelled(el, 'Collapsed starts').textContent).toBe(`round 0, start 1: ${HOSTILE}`);
    expect(tabs[2].getAttribute('aria-selected')).toBe('true');
  });

  it('tells what failed and tries again', async () => {
    const { el, kernel } = await show({}, one => {
      one.answers.describe = () => ({ error: { code: 'internal', message: 'no luck' } });
    });
    expect(alert(el).textContent).toContain('no luck');
    kernel.answers.describe = () => ({ meta: facts() });
    const again = [...alert(el).querySelectorAll('button')].find(b => /again/.test(b.textContent!));
    again!.click();
    for (let i = 0; i < 6; i++) {
      await settle();
    }
    expect(figures(el)).toContain('2 of 3');
  });

  it('leaves nothing behind when its view ends', async () => {
    const { el, kernel, model, end } = await show();
    end.abort();
    expect(el.children).toHaveLength(0);
    expect(kernel.listeners.size).toBe(0);
    expect([...model.listeners.values()].every(set => set.size === 0)).toBe(true);
  });
});
