import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import { test } from './samePage';
import { colours, newNotebook, picture, pixelsOf, runCell, startCell } from './steps';

// These are the cases that fail when requests travel on the comm of the widget itself: the kernel then
// answers after the cell. The image is wider than the overview, so that zooming in needs new tiles.
const SHOW = `
import numpy as np, astrodata_kernel as adk
from astropy.io import fits
y, x = np.mgrid[:3000, :3000]
fits.writeto('checks.fits', np.where((x // 7 + y // 7) % 2, 200, 50).astype('int16'), overwrite=True)
viewer = adk.view('checks.fits', limits=[0, 250])
viewer`;

// On one line each: the editor indents what is typed after a colon by itself.
const BUSY = (first: string): string => `
import os, time
${first}
end = time.time() + 60
while time.time() < end and not os.path.exists('stop'): sum(range(1000))
print('the loop is', 'over')`;

async function showChecks(page: IJupyterLabPageFixture): Promise<void> {
  await newNotebook(page);
  await runCell(page, SHOW);
  await expect.poll(() => colours(picture(page))).toBeGreaterThan(1);
}

async function zoomInAndSeeTiles(page: IJupyterLabPageFixture): Promise<number> {
  const canvas = picture(page);
  const begun = Date.now();
  await page.getByRole('button', { name: 'Actual pixels (1:1)' }).last().click();
  // At full resolution each check is 7 px wide: dark and bright ones, and no other grey.
  await expect
    .poll(
      async () => {
        const { at, width, height } = await pixelsOf(canvas);
        const greys = Array.from({ length: 60 }, (_, i) => at(width / 2 - 30 + i, height / 2)[0]);
        return [...new Set(greys)].sort((a, b) => a - b);
      },
      { timeout: 20000, intervals: [100] }
    )
    .toEqual([51, 204]);
  return Date.now() - begun;
}

async function stopTheLoop(page: IJupyterLabPageFixture): Promise<void> {
  // The cell is still running: what was seen before was seen while it ran, and Lab says so in spite of the answers.
  await expect(page.getByText('| Busy').first()).toBeVisible();
  await expect(page.getByText('the loop is over')).toHaveCount(0);
  await page.contents.uploadContent('', 'text', `${await folder(page)}/stop`);
  await expect(page.getByText('the loop is over')).toHaveCount(1, { timeout: 60000 });
}

async function folder(page: IJupyterLabPageFixture): Promise<string> {
  const { path } = await page.evaluate(async () => {
    const widget = window.jupyterapp.shell.currentWidget as unknown as {
      context: { path: string };
    };
    return { path: widget.context.path };
  });
  return path.split('/').slice(0, -1).join('/');
}

test.describe('A tile arrives while a cell runs a busy loop', () => {
  test('for a viewer that was shown and never touched', async ({ page }) => {
    await showChecks(page);
    await startCell(page, BUSY(''));
    await expect(page.getByText('| Busy').first()).toBeVisible();
    const took = await zoomInAndSeeTiles(page);
    await stopTheLoop(page);
    console.log(`    tiles after ${took} ms`);
  });

  test('after that cell has written to the traits of the viewer', async ({ page }) => {
    await showChecks(page);
    await startCell(page, BUSY("viewer.colormap = 'viridis'; viewer.colormap = 'grey'"));
    await expect(page.getByText('| Busy').first()).toBeVisible();
    const took = await zoomInAndSeeTiles(page);
    await stopTheLoop(page);
    console.log(`    tiles after ${took} ms`);
  });

  test('for a viewer shown by a cell that goes on at once', async ({ page }) => {
    await newNotebook(page);
    await startCell(page, `${SHOW.replace(/viewer$/, 'display(viewer)')}\n${BUSY('')}`);
    const took = await zoomInAndSeeTiles(page);
    await stopTheLoop(page);
    console.log(`    tiles after ${took} ms`);
  });
});
