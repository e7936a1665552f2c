import { execSync } from 'node:child_process';
import * as path from 'node:path';
import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import {
  EXAMPLES,
  colours,
  datasets,
  dropFromDesktop,
  emptyCatalogue,
  fileOf,
  openPanel,
  picture
} from '../tests/steps';

/** Do something with the session of the notebook that is open. */
function session(
  page: IJupyterLabPageFixture,
  what: 'restart' | { readonly name: string }
): Promise<void> {
  return page.evaluate(async wanted => {
    const { sessionContext } = window.jupyterapp.shell.currentWidget as NotebookPanel;
    await (wanted === 'restart'
      ? sessionContext.restartKernel()
      : sessionContext.changeKernel(wanted));
  }, what);
}

/** Run the first cell of the notebook, to its end. */
async function runFirst(page: IJupyterLabPageFixture): Promise<void> {
  const cell = page.locator('.jp-Notebook .jp-CodeCell').first();
  await cell.locator('.cm-content').click();
  await page.keyboard.press('Control+Enter');
  await expect(cell.locator('.jp-InputArea-prompt').first()).toHaveText(/\[\d+\]/, {
    timeout: 120000
  });
}

const shown = (page: IJupyterLabPageFixture): Promise<void> =>
  expect.poll(() => colours(picture(page)), { timeout: 120000 }).toBeGreaterThan(20);

test('a server without the toolkit shows what kernels of other environments show, and names what mends those without', async ({
  page
}) => {
  await emptyCatalogue(page);
  const panel = await openPanel(page);
  await dropFromDesktop(panel, [fileOf(EXAMPLES, 'm13.fits')]);
  const row = datasets(panel).getByRole('listitem').filter({ hasText: 'm13' });
  await expect(row).toContainText('300 × 300', { timeout: 60000 });
  await row.getByRole('button', { name: /^m13/ }).first().click();
  await shown(page);
  const advice = panel.locator('.jp-astrodata-lab-advised');
  await expect(advice).toHaveCount(0);

  // The notebook is opened anew, and its kernel has gone meanwhile: Jupyter's own words would help nobody.
  await page.keyboard.press('Control+s');
  await page.getByRole('button', { name: 'Rename and Save' }).click();
  await expect(page.locator('.jp-mod-current.jp-mod-dirty')).toHaveCount(0);
  await session(page, 'restart');
  await page.reload({ waitForIsReady: false } as object);
  const lost = page.locator('.jp-astrodata-lab-lost');
  await expect(lost).toContainText('was restarted', { timeout: 60000 });
  await expect(page.getByText('model not found')).toHaveCount(0);
  await lost.getByRole('button', { name: 'Run the cell' }).click();
  await shown(page);

  await session(page, { name: 'bare' });
  await runFirst(page);
  await openPanel(page);
  await expect(advice).toContainText('“Bare Python” does not have the toolkit');
  const command = (await advice.locator('code').textContent())!;
  const made = command.slice(0, command.indexOf('/bare/bin/python'));
  execSync(command, {
    // As on a hub that gives the wheel to its people; nothing else is missing there.
    env: { ...process.env, PIP_FIND_LINKS: path.join(made, 'dist'), PIP_NO_INDEX: '1' },
    stdio: 'pipe'
  });
  await session(page, 'restart');
  await expect(advice).toHaveCount(0);
  await runFirst(page);
  await shown(page);
  await expect(advice).toHaveCount(0);
});
