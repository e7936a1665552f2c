import { type Locator, type Page, expect, test } from '@playwright/test';
import { EXAMPLES, colours } from './steps';

const VIEWERS = `import astrodata_kernel as adk
image = adk.view(${JSON.stringify(`${EXAMPLES}/m13.fits`)}, height=240)
waveforms = adk.WaveformViewer(adk.processing.waveforms.synthesize(40, seed=1)[0])
display(image, waveforms)`;

/** A notebook of one cell. */
const NOTEBOOK = {
  cells: [{ cell_type: 'code', metadata: {}, execution_count: null, outputs: [], source: VIEWERS }],
  metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
  nbformat: 4,
  nbformat_minor: 4
};

const picture = (page: Page): Locator => page.locator('canvas[aria-label^="FITS image"]');
const traces = (page: Page): Locator => page.locator('.astrodata-waveforms-overview .u-over');

/** Both viewers have come to rest, and neither is blank. */
async function expectPictures(page: Page): Promise<void> {
  await expect.poll(() => colours(picture(page)), { timeout: 60000 }).toBeGreaterThan(20);
  await expect.poll(() => colours(traces(page))).toBeGreaterThan(20);
  await expect(page.locator('.astrodata-widget[aria-busy="true"]')).toHaveCount(0);
}

// JupyterLab's shortcuts and Notebook's tree throw these by themselves, without any extension too.
const THEIRS = [
  "Cannot read properties of undefined (reading 'schema')",
  'Cannot convert undefined or null to object',
  "Command 'filebrowser:open-path' not registered."
];

test.afterEach(async ({ request }) => {
  const sessions: { id: string; path: string }[] = await (
    await request.get('/api/sessions')
  ).json();
  for (const { id } of sessions.filter(({ path }) => path === 'seven.ipynb')) {
    await request.delete(`/api/sessions/${id}`);
  }
  await request.delete('/api/contents/seven.ipynb');
});

test('In Notebook 7 the viewers are seen and answer, and the panel is a side bar', async ({
  page
}) => {
  const wrong: string[] = [];
  page.on('pageerror', error => wrong.push(error.message));
  page.on('console', message => {
    if (message.type() === 'error') {
      wrong.push(message.text());
    }
  });
  await page.request.put('/api/contents/seven.ipynb', {
    data: { type: 'notebook', format: 'json', content: NOTEBOOK }
  });
  await page.goto('/tree');
  await expect(page.getByText('seven.ipynb')).toBeVisible();
  await page.goto('/notebooks/seven.ipynb');
  await expect(page.locator('.jp-Notebook-ExecutionIndicator')).toHaveAttribute(
    'data-status',
    'idle',
    { timeout: 60000 }
  );
  await page.locator('.jp-CodeCell .cm-content').click();
  await page.keyboard.press('Control+Enter');
  await expectPictures(page);

  const shown = async (): Promise<string> => (await picture(page).screenshot()).toString('base64');
  const linear = await shown();
  await page.getByLabel('Stretch', { exact: true }).selectOption('log');
  await expect.poll(shown).not.toBe(linear);

  // The kernel is begun anew, and the viewers with it.
  await picture(page).evaluate(canvas => canvas.setAttribute('data-before', ''));
  await page.getByRole('button', { name: 'Restart the kernel and run all cells' }).click();
  await page.getByRole('button', { name: 'Confirm Kernel Restart' }).click();
  await expect(page.locator('[data-before]')).toHaveCount(0);
  await expectPictures(page);
  await expect(page.locator('.astrodata-errors:visible')).toHaveCount(0);

  // The panel is there for who asks for it.
  const panel = page.getByRole('region', { name: 'AstroData' });
  await expect(panel).toBeHidden();
  await page.getByRole('menuitem', { name: 'View', exact: true }).click();
  await page.locator('.lm-Menu-item', { hasText: 'Left Sidebar' }).click();
  await page.locator('.lm-Menu-item', { hasText: 'Show AstroData' }).click();
  await expect(panel.getByText('Kernel of seven.ipynb')).toBeVisible();

  expect(wrong.filter(message => !THEIRS.includes(message))).toEqual([]);
});
