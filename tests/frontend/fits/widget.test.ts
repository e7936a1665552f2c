// @vitest-environment jsdom
import '../common/setup';
import { describe, expect, it, vi } from 'vitest';
import type { FitsTraits } from '../../../src/core/protocol';
import { VERSION } from '../../../src/core/version';
import widget from '../../../src/widgets/fits/index';
import { facts, FakeKernel, hdu, HOSTILE, settle, traits, withoutWebGL } from './fake';
import { FakeModel } from '../common/fakeModel';
import { labelled, onEmptyPage, press, put, shownOn } from '../common/page';

async function show(
  values: Partial<FitsTraits> = {},
  prepare: (kernel: FakeKernel) => void = () => undefined,
  model = new FakeModel(traits(values))
) {
  const kernel = new FakeKernel();
  prepare(kernel);
  const shown = await shownOn(widget, model, kernel);
  await settle();
  return shown;
}

/** Lets the view paint, or find that it cannot. */
const frame = () => new Promise(resolve => requestAnimationFrame(resolve));

const canvas = (el: HTMLElement) => el.querySelector<HTMLElement>('.astrodata-fits-canvas')!;
const alert = (el: HTMLElement) => el.querySelector('[role="alert"]') as HTMLElement;
const environment = {
  python: '/opt/env/bin/python',
  prefix: '/opt/env',
  pip: true,
  uv: false,
  conda: false
};
const cube = facts({ planes: 5, kind: 'cube', hdus: [hdu(0, { shape: [5, 3, 4], kind: 'cube' })] });

describe('FitsViewer in the browser', () => {
  onEmptyPage(withoutWebGL);

  it('greets the kernel before it asks for anything', async () => {
    const { kernel, el } = await show();
    expect(kernel.sent.map(frame => frame.kind)[0]).toBe('hello');
    expect(kernel.msgs('describe')).toEqual([{ hdu: 0 }]);
    expect(kernel.msgs('overview')).toEqual([{ width: 1024, hdu: 0, plane: 0 }]);
    expect(kernel.msgs('limits')).toEqual([{ limits: 'zscale', hdu: 0, plane: 0 }]);
    expect(labelled(el, 'FITS image: field.fits, HDU 0').getAttribute('tabindex')).toBe('0');
  });

  it('has what belongs to satellite scenes only where there is one', async () => {
    const parts =
      '[class*="astrodata-scene"], [class*="astrodata-masks"], [class*="astrodata-basemap"]';
    const { el } = await show();
    expect(el.querySelectorAll(`${parts}, .astrodata-fits-dates`)).toHaveLength(0);
  });

  it('says in words that there is no WebGL2, and what to do', async () => {
    const { el } = await show();
    const notice = el.querySelector<HTMLElement>('.astrodata-fits-notice')!;
    expect(notice.hidden).toBe(false);
    expect(notice.textContent).toMatch(/no WebGL2.*hardware acceleration/);
  });

  it.each([
    [0, '0.0.1', 'astrodata-lab 0.0.1 in the kernel (protocol 0) is older than this viewer'],
    [2, '9.0', 'is older than astrodata-lab 9.0 in the kernel (protocol 2)']
  ])(
    'names the older half and the remedy when the kernel speaks protocol %i',
    async (n, v, text) => {
      const { el, kernel } = await show({}, kernel => {
        kernel.answers.hello = () => ({ meta: { protocol: n, version: v, environment } });
      });
      expect(alert(el).textContent).toContain(text);
      expect(alert(el).textContent).toContain('Restart the kernel and run the cell again');
      expect(alert(el).querySelector('code')?.textContent).toBe(
        `/opt/env/bin/python -m pip install "astrodata-lab[kernel]==${VERSION}"`
      );
      expect(labelled(el, 'Copy the command').textContent).toBe('Copy');
      expect(kernel.msgs('describe')).toEqual([]);
    }
  );

  it('tells how to go on when the data channel is not there', async () => {
    const el = document.createElement('div');
    await (widget as { render: (props: object) => Promise<void> }).render({
      model: new FakeModel(traits()),
      el,
      host: { getModel: () => Promise.reject(new Error('model not found')) },
      signal: new AbortController().signal
    });
    expect(alert(el).textContent).toMatch(/run the cell again/);
    await frame();
    expect(el.querySelector('.astrodata-widget')?.getAttribute('aria-busy')).toBe('false');
  });

  it.each([
    ['Stretch', 'log', { stretch: 'log' }],
    ['Colour map', 'heat', { colormap: 'heat' }],
    ['Limits', '99%', { limits: '99%' }]
  ])('writes the trait of %s once, and asks for no tile', async (label, value, expected) => {
    const { el, model, kernel } = await show();
    put(labelled<HTMLSelectElement>(el, label), value);
    await settle();
    expect(model.saved).toEqual([expected]);
    expect(kernel.msgs('tile')).toEqual([]);
    expect(kernel.msgs('overview')).toHaveLength(1);
  });

  it('follows Python without writing anything back', async () => {
    const { el, model, kernel } = await show({}, kernel => {
      kernel.answers.describe = () => ({ meta: cube });
    });
    model.fromPython({ stretch: 'sqrt', colormap: 'magma', limits: [2, 7], plane: 3, height: 300 });
    model.fromPython({ view: { x: 1, y: 1, zoom: 4 } });
    await settle();
    await vi.advanceTimersByTimeAsync(1000);
    expect(labelled(el, 'Stretch').value).toBe('sqrt');
    expect(labelled(el, 'Colour map').value).toBe('magma');
    expect(labelled(el, 'Limits').value).toBe('manual');
    expect([labelled(el, 'Low limit').value, labelled(el, 'High limit').value]).toEqual(['2', '7']);
    expect(labelled(el, 'Plane').value).toBe('4');
    expect(kernel.msgs('overview').at(-1)).toEqual({ width: 1024, hdu: 0, plane: 3 });
    expect(el.querySelector<HTMLElement>('.astrodata-fits-stage')!.style.height).toBe('300px');
    expect(model.saved).toEqual([]);
  });

  it.each([
    ['i', { reverse: true }],
    ['g', { graticule: true }],
    ['h', { histogram: true }]
  ])('switches what %s stands for', async (name, expected) => {
    const { el, model } = await show();
    press(canvas(el), name);
    expect(model.saved).toEqual([expected]);
    press(canvas(el), name);
    expect(model.traits[Object.keys(expected)[0] as 'reverse']).toBe(false);
  });

  it('lists its keys on demand, and gives the focus back', async () => {
    const { el } = await show();
    const keys = labelled<HTMLElement>(el, 'Keys');
    canvas(el).focus();
    press(canvas(el), '?');
    const list = el.querySelector<HTMLElement>('.astrodata-help')!;
    expect(list.hidden).toBe(false);
    expect(list.textContent).toContain('graticule, compass and scale bar');
    press(list.querySelector('button')!, 'Escape');
    expect([list.hidden, document.activeElement]).toEqual([true, canvas(el)]);
    keys.click();
    expect(list.hidden).toBe(false);
  });

  it('turns contrast and bias by keys, writes them once, and resets them', async () => {
    const { el, model } = await show();
    const reset = labelled<HTMLButtonElement>(el, 'Reset contrast and bias');
    expect(reset.hidden).toBe(true);
    press(canvas(el), '.');
    press(canvas(el), '>');
    expect(reset.hidden).toBe(false);
    expect(model.saved).toEqual([]);
    await vi.advanceTimersByTimeAsync(300);
    expect(model.saved).toHaveLength(1);
    expect(model.traits.bias).toBeCloseTo(0.52);
    expect(model.traits.contrast).toBeCloseTo(Math.exp(0.06));
    // Another setting meanwhile takes nothing of it away.
    press(canvas(el), '.');
    press(canvas(el), 'i');
    await vi.advanceTimersByTimeAsync(300);
    expect(model.traits.bias).toBeCloseTo(0.54);
    reset.click();
    expect([model.traits.contrast, model.traits.bias, reset.hidden]).toEqual([1, 0.5, true]);
  });

  it('shows the histogram on demand, and moves the limits on it', async () => {
    const { el, kernel, model } = await show();
    expect(kernel.msgs('histogram')).toEqual([]);
    labelled<HTMLButtonElement>(el, 'Histogram').click();
    await settle();
    expect(kernel.msgs('histogram')).toEqual([
      { hdu: 0, plane: 0, low: 1, high: 9, bins: 256, wide: true }
    ]);
    const said = el.querySelector('.astrodata-fits-counts')!.textContent;
    expect(said).toBe(
      '-5 to 15; counts on a logarithmic scale, of a sample; 1 below, 2 above, 3 without a value'
    );
    const handle = labelled<HTMLElement>(el, 'Low limit on the histogram');
    expect(handle.style.left).toBe('30%');
    expect(press(handle, 'ArrowRight')).toBe(false);
    expect(model.traits.limits).toEqual([1.2, 9]);
    press(handle, 'ArrowRight', { shiftKey: true });
    expect(model.traits.limits).toEqual([3.2, 9]);
    expect(labelled(el, 'Low limit').value).toBe('3.2');
    expect(kernel.msgs('histogram')).toHaveLength(1);
  });

  it('asks for the counts that a histogram stretch is made of', async () => {
    const { el, kernel } = await show();
    put(labelled<HTMLSelectElement>(el, 'Stretch'), 'histogram');
    await settle();
    expect(kernel.msgs('histogram')).toEqual([
      { hdu: 0, plane: 0, low: 1, high: 9, bins: 1024, wide: false }
    ]);
  });

  it('offers systems of the sky where there is one, and asks for places in them', async () => {
    const { el, model } = await show();
    put(labelled<HTMLSelectElement>(el, 'Sky system'), 'galactic');
    put(labelled<HTMLSelectElement>(el, 'Angles'), 'degrees');
    expect(model.traits).toMatchObject({ system: 'galactic', angles: 'degrees' });
    const without = await show({}, kernel => {
      kernel.answers.describe = () => ({ meta: facts({ frame: '' }) });
    });
    expect(labelled<HTMLElement>(without.el, 'Sky').hidden).toBe(true);
  });

  it('keeps two views of one model alike', async () => {
    const first = await show();
    const second = await show({}, undefined, first.model);
    put(labelled<HTMLSelectElement>(first.el, 'Colour map'), 'viridis');
    expect(labelled(second.el, 'Colour map').value).toBe('viridis');
    expect(first.model.saved).toHaveLength(1);
  });

  it('shows the limits in force, and takes numbers as manual limits', async () => {
    const { el, model, kernel } = await show();
    const [low, high] = [labelled(el, 'Low limit'), labelled(el, 'High limit')];
    expect([low.value, high.value]).toEqual(['1', '9']);
    put(low, '-2.5');
    expect(model.saved).toEqual([{ limits: [-2.5, 9] }]);
    expect(labelled(el, 'Limits').value).toBe('manual');
    expect(kernel.msgs('limits')).toHaveLength(1);
  });

  it('does not take a low limit above the high one', async () => {
    const { el, model } = await show();
    const low = labelled(el, 'Low limit');
    put(low, '10');
    expect(model.saved).toEqual([]);
    expect(low.getAttribute('aria-invalid')).toBe('true');
    expect(low.validationMessage).toMatch(/below the high/);
    put(low, '3');
    expect(low.hasAttribute('aria-invalid')).toBe(false);
    expect(model.saved).toEqual([{ limits: [3, 9] }]);
  });

  it('lets go of a number that was typed back, which the browser takes for no change', async () => {
    const { el, model } = await show();
    const low = labelled(el, 'Low limit');
    low.focus();
    low.value = '5';
    low.dispatchEvent(new Event('input', { bubbles: true }));
    low.value = '1';
    low.dispatchEvent(new Event('input', { bubbles: true }));
    low.blur();
    expect(model.saved).toEqual([]);
    model.fromPython({ limits: [2, 7] });
    await settle();
    expect(low.value).toBe('2');
  });

  it('keeps the limits for the plane at hand before the trait has followed', async () => {
    const three = facts({ planes: 3, kind: 'cube', hdus: [hdu(0, { shape: [3, 3, 4] })] });
    const { el, model } = await show({ composite: true, limits: [0, 255] }, kernel => {
      kernel.answers.describe = () => ({ meta: three });
    });
    put(labelled(el, 'Plane number'), '3');
    await settle();
    put(labelled(el, 'High limit'), '51');
    expect(model.traits.plane).toBe(0);
    expect(model.traits.band_limits).toEqual([
      [0, 255],
      [0, 255],
      [0, 51]
    ]);
  });

  it('has no colour bar for three colours, before or after another setting', async () => {
    const three = facts({ planes: 3, kind: 'cube', hdus: [hdu(0, { shape: [3, 3, 4] })] });
    const { el } = await show({ composite: true }, kernel => {
      kernel.answers.describe = () => ({ meta: three });
    });
    const bar = el.querySelector<HTMLElement>('.astrodata-fits-colorbar')!;
    expect(bar.hidden).toBe(true);
    put(labelled<HTMLSelectElement>(el, 'Stretch'), 'log');
    await settle();
    expect(bar.hidden).toBe(true);
    labelled<HTMLButtonElement>(el, 'Composite').click();
    await settle();
    expect(bar.hidden).toBe(false);
    labelled<HTMLButtonElement>(el, 'Composite').click();
    await settle();
    expect(bar.hidden).toBe(true);
  });

  it('offers percentages that Python chose beside its own', async () => {
    const { el } = await show({ limits: '97%' });
    expect(labelled(el, 'Limits').value).toBe('97%');
  });

  it("paints without the kernel's limits when it cannot tell any, and says why", async () => {
    const { el } = await show({}, kernel => {
      kernel.answers.limits = () => ({ error: { code: 'damaged', message: 'limits of HDU 0' } });
    });
    expect(alert(el).textContent).toContain('limits of HDU 0');
    expect([labelled(el, 'Low limit').value, labelled(el, 'High limit').value]).toEqual([
      '0',
      '11'
    ]);
  });

  it('counts planes from 1, shows the newest and saves it after the slider rests', async () => {
    const { el, model, kernel } = await show({}, kernel => {
      kernel.answers.describe = () => ({ meta: cube });
    });
    const slider = labelled(el, 'Plane');
    expect([slider.min, slider.max, slider.value]).toEqual(['1', '5', '1']);
    expect(slider.getAttribute('aria-valuetext')).toBe('Plane 1 of 5');
    kernel.held = true;
    put(slider, '2');
    await settle();
    put(slider, '4');
    await settle();
    expect(kernel.msgs('overview').slice(1)).toMatchObject([{ plane: 1 }, { plane: 3 }]);
    expect(kernel.cancelled).toHaveLength(2); // the overview and the limits of plane 2
    expect(model.saved).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(model.saved).toEqual([{ plane: 3 }]);
  });

  it('hides the plane of a single image', async () => {
    const { el } = await show();
    expect(labelled(el, 'Plane').closest<HTMLElement>('.astrodata-field')!.hidden).toBe(true);
  });

  it('lists HDUs and disables those that cannot be shown, with the reason', async () => {
    const { el, model } = await show({}, kernel => {
      const hdus = [
        hdu(0, { viewable: false, note: 'no data', kind: '', shape: [] }),
        hdu(1, { name: 'SCI', version: 2, shape: [7, 8, 9] }),
        hdu(2, { name: 'CAT', viewable: false, kind: 'table', shape: [10, 3] })
      ];
      kernel.answers.describe = msg => ({ meta: facts({ hdus, hdu: msg['hdu'] }) });
    });
    const picker = labelled<HTMLSelectElement>(el, 'HDU');
    expect([...picker.options].map(option => [option.text, option.disabled])).toEqual([
      ['0 PRIMARY (no data)', true],
      ['1 SCI, 2 9 × 8 × 7', false],
      ['2 CAT 10 × 3 (a table, not an image)', true]
    ]);
    put(picker, '1');
    await settle();
    expect(model.saved[0]).toMatchObject({ hdu: 1 });
    expect(labelled(el, 'FITS image: field.fits, HDU 1')).toBeTruthy();
  });

  it('begins with the whole image when the HDU that a person picks has another size', async () => {
    const hdus = [hdu(0), hdu(1), hdu(2)];
    const { el, model } = await show({ view: { x: 1, y: 1, zoom: 9 } }, kernel => {
      kernel.answers.describe = msg => ({
        meta: facts({ hdus, hdu: msg['hdu'], width: (msg['hdu'] as number) === 2 ? 8 : 4 })
      });
    });
    put(labelled<HTMLSelectElement>(el, 'HDU'), '1');
    await settle();
    await vi.advanceTimersByTimeAsync(300);
    expect(model.traits.view).toEqual({ x: 1, y: 1, zoom: 9 });
    put(labelled<HTMLSelectElement>(el, 'HDU'), '2');
    await settle();
    await vi.advanceTimersByTimeAsync(300);
    expect(model.traits.view).toBeNull();
  });

  it('keeps markup of names, notes, units and errors as text', async () => {
    const { el } = await show({}, kernel => {
      const hdus = [hdu(0, { name: HOSTILE }), hdu(1, { note: HOSTILE, viewable: false })];
      kernel.answers.describe = () => ({
        meta: facts({ name: HOSTILE, hdus, unit: HOSTILE, warnings: [HOSTILE] })
      });
      kernel.answers.limits = () => ({ error: { code: 'x', message: HOSTILE } });
    });
    expect(el.querySelector('img')).toBeNull();
    expect(el.querySelector('script')).toBeNull();
    expect(labelled<HTMLSelectElement>(el, 'HDU').options[0].text).toContain(HOSTILE);
    expect(alert(el).textContent).toContain(HOSTILE);
    expect(el.querySelector('details')!.textContent).toContain(HOSTILE);
  });

  it('shows an error of the kernel, dismisses it, and can try again', async () => {
    let broken = true;
    const { el, kernel } = await show({}, kernel => {
      kernel.answers.overview = msg =>
        broken
          ? { error: { code: 'damaged', message: 'field.fits, HDU 0 is cut: copy it again' } }
          : {
              meta: { ...msg, shape: [1, 1, 1], dtype: 'f4', step: 4, reduction: 'block mean' },
              buffers: [new DataView(new ArrayBuffer(4))]
            };
    });
    expect(alert(el).hidden).toBe(false);
    expect(alert(el).textContent).toContain('copy it again');
    await frame();
    expect(el.querySelector('.astrodata-widget')?.getAttribute('aria-busy')).toBe('false');
    broken = false;
    [...alert(el).querySelectorAll('button')].find(b => b.textContent === 'Try again')!.click();
    await settle();
    expect(alert(el).hidden).toBe(true);
    expect(kernel.msgs('overview')).toHaveLength(2);
    expect(el.querySelector('.astrodata-fits-status')!.textContent).toContain('4 × 3 px');
  });

  it('dismisses errors', async () => {
    const { el } = await show({}, kernel => {
      kernel.answers.limits = () => ({ error: { code: 'x', message: 'gone wrong' } });
    });
    labelled<HTMLButtonElement>(el, 'Dismiss').click();
    expect(alert(el).hidden).toBe(true);
    expect(alert(el).textContent).toBe('');
  });

  it('keeps plain keys from JupyterLab and leaves it those with Ctrl', async () => {
    const { el } = await show();
    const root = el.querySelector('.astrodata-widget')!;
    const press = (type: string, init: KeyboardEventInit) =>
      root
        .querySelector('canvas')!
        .dispatchEvent(new KeyboardEvent(type, { bubbles: true, ...init }));
    expect(root.hasAttribute('data-lm-suppress-shortcuts')).toBe(true);
    press('keydown', { key: 'Control', ctrlKey: true });
    expect(root.hasAttribute('data-lm-suppress-shortcuts')).toBe(false);
    press('keyup', { key: 'Control' });
    expect(root.hasAttribute('data-lm-suppress-shortcuts')).toBe(true);
  });

  it('leaves nothing behind when its view ends', async () => {
    const { el, model, kernel, end } = await show({}, kernel => void (kernel.held = true));
    end.abort();
    await settle();
    expect(el.childElementCount).toBe(0);
    expect([...model.listeners.values()].every(listeners => listeners.size === 0)).toBe(true);
    expect(kernel.listeners.size).toBe(0);
    expect(kernel.cancelled).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('draws nothing for a view that ended before it began', async () => {
    const [el, end] = [document.createElement('div'), new AbortController()];
    end.abort();
    await (widget as { render: (props: object) => Promise<void> }).render({
      model: new FakeModel(traits()),
      el,
      host: { getModel: async () => new FakeKernel() },
      signal: end.signal
    });
    expect(el.childElementCount).toBe(0);
  });
});
