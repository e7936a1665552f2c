import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { type IJupyterLabPageFixture, expect, test } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Locator } from '@playwright/test';
import {
  EXAMPLES,
  drag,
  dropFromDesktop,
  emptyCatalogue,
  fileOf,
  newNotebook,
  oneOfEach,
  openPanel,
  picture,
  colours,
  runCell
} from './steps';

const MAKE = `
import sys
import numpy as np
from astrodata_kernel.testing.synthetic import pulses
np.save(sys.argv[1], pulses(40))
`;

const rowOf = (panel: Locator, list: string, name: string): Locator =>
  panel
    .getByRole('list', { name: list })
    .getByRole('button', { name: new RegExp(`^${name},`) })
    .first();

const cell = (page: IJupyterLabPageFixture, text: string): Locator =>
  page.locator('.jp-CodeCell').filter({ hasText: text });

/** The sources of all cells of the notebook on show. */
const sources = (page: IJupyterLabPageFixture): Promise<string[]> =>
  page.evaluate(() => {
    const { content } = window.jupyterapp.shell.currentWidget as NotebookPanel;
    return content.widgets.map(one => one.model.sharedModel.getSource());
  });

test.beforeEach(({ page }) => emptyCatalogue(page));

test('a run, a model and a label session are dragged into a notebook, and open there', async ({
  page
}) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'cells-'));
  execFileSync('python', ['-c', MAKE, path.join(folder, 'ecg.npy')]);
  const panel = await openPanel(page);
  await dropFromDesktop(panel, [fileOf(folder, 'ecg.npy')]);
  await newNotebook(page);
  await openPanel(page);
  await runCell(page, oneOfEach('..', 'ecg'));
  await panel.getByRole('button', { name: 'Refresh' }).click();
  const first = page.locator('.jp-Notebook .jp-Cell').first();

  // Onto the first cell, so that each comes above what was there.
  await rowOf(panel, 'Label sessions', 'ecg').scrollIntoViewIfNeeded();
  await drag(page, rowOf(panel, 'Label sessions', 'ecg'), first);
  const labels = cell(page, 'adk.labels.LabelLog("../astrodata/labels/ecg")');
  await expect(labels).toHaveCount(1);
  await expect(labels).toContainText('7 of 40 labelled');
  await rowOf(panel, 'Models', 'line').scrollIntoViewIfNeeded();
  await drag(page, rowOf(panel, 'Models', 'line'), first);
  const model = cell(page, '.load("line", 1)');
  await expect(model.locator('.jp-OutputArea')).toContainText('LinearRegression');
  await rowOf(panel, 'Runs', 'sums').scrollIntoViewIfNeeded();
  await drag(page, rowOf(panel, 'Runs', 'sums'), first);
  const run = cell(page, 'run = adk.pipeline.Run.of("');
  await expect(run.locator('.jp-OutputArea')).toContainText('count');
  // Nothing was opened by the click with which a drag ends.
  await expect(panel.getByRole('group', { name: /^Run \d{8}-/ })).toHaveCount(0);
  const order = (await sources(page)).map(source => source.split('\n')[1]?.split('(')[0]);
  expect(order.slice(0, 3)).toEqual([
    'run = adk.pipeline.Run.of',
    expect.stringContaining('model = adk.tracking.Registry'),
    'log = adk.labels.LabelLog'
  ]);

  // By the keyboard the same cells come.
  await rowOf(panel, 'Runs', 'sums').focus();
  await page.keyboard.press('o');
  await expect(run).toHaveCount(2);
  await rowOf(panel, 'Models', 'line').focus();
  await page.keyboard.press('o');
  await expect(model).toHaveCount(2);
  await expect(model.last().locator('.jp-OutputArea')).toContainText('LinearRegression');
});

test('cards, palette and shortcuts: a notebook from a template, and the panel by the keyboard', async ({
  page,
  tmpPath
}) => {
  const panel = await openPanel(page);
  await dropFromDesktop(panel, [fileOf(EXAMPLES, 'm13.fits')]);
  await expect(panel.getByRole('list', { name: 'Datasets' })).toContainText('m13');
  // A card makes a notebook in the launcher's folder, which runs to its end.
  await page.keyboard.press('ControlOrMeta+Shift+L');
  const launcher = page.locator('.jp-Launcher:visible');
  const section = launcher.locator('.jp-Launcher-section').filter({ hasText: 'AstroData' });
  const cards = section.locator('.jp-LauncherCard');
  await expect(cards).toHaveText(['AstroData notebook', 'DAIDREAM', 'Burnt area', 'FITS']);
  await cards.filter({ hasText: 'FITS' }).click();
  await expect(page.getByRole('tab', { name: 'fits.ipynb' })).toBeVisible();
  await expect(page.getByText('| Idle').first()).toBeVisible();
  expect(await page.contents.fileExists(`${tmpPath}/fits.ipynb`)).toBe(true);
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect.poll(() => colours(picture(page)), { timeout: 60000 }).toBeGreaterThan(20);
  // The last cell adds the image to the list.
  await expect(panel.getByRole('list', { name: 'Datasets' })).toContainText('stars');
  const states = await page.evaluate(() => {
    const { content } = window.jupyterapp.shell.currentWidget as NotebookPanel;
    return JSON.stringify(content.model!.sharedModel.toJSON());
  });
  expect(states).not.toContain('"output_type":"error"');
  expect(states).not.toContain('"stderr"');

  // By the keyboard alone, from here on.
  const run = async (text: string): Promise<void> => {
    await page.keyboard.press('ControlOrMeta+Shift+C');
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
  };
  const heading = (name: string): Locator =>
    panel.getByRole('heading', { name }).getByRole('button');
  await page.getByRole('tab', { name: /^File Browser/ }).click();
  await run('Show Runs');
  await expect(heading('Runs')).toBeFocused();
  // What a hidden panel has is there again.
  await expect(rowOf(panel, 'Datasets', 'm13')).toBeVisible();
  // One that is closed is opened.
  await page.keyboard.press('ArrowLeft');
  await expect(heading('Runs')).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('Alt+Shift+L');
  await expect(heading('Labels')).toBeFocused();
  await page.keyboard.press('Alt+Shift+R');
  await expect(heading('Runs')).toBeFocused();
  await expect(heading('Runs')).toHaveAttribute('aria-expanded', 'true');
  await run('Run Pipeline');
  await expect(panel.getByRole('group', { name: 'Run a pipeline' })).toBeVisible();
  await page.keyboard.press('ControlOrMeta+Shift+A');
  await expect(heading('Datasets')).toBeFocused();

  const chooser = page.waitForEvent('filechooser');
  await run('Add Files from This Computer');
  await (await chooser).setFiles(path.join(EXAMPLES, 'm13_rice.fits'));
  await expect(panel.getByRole('list', { name: 'Datasets' })).toContainText('m13_rice');

  // The second one leaves the first one alone.
  await run('New FITS Notebook');
  await expect(page.getByRole('tab', { name: 'fits-2.ipynb' })).toBeVisible();
  await page.keyboard.press('Alt+Shift+N');
  await expect(page.getByRole('tab', { name: 'astrodata.ipynb' })).toBeVisible();
});
