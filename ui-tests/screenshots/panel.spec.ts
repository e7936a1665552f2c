import * as path from 'node:path';
import { type IJupyterLabPageFixture, expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import {
  EXAMPLES,
  TEST_DATA,
  colours,
  dropFromDesktop,
  emptyCatalogue,
  fileOf,
  newNotebook,
  openPanel,
  picture,
  runCell,
  startCell
} from '../tests/steps';
import { keep } from './pictures';

const SECTIONS = ['Datasets', 'Compute', 'Runs', 'Models', 'Labels'];

/** Four datasets of the workspace, each with its picture. */
async function withDatasets(page: IJupyterLabPageFixture): Promise<Locator> {
  await emptyCatalogue(page);
  const panel = await openPanel(page);
  await dropFromDesktop(panel, [
    fileOf(EXAMPLES, 'image_2mass_k_galactic_centre.fits'),
    fileOf(EXAMPLES, 'm13_rice.fits'),
    fileOf(TEST_DATA, 'table_gaia_cone.fits'),
    fileOf(TEST_DATA, 'spectrum_sdss_J2202.fits')
  ]);
  const pictures = panel.getByRole('list', { name: 'Datasets' }).locator('img');
  await expect(pictures).toHaveCount(4, { timeout: 60_000 });
  await expect
    .poll(() =>
      pictures.evaluateAll(all => all.every(one => (one as HTMLImageElement).naturalWidth > 0))
    )
    .toBe(true);
  return panel;
}

/** Leave open the sections that are named. */
async function openOnly(panel: Locator, names: string[]): Promise<void> {
  for (const name of SECTIONS) {
    const heading = panel.getByRole('button', { name: new RegExp(`^${name}`) }).first();
    if ((await heading.getAttribute('aria-expanded')) !== String(names.includes(name))) {
      await heading.click();
    }
  }
}

/** The runs, the model and the labels of a session of work; all in the workspace of the server's root. */
const WORK = `import numpy as np
from pathlib import Path
Path("../astrodata/runs").mkdir(parents=True, exist_ok=True)
cardio = adk.pipeline.Pipeline.from_yaml("pipelines/cardio.yaml")
for trees in (50, 100):
    run = cardio.run(workspace="..", trees=trees)
stars = adk.labels.session("m13 stars", dataset="m13_rice", classes=["member", "field"], annotator="ada")
ids = np.arange(60)
stars.put(ids[:34], "member"), stars.put(ids[34:50], "field")
sky = adk.labels.session("centre", dataset="image_2mass_k_galactic_centre", classes=["star", "cloud"],
                         annotator="grace")
sky.put(ids[:12], "star"), sky.put(ids[12:15], "cloud")`;

for (const theme of ['light', 'dark'] as const) {
  test(`images: the panel, ${theme}`, async ({ page, tmpPath }) => {
    test.setTimeout(300_000);
    await page.setViewportSize({ width: 1280, height: 1440 });
    if (theme === 'dark') {
      await page.theme.setDarkTheme();
    }
    const examples = path.resolve(EXAMPLES, '..');
    await page.contents.uploadDirectory(`${examples}/pipelines`, `${tmpPath}/pipelines`);
    await page.contents.uploadDirectory(`${EXAMPLES}/tables`, `${tmpPath}/data/tables`);
    await withDatasets(page);
    await newNotebook(page);
    const panel = await openPanel(page);
    await page.sidebar.setWidth(380);
    await runCell(page, 'import astrodata_kernel as adk');
    await startCell(page, WORK);
    const second = page.locator('.jp-Notebook .jp-CodeCell').nth(1);
    // The first pipeline trains two models.
    await expect(second.locator('.jp-InputArea-prompt').first()).toHaveText(/\[\d+\]/, {
      timeout: 240_000
    });
    await panel.getByRole('button', { name: 'Refresh' }).click();
    await openOnly(panel, SECTIONS);
    await expect(panel.getByRole('meter', { name: 'Memory' })).toBeVisible();
    for (const [name, count] of [
      ['Runs', 2],
      ['Label sessions', 2]
    ] as const) {
      await expect(panel.getByRole('list', { name }).getByRole('listitem')).toHaveCount(count);
    }
    await expect(panel.getByRole('region', { name: 'Models' })).toContainText('challenger');
    const labels = panel.getByRole('region', { name: 'Labels' });
    const { x, y, width } = (await panel.boundingBox())!;
    const last = (await labels.boundingBox())!;
    const clip = { x, y, width, height: last.y + last.height + 8 - y };
    keep(await page.screenshot({ clip }), `panel-${theme}.png`);
    if (theme === 'light') {
      keep(await labels.screenshot(), 'panel-labels.png');
    }
  });
}

test('images: files that arrive', async ({ page }) => {
  const panel = await withDatasets(page);
  await page.sidebar.setWidth(380);
  await openOnly(panel, ['Datasets']);
  // One is on its way for as long as it is looked at.
  let pieces = 0;
  await page.route('**/astrodata-lab/uploads?*', async handled => {
    if (handled.request().method() !== 'PUT' || pieces++ < 3) {
      await handled.continue();
    }
  });
  const bytes = Buffer.concat([fileOf(EXAMPLES, 'm13.fits').bytes, Buffer.alloc(2 << 20, ' ')]);
  await dropFromDesktop(
    panel,
    ['orion_h_alpha.fits', 'trapezium_k.fits', 'spectra_run7.npz'].map(name => ({ name, bytes }))
  );
  const uploads = panel.getByRole('list', { name: 'Uploads' });
  await expect(uploads.getByRole('progressbar').first()).toHaveAttribute('aria-valuenow', /^[1-9]/);
  await expect(uploads.getByRole('listitem')).toHaveCount(3);
  await page.mouse.move(900, 600);
  const box = (await panel.boundingBox())!;
  const clip = { ...box, height: Math.min(box.height, 560) };
  keep(await page.screenshot({ clip }), 'panel-import.png');
});

test('images: the kernel and a cluster', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 900 });
  await emptyCatalogue(page);
  await newNotebook(page);
  const panel = await openPanel(page);
  await page.sidebar.setWidth(380);
  await openOnly(panel, ['Compute']);
  await runCell(page, 'import astrodata_kernel as adk\ncluster = adk.compute.cluster("local", 2)');
  await runCell(page, 'busy = adk.compute.current().client.submit(sum, range(1000)).result()');
  const section = panel.getByRole('region', { name: 'Compute' });
  const workers = section.getByRole('list', { name: 'Workers' }).getByRole('listitem');
  await expect(workers).toHaveCount(2, { timeout: 60_000 });
  await expect(section.getByRole('meter', { name: 'Memory' })).toBeVisible();
  keep(await section.screenshot(), 'compute-panel.png');
});

test('images: a file as a document', async ({ page, tmpPath }) => {
  await page.setViewportSize({ width: 1280, height: 760 });
  await page.contents.uploadFile(
    `${EXAMPLES}/image_2mass_k_galactic_centre.fits`,
    `${tmpPath}/galactic_centre.fits`
  );
  await page.getByRole('tab', { name: /^File Browser/ }).click();
  await page.getByRole('listitem', { name: /galactic_centre\.fits/ }).dblclick();
  const canvas = picture(page);
  await expect.poll(() => colours(canvas), { timeout: 60_000 }).toBeGreaterThan(100);
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
  await canvas.hover();
  await expect(page.getByRole('status').filter({ hasText: 'FK5' })).toBeVisible();
  keep(await page.screenshot(), 'documents-fits.png');
});
