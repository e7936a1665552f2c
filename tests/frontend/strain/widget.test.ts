// @vitest-environment jsdom
import '../common/setup';
import { withoutCanvas } from '../common/canvas';
import { describe, expect, it, vi } from 'vitest';
import type { StrainTraits } from '../../../src/core/strain';
import widget from '../../../src/widgets/strain/index';
import { EPOCH, FakeKernel, record, settle, traits } from './fake';
import { FakeModel } from '../common/fakeModel';
import { labelled, onEmptyPage, press, put, shownOn } from '../common/page';

const HOSTILE = '<img src=x onerror=alert(1)>';

async function show(
  values: Partial<StrainTraits> = {},
  prepare: (kernel: FakeKernel) => void = () => undefined
) {
  const kernel = new FakeKernel();
  prepare(kernel);
  const shown = await shownOn(widget, new FakeModel(traits(values)), kernel);
  await settle();
  await settle();
  return shown;
}

async function pick(control: HTMLInputElement | HTMLSelectElement, value: string): Promise<void> {
  put(control, value);
  await settle();
}

const alert = (el: HTMLElement) => el.querySelector('[role="alert"]') as HTMLElement;
const status = (el: HTMLElement) => el.querySelector('[role="status"]')!.textContent;
const last = (kernel: FakeKernel, kind: string) => kernel.msgs(kind).at(-1)!;

describe('StrainViewer in the browser', () => {
  onEmptyPage(withoutCanvas);

  it('greets the kernel, then asks for each panel once', async () => {
    const { kernel, el } = await show();
    expect(kernel.sent.map(frame => frame.kind).slice(0, 2)).toEqual(['hello', 'describe']);
    const settings = { whiten: true, band: null, notches: [] };
    expect(kernel.msgs('series')).toEqual([{ start: 0, stop: 32, columns: 100, settings }]);
    expect(kernel.msgs('asd')).toEqual([{ center: 16, window: 2, settings }]);
    expect(kernel.msgs('spectrogram')).toHaveLength(1);
    expect(kernel.msgs('q')).toEqual([
      { center: 16, window: 2, q: 12, frange: [20, 500], columns: 100, rows: 200, settings }
    ]);
    expect(el.querySelector('.astrodata-widget')?.getAttribute('aria-busy')).toBe('false');
    expect(status(el)).toContain('Q peak: energy 40, 100 Hz, 16.0000 s (GPS 1126259462.0000)');
  });

  it('names each panel with what it shows, for who cannot see it', async () => {
    const { el } = await show();
    const names = [...el.querySelectorAll('[role="application"]')].map(panel =>
      panel.getAttribute('aria-label')
    );
    expect(names[0]).toBe('Time series, whitened, σ: -3 to 4 from 0.000 to 32.000 s');
    expect(names[1]).toMatch(/^Amplitude spectral density in σ\/√Hz from 10 to 1000 Hz/);
    expect(names[2]).toMatch(/^Spectrogram, whitened, σ\/√Hz, 20 to 500 Hz, stretches of 0.5 s/);
    expect(names[3]).toMatch(/^Q-transform, Q 12.*: peak 40 at 100 Hz, 16.000 s/);
  });

  it('asks anew for what a control changes, and only for that', async () => {
    const { el, kernel, model } = await show();
    await pick(labelled(el, 'Band-pass from'), '35');
    expect(last(kernel, 'q').settings).toEqual({ whiten: true, band: [35, null], notches: [] });
    expect(kernel.msgs('series')).toHaveLength(2);
    await pick(labelled(el, 'Show to'), '300');
    expect(kernel.msgs('series')).toHaveLength(2);
    expect(kernel.msgs('asd')).toHaveLength(2);
    expect(last(kernel, 'spectrogram').frange).toEqual([20, 300]);
    expect(model.saved).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(model.saved).toEqual([{ band: [35, null], frange: [20, 300] }]);
  });

  it('asks for the newest place of a slider and takes older wishes back', async () => {
    const { el, kernel } = await show();
    kernel.held = true;
    const slider = labelled(el, 'Q');
    for (const place of ['50', '100', '150']) {
      await pick(slider, place);
    }
    expect(kernel.msgs('q')).toHaveLength(1);
    vi.advanceTimersByTime(60);
    await settle();
    expect(kernel.msgs('q')).toHaveLength(2);
    await pick(slider, '0');
    vi.advanceTimersByTime(60);
    await settle();
    expect(kernel.cancelled).toHaveLength(1);
    kernel.release();
    await settle();
    expect(last(kernel, 'q').q).toBe(4);
    expect(el.querySelector('.astrodata-strain-q .astrodata-strain-title')?.textContent).toMatch(
      /Q 4,/
    );
  });

  it('follows Python without telling it back', async () => {
    const { el, kernel, model } = await show();
    model.fromPython({ whiten: false, q: 30, center: EPOCH + 5 });
    await settle();
    expect(labelled(el, 'Whiten').checked).toBe(false);
    expect(labelled(el, 'Centre').value).toBe('1126259451');
    expect(last(kernel, 'q')).toMatchObject({ q: 30, center: 5, settings: { whiten: false } });
    vi.advanceTimersByTime(1000);
    expect(model.saved).toEqual([]);
  });

  it('hides a panel, asks nothing for it, and never hides the last one', async () => {
    const { el, kernel } = await show({ panels: ['q'] });
    expect(kernel.msgs('series')).toEqual([]);
    expect(el.querySelector<HTMLElement>('.astrodata-strain-time')!.hidden).toBe(true);
    labelled<HTMLButtonElement>(el, 'Panel Q').click();
    expect(labelled(el, 'Panel Q').getAttribute('aria-pressed')).toBe('true');
    labelled<HTMLButtonElement>(el, 'Panel Time').click();
    await settle();
    expect(el.querySelector<HTMLElement>('.astrodata-strain-time')!.hidden).toBe(false);
    expect(kernel.msgs('series')).toHaveLength(1);
  });

  it('obeys keys on a panel, leaves those with Ctrl alone, and those in fields too', async () => {
    const { el, kernel, model } = await show();
    const panel = el.querySelector<HTMLElement>('.astrodata-strain-plot')!;
    expect(press(panel, '+')).toBe(false);
    await settle();
    expect(last(kernel, 'series')).toMatchObject({ start: 8, stop: 24 });
    expect(press(panel, 'w', { ctrlKey: true })).toBe(true);
    expect(press(labelled(el, 'Notches'), 'w')).toBe(true);
    expect(press(panel, 'w')).toBe(false);
    vi.advanceTimersByTime(200);
    expect(model.saved).toEqual([{ span: [EPOCH + 8, EPOCH + 24], whiten: false }]);
  });

  it('keeps plain keys from JupyterLab wherever the focus is, and gives it those with Ctrl', async () => {
    const { el } = await show();
    const mark = 'data-lm-suppress-shortcuts';
    const [root, slider] = [el.querySelector('.astrodata-widget')!, labelled(el, 'Q')];
    slider.focus();
    expect([root, slider].map(each => each.hasAttribute(mark))).toEqual([true, true]);
    slider.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Control', ctrlKey: true, bubbles: true })
    );
    expect([root, slider].map(each => each.hasAttribute(mark))).toEqual([false, false]);
    slider.dispatchEvent(new KeyboardEvent('keyup', { key: 'Control', bubbles: true }));
    expect([root, slider].map(each => each.hasAttribute(mark))).toEqual([true, true]);
    slider.blur();
    expect(slider.hasAttribute(mark)).toBe(false);
  });

  it('goes from glitch to glitch, by key and by list', async () => {
    const glitches = [3, 20].map(time => ({
      time,
      frequency: 100,
      snr: 8,
      duration: null,
      label: HOSTILE
    }));
    const { el, kernel } = await show({}, kernel => {
      kernel.answers.describe = () => ({ meta: record({ glitches }) });
    });
    const list = labelled<HTMLSelectElement>(el, 'Glitch');
    expect(list.options[1].textContent).toBe(`${HOSTILE}, 3.0000 s, 100 Hz, SNR 8`);
    expect(el.querySelector('img')).toBeNull();
    el.querySelector('.astrodata-strain-plot')!.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'n', bubbles: true })
    );
    await settle();
    expect(last(kernel, 'q').center).toBe(20);
    await pick(list, '0');
    expect(last(kernel, 'q').center).toBe(3);
    expect(list.value).toBe('');
  });

  it('refuses a centre beyond the record and says where it ends', async () => {
    const { el, kernel } = await show();
    const centre = labelled(el, 'Centre');
    await pick(centre, '5');
    expect(centre.validationMessage).toBe('The record lasts from 1126259446 to 1126259478 s.');
    expect(kernel.msgs('q')).toHaveLength(1);
  });

  it('tells what the kernel refused, and forgets it once all is well again', async () => {
    const { el, kernel } = await show({}, kernel => {
      kernel.answers.q = () => ({ error: { code: 'bad-request', message: 'too short' } });
    });
    expect(alert(el).textContent).toContain('too short');
    kernel.answers.q = new FakeKernel().answers.q;
    await pick(labelled(el, 'Notches'), '60');
    expect(alert(el).hidden).toBe(true);
  });

  it('tries again what failed', async () => {
    const { el, kernel } = await show({}, kernel => {
      kernel.answers.describe = () => ({ error: { code: 'damaged', message: 'cut short' } });
    });
    expect(alert(el).textContent).toContain('cut short');
    kernel.answers.describe = new FakeKernel().answers.describe;
    alert(el).querySelector<HTMLButtonElement>('button')!.click();
    await settle();
    await settle();
    expect(kernel.msgs('q')).toHaveLength(1);
    expect(alert(el).hidden).toBe(true);
  });

  it('names the older half when the kernel speaks another protocol', async () => {
    const { el, kernel } = await show({}, kernel => {
      kernel.answers.hello = () => ({ meta: { protocol: 0, version: '0.0.1' } });
    });
    expect(alert(el).textContent).toContain('is older than this viewer');
    expect(kernel.msgs('describe')).toEqual([]);
  });

  it('lists the notes on a record as text', async () => {
    const { el } = await show({}, kernel => {
      kernel.answers.describe = () => ({ meta: record({ warnings: ['1 gap', HOSTILE] }) });
    });
    expect(el.querySelector('summary')!.textContent).toBe('2 notes on this record');
    expect(el.querySelectorAll('details li')[1].textContent).toBe(HOSTILE);
  });

  it('says seconds where no GPS time is known', async () => {
    const { el } = await show({ center: 16 }, kernel => {
      kernel.answers.describe = () => ({ meta: record({ epoch: 0, gps: false }) });
    });
    expect(status(el)).not.toContain('GPS');
    expect(labelled(el, 'Centre').title).toContain('in seconds');
  });

  it('saves numbers as CSV under the name of the record', async () => {
    const saved: { name: string; blob: Blob }[] = [];
    let blob: Blob | null = null;
    vi.stubGlobal(
      'URL',
      Object.assign(URL, {
        createObjectURL: (made: Blob) => ((blob = made), 'blob:made'),
        revokeObjectURL: () => undefined
      })
    );
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (
      this: HTMLAnchorElement
    ) {
      saved.push({ name: this.download, blob: blob! });
    });
    const { el } = await show();
    for (const what of ['time', 'asd', 'spectrogram', 'q']) {
      await pick(labelled<HTMLSelectElement>(el, 'Export'), what);
    }
    expect(saved.map(({ name }) => name)).toEqual([
      'H1-time.csv',
      'H1-asd.csv',
      'H1-spectrogram.csv',
      'H1-q.csv'
    ]);
    expect(labelled<HTMLSelectElement>(el, 'Export').value).toBe('');
  });

  it('says that there is nothing to save yet', async () => {
    const { el } = await show({ panels: ['time'] });
    await pick(labelled<HTMLSelectElement>(el, 'Export'), 'q');
    expect(alert(el).textContent).toContain('nothing to save yet');
  });

  it('leaves nothing behind when its output goes away', async () => {
    const { el, kernel, model, end } = await show();
    end.abort();
    expect(el.childElementCount).toBe(0);
    expect(kernel.listeners.size).toBe(0);
    expect([...model.listeners.values()].every(set => !set.size)).toBe(true);
    vi.advanceTimersByTime(1000);
    expect(model.saved).toEqual([]);
  });
});
