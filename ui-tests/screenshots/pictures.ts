import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { expect, test } from '@jupyterlab/galata';
import { colours, newNotebook, runCell } from '../tests/steps';

/** Where a picture of the documentation lies. */
const imageOf = (name: string): string => path.resolve(__dirname, '../../docs/images', name);

const WITH_PALETTE = `
import sys
from io import BytesIO
from pathlib import Path
from PIL import Image
picture = Image.open(BytesIO(sys.stdin.buffer.read())).convert("RGB")
for colours in (256, 128, 64):
    picture.quantize(colours).save(sys.argv[1], optimize=True)
    if Path(sys.argv[1]).stat().st_size < 200_000:
        break
`;

/** Write a picture of the documentation with a palette, of fewer colours where it is large: under 200 kB. */
export function keep(picture: Buffer, name: string): void {
  execFileSync('python', ['-c', WITH_PALETTE, imageOf(name)], { input: picture });
}

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
      keep(await output.screenshot(), `${page}-${name}.png`);
    });
  }
}
