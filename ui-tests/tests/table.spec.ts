import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import * as path from 'node:path';
import { test } from './samePage';
import { EXAMPLES, TEST_DATA, newNotebook, runCell } from './steps';

const GAIA = path.join(TEST_DATA, 'table_gaia_cone.fits');
const TESS = path.join(EXAMPLES, 'table_tess_lightcurve_TIC25155310.fits');

const MILLION = `
import numpy as np, astrodata_kernel as adk
from astropy.table import Table
n = 1_000_000
random = np.random.default_rng(3)
Table({'id': np.arange(n), 'ra': random.uniform(0, 360, n), 'mag': random.normal(20, 2, n).astype('f4'),
       'good': random.integers(0, 2, n).astype(bool),
       'name': np.char.mod('src%07d', random.permutation(n))}).write('million.fits', overwrite=True)
viewer = adk.view('million.fits')
viewer`;

const viewer = (page: IJupyterLabPageFixture): Locator => page.locator('.astrodata-table').last();
const grid = (page: IJupyterLabPageFixture): Locator => viewer(page).getByRole('grid');
const control = (page: IJupyterLabPageFixture, label: string): Locator =>
  viewer(page).getByLabel(label, { exact: true });
const row = (page: IJupyterLabPageFixture, number: number): Locator =>
  viewer(page).locator(`tr[data-row="${number}"]`);

async function quiet(page: IJupyterLabPageFixture): Promise<void> {
  await expect(viewer(page)).toHaveAttribute('aria-busy', 'false', { timeout: 60000 });
}

async function show(page: IJupyterLabPageFixture, source: string): Promise<void> {
  await newNotebook(page);
  await runCell(page, source);
  await quiet(page);
  await expect(viewer(page).locator('tr[data-row]').first()).toBeVisible();
}

const said = (page: IJupyterLabPageFixture): Locator =>
  viewer(page).locator('.astrodata-table-count');

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

/** The rows in sight: their numbers, and the texts of a column. */
async function seen(
  page: IJupyterLabPageFixture,
  column: string
): Promise<{ rows: number[]; texts: string[] }> {
  return viewer(page).evaluate((root, name) => {
    const heads = [...root.querySelectorAll('thead th')];
    const at = heads.findIndex(head => head.getAttribute('data-column') === name);
    const lines = [...root.querySelectorAll('tr[data-row]')] as HTMLElement[];
    return {
      rows: lines.map(line => Number(line.dataset.row)),
      texts: lines.map(line => line.children[at].textContent ?? '')
    };
  }, column);
}

test.describe('The table viewer', () => {
  test('scrolls through a million rows, sorts and filters them as NumPy does', async ({ page }) => {
    await show(page, MILLION);
    await expect(viewer(page)).toContainText('1,000,000 rows');
    await grid(page).focus();
    await page.keyboard.press('End');
    await expect(row(page, 999999)).toHaveAttribute('aria-current', 'true');
    await page.keyboard.press('ArrowUp');
    await expect(row(page, 999998)).toHaveAttribute('aria-current', 'true');
    await page.keyboard.press('Home');
    await expect(row(page, 0)).toHaveAttribute('aria-current', 'true');
    await grid(page).hover();
    await page.mouse.wheel(0, 2200);
    await expect(row(page, 100)).toBeVisible();

    await control(page, 'Sort by mag').click();
    await expect(viewer(page).locator('th[data-column="mag"]')).toHaveAttribute(
      'aria-sort',
      'ascending'
    );
    await grid(page).focus();
    await page.keyboard.press('Home');
    await quiet(page);
    const lowest = await python(
      page,
      "np.argsort(np.asarray(viewer.book.rows.column('mag')), kind='stable')[:5].tolist()"
    );
    await expect.poll(async () => (await seen(page, 'mag')).rows.slice(0, 5)).toEqual(lowest);

    await control(page, 'Filter').fill('good & mag > 26 & ra < 90');
    await control(page, 'Filter').press('Enter');
    await quiet(page);
    const count = await python(
      page,
      "int((lambda t: (t['good'] & (t['mag'] > 26) & (t['ra'] < 90)).sum())(Table.read('million.fits')))"
    );
    await expect(viewer(page)).toContainText(
      `${Number(count).toLocaleString('en')} of 1,000,000 rows`
    );
    expect(await python(page, 'len(viewer.filtered)')).toBe(count);
  });

  test('links rows and points both ways', async ({ page, tmpPath }) => {
    await page.contents.uploadFile(GAIA, `${tmpPath}/gaia.fits`);
    await show(
      page,
      `import numpy as np, astrodata_kernel as adk\nviewer = adk.view('gaia.fits', x='phot_g_mean_mag', y='parallax')\nviewer`
    );
    await quiet(page);
    const canvas = viewer(page).locator('.astrodata-map-stage canvas').first();
    // 30 stars have no parallax.
    await expect(canvas).toHaveAttribute('aria-label', /parallax.*: 4,846 points/);
    await canvas.hover();
    const box = (await canvas.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.2, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height - 20, { steps: 6 });
    await page.mouse.up();
    await expect(said(page)).toContainText('selected');
    await quiet(page);
    const selected = (await python(page, 'viewer.selected.tolist()')) as number[];
    expect(selected.length).toBeGreaterThan(10);
    await expect(said(page)).toContainText(`${selected.length.toLocaleString('en')} selected`);
    expect(
      await python(
        page,
        "bool((lambda g, s: (np.ptp(g[s]) < 0.32 * np.ptp(g)))(np.asarray(viewer.book.rows.column('phot_g_mean_mag')), viewer.selected))"
      )
    ).toBe(true);
    // The other way round: a row that is chosen is the one point that keeps its colour.
    await viewer(page).locator('tr[data-row="3"] td').first().click();
    await expect(said(page)).toContainText('1 selected');
    await expect(viewer(page).locator('.astrodata-latent-point')).toBeVisible();
    expect(await python(page, 'viewer.selected.tolist()')).toEqual([3]);
  });

  test('opens a table of times and fluxes as a light curve and folds it', async ({
    page,
    tmpPath
  }) => {
    await page.contents.uploadFile(TESS, `${tmpPath}/tess.fits`);
    await show(
      page,
      `import numpy as np, astrodata_kernel as adk\nviewer = adk.view('tess.fits')\nviewer`
    );
    const canvas = viewer(page).locator('.astrodata-map-stage canvas').first();
    const good = await python(page, 'len(viewer.light_curve())');
    await expect(canvas).toHaveAttribute(
      'aria-label',
      new RegExp(`BJD \\(TDB\\) − 2457000.*${Number(good).toLocaleString('en')} points`)
    );
    await control(page, 'Period').fill('3.2888');
    await control(page, 'Period').press('Enter');
    await control(page, 'Epoch').fill('1327.5187');
    await control(page, 'Epoch').press('Enter');
    await expect(canvas).toHaveAttribute('aria-label', /phase of 3.2888 d/);
    await quiet(page);
    // The transit lies in the middle of the plot: what is marked there is fainter than the rest.
    await canvas.hover();
    const box = (await canvas.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.49, box.y + 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.51, box.y + box.height - 2, { steps: 6 });
    await page.mouse.up();
    await expect(said(page)).toContainText('selected');
    await quiet(page);
    const depth = await python(
      page,
      "(lambda f, s: float(1 - np.median(f[s]) / np.median(f[f > 0])))(np.asarray(viewer.book.rows.column('PDCSAP_FLUX')), viewer.selected)"
    );
    expect(depth).toBeGreaterThan(0.004);
    expect(depth).toBeLessThan(0.008);
    await control(page, 'Error bars').click();
    await control(page, 'Marks').selectOption('both');
    await control(page, 'Statistics of PDCSAP_FLUX').click();
    await quiet(page);
    const panel = viewer(page).getByRole('region', { name: 'Statistics' });
    const highest = await python(page, "viewer.statistics('PDCSAP_FLUX')['max']");
    await expect(panel).toContainText(String(Number(Number(highest).toPrecision(7))));
  });
});
