import { readFileSync, readdirSync, statSync } from 'node:fs';
import * as path from 'node:path';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { type BrowserContext, type Locator, type Page, expect, test } from '@playwright/test';
import {
  EXAMPLES,
  colours,
  datasets,
  dropFromDesktop,
  fileOf,
  oneOfEach,
  picture,
  runCell
} from '../tests/steps';

const FOLDER = process.env.ASTRODATA_TEST_HUB_FOLDER!;
const PREFIX = '/hub-under/a-prefix';

const panelOf = (page: Page): Locator => page.getByRole('region', { name: 'AstroData' });

/** JupyterLab of a person who has just logged in. */
async function logIn(context: BrowserContext, name: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto('');
  await page.getByLabel('Username').fill(name);
  await page.getByLabel('Password').fill('any');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`**${PREFIX}/user/${name}/lab**`, { timeout: 120000 });
  // Who comes for the first time sees the panel without looking for it.
  await expect(panelOf(page)).toBeVisible({ timeout: 60000 });
  return page;
}

/** Addresses that a page asked for outside of its own server. */
function strays(page: Page, name: string): string[] {
  const found: string[] = [];
  page.on('request', request => {
    const url = new URL(request.url());
    const own = [`${PREFIX}/user/${name}/`, `${PREFIX}/hub/`].some(one =>
      url.pathname.startsWith(one)
    );
    if (url.protocol.startsWith('http') && !own) {
      found.push(request.url());
    }
  });
  return found;
}

/** What people keep; not what Jupyter writes down of a server that runs, for its owner alone. */
function filesOf(homes: string): string[] {
  return readdirSync(homes, { recursive: true, encoding: 'utf-8' })
    .filter(name => !name.includes('/.local/share/jupyter/runtime/'))
    .map(name => path.join(homes, name))
    .filter(name => statSync(name, { throwIfNoEntry: false })?.isFile());
}

test('behind a hub with a prefix the panel, viewers and dashboards work, and each person is alone', async ({
  browser
}) => {
  const [hers, his] = [await browser.newContext(), await browser.newContext()];

  const [page, other] = await Promise.all([logIn(hers, 'ada'), logIn(his, 'bela')]);
  const stray = strays(page, 'ada');
  const panel = panelOf(page);
  await dropFromDesktop(panel, [fileOf(EXAMPLES, 'm13.fits')]);
  const row = datasets(panel).getByRole('listitem').filter({ hasText: 'm13' });
  await expect(row).toContainText('300 × 300', { timeout: 60000 });
  await expect.poll(() => colours(row.getByRole('img').first())).toBeGreaterThan(20);

  await row.getByRole('button', { name: /^m13/ }).first().click();
  await expect.poll(() => colours(picture(page)), { timeout: 60000 }).toBeGreaterThan(20);

  await page
    .locator('.jp-NotebookPanel [data-command="notebook:insert-cell-below"]')
    .first()
    .click();
  // Steps use no more of Galata's page than what each page has.
  const lab = page as unknown as IJupyterLabPageFixture;
  await runCell(lab, 'cluster = adk.compute.cluster("threads", workers=1); cluster');
  const link = page.locator('.jp-OutputArea a[href*="/proxy/"]');
  await expect(link).toHaveAttribute('href', new RegExp(`^${PREFIX}/user/ada/proxy/\\d+/status$`));
  const [dashboard] = await Promise.all([page.waitForEvent('popup'), link.click()]);
  await expect(dashboard).toHaveTitle('Dask: Status');
  // Drawn by what comes through a socket.
  await expect(dashboard.locator('canvas').first()).toBeVisible();
  await dashboard.close();
  await runCell(lab, 'cluster.close()');

  // The other sections: each has a row, and each row its cell.
  const rowIn = (name: string, row: RegExp): Locator =>
    panel.getByRole('region', { name }).getByRole('button', { name: row }).first();
  await runCell(
    lab,
    'import numpy as np\nnp.save("ecg.npy", adk.testing.synthetic.pulses(40))\n%load_ext astrodata_kernel\n%astro add ecg.npy'
  );
  await runCell(lab, oneOfEach('.', 'ecg'));
  await panel.getByRole('button', { name: 'Refresh' }).click();
  await rowIn('Runs', /^sums, done/).focus();
  await page.keyboard.press('o');
  await expect(page.locator('.jp-CodeCell').filter({ hasText: 'Run.of(' })).toContainText('count');
  await rowIn('Models', /^line,/).focus();
  await page.keyboard.press('o');
  await expect(page.locator('.jp-CodeCell').filter({ hasText: '.load("line", 1)' })).toContainText(
    'LinearRegression()'
  );
  await rowIn('Labels', /^ecg,/).click();
  await expect(page.locator('.astrodata-label')).toContainText('7 of 40 labelled');
  await expect(panel.getByRole('region', { name: 'Compute' })).toContainText('Kernel of');
  const numbers = await hers.request.get(`${PREFIX}/user/ada/metrics`);
  expect(await numbers.text()).toContain('astrodata_runs');
  await page.keyboard.press('Control+s');
  await page.getByRole('button', { name: 'Rename and Save' }).click();
  await expect(page.locator('.jp-mod-current.jp-mod-dirty')).toHaveCount(0);

  await page.getByRole('tab', { name: /^File Browser/ }).click();
  await page.getByRole('listitem', { name: /m13\.fits/ }).dblclick();
  const document = page.locator('.jp-astrodata-lab-documentTab:not(.lm-mod-hidden)');
  const image = document.locator('canvas[aria-label^="FITS image"]');
  await expect.poll(() => colours(image), { timeout: 60000 }).toBeGreaterThan(20);
  expect(stray).toEqual([]);

  const empty = panelOf(other);
  const listed = other.waitForResponse(`**${PREFIX}/user/bela/astrodata-lab/datasets**`);
  await empty.getByRole('button', { name: 'Refresh' }).click();
  expect((await listed).ok()).toBe(true);
  await expect(empty.getByRole('region', { name: 'Models' })).toBeVisible();
  await expect(datasets(empty)).toHaveCount(0);
  // His server is without these, by its configuration.
  await page.getByRole('tab', { name: 'AstroData' }).click();
  for (const name of ['Compute', 'Runs']) {
    await expect(panel.getByRole('region', { name })).toBeVisible();
    await expect(empty.getByRole('region', { name })).toHaveCount(0);
  }
  await dropFromDesktop(empty, [fileOf(EXAMPLES, 'm13.fits')]);
  await expect(datasets(empty).getByRole('listitem')).toHaveCount(1, { timeout: 60000 });
  const chosen = await his.request.get(
    `${PREFIX}/user/bela/api/contents/uploads/m13.fits?content=0`
  );
  expect(chosen.status()).toBe(200);
  for (const inside of ['astrodata-lab/datasets', 'api/contents', 'lab', 'proxy/8080/']) {
    const asked = await his.request.get(`${PREFIX}/user/ada/${inside}`);
    expect(asked.status(), inside).toBe(403);
    expect(await asked.text()).not.toContain('m13');
  }
  const nobody = await browser.newContext();
  const refused = await nobody.request.get(`${PREFIX}/user/ada/astrodata-lab/datasets`);
  expect(refused.ok() && !refused.url().includes('/hub/login')).toBe(false);

  const secrets = readFileSync(path.join(FOLDER, 'secrets.txt'), 'utf-8')
    .split('\n')
    .filter(Boolean);
  expect(new Set(secrets).size).toBe(3);
  const kept = filesOf(path.join(FOLDER, 'homes'));
  const log = path.resolve(__dirname, '../hub.log');
  const notebook = kept.find(name => name.endsWith('.ipynb') && !name.includes('checkpoint'))!;
  expect(readFileSync(notebook, 'utf-8')).toContain('application/vnd.jupyter.widget-state+json');
  expect(readFileSync(log, 'utf-8')).toContain('/user/ada/astrodata-lab/datasets');
  const telling = [log, ...kept].filter(name => {
    const bytes = readFileSync(name);
    return secrets.some(secret => bytes.includes(secret));
  });
  expect(telling).toEqual([]);
});
