import { expect } from '@jupyterlab/galata';
import { test } from './samePage';
import { colours, newNotebook, picture, pixelsOf, runCell } from './steps';

const THREE = `
import numpy as np, astrodata_kernel as adk
from astropy.io import fits
y, x = np.mgrid[:200, :200]
for name, values in (('red', x), ('green', y), ('blue', 0 * x + 51)): fits.writeto(f'{name}.fits', values.astype('f4'), overwrite=True)

viewer = adk.FitsViewer.rgb('red.fits', 'green.fits', 'blue.fits', limits=[0, 255])
viewer`;

test('Three images are red, green and blue, each between limits of its own', async ({ page }) => {
  await newNotebook(page);
  await runCell(page, THREE);
  const canvas = picture(page);
  await expect.poll(() => colours(canvas)).toBeGreaterThan(20);
  await page.getByRole('button', { name: 'Actual pixels (1:1)' }).last().click();
  /** The colour of a pixel of the image, at one screen pixel each. */
  const colourOf = async (x: number, y: number): Promise<number[]> => {
    const { at, width, height } = await pixelsOf(canvas);
    return at(width / 2 + x - 100, height / 2 - (y - 100));
  };
  const near = (wanted: number[]) => (seen: number[]) =>
    seen.every((value, i) => Math.abs(value - wanted[i]) <= 2);
  await expect.poll(async () => near([40, 150, 51])(await colourOf(40, 150))).toBe(true);
  await expect.poll(async () => near([180, 20, 51])(await colourOf(180, 20))).toBe(true);
  await canvas.hover();
  await expect(page.locator('.astrodata-fits-status').last()).toContainText(
    /red \d+, green \d+, blue 51/
  );
  // The limits are those of the plane at hand: the third one is blue.
  await page.getByLabel('Plane number').last().fill('3');
  await page.getByLabel('High limit', { exact: true }).last().fill('51');
  await page.getByLabel('High limit', { exact: true }).last().press('Enter');
  await expect.poll(async () => near([40, 150, 255])(await colourOf(40, 150))).toBe(true);
  await runCell(page, 'print("BANDS", viewer.band_limits)');
  await expect(page.getByText('BANDS [[0, 255], [0, 255], [0, 51]]')).toBeVisible();
  // Three ranges have no colour bar in common.
  const bar = page.locator('.astrodata-fits-colorbar').last();
  await expect(bar).toBeHidden();
  // Without the composite the plane at hand is on show by itself.
  await page.getByRole('button', { name: 'Composite' }).last().click();
  await expect(bar).toBeVisible();
  await expect.poll(async () => near([51, 51, 51])(await colourOf(40, 150))).toBe(true);
});
