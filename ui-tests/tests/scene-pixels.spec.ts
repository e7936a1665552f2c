import { readFileSync } from 'node:fs';
import { expect } from '@jupyterlab/galata';
import { test } from './samePage';
import { newNotebook, picture, runCell } from './steps';

const SCENES = `
import pathlib, shutil, numpy as np, astrodata_kernel as adk
from datetime import UTC, datetime
from astrodata_kernel.testing.scenes import safe_folder
shutil.rmtree('dated', ignore_errors=True)
bands = ['B02', 'B03', 'B04', 'B05', 'B08', 'B8A', 'B11', 'B12']
day = lambda month: datetime(2022, month, 14, 10, 6, 1, tzinfo=UTC)
scl = lambda month: np.full((300, 300), 9 if month == 6 else 4, 'u1')
made = lambda month: safe_folder(pathlib.Path('dated'), size=600, bands=bands, seed=month, date=day(month), scl=scl(month))
viewer = adk.view([made(month) for month in range(3, 10)])
viewer`;

test('A pixel tells its spectrum and its series, a region its bands', async ({ page }) => {
  await newNotebook(page);
  await runCell(page, SCENES);
  const canvas = picture(page);
  const root = page.locator('.astrodata-fits').last();
  await expect(root).toHaveAttribute('aria-busy', 'false');

  await canvas.click({ position: { x: 420, y: 200 } });
  const pixels = page.getByRole('region', { name: 'Pixels' }).last();
  await expect(pixels).toBeVisible();
  await expect(pixels.getByRole('listitem')).toHaveText(/x \d+, y \d+.*vegetation/);
  await canvas.click({ position: { x: 520, y: 320 } });
  await expect(pixels.getByRole('listitem')).toHaveCount(2);
  await expect(root).toHaveAttribute('aria-busy', 'false');
  const spectra = pixels.getByRole('img', { name: 'Spectra' });
  await spectra.hover();
  await expect(pixels.getByLabel('Reading of the spectra')).toContainText(
    /B\w\w, \d+(\.\d)? nm, \d+ m: +0\.\d+ +0\.\d+/
  );
  const series = pixels.getByRole('img', { name: 'Series' });
  const { width } = (await series.boundingBox())!;
  const position = { x: 0.573 * width, y: 60 };
  await series.hover({ position });
  await expect(pixels.getByLabel('Reading of the series')).toContainText(
    /2022-06-14 \(cloud\): +NBR/
  );
  await series.click({ position });
  await runCell(page, 'print("DATE", viewer.date, len(viewer.pixels))');
  await expect(page.getByText('DATE 3 2')).toBeVisible();
  await expect(root.getByText('4 of 7')).toBeVisible();

  await canvas.click({ position: { x: 300, y: 100 } });
  await page.keyboard.press('x');
  await canvas.hover({ position: { x: 330, y: 120 } });
  await page.mouse.down();
  await canvas.hover({ position: { x: 430, y: 220 } });
  await page.mouse.up();
  const area = page.getByRole('region', { name: 'Area' }).last();
  await expect(area.getByText(/box 0: 15,\d+ pixels, 15\d\.\d ha, 100 % cloud/)).toBeVisible();
  await area.getByRole('button', { name: 'Pixels under cloud' }).click();
  const mean = area.locator('tr[data-name="NBR"] td[data-column="mean"]');
  await expect(mean).toHaveText(/^−?0\.\d+$/);
  const download = page.waitForEvent('download');
  await area.getByRole('button', { name: 'Export as GeoTIFF' }).click();
  const file = readFileSync(await (await download).path());
  expect(file.subarray(0, 2).toString()).toBe('II');
  await runCell(
    page,
    'import rasterio; print("SIZE", rasterio.open(viewer.export(None, "area.tif", bands=["B08"])).shape)'
  );
  await expect(page.getByText(/SIZE \(\d+, \d+\)/)).toBeVisible();
  await expect(page.locator('.astrodata-errors:visible')).toHaveCount(0);
});
