import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { test } from './samePage';
import { colours, newNotebook, picture, pixelsOf, runCell } from './steps';

const IMAGE = `${__dirname}/../../examples/data/image_2mass_k_galactic_centre.fits`;

// Stars that photutils finds, as a table of the sky, of which one row lies behind the projection.
const STARS = `
import numpy as np, astrodata_kernel as adk, json
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.stats import mad_std
from astropy.table import Table, vstack
from photutils.detection import DAOStarFinder
viewer = adk.view('centre.fits', limits='99%')
values = viewer.dataset.array[:]
wcs = viewer.dataset.wcs
found = DAOStarFinder(threshold=8 * mad_std(values, ignore_nan=True), fwhm=3)(values - np.nanmedian(values))
sky = wcs.pixel_to_world(found['x_centroid'], found['y_centroid']).icrs
stars = Table({'id': np.arange(len(found)), 'ra': sky.ra, 'dec': sky.dec, 'mag': found['mag'],
               'kind': np.where(found['mag'] < np.nanmedian(found['mag']), 'bright', 'faint')})
stars = vstack([stars, Table({'id': [-1], 'ra': [86.4] * u.deg, 'dec': [28.9] * u.deg, 'mag': [0.0], 'kind': ['nowhere']})])
places = np.transpose(wcs.world_to_pixel(SkyCoord(stars['ra'], stars['dec'])))
catalogue = viewer.add_catalogue(stars, 'stars', color='#ff0000', marker='disc', size=9)`;

async function show(page: IJupyterLabPageFixture, source: string): Promise<Locator> {
  await newNotebook(page);
  await runCell(page, source);
  const canvas = picture(page);
  await expect.poll(() => colours(canvas)).toBeGreaterThan(20);
  return canvas;
}

async function told<Value>(page: IJupyterLabPageFixture, expression: string): Promise<Value> {
  await runCell(page, `print('TOLD', json.dumps(${expression}))`);
  const text = await page.getByText(/^TOLD/).last().textContent();
  return JSON.parse(text!.replace('TOLD', '')) as Value;
}

const isRed = ([red, green, blue]: number[]): boolean => red > 200 && green < 60 && blue < 60;
const isYellow = ([red, green, blue]: number[]): boolean => red > 200 && green > 180 && blue < 120;

/** Where the rows are that Python tells of, on the page. */
async function onScreen(
  page: IJupyterLabPageFixture,
  canvas: Locator,
  expression: string,
  view: { x: number; y: number; zoom: number }
): Promise<{ x: number; y: number }[]> {
  const { width, height } = (await canvas.boundingBox())!;
  const places = await told<[number, number][]>(page, expression);
  return places.map(([x, y]) => ({
    x: width / 2 + (x - view.x) * view.zoom,
    y: height / 2 - (y - view.y) * view.zoom
  }));
}

const NEAR = 'places[np.abs(places - [360, 360]).max(axis=1) < 40].tolist()';
const VIEW = { x: 360, y: 360, zoom: 5 };

test.describe('Catalogues over an image', () => {
  test.beforeEach(async ({ page, tmpPath }) => {
    await page.contents.uploadFile(IMAGE, `${tmpPath}/centre.fits`);
  });

  test('draws each row where astropy finds it, and nothing elsewhere', async ({ page }) => {
    const canvas = await show(page, `${STARS}\nviewer`);
    await runCell(page, `viewer.view = ${JSON.stringify(VIEW)}`);
    await canvas.scrollIntoViewIfNeeded();
    const places = await onScreen(page, canvas, NEAR, VIEW);
    expect(places.length).toBeGreaterThan(8);
    await expect
      .poll(async () => {
        const { at } = await pixelsOf(canvas);
        return places.filter(({ x, y }) => !isRed(at(x, y))).length;
      })
      .toBe(0);
    const { at, width, height } = await pixelsOf(canvas);
    const all = await onScreen(page, canvas, 'places[:-1].tolist()', VIEW);
    const legend = page.getByRole('group', { name: 'Catalogues over the image' }).last();
    const [own, over] = [(await legend.boundingBox())!, (await canvas.boundingBox())!];
    const inLegend = (x: number, y: number): boolean =>
      x <= own.x - over.x + own.width && y <= own.y - over.y + own.height;
    let [red, stray] = [0, 0];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (isRed(at(x, y)) && !inLegend(x, y)) {
          red++;
          stray += all.some(one => Math.hypot(one.x - x, one.y - y) < 5.6) ? 0 : 1;
        }
      }
    }
    expect(red).toBeGreaterThan(40 * places.length);
    expect(stray).toBe(0);
    await expect(legend).toContainText('1 without a place here');
  });

  test('tells of the row under the pointer, and selects it by a click', async ({ page }) => {
    const canvas = await show(page, `${STARS}\nviewer`);
    await runCell(page, `viewer.view = ${JSON.stringify(VIEW)}`);
    await canvas.scrollIntoViewIfNeeded();
    const [place] = await onScreen(page, canvas, NEAR, VIEW);
    const row = await told<number>(
      page,
      'int(np.flatnonzero(np.abs(places - [360, 360]).max(axis=1) < 40)[0])'
    );
    const box = (await canvas.boundingBox())!;
    await page.mouse.move(box.x + place.x + 30, box.y + place.y + 30);
    await page.mouse.move(box.x + place.x + 1, box.y + place.y);
    const card = page.locator('.astrodata-catalogue-card').last();
    await expect(card).toBeVisible();
    await expect(card).toContainText(`stars, row ${row}`);
    await expect(card).toContainText('mag');
    await page.mouse.down();
    await page.mouse.up();
    await expect(page.getByText('1 selected').last()).toBeVisible();
    expect(await told(page, "viewer.selected_rows['stars'].tolist()")).toEqual([row]);
    await canvas.focus();
    await page.keyboard.press('Escape');
    await expect(page.getByText('1 selected')).toHaveCount(0);
    expect(await told(page, "viewer.selected_rows['stars'].tolist()")).toEqual([]);
  });

  test('selects by a box, in picture and table alike, and goes to a row', async ({ page }) => {
    const canvas = await show(page, `${STARS}\nviewer`);
    await runCell(page, `viewer.view = ${JSON.stringify(VIEW)}; viewer.catalogue_panel = True`);
    await canvas.scrollIntoViewIfNeeded();
    const grid = page.getByRole('grid', { name: 'Rows of the catalogue' }).last();
    await expect(grid.getByRole('row').nth(1)).toContainText('faint');
    const box = (await canvas.boundingBox())!;
    const middle = [box.x + box.width / 2, box.y + box.height / 2];
    await page.keyboard.down('Shift');
    await page.mouse.move(middle[0] - 150, middle[1] - 100);
    await page.mouse.down();
    await page.mouse.move(middle[0] + 100, middle[1] + 50, { steps: 4 });
    const wanted = `np.flatnonzero((np.abs(places[:, 0] - 355) < 25) & (np.abs(places[:, 1] - 365) < 15)).tolist()`;
    await page.mouse.up();
    await page.keyboard.up('Shift');
    const rows = await told<number[]>(page, wanted);
    expect(rows.length).toBeGreaterThan(3);
    await expect(page.getByText(`${rows.length} selected`).first()).toBeVisible();
    expect(await told(page, "viewer.selected_rows['stars'].tolist()")).toEqual(rows);

    await page.getByLabel('Only selected').last().check();
    await expect(grid).toHaveAttribute('aria-rowcount', String(rows.length + 1));
    await expect(grid.locator('[aria-selected="true"]')).toHaveCount(Math.min(rows.length, 10));
    await expect(grid.getByRole('rowheader').first()).toHaveText(String(rows[0]));
    await grid.scrollIntoViewIfNeeded();

    // A row that is picked in the table lights up in the picture.
    await page.getByLabel('Only selected').last().uncheck();
    await grid.getByRole('rowheader').nth(1).dblclick();
    await expect
      .poll(() =>
        told<number[]>(page, 'np.round([viewer.view["x"], viewer.view["y"]], 2).tolist()')
      )
      .toEqual(await told(page, 'np.round(places[1], 2).tolist()'));
    expect(await told(page, "viewer.selected_rows['stars'].tolist()")).toEqual([1]);
    await canvas.scrollIntoViewIfNeeded();
    await expect
      .poll(async () => {
        const { at, width, height } = await pixelsOf(canvas);
        const ring = Array.from({ length: 36 }, (_, i) => {
          const angle = (Math.PI * i) / 18;
          // Its line is two pixels wide.
          return [5, 5.5, 6, 6.5, 7, 7.5, 8].some(r =>
            isYellow(at(width / 2 + r * Math.cos(angle), height / 2 + r * Math.sin(angle)))
          );
        });
        return ring.filter(Boolean).length;
      })
      .toBeGreaterThan(30);
  });

  test('lists what fulfils a condition in order, and finds what lies in a cone', async ({
    page
  }) => {
    const canvas = await show(page, `${STARS}\nviewer`);
    await canvas.focus();
    await page.keyboard.press('t');
    const grid = page.getByRole('grid', { name: 'Rows of the catalogue' }).last();
    const where = page.getByLabel('Condition on the rows').last();
    await where.fill('kind == "bright" & mag > -9');
    await where.press('Enter');
    const good = `np.flatnonzero((stars['kind'] == 'bright') & (stars['mag'] > -9))`;
    const count = await told<number>(page, `len(${good})`);
    await expect(grid).toHaveAttribute('aria-rowcount', String(count + 1));
    await grid.getByRole('button', { name: /^mag/ }).click();
    await grid.getByRole('button', { name: /^mag/ }).click();
    const first = await told<number>(
      page,
      `int(${good}[np.argsort(-stars['mag'][${good}], kind='stable')][0])`
    );
    await expect(grid.getByRole('rowheader').first()).toHaveText(String(first));
    await where.fill('kind == bright');
    await where.press('Enter');
    await expect(page.getByRole('alert').last()).toContainText("no column 'bright'");
    await page.getByRole('button', { name: 'Dismiss' }).last().click();
    await where.fill('');
    await where.press('Enter');

    await page.getByRole('button', { name: 'Cone', exact: true }).last().click();
    await page.getByLabel('Centre of the cone').last().fill('17h45m40s -29d00m28s');
    await page.getByLabel('Radius of the cone').last().fill('5');
    await page.getByLabel('Unit of the radius').last().selectOption('arcmin');
    await page.getByRole('button', { name: 'Find the cone' }).last().click();
    const inside = await told<number[]>(
      page,
      `np.flatnonzero(SkyCoord(stars['ra'], stars['dec']).separation(SkyCoord('17h45m40s -29d00m28s')) <= 5 * u.arcmin).tolist()`
    );
    expect(inside.length).toBeGreaterThan(3);
    await expect(page.getByText(`${inside.length} selected`).first()).toBeVisible();
    expect(await told(page, "viewer.selected_rows['stars'].tolist()")).toEqual(inside);
  });

  test('colours and sizes by columns, turns catalogues off, and is copied as code', async ({
    page
  }) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const canvas = await show(
      page,
      `${STARS}
catalogue.color, catalogue.size, catalogue.marker = 'mag', 'mag', 'circle'
Table({'RAJ2000': sky.ra.deg[::3], 'DEJ2000': sky.dec.deg[::3], 'class': np.arange(len(sky))[::3] % 4}).write('other.fits', overwrite=True)
viewer.catalogue_panel = True
viewer`
    );
    await page.getByRole('button', { name: 'Add', exact: true }).last().click();
    await page.getByLabel('File of a table').last().fill('other.fits');
    await page.keyboard.press('Enter');
    const legend = page.getByRole('group', { name: 'Catalogues over the image' }).last();
    await expect(legend).toContainText('other');
    await page.getByRole('button', { name: 'Looks', exact: true }).last().click();
    await page.getByLabel('Colour of the points').last().selectOption({ label: 'class' });
    await page.getByLabel('Marker of the points').last().selectOption('square');
    await expect(legend).toContainText('class');
    await expect(legend).toContainText('mag');
    await canvas.scrollIntoViewIfNeeded();
    const look = async () => (await canvas.screenshot()).toString('base64');
    const before = await look();
    await legend.getByRole('button', { name: /stars/ }).click();
    await expect.poll(look).not.toBe(before);
    expect(await told(page, '[one.visible for one in viewer.catalogues.values()]')).toEqual([
      false,
      true
    ]);
    await page.getByLabel('Save', { exact: true }).last().selectOption('copy');
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toMatch(/catalogues=\[\{'table': '.*other.fits', 'name': 'other'.*'marker': 'square'/);
  });

  test('keeps points in their places at the far edge of a wide image', async ({ page }) => {
    const canvas = await show(
      page,
      `import numpy as np, astrodata_kernel as adk, json

from astropy.io import fits
fits.writeto('wide.fits', np.random.default_rng(0).integers(0, 60, (300, 20000)).astype('u1'), overwrite=True)
viewer = adk.view('wide.fits', limits=[0, 255])
x = np.array([19980.25, 19981.5, 19983.75])
viewer.add_catalogue({'x': x, 'y': [150.25, 151.5, 149.125]}, 'edge', color='red', marker='disc', size=7)
viewer.view = {'x': 19982, 'y': 150, 'zoom': 64}
viewer`
    );
    const wanted = [
      [19980.25, 150.25],
      [19981.5, 151.5],
      [19983.75, 149.125]
    ];
    const off = async (): Promise<number> => {
      const { at, width, height } = await pixelsOf(canvas);
      let most = 0;
      for (const [x, y] of wanted) {
        const place = { x: width / 2 + 64 * (x - 19982), y: height / 2 - 64 * (y - 150) };
        let [sx, sy, count] = [0, 0, 0];
        for (let dy = -8; dy <= 8; dy++) {
          for (let dx = -8; dx <= 8; dx++) {
            const [px, py] = [Math.round(place.x) + dx, Math.round(place.y) + dy];
            if (isRed(at(px, py))) {
              [sx, sy, count] = [sx + px + 0.5, sy + py + 0.5, count + 1];
            }
          }
        }
        most = Math.max(most, count ? Math.hypot(sx / count - place.x, sy / count - place.y) : 99);
      }
      return most;
    };
    // Half a screen pixel is left to the view, which is brought between them.
    await expect.poll(off).toBeLessThan(0.8);
  });
});
