import { type IJupyterLabPageFixture, expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import {
  EXAMPLES,
  TEST_DATA,
  colours,
  datasets,
  drag,
  dropFromDesktop,
  emptyCatalogue,
  fileOf,
  newNotebook,
  openPanel,
  picture
} from './steps';

const dataset = (panel: Locator, name: string): Locator =>
  datasets(panel).getByRole('button', { name: new RegExp(`^${name}`) });

async function dropM13(page: IJupyterLabPageFixture): Promise<Locator> {
  const panel = await openPanel(page);
  await dropFromDesktop(panel, [fileOf(EXAMPLES, 'm13.fits')]);
  await expect(dataset(panel, 'm13')).toBeVisible();
  return panel;
}

test.beforeEach(({ page }) => emptyCatalogue(page));

test.describe('The AstroData panel', () => {
  test('takes a file dropped from the desktop, and shows its kind, shape and picture', async ({
    page,
    tmpPath
  }) => {
    const panel = await dropM13(page);
    const row = datasets(panel).getByRole('listitem').filter({ hasText: 'm13' });
    await expect(row).toContainText('image');
    await expect(row).toContainText('300 × 300');
    await expect.poll(() => colours(row.getByRole('img').first())).toBeGreaterThan(20);
    expect(await page.contents.fileExists(`${tmpPath}/m13.fits`)).toBe(true);
  });

  test('asks before it writes over a file of the same name', async ({ page }) => {
    const panel = await dropM13(page);
    await dropFromDesktop(panel, [fileOf(EXAMPLES, 'm13.fits')]);
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText('m13.fits');
    await dialog.getByRole('button', { name: 'Keep both' }).click();
    await expect(datasets(panel).getByRole('listitem')).toHaveCount(2);
  });

  test('takes a file dragged from the file browser, without copying it', async ({
    page,
    tmpPath
  }) => {
    await page.contents.uploadFile(`${EXAMPLES}/m13_rice.fits`, `${tmpPath}/deep/m13_rice.fits`);
    await page.getByRole('tab', { name: /^File Browser/ }).click();
    await page.filebrowser.openDirectory(`${tmpPath}/deep`);
    const panel = page.getByRole('region', { name: 'AstroData' });
    // Over the tab of the panel the drag brings the panel to the front.
    await drag(page, page.getByRole('listitem', { name: /m13_rice\.fits/ }), panel, [
      page.getByRole('tab', { name: 'AstroData' })
    ]);
    await expect(dataset(panel, 'm13_rice')).toBeVisible();
    await expect(datasets(panel).getByRole('listitem')).toContainText('300 × 300');
    expect(await page.contents.fileExists(`${tmpPath}/m13_rice.fits`)).toBe(false);
  });

  test('opens a data set in the notebook by a click, in a cell that one can see', async ({
    page
  }) => {
    const panel = await dropM13(page);
    await newNotebook(page);
    await openPanel(page);
    await dataset(panel, 'm13').click();
    await expect(
      page.locator('.jp-CodeCell .cm-content').filter({ hasText: 'adk.view("m13.fits")' })
    ).toBeVisible();
    await expect.poll(() => colours(picture(page)), { timeout: 60000 }).toBeGreaterThan(20);
  });

  test('makes a notebook when none is open', async ({ page }) => {
    const panel = await dropM13(page);
    await dataset(panel, 'm13').click();
    await expect(
      page.locator('.jp-CodeCell .cm-content').filter({ hasText: 'adk.view("m13.fits")' })
    ).toBeVisible({
      timeout: 60000
    });
    await expect.poll(() => colours(picture(page)), { timeout: 60000 }).toBeGreaterThan(20);
  });

  test('gives the cell to the place of a notebook where a data set is dropped', async ({
    page
  }) => {
    const panel = await dropM13(page);
    await newNotebook(page);
    await page.notebook.setCell(0, 'code', '"first"');
    await page.notebook.addCell('code', '"last"');
    await openPanel(page);
    const last = page.locator('.jp-Notebook .jp-Cell').nth(1);
    await drag(page, dataset(panel, 'm13'), last);
    const sources = page.locator('.jp-Notebook .jp-CodeCell .cm-content');
    await expect(sources).toHaveCount(3);
    await expect(page.locator('.jp-Notebook')).toContainText('adk.view("m13.fits")');
  });

  test('says what is wrong with a truncated file, where it is and what to do', async ({ page }) => {
    const panel = await openPanel(page);
    await dropFromDesktop(panel, [fileOf(TEST_DATA, 'broken/derived_m13_truncated.fits')]);
    const alert = panel.getByRole('alert').filter({ hasText: 'truncated' });
    await expect(alert).toContainText('derived_m13_truncated.fits');
    await expect(alert).toContainText('82,880 bytes too early');
    await expect(alert).toContainText('Copy or download it again');
    await expect(datasets(panel).getByRole('listitem')).toHaveCount(0);
  });

  test('shows hostile names as text', async ({ page }) => {
    let asked = false;
    page.on('dialog', dialog => {
      asked = true;
      void dialog.dismiss();
    });
    const panel = await openPanel(page);
    const name = `<b>"it's" <img src=x onerror=alert(1)>.fits`;
    await dropFromDesktop(panel, [{ ...fileOf(EXAMPLES, 'm13.fits'), name }]);
    const row = datasets(panel).getByRole('listitem');
    await expect(row).toContainText(`<b>"it's" <img src=x onerror=alert(1)>`);
    await expect(row.locator('b')).toHaveCount(0);
    await newNotebook(page);
    await openPanel(page);
    await row.getByRole('button').first().click();
    await expect.poll(() => colours(picture(page)), { timeout: 60000 }).toBeGreaterThan(20);
    expect(asked).toBe(false);
  });

  test('renames, tags, verifies, shows, copies and removes a data set by the keyboard alone', async ({
    page,
    tmpPath
  }) => {
    const panel = await dropM13(page);
    await dataset(panel, 'm13').focus();
    await page.keyboard.press('F2');
    await page.keyboard.type('Hercules');
    await page.keyboard.press('Enter');
    await expect(dataset(panel, 'Hercules')).toBeFocused();
    await page.keyboard.press('t');
    await page.keyboard.type('globular');
    await page.keyboard.press('Enter');
    await expect(panel.getByRole('button', { name: 'Remove the tag globular' })).toBeVisible();
    await page.keyboard.press('Escape');
    await page.keyboard.press('v');
    const row = datasets(panel).getByRole('listitem');
    await expect(row).toContainText('same bytes as recorded');
    await page.keyboard.press('i');
    const card = page.getByRole('dialog', { name: 'Details of Hercules' });
    await expect(card).toContainText('CRPIX1  = 150.5 / Reference pixel');
    await page.keyboard.press('Escape');
    await expect(card).toHaveCount(0);
    // The menu, by its button.
    await expect(dataset(panel, 'Hercules')).toBeFocused();
    const choose = async (item: string): Promise<void> => {
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      const chosen = page.locator('.lm-Menu-item.lm-mod-active');
      for (await chosen.waitFor(); (await chosen.innerText()).trim() !== item;) {
        await page.keyboard.press('ArrowDown');
      }
      await page.keyboard.press('Enter');
    };
    await choose('Copy as Code');
    await expect(panel.getByText('adk.open(adk.Catalog()["Hercules"])')).toBeAttached();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Delete');
    await expect(row).toHaveCount(0);
    expect(await page.contents.fileExists(`${tmpPath}/m13.fits`)).toBe(true);
    await panel.getByRole('button', { name: 'Undo' }).press('Enter');
    await expect(row).toContainText('globular');
    await dataset(panel, 'Hercules').focus();
    await choose('Show in File Browser');
    await expect(page.locator('.jp-DirListing-item.jp-mod-selected')).toContainText('m13.fits');
  });

  test('lists ten thousand data sets, and remembers which sections are closed', async ({
    page
  }) => {
    const panel = await openPanel(page);
    await expect(panel).toContainText('Drop data here');
    const many = Array.from({ length: 10000 }, (_, i) => ({
      name: `d${i}`,
      path: null,
      kind: i % 2 ? 'image' : 'cube',
      format: 'FITS',
      shape: [4, 4],
      dtype: 'f4',
      size: i,
      mtime: 0,
      sha256: '',
      tags: [],
      added: '',
      state: 'ok'
    }));
    const body = JSON.stringify({ version: 'v', datasets: many, warnings: [] });
    // Their records are made here: how fast a server reads them does not matter for this.
    await page.route(/astrodata-lab\/datasets/, route =>
      route.fulfill({ body, contentType: 'application/json' })
    );
    await panel.getByRole('button', { name: 'Refresh' }).click();
    const rows = datasets(panel).getByRole('listitem');
    await expect(dataset(panel, 'd0,')).toBeVisible();
    expect(await rows.count()).toBeLessThan(60);
    // The other sections are where they were.
    await expect(panel.getByRole('button', { name: /^Runs/ })).toBeInViewport();
    await dataset(panel, 'd0,').press('End');
    await expect(dataset(panel, 'd9999,')).toBeFocused();
    await expect(dataset(panel, 'd9999,')).toBeInViewport();
    expect(await rows.count()).toBeLessThan(60);
    await panel.getByRole('combobox', { name: 'Kind' }).selectOption('cube');
    await expect(dataset(panel, 'd9998,')).toBeVisible();
    await panel.getByRole('searchbox').fill('d777');
    await expect(rows).toHaveCount(5);
    const kept = page.waitForRequest(
      request =>
        request.method() === 'PUT' &&
        request.url().includes('/api/workspaces') &&
        (request.postData() ?? '').includes('"closed":["datasets"]')
    );
    await panel.getByRole('button', { name: /^Datasets/ }).press('ArrowLeft');
    await expect(rows).toHaveCount(0);
    await kept;
    await page.reload();
    await openPanel(page);
    await expect(panel.getByRole('button', { name: /^Datasets 10,000/ })).toHaveAttribute(
      'aria-expanded',
      'false'
    );
  });

  test('is legible in the dark theme', async ({ page }) => {
    const panel = await dropM13(page);
    await page.theme.setDarkTheme();
    const name = dataset(panel, 'm13').getByText('m13').first();
    // Contrast by the formula of WCAG 2, which asks for 4.5.
    await expect
      .poll(() =>
        name.evaluate(element => {
          const channels = (colour: string): number[] =>
            (colour.match(/[\d.]+/g) ?? []).map(Number);
          const luminance = (colour: string): number =>
            channels(colour)
              .slice(0, 3)
              .map(c => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
              .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          let ground: Element | null = element;
          while (ground && channels(getComputedStyle(ground).backgroundColor)[3] === 0) {
            ground = ground.parentElement;
          }
          const [a, b] = [
            luminance(getComputedStyle(element).color),
            luminance(getComputedStyle(ground ?? document.body).backgroundColor)
          ].sort((p, q) => q - p);
          return { contrast: (a + 0.05) / (b + 0.05), dark: b < 0.2 };
        })
      )
      .toMatchObject({ dark: true });
    await expect(page.locator('body')).toHaveAttribute('data-jp-theme-light', 'false');
  });
});
