import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import { test } from './samePage';
import { colours, newNotebook, picture, pixelsOf, runCell, startCell } from './steps';

// A chessboard of single pixels: every second one of them is white, their mean is grey.
const BOARD = `import threading
import numpy as np, astrodata_kernel as adk
from astrodata_kernel.processing import preparations, pyramid
from astropy.io import fits
pyramid.EXACT_PIXELS = 512 * 512
going, made = threading.Event(), preparations.build
def held(planes, plane, layout, path, told):
    told(0.25)
    while not going.wait(0.05):
        told(0.25)
    return made(planes, plane, layout, path, told)
preparations.build = held
y, x = np.mgrid[:3000, :3000]
board = ((x + y) % 2).astype('float32')
board[:, :300] = x[:, :300] / 300
fits.writeto('board.fits', board, overwrite=True)
viewer = adk.view('board.fits', limits=[0, 1])`;

/** A cell of one line: the editor would indent what follows a block. */
const typed = (source: string): string => `exec(${JSON.stringify(source)})`;

async function middle(page: IJupyterLabPageFixture): Promise<number> {
  const { at, width, height } = await pixelsOf(picture(page));
  return at(Math.round(width / 2), Math.round(height / 2))[0];
}

test.describe('Overviews', () => {
  test('come as single pixels, are cancelled, and come sharper when they are made', async ({
    page
  }) => {
    await newNotebook(page);
    await runCell(page, `${typed(BOARD)}\nviewer`);
    await expect.poll(() => colours(picture(page))).toBeGreaterThan(20);
    const bar = page.getByRole('progressbar', { name: 'Overviews prepared' });
    await expect(bar).toBeVisible();
    await expect(page.getByText('Preparing the mean of all pixels: 25 %')).toBeVisible();
    await bar.scrollIntoViewIfNeeded();
    const pixels = await middle(page);
    expect([0, 255]).toContain(pixels);
    await page.getByRole('button', { name: 'Cancel the overviews' }).click();
    await expect(bar).toBeHidden();
    await expect(page.getByText('not the mean of all pixels')).toBeVisible();
    await page.getByRole('button', { name: 'Prepare overviews' }).click();
    await expect(bar).toBeVisible();
    await runCell(page, 'going.set()');
    await expect(bar).toBeHidden();
    await expect.poll(() => middle(page)).toBeGreaterThan(100);
    expect(await middle(page)).toBeLessThan(155);
  });

  test('of a gzipped file: what is opened is told, and can be given up', async ({ page }) => {
    await newNotebook(page);
    await startCell(
      page,
      typed(`import gzip, threading
import astrodata_kernel as adk
from astrodata_kernel.readers import gunzip
gzip.open('slow.fits.gz', 'wb').write(b'SIMPLE  =                    T'.ljust(2880))
def endlessly(path, size, told):
    while True:
        threading.Event().wait(0.05)
        told(0.3)
gunzip._expand = endlessly
try:
    adk.view('slow.fits.gz')
except adk.errors.Cancelled as error:
    print('GIVEN UP:', error)
else:
    print('OPENED')`)
    );
    await expect(page.getByText('Opening slow.fits.gz')).toBeVisible();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await expect(page.getByText(/^GIVEN UP: slow.fits.gz/)).toBeVisible();
    await expect(page.getByText('Opening slow.fits.gz')).toBeHidden();
  });
});
