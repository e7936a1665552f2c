import { type IJupyterLabPageFixture, expect, galata, test } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Locator } from '@playwright/test';
import { colours, newNotebook, runCell } from './steps';

const TRACKER = '@jupyterlab/notebook-extension:tracker';

// Cells that are scrolled away are hidden: what was detached from one must stay.
test.use({
  mockSettings: {
    ...galata.DEFAULT_SETTINGS,
    [TRACKER]: { ...galata.DEFAULT_SETTINGS[TRACKER], windowingMode: 'full' }
  }
});

const TWO_VIEWERS = `
import numpy as np, astrodata_kernel as adk
from IPython.display import display
image = adk.view(np.random.default_rng(1).normal(size=(90, 120)).astype('f4'), height=220)
traces = adk.view(np.random.default_rng(2).normal(size=(5, 400)).astype('f4'), kind='waveforms', height=200)
display(image, traces)`;

const tabs = (page: IJupyterLabPageFixture): Locator =>
  page.locator('#jp-main-dock-panel .lm-TabBar-tab').filter({ hasText: /\.ipynb \[\d+\]$/ });
const views = (page: IJupyterLabPageFixture): Locator =>
  page.locator('.jp-astrodata-lab-detached-host');
const notebook = (page: IJupyterLabPageFixture): Locator => page.locator('.jp-NotebookPanel');
const placeholders = (page: IJupyterLabPageFixture): Locator =>
  notebook(page).locator('.jp-astrodata-lab-detachedPlace');
const stretch = (place: Locator): Locator => place.getByLabel('Stretch', { exact: true });

async function detach(page: IJupyterLabPageFixture, kind: string): Promise<void> {
  const button = notebook(page)
    .locator(`.astrodata-${kind}`)
    .getByRole('button', { name: 'Detach into a tab' });
  await button.focus();
  await page.keyboard.press('Enter');
  await expect(views(page).locator(`.astrodata-${kind}`)).toBeVisible();
}

/** What the kernel prints for an expression. */
async function printed(page: IJupyterLabPageFixture, expression: string): Promise<string> {
  await runCell(page, `print('SAID', ${expression})`);
  return (await notebook(page).getByText(/^SAID/).last().textContent())!.trim().slice(5);
}

/** Bring the notebook to the front, with its first cell at hand. */
const goToNotebook = (page: IJupyterLabPageFixture): Promise<void> =>
  page.evaluate(() => {
    const { shell } = window.jupyterapp;
    const panel = [...shell.widgets('main')].find(one => 'sessionContext' in one);
    shell.activateById(panel!.id);
    (panel as NotebookPanel).content.activeCellIndex = 0;
  });

test('A viewer moves into a tab as it is, comes back, and ends with its output, kernel or notebook', async ({
  page
}) => {
  const wrong: string[] = [];
  page.on('pageerror', error => wrong.push(String(error)));
  await newNotebook(page);
  await runCell(page, TWO_VIEWERS);
  const image = page.locator('.astrodata-fits');
  const canvas = image.locator('canvas').first();
  await expect.poll(() => colours(canvas)).toBeGreaterThan(20);
  await stretch(image).selectOption('log');
  // The very element has to come over: a picture that is made anew is another one.
  await canvas.evaluate(element => Object.assign(element, { marked: true }));
  const marked = (): Promise<boolean> => canvas.evaluate(element => 'marked' in element);
  const height = async (of: Locator): Promise<number> => (await of.boundingBox())!.height;
  const before = await height(canvas);

  await detach(page, 'fits');
  await expect(tabs(page)).toHaveCount(1);
  await expect(placeholders(page)).toContainText('This viewer is in the tab “');
  await expect(image.getByRole('button', { name: 'Detach into a tab' })).toBeHidden();
  await expect.poll(() => colours(canvas)).toBeGreaterThan(20);
  expect(await marked()).toBe(true);
  await expect(stretch(views(page))).toHaveValue('log');
  await expect
    .poll(async () => Math.abs((await height(views(page))) - (await height(image))))
    .toBeLessThan(4);

  // The other one of the cell has a tab of its own.
  await detach(page, 'waveforms');
  await expect(tabs(page)).toHaveCount(2);
  await expect(placeholders(page)).toHaveCount(2);
  await placeholders(page).first().getByRole('button', { name: 'Show Tab' }).click();
  await expect(image).toBeVisible();

  // It is the same widget as before, for Python too, and as high as Python says in the notebook alone.
  await stretch(views(page)).first().selectOption('asinh');
  await expect(async () => {
    expect(await printed(page, 'image.stretch, image.height')).toBe('asinh 220');
  }).toPass();
  await runCell(page, "image.stretch = 'sqrt'");
  await expect(stretch(image)).toHaveValue('sqrt');

  // Its cell is scrolled away and is no longer shown; the viewer is.
  await page.evaluate(() => {
    const { content } = window.jupyterapp.shell.currentWidget as NotebookPanel;
    const cells = Array.from({ length: 40 }, () => ({
      cell_type: 'raw',
      source: 'a\n'.repeat(20)
    }));
    content.model!.sharedModel.insertCells(content.widgets.length, cells);
    void content.scrollToItem(content.widgets.length - 1, 'end');
  });
  await expect(notebook(page).locator('.jp-CodeCell').first()).toBeHidden();
  await stretch(image).selectOption('linear');
  await expect.poll(() => colours(canvas)).toBeGreaterThan(20);

  // Bringing it back goes to its cell; closing the tab of the other one brings that back as well.
  await tabs(page).first().click();
  await page
    .locator('.jp-MainAreaWidget:has(.astrodata-fits) .jp-Toolbar')
    .getByRole('button', { name: 'Bring Back' })
    .click();
  await expect(notebook(page).locator('.astrodata-fits')).toBeVisible();
  await expect(image.getByRole('button', { name: 'Detach into a tab' })).toBeFocused();
  expect(await marked()).toBe(true);
  await expect(stretch(image)).toHaveValue('linear');
  await expect.poll(() => height(canvas)).toBeCloseTo(before, 0);
  await expect.poll(() => colours(canvas)).toBeGreaterThan(20);
  await tabs(page).locator('.lm-TabBar-tabCloseIcon').click();
  await expect(notebook(page).locator('.astrodata-waveforms')).toBeVisible();
  await expect(placeholders(page)).toHaveCount(0);

  // A cell that runs again has other viewers.
  await detach(page, 'fits');
  await goToNotebook(page);
  await page.evaluate(() => window.jupyterapp.commands.execute('notebook:run-cell'));
  await expect(tabs(page)).toHaveCount(0);
  await expect(notebook(page).locator('.astrodata-fits')).toHaveAttribute('aria-busy', 'false');
  await expect(placeholders(page)).toHaveCount(0);

  // A page that is loaded anew has its viewers in their outputs.
  await detach(page, 'fits');
  await goToNotebook(page);
  await page.notebook.save();
  await page.reload({ waitForIsReady: false } as object);
  await expect(notebook(page).locator('.astrodata-fits')).toHaveAttribute('aria-busy', 'false', {
    timeout: 60000
  });
  await expect(tabs(page)).toHaveCount(0);

  // Without its kernel it stays as a picture, and says so.
  await detach(page, 'fits');
  await goToNotebook(page);
  await page.evaluate(() => {
    const panel = window.jupyterapp.shell.currentWidget as NotebookPanel;
    return panel.sessionContext.restartKernel();
  });
  const gone = 'The kernel that made this viewer has ended or was restarted. Run the cell again.';
  await expect(placeholders(page)).toContainText(gone);
  await expect(page.locator('.jp-astrodata-lab-detached')).toContainText(gone);
  await placeholders(page).getByRole('button', { name: 'Bring Back' }).click();
  await expect(tabs(page)).toHaveCount(0);
  await expect(notebook(page).locator('.astrodata-fits')).toBeVisible();

  // A command does it for the active cell, and the notebook takes its viewers with it.
  await page.evaluate(() => window.jupyterapp.commands.execute('astrodata-lab:detach-view'));
  await expect(tabs(page)).toHaveCount(1);
  await page.evaluate(() => window.jupyterapp.commands.execute('astrodata-lab:bring-view-back'));
  await expect(tabs(page)).toHaveCount(0);
  await detach(page, 'fits');
  await goToNotebook(page);
  await page.notebook.save();
  await page.evaluate(() => window.jupyterapp.commands.execute('application:close'));
  await expect(notebook(page)).toHaveCount(0);
  await expect(tabs(page)).toHaveCount(0);
  expect(wrong).toEqual([]);
});
