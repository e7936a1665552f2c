import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { test } from './samePage';
import { colours, newNotebook, pixelsOf, runCell } from './steps';

// Two images of one piece of the sky: the second is turned by a quarter, and of another brightness.
const PAIR = `
import numpy as np, astrodata_kernel as adk
from astropy.io import fits
from astropy.wcs import WCS
wcs = WCS(naxis=2)
wcs.wcs.ctype = ['RA---TAN', 'DEC--TAN']
wcs.wcs.crval, wcs.wcs.crpix = [10, 41], [100.5, 100.5]
y, x = np.mgrid[:200, :200]
wcs.wcs.cd = 0.001 * np.array([[-1, 0], [0, 1]])
first = np.where((x > 120) & (y > 120), 200, 40).astype('f4')
fits.writeto('first.fits', first, wcs.to_header(), overwrite=True)
# The same sky, seen by a camera that was turned: the pattern turns the other way in its pixels.
wcs.wcs.cd = 0.001 * np.array([[0, 1], [1, 0]])
turned = np.rot90(np.where((x > 120) & (y > 120), 250, 90)).astype('f4')
fits.writeto('turned.fits', turned, wcs.to_header(), overwrite=True)
`;

const frames = (page: IJupyterLabPageFixture): Locator => page.locator('.astrodata-frames').last();
const canvases = (page: IJupyterLabPageFixture): Locator =>
  frames(page).locator('canvas.astrodata-fits-canvas');

async function show(page: IJupyterLabPageFixture, options: string): Promise<void> {
  await newNotebook(page);
  await runCell(page, PAIR);
  await runCell(
    page,
    `frames = adk.FitsFrames('first.fits', 'turned.fits', limits=[0, 255], height=300, ${options})\nframes`
  );
  await expect.poll(() => colours(canvases(page).first())).toBeGreaterThan(1);
}

/** The grey at shares of the canvas's width and height. */
async function greyAt(canvas: Locator, x: number, y: number): Promise<number> {
  // Another alignment has other canvases: one that goes away is no answer yet.
  const seen = await pixelsOf(canvas).catch(() => null);
  return seen ? seen.at(x * seen.width, y * seen.height)[0] : -1;
}

test.describe('Several images', () => {
  test('lie beside each other on one grid of the sky, and move together', async ({ page }) => {
    await show(page, "mode='side'");
    const [one, other] = [canvases(page).nth(0), canvases(page).nth(1)];
    // The bright quarter is above right in both, though the second camera was turned.
    for (const [canvas, dim, bright] of [
      [one, 40, 200],
      [other, 90, 250]
    ] as const) {
      await expect.poll(() => greyAt(canvas, 0.62, 0.25)).toBe(bright);
      await expect.poll(() => greyAt(canvas, 0.4, 0.7)).toBe(dim);
    }
    await one.hover();
    await page.mouse.wheel(0, -600);
    await runCell(page, 'print("VIEWS", frames.viewers[0].view == frames.viewers[1].view)');
    await expect(page.getByText('VIEWS True')).toBeVisible();
    // The pointer on one is marked on the other, and read there, too.
    await one.hover({ position: { x: 60, y: 200 } });
    await expect(frames(page).locator('.astrodata-fits-cross:visible')).toHaveCount(1);
    await expect(frames(page).locator('.astrodata-fits-status').nth(1)).toContainText('90');
    await expect(frames(page).locator('.astrodata-fits-status').nth(0)).toContainText('40');
    await page.getByRole('button', { name: 'Fit to view' }).last().click();
    await expect.poll(() => greyAt(one, 0.62, 0.25)).toBe(200);
    // By pixels the second lies as its camera took it: the bright quarter is elsewhere.
    await frames(page).getByLabel('Align').selectOption('pixels');
    await expect.poll(() => greyAt(canvases(page).nth(1), 0.62, 0.25)).toBe(90);
    await expect.poll(() => greyAt(canvases(page).nth(0), 0.62, 0.25)).toBe(200);
  });

  test('blink, by hand and by themselves', async ({ page }) => {
    await show(page, "mode='blink', interval=0.2");
    await expect
      .poll(() => greyAt(frames(page).locator('.astrodata-frames-stage'), 0.4, 0.7))
      .toBe(40);
    await canvases(page).first().focus();
    await page.keyboard.press('n');
    await expect
      .poll(() => greyAt(frames(page).locator('.astrodata-frames-stage'), 0.4, 0.7))
      .toBe(90);
    await page.keyboard.press('N');
    await expect
      .poll(() => greyAt(frames(page).locator('.astrodata-frames-stage'), 0.4, 0.7))
      .toBe(40);
    await page.keyboard.press('b');
    const stage = frames(page).locator('.astrodata-frames-stage');
    await expect.poll(() => greyAt(stage, 0.4, 0.7), { intervals: [60] }).toBe(90);
    await expect.poll(() => greyAt(stage, 0.4, 0.7), { intervals: [60] }).toBe(40);
    await page.keyboard.press('b');
    await expect(frames(page).getByRole('button', { name: 'Play' })).toBeVisible();
  });

  test('blink by a key though there are catalogues, and say so among the keys', async ({
    page
  }) => {
    await show(page, "mode='side'");
    await runCell(
      page,
      `from astropy.table import Table
frames.viewers[0].add_catalogue(Table({'x': [50.0, 150.0], 'y': [60.0, 140.0]}), 'places', x='x', y='y')`
    );
    await expect(frames(page).locator('.astrodata-catalogue-legend')).toContainText(['places']);
    await canvases(page).first().focus();
    await page.keyboard.press('a');
    await expect(frames(page).getByText('2 selected')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(frames(page).getByText('2 selected')).toHaveCount(0);
    await page.keyboard.press('?');
    const keys = frames(page).getByRole('dialog', { name: 'Keys' });
    await expect(keys).toContainText('show the images in turns, and pause');
    await expect(keys).toContainText('select all rows in view, or none');
    await page.keyboard.press('Escape');
    await page.keyboard.press('b');
    await expect(frames(page).getByRole('button', { name: 'Pause' })).toBeVisible();
    await expect(frames(page).getByText('2 selected')).toHaveCount(0);
    await page.keyboard.press('m');
    await expect(frames(page).getByLabel('Arrangement')).toHaveValue('swipe');
  });

  test('lie under a divider that a hand and keys move', async ({ page }) => {
    await show(page, "mode='swipe'");
    const stage = frames(page).locator('.astrodata-frames-stage');
    await expect.poll(() => greyAt(stage, 0.42, 0.7)).toBe(40);
    await expect.poll(() => greyAt(stage, 0.58, 0.7)).toBe(90);
    const divider = frames(page).getByRole('slider', { name: 'Divider' });
    const box = (await stage.boundingBox())!;
    await divider.hover();
    await page.mouse.down();
    await page.mouse.move(box.x + 0.65 * box.width, box.y + 150, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => greyAt(stage, 0.58, 0.7)).toBe(40);
    await runCell(page, 'print("DIVIDER", round(frames.divider, 2))');
    await expect(page.getByText('DIVIDER 0.65')).toBeVisible();
    await divider.focus();
    await page.keyboard.press('Home');
    await expect.poll(() => greyAt(stage, 0.42, 0.7)).toBe(90);
    // The picture under the hand moves, on both sides of the divider.
    await runCell(page, 'frames.matched = True; frames.viewers[0].colormap = "heat"');
    await expect
      .poll(async () => (await pixelsOf(stage)).at(box.width * 0.58, 200)[2])
      .toBeLessThan(60);
  });
});
