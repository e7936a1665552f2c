import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { test } from './samePage';
import { colours, newNotebook, picture, runCell } from './steps';

// A star of Moffat's shape at (90, 80) on noise, with a sky of one arc second a pixel.
const STAR = `
import json, numpy as np, astrodata_kernel as adk
from astropy.io import fits
from astropy.modeling.models import Moffat2D
from astropy.wcs import WCS
from regions import CirclePixelRegion, PixCoord, Regions
wcs = WCS(naxis=2)
wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ('RA---TAN', 'DEC--TAN'), (10, 20), (150, 100)
wcs.wcs.cdelt = (-1 / 3600, 1 / 3600)
y, x = np.mgrid[:200, :300]
values = (Moffat2D(1000, 90, 80, 4, 2.5)(x, y) + np.random.default_rng(3).normal(100, 5, y.shape)).astype('f4')
header = wcs.to_header()
header['BUNIT'] = 'Jy'
fits.writeto('star.fits', values, header, overwrite=True)
viewer = adk.view('star.fits', view={'x': 150, 'y': 100, 'zoom': 2})
viewer`;

async function show(page: IJupyterLabPageFixture, source = STAR): Promise<Locator> {
  await newNotebook(page);
  await runCell(page, source);
  const canvas = picture(page);
  await expect.poll(() => colours(canvas)).toBeGreaterThan(20);
  return canvas;
}

/** What a Python expression gives, by JSON. */
async function told<T>(page: IJupyterLabPageFixture, expression: string): Promise<T> {
  await runCell(page, `print("TOLD", json.dumps(${expression}))`);
  const text = await page.getByText(/^TOLD/).last().textContent();
  return JSON.parse(text!.replace('TOLD', ''));
}

/** Where an array pixel is on the page, with the view that the tests begin with. */
async function at(canvas: Locator, x: number, y: number): Promise<[number, number]> {
  // Cells that were run since have scrolled it away.
  await canvas.evaluate(element => element.scrollIntoView({ block: 'center' }));
  const box = (await canvas.boundingBox())!;
  return [box.x + box.width / 2 + 2 * (x - 150), box.y + box.height / 2 - 2 * (y - 100)];
}

async function dragOn(
  page: IJupyterLabPageFixture,
  canvas: Locator,
  from: [number, number],
  to: [number, number]
): Promise<void> {
  await page.mouse.move(...(await at(canvas, ...from)));
  await page.mouse.down();
  await page.mouse.move(...(await at(canvas, (from[0] + to[0]) / 2, (from[1] + to[1]) / 2)));
  await page.mouse.move(...(await at(canvas, ...to)), { steps: 3 });
  await page.mouse.up();
}

const panel = (page: IJupyterLabPageFixture): Locator =>
  page.getByRole('region', { name: 'Measurements' }).last();

/** A number of the panel, as the kernel sent it. */
const number = async (page: IJupyterLabPageFixture, name: string): Promise<number> =>
  Number(await panel(page).locator(`dd[data-name="${name}"]`).getAttribute('data-value'));

const tool = (page: IJupyterLabPageFixture, name: string): Locator =>
  page.getByRole('button', { name, exact: true }).last();

const actions = (page: IJupyterLabPageFixture): Locator =>
  page.getByRole('combobox', { name: 'Regions', exact: true }).last();

interface Circle {
  shape: string;
  x: number;
  y: number;
  radius: number;
}

test.describe('Regions over the FITS viewer', () => {
  test('are drawn, measured, moved, resized and taken back', async ({ page }) => {
    const canvas = await show(page);
    await tool(page, 'Draw a circle').click();
    await dragOn(page, canvas, [90, 80], [110, 80]);
    let [circle] = await told<Circle[]>(page, 'viewer.shapes');
    expect(circle.shape).toBe('circle');
    expect(Math.abs(circle.x - 90) + Math.abs(circle.y - 80)).toBeLessThan(1.1);
    expect(Math.abs(circle.radius - 20)).toBeLessThan(1);

    // What the panel shows is what NumPy finds on the same pixels.
    const inside = `values[np.hypot(x - viewer.shapes[0]['x'], y - viewer.shapes[0]['y']) < viewer.shapes[0]['radius']]`;
    const direct = async () =>
      told<number[]>(
        page,
        `[float(${inside}.sum()), float(np.median(${inside})), int(${inside}.size)]`
      );
    const [sum, median, count] = await direct();
    await expect.poll(() => number(page, 'pixels')).toBe(count);
    expect(await number(page, 'sum')).toBeCloseTo(sum, -1);
    expect(await number(page, 'median')).toBeCloseTo(median, 4);
    expect((await number(page, 'area')) / count).toBeCloseTo(1, 3);

    // By its inside it is moved, by its handle made larger.
    await dragOn(page, canvas, [84, 74], [104, 94]);
    [circle] = await told<Circle[]>(page, 'viewer.shapes');
    expect(Math.abs(circle.x - 110) + Math.abs(circle.y - 100)).toBeLessThan(1.1);
    await dragOn(page, canvas, [circle.x + circle.radius, circle.y], [150, circle.y]);
    [circle] = await told<Circle[]>(page, 'viewer.shapes');
    expect(Math.abs(circle.radius - 40)).toBeLessThan(1);
    await expect.poll(async () => number(page, 'pixels')).toBe((await direct())[2]);

    await canvas.focus();
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    [circle] = await told<Circle[]>(page, 'viewer.shapes');
    expect(Math.abs(circle.x - 90) + Math.abs(circle.radius - 20)).toBeLessThan(1.5);
    await canvas.focus();
    await page.keyboard.press('Control+Shift+z');
    [circle] = await told<Circle[]>(page, 'viewer.shapes');
    expect(Math.abs(circle.x - 110)).toBeLessThan(1);
    await canvas.focus();
    await page.keyboard.press('Delete');
    expect(await told(page, 'viewer.shapes')).toEqual([]);
    await expect(panel(page)).toBeHidden();
  });

  test('tell the width of a star, its flux, and what lies along a line', async ({ page }) => {
    const canvas = await show(page);
    await runCell(
      page,
      'viewer.regions = CirclePixelRegion(PixCoord(90, 80), 20); viewer.selected = 0'
    );
    await expect(panel(page)).toBeVisible();
    const curve = panel(page).getByLabel('Curve', { exact: true });
    await curve.selectOption('radial');
    const facts = panel(page).locator('.astrodata-fits-facts');
    const width = await told<number>(
      page,
      'adk.processing.measure.radial(viewer.dataset, (90, 80), 20).fwhm'
    );
    await expect(facts).toContainText(`FWHM${Number(width.toPrecision(6))} px`);
    await expect(panel(page).locator('.uplot canvas')).toHaveCount(1);

    await curve.selectOption('growth');
    await panel(page).getByLabel('Inner radius of the annulus, pixels').fill('25');
    await panel(page).getByLabel('Outer radius of the annulus, pixels').fill('40');
    await panel(page).getByLabel('Outer radius of the annulus, pixels').press('Enter');
    const flux = await told<number>(
      page,
      "adk.processing.measure.photometry(viewer.dataset, [[90, 80]], 20, (25, 40))['flux'][0].value"
    );
    await expect(facts).toContainText(`flux${Number(flux.toPrecision(6))} Jy`);

    await canvas.focus();
    await page.keyboard.press('l');
    await dragOn(page, canvas, [60, 120], [160, 120]);
    await expect(panel(page)).toContainText('length on the sky');
    const line = await told<{ points: [number, number][] }>(page, 'viewer.shapes[1]');
    expect(Math.abs(line.points[1][0] - line.points[0][0] - 100)).toBeLessThan(1.1);
  });

  test('are drawn as polygons and boxes, grouped, copied and turned by keys and hands', async ({
    page
  }) => {
    const canvas = await show(page);
    await canvas.focus();
    await page.keyboard.press('p');
    for (const [column, row] of [
      [150, 60],
      [200, 60],
      [200, 110]
    ] as const) {
      const [x, y] = await at(canvas, column, row);
      await page.mouse.click(x, y);
    }
    await page.keyboard.press('Enter');
    await page.keyboard.press('x');
    await dragOn(page, canvas, [220, 100], [260, 140]);
    let shapes = await told<
      { shape: string; points: number[][]; angle: number; group?: string; x: number }[]
    >(page, 'viewer.shapes');
    expect(shapes.map(({ shape }) => shape)).toEqual(['polygon', 'box']);
    expect(shapes[0].points).toHaveLength(3);

    // The box is selected: its upper handle turns it.
    await dragOn(page, canvas, [240, 151], [280, 120]);
    [, { angle: shapes[1].angle }] = await told<typeof shapes>(page, 'viewer.shapes');
    expect(Math.abs(shapes[1].angle - 270)).toBeLessThan(3);
    await canvas.focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+g');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Control+d');
    const more = await told<typeof shapes>(page, 'viewer.shapes');
    expect(more).toHaveLength(4);
    expect(more[1].x - (await told<number>(page, 'viewer.shapes[3]["x"]'))).toBeCloseTo(-7, 5);
    expect(new Set(more.map(({ group }) => group))).toEqual(new Set(['group 1', 'group 2']));
    expect(await told(page, 'viewer.selected_shapes')).toEqual([2, 3]);
    await expect(panel(page).getByRole('row')).toHaveCount(3);

    // A click beside them selects none, and one on a member its group; all of JupyterLab's cells are still there.
    await page.mouse.click(...(await at(canvas, 60, 40)));
    expect(await told(page, 'viewer.selected_shapes')).toEqual([]);
    await page.mouse.click(...(await at(canvas, 165, 60)));
    expect(await told(page, 'viewer.selected_shapes')).toEqual([0, 1]);
    await canvas.focus();
    await page.keyboard.press('Escape');
    expect(await told(page, 'viewer.selected_shapes')).toEqual([]);
  });

  test('come from files of DS9 and leave as files of DS9 and CASA', async ({ page }) => {
    await show(page);
    const give = (name: string, text: string) =>
      page
        .getByLabel('Region file')
        .last()
        .setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
    const said = (name: string) => page.locator('.astrodata-fits-said', { hasText: name }).last();
    const reg =
      'global color=red\nicrs\ncircle(10,20,15") # text={a star}\nannulus(10,20,5",9")\nimage; box(31,41,20,10,30)\n';
    await give('mine.reg', reg);
    await expect(said('mine.reg')).toContainText(
      '2 regions from mine.reg. 1 CircleAnnulusSkyRegion is left out'
    );
    const places = await told<[number, number, number]>(
      page,
      "[viewer.shapes[0]['x'], viewer.shapes[0]['radius'], viewer.shapes[1]['x']]"
    );
    expect(places[0]).toBeCloseTo(149, 3);
    expect(places[1]).toBeCloseTo(15, 3);
    expect(places[2]).toBeCloseTo(30, 6);

    // A syntax error names its place, and nothing changes.
    const wrong = 'image\ncircle(1,2,3)\ncircle(4,5,six)\n';
    await give('wrong.reg', wrong);
    await expect(page.getByRole('alert').last()).toContainText(
      "wrong.reg, line 3, column 12: 'six' is no number"
    );
    expect(await told(page, 'len(viewer.shapes)')).toBe(2);

    const download = page.waitForEvent('download');
    await actions(page).selectOption('ds9-sky');
    const text = readFileSync((await (await download).path())!, 'utf-8');
    expect(text).toContain('icrs\n');
    const other = page.waitForEvent('download');
    await actions(page).selectOption('crtf');
    const crtf = readFileSync((await (await other).path())!, 'utf-8');
    expect(crtf).toMatch(/^#CRTF/);

    // What was exported comes in again as what it was.
    await give('back.reg', text);
    await expect(said('back.reg')).toContainText('2 regions');
    await give('back.crtf', crtf);
    await expect(said('back.crtf')).toContainText('2 regions');
    const [first, sky, pixels] = await told<Record<string, number>[][]>(
      page,
      '[viewer.shapes[i:i + 2] for i in (0, 2, 4)]'
    );
    for (const [i, one] of first.entries()) {
      expect(Object.keys(sky[i])).toEqual(Object.keys(one));
      for (const [key, value] of Object.entries(one)) {
        for (const other of [sky[i][key], pixels[i][key]]) {
          if (typeof value === 'number') {
            expect(other).toBeCloseTo(value, 3);
          } else {
            expect(other).toBe(value);
          }
        }
      }
    }
  });

  test('have contours of the image beside them, where its values say', async ({ page }) => {
    const canvas = await show(page);
    await actions(page).selectOption('contours');
    const levels = page.getByLabel('Levels of contours').last();
    await levels.fill('300, 700');
    await levels.press('Enter');
    const paths = page.locator('.astrodata-fits-contours path').last();
    await expect(paths).toHaveAttribute('d', /M/);
    // All of it lies about the star.
    const [x, y] = await at(canvas, 90, 80);
    const box = (await paths.boundingBox())!;
    expect(Math.abs(box.x + box.width / 2 - x)).toBeLessThan(3);
    expect(Math.abs(box.y + box.height / 2 - y)).toBeLessThan(3);
    expect(await told(page, "viewer.contour_sets[0]['levels']")).toEqual([300, 700]);
    await runCell(page, 'viewer.clear_contours()');
    await expect(page.locator('.astrodata-fits-contours path')).toHaveCount(0);
  });
});
