// @vitest-environment jsdom
import '../common/setup';
import { withoutCanvas } from '../common/canvas';
import { describe, expect, it } from 'vitest';
import type { SpectrumTraits } from '../../../src/core/spectrum';
import widget from '../../../src/widgets/spectrum/index';
import { facts, FakeKernel, settle, traits } from './fake';
import { FakeModel } from '../common/fakeModel';
import { labelled, onEmptyPage, press, put, shownOn } from '../common/page';

const HOSTILE = '<img src=x onerror=alert(1)>';

async function show(
  values: Partial<SpectrumTraits> = {},
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

const plot = (el: HTMLElement) => el.querySelector('.astrodata-spectrum-plot') as HTMLElement;

describe('SpectrumViewer in the browser', () => {
  onEmptyPage(withoutCanvas);

  it('greets the kernel, then asks for the curve once', async () => {
    const { kernel, el } = await show();
    expect(kernel.sent.map(({ kind }) => kind)).toEqual(['hello', 'describe', 'curve']);
    expect(kernel.msgs('curve')[0]).toMatchObject({ unit: 'own', medium: 'vacuum', x_range: null });
    expect(plot(el).getAttribute('aria-label')).toContain('Spectrum quasar.fits: 3 pixels');
  });

  it('moves lines with the redshift without asking for the curve anew', async () => {
    const { kernel, el, model } = await show();
    await pick(labelled(el, 'Redshift'), '0.05');
    expect(model.traits.redshift).toBe(0.05);
    expect(kernel.msgs('curve')).toHaveLength(1);
  });

  it('asks anew in another unit, and about the line of velocity 0 as observed', async () => {
    const { kernel, el, model } = await show({ redshift: 1 });
    await pick(labelled<HTMLSelectElement>(el, 'Unit'), 'km/s');
    expect(model.traits.unit).toBe('km/s');
    expect(kernel.msgs('curve').at(-1)).toMatchObject({ unit: 'km/s', reference: 2 * 6564.632 });
  });

  it('refuses a redshift that is none', async () => {
    const { el, model } = await show();
    await pick(labelled(el, 'Redshift'), '-2');
    expect(labelled(el, 'Redshift').getAttribute('aria-invalid')).toBe('true');
    expect(model.traits.redshift).toBe(0);
  });

  it('follows Python', async () => {
    const { kernel, el, model } = await show();
    model.fromPython({ redshift: 0.3, smoothing: 'boxcar', width: 9 });
    await settle();
    expect(labelled(el, 'Redshift').value).toBe('0.3');
    expect(kernel.msgs('curve').at(-1)).toMatchObject({ smoothing: 'boxcar', width: 9 });
  });

  it('shows measures with errors, and takes them away with Escape', async () => {
    const { kernel, el, model } = await show();
    model.fromPython({ version: 1 });
    await settle();
    const cells = [...el.querySelectorAll('tbody td')].map(cell => cell.textContent);
    expect(cells[1]).toBe('6564.50 ± 0.20');
    press(plot(el), 'Escape');
    await settle();
    expect(kernel.msgs('clear')).toHaveLength(1);
    expect(el.querySelectorAll('tbody td')).toHaveLength(0);
  });

  it('offers no units, lines or air where the axis has no unit', async () => {
    const bare = facts({ unit: 'pix', has_units: false, has_errors: false, has_mask: false });
    const { el } = await show({}, kernel => (kernel.answers.describe = () => ({ meta: bare })));
    expect(labelled<HTMLSelectElement>(el, 'Unit').options).toHaveLength(1);
    expect(labelled(el, 'Wavelengths in').hidden).toBe(true);
    expect(labelled(el, 'Lines').hidden).toBe(true);
    expect(labelled(el, 'Errors').hidden).toBe(true);
  });

  it('shows hostile names as text', async () => {
    const hostile = facts({ name: HOSTILE, flux_unit: HOSTILE, warnings: [HOSTILE] });
    const { el } = await show({}, kernel => (kernel.answers.describe = () => ({ meta: hostile })));
    expect(el.querySelector('img')).toBeNull();
    expect(el.textContent).toContain(HOSTILE);
  });

  it('tells what the kernel refused and lives on', async () => {
    const { kernel, el } = await show();
    kernel.answers.curve = () => ({ error: { code: 'bad-request', message: 'not that way' } });
    press(plot(el), 'm');
    await pick(labelled<HTMLSelectElement>(el, 'Smoothing'), 'gaussian');
    await settle();
    expect(el.querySelector('[role="alert"]')!.textContent).toContain('not that way');
    expect(el.querySelector('.astrodata-spectrum')!.getAttribute('aria-busy')).toBe('false');
  });
});
