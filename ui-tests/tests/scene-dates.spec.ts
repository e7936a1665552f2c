import { expect } from '@jupyterlab/galata';
import { test } from './samePage';
import { newNotebook, picture, pixelsOf, runCell } from './steps';

// One grey a date: 64, 128 and 191 between the limits.
const DATES = `
import pathlib, shutil, datetime, numpy as np, astrodata_kernel as adk
from astrodata_kernel.testing.scenes import safe_folder
shutil.rmtree('dates', ignore_errors=True)
day = lambda n: datetime.datetime(2022, 6 + n, 14, 10, 6, 1, tzinfo=datetime.timezone.utc)
flat = lambda n: {band: np.full((240, 240), 2255 + 1250 * n, 'u2') for band in ('B02', 'B03', 'B04')}
made = [safe_folder(pathlib.Path('dates'), size=240, bands=list(flat(n)), date=day(n), numbers=flat(n)) for n in range(3)]
viewer = adk.view(made, limits=[0.0, 0.5], height=300)
viewer`;

/** Gives the number of the date that has a grey, -1 for none. */
const dateOf = (grey: number): number => [64, 128, 191].findIndex(one => Math.abs(one - grey) < 4);

test('Dates are chosen by their thumbnails, and two are compared under a line or side by side', async ({
  page
}) => {
  await newNotebook(page);
  await runCell(page, DATES);
  let root = page.locator('.astrodata-fits').last();
  await expect(root).toHaveAttribute('aria-busy', 'false');
  const stage = () => root.locator('.astrodata-fits-stage').first();
  /** Whose greys are left and right of the middle of the picture, a quarter of the image away from it. */
  const sides = async (): Promise<number[]> => {
    const { at, width, height } = await pixelsOf(stage());
    return [-60, 60].map(x => dateOf(at(width / 2 + x, height / 3)[0]));
  };
  await expect.poll(sides).toEqual([0, 0]);

  const strip = root.getByRole('listbox', { name: 'Dates' });
  const options = strip.getByRole('option');
  await expect(options).toHaveCount(3);
  await expect(options.nth(1)).toContainText('2022-07-14');
  const thumbnail = async (number: number): Promise<number> => {
    const { at, width, height } = await pixelsOf(options.nth(number).locator('canvas'));
    return dateOf(at(width / 2, height / 2)[0]);
  };
  await expect.poll(async () => [await thumbnail(1), await thumbnail(2)]).toEqual([1, 2]);
  await options.nth(1).click();
  await expect.poll(sides).toEqual([1, 1]);
  await strip.press('ArrowRight');
  await expect.poll(sides).toEqual([2, 2]);
  await expect(options.nth(2)).toHaveAttribute('aria-selected', 'true');

  // Python hears of it, and has its say.
  await runCell(page, 'print("DATE", viewer.date, viewer.scene.date.month)');
  await expect(page.getByText('DATE 2 8')).toBeVisible();
  await runCell(page, 'viewer.show_date("2022-06-14")');
  await expect.poll(sides).toEqual([0, 0]);

  const compare = root.getByLabel('Compare', { exact: true });
  await compare.selectOption('swipe');
  await expect.poll(sides).toEqual([0, 1]);
  await root.getByLabel('Compare with', { exact: true }).selectOption('2');
  await expect.poll(sides).toEqual([0, 2]);
  const line = root.getByRole('slider', { name: 'Swipe' });
  await line.press('End');
  await expect.poll(sides).toEqual([0, 0]);
  await line.press('Home');
  await expect.poll(sides).toEqual([2, 2]);
  const [from, box] = [(await line.boundingBox())!, (await stage().boundingBox())!];
  await page.mouse.move(from.x + from.width / 2, from.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, from.y + 100, { steps: 5 });
  await page.mouse.up();
  await expect(line).toHaveAttribute('aria-valuenow', '50');
  await expect.poll(sides).toEqual([0, 2]);

  await compare.selectOption('side');
  const second = root.getByLabel('The other date');
  const middles = async (): Promise<number[]> => {
    const found = [];
    for (const canvas of [picture(page), second]) {
      const { at, width, height } = await pixelsOf(canvas);
      found.push(dateOf(at(width / 2 + 20, height / 2 + 20)[0]));
    }
    return found;
  };
  await expect.poll(middles).toEqual([0, 2]);
  // The wheel on either moves both: the image no longer ends within the picture.
  const corners = async (): Promise<number[]> => {
    const { at, width } = await pixelsOf(second);
    const first = await pixelsOf(picture(page));
    return [first.at(width - 4, 4)[0], at(width - 4, 4)[0]].map(dateOf);
  };
  await expect.poll(corners).toEqual([-1, -1]);
  await second.hover();
  await page.mouse.wheel(0, -1200);
  await expect.poll(corners).toEqual([0, 2]);

  // The same comparison in another output of the viewer, and from its state.
  await runCell(page, 'adk.view(**viewer.state())');
  root = page.locator('.astrodata-fits').last();
  await expect(root.getByLabel('Compare', { exact: true })).toHaveValue('side');
  await expect(root).toHaveAttribute('aria-busy', 'false');
  await expect(root.locator('.astrodata-fits-date-label:visible')).toHaveText([
    '2022-06-14',
    '2022-08-14'
  ]);
  await expect(page.locator('.astrodata-errors:visible')).toHaveCount(0);
});
