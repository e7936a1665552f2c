import * as path from 'node:path';
import { expect, test } from '@jupyterlab/galata';
import { colours, newNotebook, runCell } from '../tests/steps';

/** Where a picture of the documentation lies. */
export const imageOf = (name: string): string => path.resolve(__dirname, '../../docs/images', name);

/**
 * Takes a picture of what the last line of each cell shows.
 *
 * @param page - The page of the documentation, with which the names of the pictures begin.
 * @param cells - Code by name.
 * @param shown - What of the output is taken, the first of them.
 */
export function takePictures(
  page: string,
  cells: Record<string, string>,
  shown = '.astrodata-widget'
): void {
  test.use({ viewport: { width: 1280, height: 1500 } });

  for (const [name, code] of Object.entries(cells)) {
    test(`images: ${name}`, async ({ page: lab }) => {
      await newNotebook(lab);
      await runCell(lab, `import astrodata_kernel as adk\n${code}`);
      const output = lab.locator('.jp-OutputArea-output').last().locator(shown).first();
      await expect.poll(() => colours(output)).toBeGreaterThan(100);
      await expect(lab.locator('[aria-busy="true"]')).toHaveCount(0);
      await output.screenshot({ path: imageOf(`${page}-${name}.png`) });
    });
  }
}
