import { readFileSync } from 'node:fs';
import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { test } from './samePage';
import { colours, EXAMPLES, newNotebook, picture, runCell } from './steps';

const control = (page: IJupyterLabPageFixture, label: string): Locator =>
  page.getByLabel(label, { exact: true }).last();

const planeName = (page: IJupyterLabPageFixture): Locator =>
  page.locator('.astrodata-fits-plane-name').last();

const legend = (page: IJupyterLabPageFixture): Locator =>
  page.locator('.astrodata-fits-legend').last();

async function printed(page: IJupyterLabPageFixture, source: string): Promise<string> {
  await runCell(page, `print("SAID", ${source})`);
  const text = await page.getByText(/^SAID/).last().textContent();
  return text!.replace('SAID', '').trim();
}

/** Where a pixel of a 105 x 105 image is on the page while all of it is seen. */
async function at(canvas: Locator, x: number, y: number): Promise<[number, number]> {
  await canvas.scrollIntoViewIfNeeded();
  const box = (await canvas.boundingBox())!;
  const zoom = Math.min(box.width, box.height) / 105;
  return [box.x + box.width / 2 + (x - 52) * zoom, box.y + box.height / 2 - (y - 52) * zoom];
}

async function showCube(page: IJupyterLabPageFixture, options = ''): Promise<Locator> {
  await newNotebook(page);
  await runCell(
    page,
    `import numpy as np, astrodata_kernel as adk
from astropy.io import fits
path = ${JSON.stringify(`${EXAMPLES}/cube_l1448_13co.fits`)}
cube = fits.getdata(path)
viewer = adk.view(path, limits=[0, 2], height=360${options})
viewer`
  );
  const canvas = picture(page);
  await expect.poll(() => colours(canvas)).toBeGreaterThan(20);
  await expect(planeName(page)).toContainText('km/s');
  return canvas;
}

test.describe('A cube in the viewer', () => {
  test('plays its channels, tells them in the unit chosen, and steps by keys', async ({ page }) => {
    const canvas = await showCube(page);
    await expect(planeName(page)).toHaveText('channel 0: 2.5282 km/s');
    await canvas.focus();
    await page.keyboard.press(']');
    await expect(planeName(page)).toHaveText('channel 1: 2.5946 km/s');
    await page.keyboard.press('PageUp');
    await expect(planeName(page)).toHaveText('channel 0: 2.5282 km/s');
    await control(page, 'Channels a second').selectOption('15');
    await page.keyboard.press(' ');
    await expect(control(page, 'Pause')).toBeVisible();
    await expect(planeName(page)).toHaveText(/channel [1-9]\d?:/);
    await expect(planeName(page)).toHaveText(/channel 2\d:/);
    await page.keyboard.press(' ');
    await expect(control(page, 'Play')).toBeVisible();
    const stopped = Number(/channel (\d+)/.exec((await planeName(page).textContent())!)![1]);
    await expect.poll(() => printed(page, 'viewer.plane, viewer.playing')).toBe(`${stopped} False`);
    // What is painted is that plane of the file.
    await runCell(page, 'viewer.plane = 30; viewer.spectral_unit = "m/s"');
    await expect(planeName(page)).toHaveText(/channel 30: 4520\.9 m\/s/);
    await runCell(page, 'viewer.rest = "110.201354 GHz"; viewer.spectral_unit = "GHz"');
    await expect(planeName(page)).toHaveText(/channel 30: 110\.19969\d+ GHz/);
    await runCell(
      page,
      'viewer.play_order = "once"; viewer.play_speed = 30; viewer.playing = True'
    );
    await expect.poll(() => printed(page, 'viewer.plane, viewer.playing')).toBe('52 False');
  });

  test('stops to play when it is not seen', async ({ page }) => {
    await showCube(page);
    await control(page, 'Play').click();
    await expect(planeName(page)).toHaveText(/channel [1-9]\d?:/);
    for (let i = 0; i < 3; i++) {
      await runCell(page, 'print("\\n" * 60)');
    }
    await expect.poll(() => printed(page, 'viewer.playing')).toBe('False');
  });

  test('draws the spectrum under the pointer, pins it at a click, and in a region', async ({
    page
  }) => {
    const canvas = await showCube(page);
    await canvas.focus();
    await page.keyboard.press('z');
    await expect(page.getByRole('region', { name: 'Spectra' })).toBeVisible();
    await page.mouse.move(...(await at(canvas, 30, 20)));
    await page.mouse.move(...(await at(canvas, 50, 60)), { steps: 12 });
    await expect(legend(page)).toContainText('x 50 y 60');
    const live = legend(page).locator('b').first();
    await expect(live).toHaveText(await sig(page, 'cube[0, 60, 50]'));
    await page.mouse.click(...(await at(canvas, 50, 60)));
    await page.mouse.click(...(await at(canvas, 20, 80)));
    await expect(legend(page).getByRole('button')).toHaveCount(2);
    expect(await printed(page, 'viewer.pinned')).toBe("[{'x': 50, 'y': 60}, {'x': 20, 'y': 80}]");
    await runCell(
      page,
      'viewer.plane = 33; viewer.pinned = [{"x": 50, "y": 60}, {"shape": "circle", "x": 50, "y": 50, "radius": 8}]'
    );
    await expect(legend(page)).toContainText('circle');
    await runCell(page, 'yy, xx = np.mgrid[:105, :105]; inside = np.hypot(xx - 50, yy - 50) < 8');
    const values = legend(page).locator('.astrodata-fits-entry', { has: page.getByRole('button') });
    await expect(values.nth(0).locator('b')).toHaveText(await sig(page, 'cube[33, 60, 50]'));
    await expect(values.nth(1).locator('b')).toHaveText(await sig(page, 'cube[33][inside].mean()'));
    expect(
      await printed(
        page,
        'np.allclose(viewer.request("spectrum", x=50, y=60).array()[0, 0], cube[:, 60, 50])'
      )
    ).toBe('True');
    // A drag moves the picture and pins nothing.
    await canvas.scrollIntoViewIfNeeded();
    const box = (await canvas.boundingBox())!;
    await page.mouse.move(box.x + 40, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 90, box.y + 60, { steps: 4 });
    await page.mouse.up();
    expect(await printed(page, 'len(viewer.pinned)')).toBe('2');
  });

  test('makes moment maps of channels chosen on the spectrum, and goes back', async ({ page }) => {
    const canvas = await showCube(page, ', spectra=True');
    const chart = page.getByRole('slider', { name: 'Spectrum' }).last();
    await chart.scrollIntoViewIfNeeded();
    const box = (await chart.boundingBox())!;
    // The plotting area leaves 62 pixels at the left and 12 at the right.
    const across = (channel: number) => box.x + 62 + ((channel + 0.5) / 53) * (box.width - 74);
    await page.mouse.click(across(20), box.y + 60);
    await expect(planeName(page)).toHaveText(/channel 20:/);
    await page.mouse.move(across(10), box.y + 60);
    await page.mouse.down();
    await page.mouse.move(across(40), box.y + 70, { steps: 6 });
    await page.mouse.up();
    expect(await printed(page, 'viewer.channel_range')).toBe('[10, 40]');
    await control(page, 'Make map').click();
    await expect(control(page, 'Back to the cube')).toBeVisible();
    await expect(planeName(page)).toBeHidden();
    expect(
      await printed(
        page,
        'np.allclose(viewer.dataset.array[:], cube[10:41].sum(axis=0) * 0.06642361, rtol=1e-5)'
      )
    ).toBe('True');
    expect(await printed(page, 'viewer.dataset.meta["unit"]')).toBe('km s-1');
    const file = page.waitForEvent('download');
    await control(page, 'Save map').click();
    const saved = await file;
    expect(saved.suggestedFilename()).toBe('cube_l1448_13co_moment0.fits');
    expect(readFileSync((await saved.path())!, 'latin1').startsWith('SIMPLE  =')).toBe(true);
    await control(page, 'Back to the cube').click();
    await expect(planeName(page)).toHaveText(/channel 20:/);
    await expect.poll(() => colours(canvas)).toBeGreaterThan(20);
    expect(await printed(page, 'viewer.hdu, viewer.plane')).toBe('0 20');
  });

  test('cuts the cube along a line, and saves the slice', async ({ page }) => {
    const canvas = await showCube(page);
    await canvas.focus();
    await page.keyboard.press('k');
    await page.mouse.move(...(await at(canvas, 20, 30)));
    await page.mouse.down();
    await page.mouse.move(...(await at(canvas, 80, 70)), { steps: 6 });
    await page.mouse.up();
    const slice = page.getByRole('img', { name: /Position-velocity slice, 7\d points/ });
    await expect(slice).toBeVisible();
    await control(page, 'Width of the slice').fill('3');
    await control(page, 'Width of the slice').press('Enter');
    await expect.poll(() => printed(page, 'viewer.slice_width')).toBe('3');
    await page.mouse.move(0, 0);
    const file = page.waitForEvent('download');
    await control(page, 'Save slice').click();
    const saved = (await (await file).path())!;
    await runCell(
      page,
      `from scipy.ndimage import map_coordinates
made, head = fits.getdata(${JSON.stringify(saved)}, header=True)
(x0, y0), (x1, y1) = viewer.slice_path
n = made.shape[1]
xs, ys = np.linspace(x0, x1, n), np.linspace(y0, y1, n)
nx, ny = np.array([-(y1 - y0), x1 - x0]) / np.hypot(x1 - x0, y1 - y0)
want = [np.mean([map_coordinates(one, [ys + k * ny, xs + k * nx], order=1) for k in (-1, 0, 1)], axis=0) for one in cube.astype(float)]
print('SLICE', np.allclose(made, want), head['CTYPE1'], head['CTYPE2'])`
    );
    await expect(page.getByText('SLICE True OFFSET VOPT')).toBeVisible();
  });

  test('names the polarisations of four axes', async ({ page }) => {
    await newNotebook(page);
    await runCell(
      page,
      `import numpy as np, astrodata_kernel as adk
from astropy.io import fits
hdu = fits.PrimaryHDU(np.random.default_rng(1).normal(size=(4, 6, 30, 40)).astype('f4'))
hdu.header.update(CTYPE1='RA---TAN', CTYPE2='DEC--TAN', CTYPE3='FREQ', CRVAL3=1.4e9, CDELT3=1e6, CUNIT3='Hz', CTYPE4='STOKES', CRVAL4=1, CDELT4=1, CRPIX4=1)
hdu.writeto('stokes.fits', overwrite=True)
viewer = adk.view('stokes.fits')
viewer`
    );
    await expect(planeName(page)).toHaveText(/^I, channel 0: 1\.401\d* GHz/);
    await control(page, 'Stokes').selectOption({ label: 'U' });
    await expect(planeName(page)).toHaveText(/^U, channel 0/);
    await control(page, 'Next channel').click();
    await expect(planeName(page)).toHaveText(/^U, channel 1/);
    expect(await printed(page, 'viewer.plane')).toBe('13');
  });
});

/** A value as the legend writes it. */
async function sig(page: IJupyterLabPageFixture, source: string): Promise<string> {
  const value = Number(await printed(page, `float(${source})`));
  return String(Number(value.toPrecision(5))).replace('-', '−');
}
