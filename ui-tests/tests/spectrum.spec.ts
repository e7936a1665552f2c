import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import * as path from 'node:path';
import { test } from './samePage';
import { TEST_DATA, colours, newNotebook, runCell } from './steps';

const SDSS = path.join(TEST_DATA, 'spectrum_sdss_J2202.fits');
/** Lyman alpha of this quasar, and C IV. */
const REDSHIFT = 2.51;

const viewer = (page: IJupyterLabPageFixture): Locator =>
  page.locator('.astrodata-spectrum').last();
const plot = (page: IJupyterLabPageFixture): Locator => viewer(page).getByRole('img');
const inside = (page: IJupyterLabPageFixture): Locator => viewer(page).locator('.u-over');
const control = (page: IJupyterLabPageFixture, label: string): Locator =>
  viewer(page).getByLabel(label, { exact: true });
const readout = (page: IJupyterLabPageFixture): Locator =>
  viewer(page).locator('.astrodata-spectrum-readout');

async function quiet(page: IJupyterLabPageFixture): Promise<void> {
  await expect(viewer(page)).toHaveAttribute('aria-busy', 'false', { timeout: 60000 });
}

async function show(page: IJupyterLabPageFixture, tmpPath: string): Promise<void> {
  await page.contents.uploadFile(SDSS, `${tmpPath}/quasar.fits`);
  await newNotebook(page);
  await runCell(
    page,
    `import astrodata_kernel as adk\nviewer = adk.view('quasar.fits', redshift=${REDSHIFT})\nviewer`
  );
  await expect.poll(() => colours(inside(page))).toBeGreaterThan(20);
  await quiet(page);
}

/** What Python says, as JSON. */
async function python(page: IJupyterLabPageFixture, expression: string): Promise<unknown> {
  const mark = `SAID${Math.random().toString(36).slice(2)}`;
  await runCell(page, `import json\nprint("${mark}", json.dumps(${expression}))`);
  const text = await page
    .getByText(new RegExp(`^${mark}`))
    .last()
    .textContent();
  return JSON.parse(text!.slice(mark.length));
}

/** Drags across the plot, at half its height, between shares of its width. */
async function dragOver(page: IJupyterLabPageFixture, from: number, to: number): Promise<void> {
  await inside(page).hover(); // into sight: a cell that ran may have scrolled the page
  const box = (await inside(page).boundingBox())!;
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + from * box.width, y);
  await page.mouse.down();
  await page.mouse.move(box.x + to * box.width, y, { steps: 8 });
  await page.mouse.up();
}

test.describe('The spectrum viewer', () => {
  test('reads out wavelength and flux as they are in the file', async ({ page, tmpPath }) => {
    await show(page, tmpPath);
    const box = (await inside(page).boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await expect(readout(page)).toContainText('pixel');
    const text = (await readout(page).textContent())!;
    const pixel = Number(/pixel (\d+)/.exec(text)![1]);
    const [wave, flux] = (await python(
      page,
      `(lambda h: [float(10 ** h[2].data[${pixel}]), float(h[0].data[${pixel}])])(__import__('astropy.io.fits').io.fits.open('quasar.fits'))`
    )) as number[];
    expect(text).toContain(`${Number(wave.toPrecision(8))} Å`);
    expect(text).toContain(`flux ${Number(flux.toPrecision(6))}`);
    expect(text).toContain(`at rest ${Number((wave / (1 + REDSHIFT)).toPrecision(7))} Å`);
  });

  test('moves the lines with the redshift and keeps the stretch on another axis', async ({
    page,
    tmpPath
  }) => {
    await show(page, tmpPath);
    await expect(plot(page)).toHaveAttribute('data-lines', /Ly-alpha/);
    await control(page, 'Redshift').fill('0');
    await control(page, 'Redshift').press('Enter');
    await expect(plot(page)).not.toHaveAttribute('data-lines', /Ly-alpha/);
    await expect(plot(page)).toHaveAttribute('data-lines', /H-alpha/);
    expect(await python(page, 'viewer.redshift')).toBe(0);
    await dragOver(page, 0.3, 0.5);
    await quiet(page);
    const [low, high] = (await python(page, 'viewer.x_range')) as number[];
    await control(page, 'Unit').selectOption('GHz');
    await quiet(page);
    const ends = (await python(page, 'viewer.x_range')) as number[];
    expect(ends[0]).toBeCloseTo(2.99792458e9 / high, 3);
    expect(ends[1]).toBeCloseTo(2.99792458e9 / low, 3);
  });

  test('measures the line that is dragged over as Python does', async ({ page, tmpPath }) => {
    await show(page, tmpPath);
    await runCell(page, 'viewer.x_range = [5250.0, 5650.0]');
    await quiet(page);
    await control(page, 'Drag to measure').click();
    await dragOver(page, 0.15, 0.85);
    const measures = viewer(page).getByRole('region', { name: 'Measures' });
    await expect(measures.locator('tbody tr')).toHaveCount(1);
    const found = (await python(
      page,
      "(lambda t, m: [float(t['center'][0].value), float(t['fwhm_velocity'][0].value), float(m['center'][0].value)])(viewer.measures, viewer.measure(viewer.measures['low'][0].value, viewer.measures['high'][0].value))"
    )) as number[];
    expect(found[2]).toBe(found[0]);
    const cells = await measures.locator('tbody tr').first().locator('td').allTextContents();
    expect(Number(cells[1].split(' ')[0])).toBeCloseTo(found[0], 0);
    expect(Number(cells[3])).toBeCloseTo(found[1], 1);
  });
});
