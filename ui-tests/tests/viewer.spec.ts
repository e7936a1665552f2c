import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { test } from './samePage';
import { colours, newNotebook, picture, pixelsOf, runCell } from './steps';

// Blocks of 10 x 10 equal pixels, so that what is read from the screen does not hang on half a pixel.
const BLOCKS = `
import numpy as np, astrodata_kernel as adk
from astropy.io import fits
values = np.random.default_rng(4).integers(0, 256, (20, 30)).astype('float32')
values[3, 4] = np.nan
fits.writeto('blocks.fits', np.kron(values, np.ones((10, 10), 'float32')), overwrite=True)
viewer = adk.view('blocks.fits', limits=[0, 255])
viewer`;

async function values(page: IJupyterLabPageFixture): Promise<(number | null)[][]> {
  await runCell(
    page,
    'import json\nprint("VALUES", json.dumps([[None if v != v else v for v in row] for row in values.tolist()]))'
  );
  const text = await page
    .getByText(/^VALUES/)
    .last()
    .textContent();
  return JSON.parse(text!.replace('VALUES', ''));
}

async function show(page: IJupyterLabPageFixture, source: string): Promise<Locator> {
  await newNotebook(page);
  await runCell(page, source);
  const canvas = picture(page);
  // The letters of "Loading…" have many greys as well, and what runs may still scroll the page.
  await expect(page.locator('.astrodata-fits').last()).toHaveAttribute('aria-busy', 'false');
  await expect.poll(() => colours(canvas)).toBeGreaterThan(20);
  return canvas;
}

/** The grey on the screen of each block, at one screen pixel per image pixel about the centre. */
async function greys(canvas: Locator, zoom: number): Promise<number[][]> {
  const { at, width, height } = await pixelsOf(canvas);
  return Array.from({ length: 20 }, (_, row) =>
    Array.from({ length: 30 }, (_, column) => {
      const x = width / 2 + zoom * (10 * column + 5 - 150);
      const y = height / 2 - zoom * (10 * row + 5 - 100);
      const [red, green, blue] = at(x, y);
      return red === green && green === blue ? red : -1;
    })
  );
}

const control = (page: IJupyterLabPageFixture, label: string): Locator =>
  page.getByLabel(label, { exact: true }).last();

test.describe('The FITS viewer', () => {
  test('paints the values of the array, and NaN as something else', async ({ page }) => {
    const canvas = await show(page, BLOCKS);
    const wanted = await values(page);
    await page.getByRole('button', { name: 'Actual pixels (1:1)' }).last().click();
    await expect
      .poll(async () => {
        const seen = await greys(canvas, 1);
        return wanted.flatMap((row, y) =>
          row.filter((value, x) => value !== null && Math.abs(seen[y][x] - value) > 2)
        ).length;
      })
      .toBe(0);
    // The NaN block is no grey of the linear scale: it is hatched.
    const { at, width, height } = await pixelsOf(canvas);
    const hatch = Array.from({ length: 8 }, (_, i) =>
      at(width / 2 + 45 - 150 - 4 + i, height / 2 - (35 - 100)).join()
    );
    expect(new Set(hatch).size).toBeGreaterThan(1);
  });

  test('does what is asked of a picture that is still to come', async ({ page }) => {
    await newNotebook(page);
    await runCell(
      page,
      `import threading${BLOCKS.replace(
        /viewer$/,
        `gate = threading.Event()
viewer._overview = lambda **where: (gate.wait(), adk.FitsViewer._overview(viewer, **where))[1]
viewer`
      )}`
    );
    await expect(page.locator('.astrodata-fits').last()).toHaveAttribute('aria-busy', 'true');
    await page.getByRole('button', { name: 'Actual pixels (1:1)' }).last().click();
    await page.getByRole('button', { name: 'Zoom in' }).last().click();
    await runCell(page, 'gate.set()');
    const status = page.getByRole('status').last();
    await expect(status).toContainText('zoom 200 %');
    await expect(async () => {
      await runCell(page, "print('zoom is', viewer.view['zoom'])");
      await expect(page.getByText('zoom is 2').last()).toBeVisible({ timeout: 2000 });
    }).toPass();
  });

  test('paints its histogram in the colours of another theme', async ({ page }) => {
    await show(page, BLOCKS.replace('limits=[0, 255]', 'limits=[0, 255], histogram=True'));
    const bins = page.locator('.astrodata-fits-bins').last();
    const text = page.locator('.astrodata-fits-counts').last();
    /** Share of the pixels in the colour of the text below. */
    const painted = async (): Promise<number> => {
      const wanted = await text.evaluate(element => {
        const canvas = document.createElement('canvas');
        const context = canvas.getContext('2d')!;
        const root = element.closest('.astrodata-widget')!;
        for (const colour of [
          getComputedStyle(root).backgroundColor,
          getComputedStyle(element).color
        ]) {
          context.fillStyle = colour;
          context.fillRect(0, 0, 1, 1);
        }
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
      });
      const { data } = await pixelsOf(bins);
      let same = 0;
      for (let i = 0; i < data.length; i += 4) {
        same += Number(wanted.every((value, c) => Math.abs(data[i + c] - value) < 4));
      }
      return same / (data.length / 4);
    };
    await expect.poll(painted).toBeGreaterThan(0.3);
    await page.theme.setDarkTheme();
    await expect.poll(painted).toBeGreaterThan(0.3);
    await page.theme.setLightTheme();
    await expect.poll(painted).toBeGreaterThan(0.3);
  });

  test('stretches values as astropy does, and turns them by contrast, bias and order', async ({
    page
  }) => {
    const canvas = await show(page, BLOCKS);
    await page.getByRole('button', { name: 'Actual pixels (1:1)' }).last().click();
    const wanted = async (expression: string): Promise<(number | null)[][]> => {
      await runCell(
        page,
        `import astropy.visualization as av, json
t = values / 255
wanted = np.clip(${expression}, 0, 1)
print("VALUES", json.dumps([[None if v != v else round(255 * v) for v in row] for row in wanted.tolist()]))`
      );
      const text = await page
        .getByText(/^VALUES/)
        .last()
        .textContent();
      return JSON.parse(text!.replace('VALUES', ''));
    };
    for (const [set, expression] of [
      ["viewer.stretch = 'square'", 'av.SquaredStretch()(t.copy())'],
      ["viewer.stretch = 'sinh'", 'av.SinhStretch()(t.copy())'],
      ["viewer.stretch = 'log'", 'av.LogStretch(1000)(t.copy())'],
      ["viewer.stretch = 'asinh'", 'av.AsinhStretch(0.1)(t.copy())'],
      [
        "viewer.stretch = 'histogram'",
        'np.where(np.isnan(t), np.nan, np.searchsorted(np.sort(values[np.isfinite(values)]), values) / 599)'
      ],
      ["viewer.stretch = 'linear'; viewer.contrast = 2; viewer.bias = 0.4", '(t - 0.4) * 2 + 0.5'],
      ['viewer.contrast = 1; viewer.bias = 0.5; viewer.reverse = True', '1 - t']
    ]) {
      await runCell(page, set);
      const all = await wanted(expression);
      // A value stands for one of 1,024 bins and one of 256 greys.
      const near = set.includes('histogram') ? 6 : 2;
      await expect
        .poll(
          async () => {
            const seen = await greys(canvas, 1);
            return all.flatMap((row, y) =>
              row.filter((value, x) => value !== null && Math.abs(seen[y][x] - value) > near)
            ).length;
          },
          { message: set }
        )
        .toBe(0);
    }
  });

  test('draws lines along which astropy finds one longitude or one latitude', async ({ page }) => {
    const canvas = await show(
      page,
      `import numpy as np, astrodata_kernel as adk
from astropy.io import fits
from astropy.wcs import WCS
wcs = WCS(naxis=2)
wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ('RA---TAN', 'DEC--TAN'), (10, 60), (150, 100)
wcs.wcs.cd = np.array([[-0.8, 0.6], [0.6, 0.8]]) / 360
fits.writeto('sky.fits', np.random.default_rng(1).normal(size=(200, 300)).astype('f4'), wcs.to_header(), overwrite=True)
viewer = adk.view('sky.fits', system='galactic', angles='degrees')
viewer`
    );
    const svg = page.locator('.astrodata-fits-graticule').last();
    await canvas.focus();
    await page.keyboard.press('g');
    await expect(svg.locator('text', { hasText: 'N' })).toHaveCount(1);
    await expect.poll(() => svg.locator('text').count()).toBeGreaterThan(5);
    const { width, height } = (await canvas.boundingBox())!;
    const zoom = Math.min(width / 300, height / 200);
    const lines = (await svg.locator('path').nth(1).getAttribute('d'))!
      .split('M')
      .filter(Boolean)
      .map(line =>
        line.split('L').map(point => {
          const [x, y] = point.split(',').map(Number);
          const place = [149.5 + (x - width / 2) / zoom, 99.5 - (y - height / 2) / zoom];
          return place.map(value => Number(value.toFixed(2)));
        })
      )
      // Some points of each are typed into the notebook.
      .map(line => line.filter((_, i) => i % 30 === 0));
    expect(lines.length).toBeGreaterThan(6);
    await runCell(
      page,
      `lines = ${JSON.stringify(lines)}
places = [wcs.pixel_to_world(*np.transpose(line)).galactic for line in lines]
off = [min(np.ptp(p.b.deg), np.ptp(p.l.deg) * np.cos(np.radians(p.b.deg.mean()))) for p in places]
wrong = [one for one in off if one > 0.5 / 360]
print('LINES', len(wrong), 'wrong')`
    );
    await expect(page.getByText('LINES 0 wrong')).toBeVisible();
    await page.keyboard.press('Escape');
    await canvas.focus();
    await page.keyboard.press('g');
    await expect(svg.locator('path')).toHaveCount(0);
  });

  test('sets limits on the histogram, and contrast and bias with the right button', async ({
    page
  }) => {
    const canvas = await show(page, BLOCKS);
    await canvas.focus();
    await page.keyboard.press('h');
    const low = page.getByLabel('Low limit on the histogram').last();
    await expect(low).toBeVisible();
    await low.scrollIntoViewIfNeeded();
    const bins = (await page.locator('.astrodata-fits-bins').last().boundingBox())!;
    const handle = (await low.boundingBox())!;
    const y = handle.y + handle.height / 2;
    await page.mouse.move(handle.x + handle.width / 2, y);
    await page.mouse.down();
    await page.mouse.move(bins.x + bins.width / 2, y, { steps: 5 });
    await page.mouse.up();
    const shown = Number(await low.getAttribute('aria-valuenow'));
    expect(shown).toBeGreaterThan(100);
    await runCell(page, "print('limits', [round(v, 3) for v in viewer.limits])");
    await expect(page.getByText(`limits [${Number(shown.toFixed(3))}, 255.0]`)).toBeVisible();
    const box = (await canvas.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down({ button: 'right' });
    await page.mouse.move(box.x + 0.6 * box.width, box.y + 0.3 * box.height, { steps: 4 });
    await page.mouse.up({ button: 'right' });
    await expect(control(page, 'Reset contrast and bias')).toBeVisible();
    await expect(async () => {
      await runCell(page, "print('shade', viewer.contrast > 1.5, round(viewer.bias, 2))");
      await expect(page.getByText('shade True 0.6').last()).toBeVisible({ timeout: 2000 });
    }).toPass();
    await control(page, 'Reset contrast and bias').click();
    await runCell(page, "print('again', viewer.contrast, viewer.bias)");
    await expect(page.getByText('again 1.0 0.5')).toBeVisible();
  });

  test('saves the part that is seen, and copies the code that shows it again', async ({ page }) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await show(page, BLOCKS);
    await runCell(page, "viewer.view = {'x': 104.5, 'y': 104.5, 'zoom': 8}");
    for (const [what, start] of [
      ['fits', 'SIMPLE  ='],
      ['pdf', '%PDF'],
      ['json', '{']
    ]) {
      const download = page.waitForEvent('download');
      await control(page, 'Save').selectOption(what);
      const file = await download;
      expect(file.suggestedFilename()).toBe(`blocks.${what}`);
      expect(readFileSync((await file.path())!, 'latin1').startsWith(start)).toBe(true);
      if (what === 'fits') {
        await runCell(
          page,
          `part = fits.getdata(${JSON.stringify(await file.path())})
whole = fits.getdata('blocks.fits')
rows, columns = part.shape
print('PART', rows < 200 and columns < 300 and any(
    np.array_equal(part, whole[y:y + rows, x:x + columns], equal_nan=True)
    for y in range(201 - rows) for x in range(301 - columns)))`
        );
        await expect(page.getByText('PART True')).toBeVisible();
      }
    }
    await control(page, 'Save').selectOption('copy');
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toContain("blocks.fits', limits=[0.0, 255.0], view={'x': 104.5, 'y': 104.5, 'zoom': 8})");
  });

  test('shows other pixels when it is panned, zoomed and stretched', async ({ page }) => {
    const canvas = await show(page, BLOCKS);
    const look = async (): Promise<string> => (await canvas.screenshot()).toString('base64');
    const changes = async (act: () => Promise<unknown>): Promise<void> => {
      const before = await look();
      await act();
      await expect.poll(look).not.toBe(before);
    };
    const box = (await canvas.boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];

    await changes(() => control(page, 'Stretch').selectOption('asinh'));
    await changes(() => control(page, 'Colour map').selectOption('viridis'));
    await changes(() => control(page, 'Limits').selectOption('95%'));
    await changes(async () => {
      await page.mouse.move(x, y);
      await page.mouse.wheel(0, -400);
    });
    await changes(async () => {
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + 60, y + 40, { steps: 5 });
      await page.mouse.up();
    });
    await changes(() => page.getByRole('button', { name: 'Fit to view' }).last().click());
    await changes(async () => {
      await canvas.focus();
      await page.keyboard.press('+');
    });
    await changes(() => page.keyboard.press('ArrowLeft'));
    await changes(() => page.keyboard.press('0'));
  });

  test('keeps what is under the cursor there while it zooms', async ({ page }) => {
    const canvas = await show(page, BLOCKS);
    const box = (await canvas.boundingBox())!;
    const at = [box.x + box.width * 0.4, box.y + box.height * 0.6] as const;
    const status = page.getByRole('status').last();
    const where = async (): Promise<number[]> => {
      const text = (await status.textContent()) ?? '';
      return [/x\s+(-?\d+)/, /y\s+(-?\d+)/].map(part => Number(part.exec(text)?.[1]));
    };
    await page.mouse.move(...at);
    await expect.poll(where).not.toContain(NaN);
    const [x, y] = await where();
    await page.mouse.wheel(0, -600);
    await page.mouse.move(at[0] + 1, at[1]);
    await page.mouse.move(...at);
    await expect
      .poll(async () => {
        const now = await where();
        return Math.max(Math.abs(now[0] - x), Math.abs(now[1] - y));
      })
      .toBeLessThanOrEqual(1);
  });

  test('reads the value and the place on the sky from the kernel', async ({ page, tmpPath }) => {
    await page.contents.uploadFile(
      `${__dirname}/../../examples/data/image_2mass_k_galactic_centre.fits`,
      `${tmpPath}/centre.fits`
    );
    const canvas = await show(page, 'import astrodata_kernel as adk\nadk.view("centre.fits")');
    await canvas.hover();
    const status = page.getByRole('status').last();
    await expect(status).toContainText(/FK5 17h4\dm/);
    await expect(status).toContainText(/x\s+36\d\s+y\s+3[56]\d/);
  });

  test('follows traits that Python sets, and Python follows it', async ({ page }) => {
    await show(page, BLOCKS);
    await runCell(page, "viewer.stretch = 'log'; viewer.colormap = 'magma'");
    await expect(control(page, 'Stretch')).toHaveValue('log');
    await expect(control(page, 'Colour map')).toHaveValue('magma');
    await control(page, 'Stretch').selectOption('sqrt');
    await runCell(page, "print('now', viewer.stretch, viewer.colormap)");
    await expect(page.getByText('now sqrt magma')).toBeVisible();
  });

  test('shows the planes of a cube and picks the HDU', async ({ page }) => {
    await show(
      page,
      `
import numpy as np, astrodata_kernel as adk
from astropy.io import fits
rng = np.random.default_rng(0)
cube = fits.ImageHDU(rng.normal(size=(3, 64, 64)).astype('f4'), name='CUBE')
flat = fits.ImageHDU(rng.normal(size=(64, 64)).astype('f4'), name='<img src=x onerror=alert(1)>'[:20])
table = fits.BinTableHDU.from_columns([fits.Column('t', 'E', array=[1.0])], name='ROWS')
fits.HDUList([fits.PrimaryHDU(), cube, flat, table]).writeto('many.fits', overwrite=True)
viewer = adk.view('many.fits')
viewer`
    );
    const canvas = picture(page);
    const before = (await canvas.screenshot()).toString('base64');
    await control(page, 'Plane').fill('2');
    await expect.poll(async () => (await canvas.screenshot()).toString('base64')).not.toBe(before);
    await runCell(page, "print('plane is', viewer.plane)");
    await expect(page.getByText(/plane is [12]/)).toBeVisible();

    const picker = control(page, 'HDU');
    await expect(picker.locator('option', { hasText: 'ROWS' })).toBeDisabled();
    await expect(picker.locator('option', { hasText: '<img src=x onerror' })).toHaveCount(1);
    await picker.selectOption({ value: '2' });
    await expect(control(page, 'Plane')).toBeHidden();
    await runCell(page, "print('hdu is', viewer.hdu)");
    await expect(page.getByText('hdu is 2')).toBeVisible();
  });

  test('says what went wrong in its own strip', async ({ page }) => {
    await show(page, BLOCKS);
    await runCell(page, "open('blocks.fits', 'r+b').truncate(100000)");
    // Full-resolution pixels of the upper part are no longer there.
    await runCell(page, 'viewer.limits = "minmax"; viewer._samples.clear()');
    await runCell(page, 'viewer.limits = "99%"');
    await expect(page.getByRole('alert').last()).toContainText(
      /blocks\.fits, HDU 0.*(cut short|became shorter)/
    );
  });
});
