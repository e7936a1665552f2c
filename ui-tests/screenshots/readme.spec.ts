import { expect, test } from '@jupyterlab/galata';
import {
  EXAMPLES,
  TEST_DATA,
  colours,
  datasets,
  dropFromDesktop,
  emptyCatalogue,
  fileOf,
  newNotebook,
  openPanel,
  picture
} from '../tests/steps';
import { keep } from './pictures';

for (const theme of ['light', 'dark'] as const) {
  test(`the panel and a viewer, ${theme}`, async ({ page }) => {
    if (theme === 'dark') {
      await page.theme.setDarkTheme();
    }
    await emptyCatalogue(page);
    await newNotebook(page);
    const panel = await openPanel(page);
    await dropFromDesktop(panel, [
      fileOf(EXAMPLES, 'image_2mass_k_galactic_centre.fits'),
      fileOf(EXAMPLES, 'm13_rice.fits'),
      fileOf(TEST_DATA, 'table_gaia_cone.fits'),
      fileOf(TEST_DATA, 'spectrum_sdss_J2202.fits')
    ]);
    const rows = datasets(panel).getByRole('listitem');
    await expect(rows).toHaveCount(4);
    await page.notebook.setCell(
      0,
      'code',
      'import astrodata_kernel as adk\n' +
        'adk.view("image_2mass_k_galactic_centre.fits", stretch="asinh", colormap="inferno", limits="99.5%")'
    );
    await page.notebook.run();
    const canvas = picture(page);
    await expect.poll(() => colours(canvas)).toBeGreaterThan(100);
    await canvas.hover();
    await expect(page.getByRole('status').filter({ hasText: 'FK5' })).toBeVisible();
    keep(await page.screenshot(), `first-light-${theme}.png`);
  });
}
