import { expect } from '@jupyterlab/galata';
import { test } from './samePage';
import { newNotebook, picture, pixelsOf, runCell } from './steps';

const SCENE = `
import pathlib, shutil, numpy as np, rasterio, astrodata_kernel as adk
from astrodata_kernel.testing.scenes import safe_folder
shutil.rmtree('masked', ignore_errors=True)
scl = np.full((300, 300), 4, 'u1')
scl[:100] = 6
scene = safe_folder(pathlib.Path('masked'), size=600, scl=scl, bands=['B02', 'B03', 'B04'])
viewer = adk.view(scene, height=400, brush_size=30)
burnt = np.zeros((600, 600), bool)
burnt[400:500, 100:200] = True
viewer.show_mask(burnt, 'burnt')
viewer`;

test('Classes are shown, a mask is painted, a step taken back, and the file has the rest', async ({
  page
}) => {
  await newNotebook(page);
  await runCell(page, SCENE);
  const canvas = picture(page);
  const root = page.locator('.astrodata-fits').last();
  await expect(root).toHaveAttribute('aria-busy', 'false');
  const button = (name: string) => root.getByRole('button', { name, exact: true });
  // The picture is 400 pixels a side in the middle of the stage: a pixel of the scene by its share.
  const onScreen = (x: number, y: number, box: { width: number; height: number }) => ({
    x: box.width / 2 + (x - 0.5) * 400,
    y: y * 400
  });
  const colour = async (x: number, y: number): Promise<number[]> => {
    const shot = await pixelsOf(canvas);
    const at = onScreen(x, y, shot);
    return shot.at(at.x, at.y);
  };
  await expect.poll(async () => (await colour(0.25, 0.75))[0]).toBeGreaterThan(120); // red over the land

  const lake = await colour(0.5, 0.15);
  await button('Masks').click();
  await button('Show SCL').click();
  await expect(root.getByText('water', { exact: true })).toBeVisible();
  await expect(root.getByText('1,200 ha, 33.3 %')).toBeVisible();
  await expect.poll(() => colour(0.5, 0.15)).not.toEqual(lake);
  const blue = await colour(0.5, 0.15);
  expect(blue[2]).toBeGreaterThan(blue[0] + 60);
  await canvas.hover();
  await canvas.focus();
  await page.keyboard.press('m');
  await expect.poll(() => colour(0.5, 0.15)).toEqual(lake);
  await page.keyboard.press('m');
  await expect.poll(() => colour(0.5, 0.15)).toEqual(blue);
  await button('Show SCL').click();

  await button('Edit burnt').click();
  const move = async (x: number, y: number, steps = 1) => {
    const box = (await canvas.boundingBox())!;
    const at = onScreen(x, y, box);
    await page.mouse.move(box.x + at.x, box.y + at.y, { steps });
  };
  const drag = async (from: [number, number], to: [number, number]) => {
    await move(...from);
    await page.mouse.down();
    await move(...to, 5);
    await page.mouse.up();
    await expect(root).toHaveAttribute('aria-busy', 'false');
  };
  const land = await colour(0.6, 0.5); // which brings the whole picture on the page
  await drag([0.4, 0.5], [0.8, 0.5]);
  await expect.poll(() => colour(0.6, 0.5)).not.toEqual(land);
  const other = await colour(0.6, 0.6);
  await drag([0.4, 0.6], [0.8, 0.6]);
  await expect.poll(() => colour(0.6, 0.6)).not.toEqual(other);
  await page.keyboard.press('Control+z');
  await expect.poll(() => colour(0.6, 0.6)).toEqual(other);

  await button('Save burnt').click();
  await root.getByLabel('File for burnt').fill('masked/burnt.tif');
  await page.keyboard.press('Enter');
  await expect(root.getByText(/Saved as .*burnt\.tif/)).toBeVisible();
  await runCell(
    page,
    `saved = rasterio.open('masked/burnt.tif')
pixels = saved.read(1)
wanted = viewer.mask('burnt')
print('SAVED', (pixels == wanted).all(), pixels[300, 360], pixels[360, 360], pixels[450, 150])
print('STEPS', [one['what'] for one in viewer.mask_history('burnt')], 'who' in saved.tags())`
  );
  await expect(page.getByText('SAVED True 1 0 1')).toBeVisible();
  await expect(page.getByText("STEPS ['brush class 1'] True")).toBeVisible();
  await expect(page.locator('.astrodata-errors:visible')).toHaveCount(0);
});
