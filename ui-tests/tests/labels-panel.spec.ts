import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { type IJupyterLabPageFixture, expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import {
  datasets,
  dropFromDesktop,
  emptyCatalogue,
  fileOf,
  newNotebook,
  openPanel,
  runCell
} from './steps';

const MAKE = `
import sys
import numpy as np
from astrodata_kernel.testing.synthetic import pulses
np.save(sys.argv[1], pulses(40))
`;

const HOSTILE = '<img src=x onerror=alert(1)>';

const section = (panel: Locator): Locator => panel.getByRole('region', { name: 'Labels' });

const sessions = (panel: Locator): Locator =>
  section(panel).getByRole('list', { name: 'Label sessions' });

const session = (panel: Locator, name: string): Locator =>
  sessions(panel).getByRole('button', { name: new RegExp(`^${name},`) });

/** Forty traces in the list of datasets, called "ecg". */
async function withTraces(page: IJupyterLabPageFixture): Promise<Locator> {
  const folder = mkdtempSync(path.join(tmpdir(), 'labels-'));
  execFileSync('python', ['-c', MAKE, path.join(folder, 'ecg.npy')]);
  const panel = await openPanel(page);
  await expect(sessions(panel)).toHaveCount(0);
  await dropFromDesktop(panel, [fileOf(folder, 'ecg.npy')]);
  await expect(datasets(panel).getByRole('listitem')).toHaveCount(1);
  return panel;
}

/** The same, and a notebook with the magic. */
async function withNotebook(page: IJupyterLabPageFixture): Promise<Locator> {
  await withTraces(page);
  await newNotebook(page);
  const panel = await openPanel(page);
  await runCell(page, '%load_ext astrodata_kernel\nimport astrodata_kernel as adk');
  return panel;
}

/** What overflows an element sideways, in pixels. */
const overflow = (element: Locator): Promise<number> =>
  element.evaluate(node => node.scrollWidth - node.clientWidth);

test.beforeEach(({ page }) => emptyCatalogue(page));

test.describe('The Labels section of the panel', () => {
  test('teaches how to begin as soon as there is something to label', async ({ page }) => {
    const panel = await withTraces(page);
    await expect(section(panel)).toContainText('Nothing is labelled yet');
    await expect(section(panel)).toContainText('%astro label ecg --classes normal,anomaly');
  });

  test('lists a session with its counts, and follows them while one labels', async ({ page }) => {
    const panel = await withNotebook(page);
    await runCell(page, 'made = %astro label ecg --classes normal,anomaly --session beats');
    await expect(session(panel, 'beats')).toContainText('ecg');
    await expect(session(panel, 'beats')).toContainText('0 labelled');
    await runCell(page, 'made.log.put(range(7), "normal"), made.log.put([20, 21], "anomaly")');
    const row = session(panel, 'beats');
    await expect(row).toContainText('9 labelled');
    await expect(row.getByText('anomaly', { exact: true })).toBeVisible();
    await expect(row).toHaveAccessibleName(/beats, ecg, 9 labelled, normal 7, anomaly 2, /);
    // Somebody else, elsewhere, and no cell of this page runs.
    await runCell(
      page,
      [
        'import threading',
        'other = adk.labels.LabelLog(made.log.folder, annotator="grace")',
        'threading.Timer(6, lambda: other.put([1, 2, 3], "anomaly")).start()'
      ].join('\n')
    );
    await expect(row).toHaveAccessibleName(/anomaly 5, .*grace 3/);
  });

  test('opens a session by a click, in a cell that one can see', async ({ page }) => {
    const panel = await withNotebook(page);
    await runCell(page, 'made = %astro label ecg --classes normal,anomaly');
    await runCell(page, 'made.log.put(range(7), "normal")');
    await session(panel, 'ecg').click();
    const cell = page
      .locator('.jp-CodeCell')
      .filter({ hasText: 'adk.Labeller(adk.open("ecg.npy"' });
    await expect(cell).toBeVisible();
    await expect(cell.getByRole('group', { name: /^Event on show/ })).toBeVisible();
    await expect(cell).toContainText('7 of 40 labelled');
  });

  test('is walked and opened with the keyboard alone', async ({ page }) => {
    const panel = await withNotebook(page);
    await runCell(page, '%astro label ecg --classes a,b --session one');
    await runCell(page, '%astro label ecg --classes a,b --session two');
    await expect(sessions(panel).getByRole('listitem')).toHaveCount(2);
    await session(panel, 'two').focus();
    await page.keyboard.press('ArrowDown');
    await expect(session(panel, 'one')).toBeFocused();
    await page.keyboard.press('Home');
    await expect(session(panel, 'two')).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(
      page.locator('.jp-CodeCell .cm-content').filter({ hasText: 'adk.Labeller(' }).last()
    ).toBeVisible();
  });

  test('shows hostile names as text', async ({ page }) => {
    let asked = false;
    page.on('dialog', dialog => {
      asked = true;
      void dialog.dismiss();
    });
    const panel = await withNotebook(page);
    await runCell(
      page,
      [
        `bad = ${JSON.stringify(HOSTILE)}`,
        'log = adk.labels.session(bad, dataset=bad, classes=[bad, "b"], annotator=bad)',
        'log.put([1, 2], bad)'
      ].join('\n')
    );
    const row = sessions(panel).getByRole('button');
    await expect(row).toContainText(HOSTILE);
    await expect(row).toHaveAccessibleName(/is not in the list of datasets/);
    await expect(row.locator('img')).toHaveCount(0);
    await row.click();
    await expect(
      page.locator('.jp-CodeCell .cm-content').filter({ hasText: '.table()' })
    ).toBeVisible();
    await expect(page.locator('.jp-OutputArea').filter({ hasText: 'annotator' })).toBeVisible();
    expect(asked).toBe(false);
  });

  test('fits into a narrow panel, in both themes', async ({ page }) => {
    const panel = await withNotebook(page);
    await runCell(
      page,
      [
        'names = [f"a class with quite a long name {i}" for i in range(9)] + ["b" * 120]',
        'made = %astro label ecg --classes x',
        'made.log.change_classes(add=names)',
        'who = adk.labels.LabelLog(made.log.folder, annotator="somebody.with.a.long@name.example")',
        'for i, name in enumerate(names): who.put(i, name)'
      ].join('\n')
    );
    await expect(session(panel, 'ecg')).toContainText('10 labelled');
    for (const dark of [false, true]) {
      if (dark) {
        await page.theme.setDarkTheme();
      }
      const handle = page.locator('#jp-main-split-panel > .lm-SplitPanel-handle').first();
      const box = (await panel.boundingBox())!;
      const grip = (await handle.boundingBox())!;
      await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + 250, grip.y + grip.height / 2, { steps: 5 });
      await page.mouse.up();
      await expect.poll(async () => (await panel.boundingBox())!.width).toBeLessThan(260);
      expect(await overflow(panel)).toBe(0);
      expect(await overflow(panel.locator('.jp-astrodata-lab-scroll'))).toBe(0);
      await expect(session(panel, 'ecg').getByText('a class with quite').first()).toBeVisible();
    }
  });
});
