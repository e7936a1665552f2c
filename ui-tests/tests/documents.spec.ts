import { type IJupyterLabPageFixture, expect, test } from '@jupyterlab/galata';
import type { Locator, Request } from '@playwright/test';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { EXAMPLES, TEST_DATA, colours, picture } from './steps';

const tab = (page: IJupyterLabPageFixture): Locator =>
  page.locator('.jp-astrodata-lab-documentTab:not(.lm-mod-hidden)');
const button = (page: IJupyterLabPageFixture, name: string): Locator =>
  tab(page).getByRole('button', { name, exact: true });

/** The sessions of the server whose file has this name. */
async function sessionsOf(
  page: IJupyterLabPageFixture,
  name: string
): Promise<{ type: string; kernel: { id: string } }[]> {
  const response = await page.request.get('/api/sessions');
  const all: { name: string; type: string; kernel: { id: string } }[] = await response.json();
  return all.filter(session => session.name === name);
}

/** Closes a tab by its cross: Galata's own way did nothing at times after the page was loaded anew. */
async function closeTab(page: IJupyterLabPageFixture, name: string): Promise<void> {
  const cross = page
    .locator('#jp-main-dock-panel .lm-TabBar-tab')
    .filter({ hasText: name })
    .locator('.lm-TabBar-tabCloseIcon');
  await cross.click();
  await expect(cross).toHaveCount(0);
}

async function showFiles(page: IJupyterLabPageFixture): Promise<void> {
  const browser = page.getByRole('tab', { name: /^File Browser/ });
  if ((await browser.getAttribute('aria-selected')) !== 'true') {
    await browser.click();
  }
}

async function openByDoubleClick(page: IJupyterLabPageFixture, name: string): Promise<void> {
  await showFiles(page);
  await page.getByRole('listitem', { name: new RegExp(name.replace('.', '\\.')) }).dblclick();
  await expect(tab(page)).toBeVisible();
}

/** Notes the requests that would bring a file's content to the browser. */
function watchContents(page: IJupyterLabPageFixture): string[] {
  const asked: string[] = [];
  page.on('request', (request: Request) => {
    const url = new URL(request.url());
    const isFile = /\/(api\/contents|files)\/.*\.(fits|dat)/.test(url.pathname);
    const facts = url.searchParams.get('content') === '0' && url.searchParams.get('hash') !== '1';
    const isList = request.method() === 'GET' && url.pathname.endsWith('/checkpoints');
    if (isFile && !isList && (request.method() !== 'GET' || !facts)) {
      asked.push(`${request.method()} ${request.url()}`);
    }
  });
  return asked;
}

/** Writes an image of half a gigabyte that takes no place on the disk. */
function writeLarge(file: string): void {
  const side = 16384;
  const cards = [
    'SIMPLE  =                    T',
    'BITPIX  =                   16',
    'NAXIS   =                    2'
  ];
  cards.push(
    `NAXIS1  = ${String(side).padStart(20)}`,
    `NAXIS2  = ${String(side).padStart(20)}`,
    'END'
  );
  writeFileSync(
    file,
    cards
      .map(card => card.padEnd(80))
      .join('')
      .padEnd(2880)
  );
  truncateSync(file, 2880 * (1 + Math.ceil((2 * side * side) / 2880)));
}

test.describe('A data file', () => {
  test('opens by a double click in a tab with a kernel of its own, without being downloaded', async ({
    page,
    tmpPath
  }) => {
    await page.contents.uploadFile(`${EXAMPLES}/m13.fits`, `${tmpPath}/m13.fits`);
    await page.filebrowser.refresh();
    const asked = watchContents(page);
    await openByDoubleClick(page, 'm13.fits');
    await expect(tab(page).getByRole('status').first()).toContainText('m13.fits');
    await expect.poll(() => colours(picture(page)), { timeout: 60000 }).toBeGreaterThan(20);
    // The viewer is as high as its tab.
    const [host, viewer] = [
      tab(page).locator('.jp-astrodata-lab-document-host'),
      tab(page).locator('.astrodata-fits')
    ];
    await expect
      .poll(async () => {
        const [place, shown] = [await host.boundingBox(), await viewer.boundingBox()];
        return Math.abs(place!.height - shown!.height);
      })
      .toBeLessThan(4);

    // What is set in the tab reaches the kernel, and the value under the pointer comes from it.
    await tab(page).getByLabel('Stretch', { exact: true }).selectOption('log');
    await picture(page).hover();
    await expect(tab(page).getByRole('status').last()).toContainText(/x\s+1\d\d\s+y\s+1\d\d/);

    // JupyterLab's Save must not write what it has: nothing.
    await page.keyboard.press('Control+s');

    // The notebook shows the same, in a cell that one can see.
    await button(page, 'Open in Notebook').click();
    await expect(
      page
        .locator('.jp-CodeCell .cm-content')
        .filter({ hasText: 'adk.view("m13.fits", stretch=\'log\'' })
    ).toBeVisible({ timeout: 30000 });
    await expect
      .poll(() => colours(page.locator('.jp-Notebook canvas').first()), { timeout: 60000 })
      .toBeGreaterThan(20);
    expect(asked).toEqual([]);

    const sessions = await sessionsOf(page, 'm13.fits');
    expect(sessions).toHaveLength(1);
    await page.getByRole('tab', { name: 'Running Terminals and Kernels' }).click();
    await expect(
      page.locator('#jp-running-sessions').getByText('m13.fits', { exact: false }).first()
    ).toBeVisible();
    await closeTab(page, 'm13.fits');
    await expect.poll(async () => (await sessionsOf(page, 'm13.fits')).length).toBe(0);
    const bytes = await page.request.get(`/files/${tmpPath}/m13.fits`);
    expect((await bytes.body()).equals(readFileSync(`${EXAMPLES}/m13.fits`))).toBe(true);
  });

  test('is shown as it was after the page is loaded anew, and by a kernel that was kept', async ({
    page,
    tmpPath
  }) => {
    await page.contents.uploadFile(`${EXAMPLES}/m13.fits`, `${tmpPath}/kept.fits`);
    await page.filebrowser.refresh();
    await openByDoubleClick(page, 'kept.fits');
    await expect.poll(() => colours(picture(page)), { timeout: 60000 }).toBeGreaterThan(20);
    const stretch = tab(page).getByLabel('Stretch', { exact: true });
    await stretch.selectOption('asinh');
    const remembered = page.waitForRequest(
      request => request.method() === 'PUT' && /api\/workspaces/.test(request.url())
    );
    await button(page, 'Keep Kernel').click();
    await expect(button(page, 'Keep Kernel')).toHaveAttribute('aria-pressed', 'true');
    await remembered;
    const [{ kernel }] = await sessionsOf(page, 'kept.fits');

    await page.reload({ waitForIsReady: false } as object);
    await expect.poll(() => colours(picture(page)), { timeout: 60000 }).toBeGreaterThan(20);
    await expect(stretch).toHaveValue('asinh');
    await expect(button(page, 'Keep Kernel')).toHaveAttribute('aria-pressed', 'true');

    await closeTab(page, 'kept.fits');
    await expect(tab(page)).toHaveCount(0);
    await openByDoubleClick(page, 'kept.fits');
    await expect(stretch).toHaveValue('asinh', { timeout: 60000 });
    expect((await sessionsOf(page, 'kept.fits')).map(session => session.kernel.id)).toEqual([
      kernel.id
    ]);

    // A file that is replaced is told, and opened anew.
    await page.contents.uploadFile(`${TEST_DATA}/compressed/m13.fits`, `${tmpPath}/kept.fits`);
    await page.filebrowser.refresh();
    await page.activity.activateTab('Launcher');
    await page.activity.activateTab('kept.fits');
    await expect(tab(page)).toContainText('kept.fits was written since it was opened.');
    await tab(page).locator('.jp-astrodata-lab-document-notice').getByRole('button').click();
    await expect(stretch).toHaveValue('linear', { timeout: 60000 });

    // A kernel that dies says so, and another one shows the file.
    await page.request.delete(`/api/kernels/${kernel.id}`);
    await tab(page)
      .getByRole('button', { name: /Restart|Start a kernel/ })
      .click({ timeout: 60000 });
    await expect(stretch).toHaveValue('linear', { timeout: 60000 });
  });

  test('opens when it is large, by another name, and says what is wrong with it', async ({
    page,
    tmpPath
  }) => {
    await page.contents.uploadFile(
      `${TEST_DATA}/broken/derived_m13_truncated.fits`,
      `${tmpPath}/cut.dat`
    );
    await page.filebrowser.refresh();
    const asked = watchContents(page);
    await showFiles(page);
    await page.getByRole('listitem', { name: /cut\.dat/ }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'View with AstroData' }).click();
    const alert = tab(page).getByRole('alert');
    await expect(alert).toContainText('bytes too early', { timeout: 60000 });
    const root = await page.evaluate(() => {
      const config = document.getElementById('jupyter-config-data')!.textContent!;
      return JSON.parse(config).serverRoot as string;
    });
    const [whole, large] = ['cut.dat', 'large.fits'].map(name => path.join(root, tmpPath, name));
    copyFileSync(`${EXAMPLES}/m13.fits`, whole);
    await alert.getByRole('button', { name: 'Retry' }).click();
    await expect.poll(() => colours(picture(page)), { timeout: 60000 }).toBeGreaterThan(20);
    await closeTab(page, 'cut.dat');

    writeLarge(large);
    await page.filebrowser.refresh();
    await openByDoubleClick(page, 'large.fits');
    const viewer = tab(page).locator('.astrodata-fits');
    await expect(viewer).toHaveAttribute('aria-busy', 'false', { timeout: 60000 });
    await picture(page).hover();
    await expect(viewer.locator('.astrodata-fits-status')).toContainText(/x 8\d{3}\s+y 8\d{3}/);
    expect(asked).toEqual([]);

    await page.getByRole('listitem', { name: /large\.fits/ }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Label with AstroData' }).click();
    await expect(page.getByRole('dialog')).toContainText('large.fits is one picture');
  });
});
