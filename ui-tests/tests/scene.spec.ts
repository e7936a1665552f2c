import { expect } from '@jupyterlab/galata';
import { test } from './samePage';
import { colours, newNotebook, picture, pixelsOf, runCell } from './steps';

const SCENE = `
import pathlib, shutil, astrodata_kernel as adk
from astrodata_kernel.testing.scenes import safe_folder
shutil.rmtree('scenes', ignore_errors=True)
viewer = adk.view(safe_folder(pathlib.Path('scenes'), size=1200, bands=['B02', 'B03', 'B04', 'B08', 'B11', 'B12']))
viewer`;

test('A scene is shown in true colour, then as what is picked', async ({ page }) => {
  await newNotebook(page);
  await runCell(page, SCENE);
  const canvas = picture(page);
  const root = page.locator('.astrodata-fits').last();
  await expect(root).toHaveAttribute('aria-busy', 'false');
  await expect.poll(() => colours(canvas)).toBeGreaterThan(100);
  const middle = async (): Promise<number[]> => {
    const { at, width, height } = await pixelsOf(canvas);
    return at(width / 2, height / 2);
  };
  const trueColour = await middle();

  // A scene has no HDUs and no spectra: the bands are picked in their place.
  const bands = page.getByLabel('Bands', { exact: true }).last();
  await expect(bands).toBeVisible();
  await expect(bands.locator('option:checked')).toHaveText('true colour 4-3-2');
  await expect(page.getByLabel('HDU', { exact: true }).last()).toBeHidden();
  await expect(page.getByLabel('Sky system').last()).toBeHidden();
  await canvas.hover();
  const status = page.locator('.astrodata-fits-status').last();
  await expect(status).toContainText(/B04 0\.\d+, B03 0\.\d+, B02 0\.\d+, vegetation/);
  await expect(status).toContainText(
    /WGS 84 41\.\d+° N 13\.\d+° E, UTM 33N \d+ m E \d+ m N, MGRS 33T/
  );

  await bands.selectOption({ label: 'NBR' });
  await expect(page.locator('.astrodata-fits-colorbar').last()).toBeVisible();
  await expect.poll(middle).not.toEqual(trueColour);
  await expect.poll(() => colours(canvas)).toBeGreaterThan(100);
  await canvas.hover({ position: { x: 300, y: 200 } });
  await expect(status).toContainText(/NBR -?\d/);
  await runCell(page, 'print("BANDS", viewer.bands, viewer.composite)');
  await expect(page.getByText("BANDS ['NBR'] False")).toBeVisible();

  // Python's word is shown, and told by the picker.
  await runCell(page, 'viewer.preset = "true"');
  await expect.poll(middle).toEqual(trueColour);
  await expect(bands.locator('option:checked')).toHaveText('true colour 4-3-2');
  await runCell(page, 'viewer.bands = "(B08 - B04) / (B08 + B04)"');
  await expect(bands.locator('option:checked')).toHaveText('(B08 - B04) / (B08 + B04)');
  await expect(page.locator('.astrodata-errors:visible')).toHaveCount(0);
});
