import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { type IJupyterLabPageFixture, expect, test } from '@jupyterlab/galata';
import {
  colours,
  datasets,
  dropFromDesktop,
  emptyCatalogue,
  fileOf,
  newNotebook,
  openPanel,
  startCell
} from './steps';

/** A file as DAIDREAM writes it: the first half of its traces holds noise alone. */
const MAKE = `
import sys
import numpy as np
from astrodata_kernel.testing.synthetic import pulses
rng = np.random.default_rng(0)
noise = (0.01 * rng.standard_normal((400, 512))).astype("f4")
signal = np.concatenate([np.zeros((200, 512), "f4"), pulses(200)])
np.savez(sys.argv[1], signal=signal, noise=noise, peak=signal.max(axis=1))
`;

const TRAIN = `
import numpy as np
ds = adk.open("pulses.npz")
is_signal = np.asarray(ds.table["peak"]) > 0.1
training = adk.training.multistart(
    "quick", ds, "jax", rounds=[adk.training.Round(2, 4)], batch_size=20, learning_rate=3e-3, track=False)
explorer = adk.LatentExplorer(
    adk.latent.encode(ds, training.model), columns={"peak": np.asarray(ds.table["peak"])}, truth=is_signal,
    traces=ds, encoder=training.model.encoder, decoder=training.model.decoder, history=training.history)
explorer`;

async function printed(page: IJupyterLabPageFixture, expression: string): Promise<string> {
  const mark = `said-${Math.random().toString(36).slice(2)}`;
  await startCell(page, `print("${mark}" + ":", ${expression})`);
  const output = page.locator('.jp-OutputArea-output pre').filter({ hasText: mark });
  await expect(output).toBeVisible({ timeout: 30000 });
  return (await output.innerText()).split(':').slice(1).join(':').trim();
}

test.beforeEach(({ page }) => emptyCatalogue(page));

test('goes from a dropped file to a dragged garage and an exported cut', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(300000);
  const folder = mkdtempSync(path.join(tmpdir(), 'daidream-'));
  execFileSync('python', ['-c', MAKE, path.join(folder, 'pulses.npz')]);

  // Drop: the panel says what the file is.
  const panel = await openPanel(page);
  await dropFromDesktop(panel, [fileOf(folder, 'pulses.npz')]);
  const row = datasets(panel).getByRole('listitem').filter({ hasText: 'pulses' });
  await expect(row).toContainText('waveforms');
  await expect(row).toContainText('400 traces × 512');
  expect(await page.contents.fileExists(`${tmpPath}/pulses.npz`)).toBe(true);

  // Browse: all traces as one picture.
  await newNotebook(page);
  await openPanel(page);
  await datasets(panel)
    .getByRole('button', { name: /^pulses/ })
    .click();
  const viewer = page.locator('.astrodata-waveforms').first();
  await expect(viewer).toBeVisible({ timeout: 60000 });
  await expect.poll(() => colours(viewer), { timeout: 60000 }).toBeGreaterThan(30);

  // Train, and look at the cut.
  await page.notebook.addCell('code', '');
  await startCell(page, TRAIN);
  const explorer = page.locator('.astrodata-latent').first();
  await expect(explorer).toBeVisible({ timeout: 180000 });
  await explorer.scrollIntoViewIfNeeded();
  await expect.poll(() => colours(explorer), { timeout: 60000 }).toBeGreaterThan(30);
  const counts = explorer.getByLabel('Counts');
  await expect(counts).toContainText('%');
  const before = await counts.innerText();
  const first = await printed(page, 'explorer.garage.intervals[0].tolist()');

  // Drag the upper limit of the first latent inwards: more points lie outside, in Python as well.
  const edge = explorer.getByRole('slider', { name: 'z0 upper limit' });
  await edge.scrollIntoViewIfNeeded();
  const box = (await edge.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x - 40, box.y + box.height / 2, { steps: 6 });
  await page.mouse.up();
  await expect(counts).not.toHaveText(before, { useInnerText: true });
  const limits = async (): Promise<number[]> =>
    JSON.parse(await printed(page, 'explorer.garage.intervals[0].tolist()')) as number[];
  // The kernel hears of the drag a moment after the page has drawn it.
  const shown = Number(await edge.getAttribute('aria-valuenow'));
  await expect.poll(async () => Math.abs((await limits())[1] / shown - 1)).toBeLessThan(1e-3);
  const [low, high] = await limits();
  const [lowBefore, highBefore] = JSON.parse(first) as number[];
  expect(low).toBe(lowBefore);
  expect(high).toBeLessThan(highBefore);

  // Export: the file holds the cut that is on the screen and in the kernel.
  const download = page.waitForEvent('download');
  await explorer.getByRole('button', { name: 'Export the garage' }).click();
  const file = path.join(folder, 'garage.json');
  await (await download).saveAs(file);
  const cut = JSON.parse(readFileSync(file, 'utf-8')) as {
    format: string;
    intervals: number[][];
  };
  expect(cut.format).toBe('astrodata-garage');
  expect(cut.intervals[0]).toEqual([low, high]);
  const agrees = await printed(
    page,
    `adk.latent.Garage.from_json(${JSON.stringify(readFileSync(file, 'utf-8'))}) == explorer.garage`
  );
  expect(agrees).toBe('True');
});
