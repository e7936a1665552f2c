// @vitest-environment jsdom
import '../common/setup';
import { describe, expect, it, vi } from 'vitest';
import type { WaveformTraits } from '../../../src/core/waveforms';
import widget from '../../../src/widgets/waveforms/index';
import { settle } from '../core/fakeChannel';
import { withoutCanvas } from '../common/canvas';
import { facts, FakeKernel, page, traits } from './fake';
import { FakeModel } from '../common/fakeModel';
import { labelled, onEmptyPage, shownOn } from '../common/page';

const HOSTILE = '<img src=x onerror=alert(1)>';

async function show(
  values: Partial<WaveformTraits> = {},
  prepare: (kernel: FakeKernel) => void = () => undefined
) {
  const kernel = new FakeKernel();
  prepare(kernel);
  const shown = await shownOn(widget, new FakeModel(traits(values)), kernel);
  await quiet();
  return shown;
}

async function quiet(): Promise<void> {
  for (let i = 0; i < 6; i++) {
    await settle();
  }
}

async function pick(control: HTMLInputElement | HTMLSelectElement, value: string): Promise<void> {
  control.value = value;
  control.dispatchEvent(new Event('change', { bubbles: true }));
  await quiet();
}

async function key(el: HTMLElement, name: string, init: KeyboardEventInit = {}): Promise<void> {
  el.querySelector('.astrodata-waveforms-lines .astrodata-waveforms-plot')!.dispatchEvent(
    new KeyboardEvent('keydown', { key: name, bubbles: true, ...init })
  );
  await vi.advanceTimersByTimeAsync(100);
  await quiet();
}

const alert = (el: HTMLElement) => el.querySelector('[role="alert"]') as HTMLElement;
const count = (el: HTMLElement) => el.querySelector('.astrodata-waveforms-count')!.textContent;
const last = (kernel: FakeKernel, kind: string) => kernel.msgs(kind).at(-1)!;
const root = (el: HTMLElement) => el.querySelector('.astrodata-waveforms')!;

describe('WaveformViewer in the browser', () => {
  onEmptyPage(withoutCanvas);

  it('asks for picture, lines, pulses, rows and histograms once each', async () => {
    const { el, kernel } = await show();
    for (const kind of ['hello', 'describe', 'picture', 'envelope', 'pulses', 'table']) {
      expect(kernel.msgs(kind), kind).toHaveLength(1);
    }
    expect(kernel.msgs('histogram').map(({ column }) => column)).toEqual(['peak', 'trace']);
    expect(last(kernel, 'envelope')).toMatchObject({ traces: [0], start: 0, stop: 1000 });
    expect(count(el)).toBe('20 of 20 traces');
    expect(root(el).getAttribute('aria-busy')).toBe('false');
  });

  it('steps by keys in the order of the table, and stays at the ends', async () => {
    const { el, kernel, model } = await show({ sort: ['peak', 'desc'], trace: 4 });
    await key(el, 'ArrowRight');
    expect(last(kernel, 'step')).toMatchObject({ trace: 4, by: 1, sort: ['peak', 'desc'] });
    expect(last(kernel, 'envelope')).toMatchObject({ traces: [5] });
    await vi.advanceTimersByTimeAsync(300);
    expect(model.saved.at(-1)).toEqual({ trace: 5 });
    await key(el, 'ArrowLeft', { ctrlKey: true });
    expect(kernel.msgs('step')).toHaveLength(1);
  });

  it('zooms, pans and fits by keys', async () => {
    const { el, kernel } = await show();
    await key(el, '+');
    const { start, stop } = last(kernel, 'envelope') as { start: number; stop: number };
    expect([start, stop]).toEqual([167, 833]);
    await key(el, 'ArrowRight', { shiftKey: true });
    expect(last(kernel, 'envelope')).toMatchObject({ start: 300, stop: 966 });
    expect(last(kernel, 'picture')).toMatchObject({ samples: [300, 966] });
    await key(el, 'Home');
    expect(last(kernel, 'envelope')).toMatchObject({ start: 0, stop: 1000 });
  });

  it('plays until it is stopped', async () => {
    const { el, kernel } = await show();
    await key(el, ' ');
    await vi.advanceTimersByTimeAsync(1000);
    await quiet();
    expect(kernel.msgs('step').length).toBeGreaterThan(1);
    await key(el, ' ');
    const steps = kernel.msgs('step').length;
    await vi.advanceTimersByTimeAsync(2000);
    expect(kernel.msgs('step')).toHaveLength(steps);
  });

  it('takes a filter that the kernel can apply', async () => {
    const { el, kernel, model } = await show();
    await pick(labelled(el, 'Filter'), '0.1 <= peak <= 0.5');
    for (const kind of ['picture', 'table']) {
      expect(last(kernel, kind)).toMatchObject({ where: { peak: [0.1, 0.5] } });
    }
    // Its own brush does not thin a histogram out.
    expect(last(kernel, 'histogram')).toMatchObject({
      column: 'trace',
      where: { peak: [0.1, 0.5] }
    });
    expect(kernel.msgs('histogram').filter(({ column }) => column === 'peak')).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(300);
    expect(model.saved.at(-1)).toEqual({ filter: { peak: [0.1, 0.5] } });
  });

  it('refuses a bad filter, says why, and keeps the old one', async () => {
    const { el, model } = await show({}, kernel => {
      const good = kernel.answers.table;
      kernel.answers.table = msg =>
        'foo' in msg.where
          ? { error: { code: 'unknown-name', message: "there is no column 'foo'" } }
          : good(msg);
    });
    const input = labelled(el, 'Filter');
    await pick(input, 'foo > 1');
    expect(alert(el).textContent).toContain("there is no column 'foo'");
    expect(input.getAttribute('aria-invalid')).toBe('true');
    await pick(input, 'peak !! 1');
    expect(alert(el).textContent).toContain('“peak !! 1” is no filter');
    await vi.advanceTimersByTimeAsync(300);
    expect(model.saved).toEqual([]);
    await pick(input, 'peak > 0');
    expect(alert(el).hidden).toBe(true);
  });

  it('says so when no trace passes', async () => {
    const { el } = await show({ filter: { peak: [9, null] } }, kernel => {
      kernel.answers.picture = ({ image, samples }) => ({
        meta: { ready: true, image, samples, total: 0 }
      });
      kernel.answers.table = msg => ({ meta: page(msg, { total: 0, rows: [], place: null }) });
    });
    expect(el.textContent).toContain('No trace passes the filter');
    expect(count(el)).toBe('0 of 20 traces');
    expect(labelled(el, 'Filter').value).toBe('peak >= 9');
  });

  it('asks again for what is not ready, and shows how far it is', async () => {
    let share = 0.4;
    const { el, kernel } = await show({}, one => {
      const ready = one.answers.picture;
      one.answers.picture = msg =>
        share < 1 ? { meta: { ready: false, progress: share, doing: 'drawing' } } : ready(msg);
    });
    expect(el.textContent).toContain('drawing 40 %');
    expect(root(el).getAttribute('aria-busy')).toBe('true');
    share = 1;
    await vi.advanceTimersByTimeAsync(300);
    await quiet();
    expect(kernel.msgs('picture')).toHaveLength(2);
    expect(el.textContent).not.toContain('drawing');
    expect(root(el).getAttribute('aria-busy')).toBe('false');
  });

  it('looks for features until they are measured', async () => {
    let progress: number | null = 0.25;
    const { el } = await show({}, one => {
      one.answers.table = msg => ({ meta: page(msg, { progress }) });
    });
    expect(count(el)).toContain('measuring 25 %');
    progress = null;
    await vi.advanceTimersByTimeAsync(600);
    await quiet();
    expect(count(el)).toBe('20 of 20 traces');
    expect(root(el).getAttribute('aria-busy')).toBe('false');
  });

  it('sorts by a column, and turns the order round', async () => {
    const { el, kernel } = await show();
    labelled<HTMLButtonElement>(el, 'Sort by peak').click();
    await quiet();
    expect(last(kernel, 'table')).toMatchObject({ sort: ['peak', 'asc'] });
    labelled<HTMLButtonElement>(el, 'Sort by peak').click();
    await quiet();
    expect(last(kernel, 'table')).toMatchObject({ sort: ['peak', 'desc'] });
    expect(el.querySelector('th[aria-sort="descending"]')!.textContent).toContain('peak ▼');
  });

  it('draws the traces of chosen rows together', async () => {
    const { el, kernel } = await show();
    const row = el.querySelector<HTMLElement>('tr[data-trace="0"]')!;
    expect(row.getAttribute('aria-current')).toBe('true');
    expect(el.querySelectorAll('tbody tr').length).toBeGreaterThan(0);
    await pick(labelled(el, 'Trace'), '3');
    expect(last(kernel, 'envelope')).toMatchObject({ traces: [3] });
    await pick(labelled<HTMLSelectElement>(el, 'Several traces'), 'align');
    expect(last(kernel, 'envelope')).toMatchObject({ align: 'peak' });
  });

  it('refuses a trace that there is not', async () => {
    const { el, kernel } = await show();
    const input = labelled(el, 'Trace');
    await pick(input, '20');
    expect(alert(el).textContent).toContain('There is no trace 20: they are 0 to 19.');
    expect(input.value).toBe('0');
    expect(kernel.msgs('envelope')).toHaveLength(1);
  });

  it('draws reconstructions when there is a model', async () => {
    const { el, kernel } = await show({ has_model: true }, one => {
      one.answers.describe = () => ({ meta: facts({ has_model: true }) });
    });
    expect(last(kernel, 'envelope')).toMatchObject({ lines: ['data', 'reconstruction'] });
    const residual = [...el.querySelectorAll('label')].find(l => l.textContent === 'residual')!;
    residual.querySelector('input')!.click();
    await quiet();
    expect(last(kernel, 'envelope')).toMatchObject({
      lines: ['data', 'reconstruction', 'residual']
    });
  });

  it('follows what Python sets', async () => {
    const { el, kernel, model } = await show();
    model.fromPython({ trace: 7, traces: [8], image: 'heat map', time_range: [10, 60] });
    await quiet();
    expect(last(kernel, 'envelope')).toMatchObject({ traces: [7, 8], start: 10, stop: 60 });
    expect(last(kernel, 'picture')).toMatchObject({ image: 'heat map', samples: [10, 60] });
    expect(labelled(el, 'Trace').value).toBe('7');
    expect(model.saved).toEqual([]);
  });

  it('shows errors of the kernel as text, and recovers', async () => {
    let broken = true;
    const { el, kernel } = await show({}, one => {
      const good = one.answers.envelope;
      one.answers.envelope = msg =>
        broken ? { error: { code: 'damaged', message: `cut ${HOSTILE}` } } : good(msg);
      one.answers.describe = () => ({ meta: facts({ warnings: [HOSTILE], name: HOSTILE }) });
    });
    expect(alert(el).textContent).toContain(`cut ${HOSTILE}`);
    expect(el.querySelector('img')).toBeNull();
    broken = false;
    [...alert(el).querySelectorAll('button')].find(b => b.textContent === 'Try again')!.click();
    await quiet();
    expect(kernel.msgs('envelope')).toHaveLength(2);
    expect(alert(el).hidden).toBe(true);
  });

  it('goes without leaving anything behind', async () => {
    const { el, model, kernel, end } = await show();
    end.abort();
    expect(el.children).toHaveLength(0);
    expect(kernel.listeners.size).toBe(0);
    expect([...model.listeners.values()].every(set => !set.size)).toBe(true);
  });
});
