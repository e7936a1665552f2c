import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { PNG } from 'pngjs';
import { test } from './samePage';
import { TEST_DATA, colours, newNotebook, pixelsOf, runCell } from './steps';

const GW150914 = path.join(TEST_DATA, 'waveforms', 'gw', 'H-H1_LOSC_4_V2-1126259446-32.hdf5');

const SHOW = `
import astrodata_kernel as adk
from astrodata_kernel.widgets.strain import StrainViewer
glitches = [dict(time=1126259462.6, frequency=300.0, snr=9.5, label='Blip'),
            dict(time=1126259455.0, frequency=60.0, snr=7.0, label='Whistle')]
viewer = StrainViewer(adk.open('gw150914.hdf5'), glitches=glitches,
                      center=1126259462.42, window=1.0, frange=[20, 500])
viewer`;

const viewer = (page: IJupyterLabPageFixture): Locator => page.locator('.astrodata-strain').last();
const panel = (page: IJupyterLabPageFixture, name: string): Locator =>
  viewer(page).locator(`.astrodata-strain-${name}`);
/** The plotting area, without its axes. */
const inside = (page: IJupyterLabPageFixture, name: string): Locator =>
  panel(page, name).locator('.u-over');
const control = (page: IJupyterLabPageFixture, label: string): Locator =>
  viewer(page).getByLabel(label, { exact: true });
const look = async (element: Locator): Promise<string> =>
  (await element.screenshot()).toString('base64');

async function quiet(page: IJupyterLabPageFixture): Promise<void> {
  await expect(viewer(page)).toHaveAttribute('aria-busy', 'false');
}

async function show(page: IJupyterLabPageFixture, tmpPath: string, source = SHOW): Promise<void> {
  await page.contents.uploadFile(GW150914, `${tmpPath}/gw150914.hdf5`);
  await newNotebook(page);
  await runCell(page, source);
  await expect.poll(() => colours(inside(page, 'q'))).toBeGreaterThan(50);
  await quiet(page);
}

async function changes(
  page: IJupyterLabPageFixture,
  name: string,
  act: () => Promise<unknown>
): Promise<void> {
  await page.mouse.move(2, 2); // no cross-hair on the picture
  const before = await look(panel(page, name));
  await act();
  await page.mouse.move(2, 2);
  await expect.poll(() => look(panel(page, name))).not.toBe(before);
  await quiet(page);
}

/** Where the picture is brightest in each of some columns, as a share of its height from below. */
async function track(page: IJupyterLabPageFixture, shares: number[]): Promise<number[]> {
  const { width, height, at } = await pixelsOf(inside(page, 'q'));
  return shares.map(share => {
    const x = share * width;
    let best = { light: -1, y: 0 };
    for (let y = 2; y < height - 2; y++) {
      const [red, green, blue] = at(x, y);
      const light = red + green + blue;
      if (light > best.light) {
        best = { light, y };
      }
    }
    return 1 - best.y / height;
  });
}

test.describe('The strain viewer', () => {
  test('shows the chirp of GW150914 as a bright track that rises', async ({ page, tmpPath }) => {
    await show(page, tmpPath);
    await expect(viewer(page).getByRole('status')).toContainText(/Q peak: energy \d+/);
    await page.mouse.move(2, 2);
    // From 16.39 to 16.43 s of 15.92 to 16.92 s.
    const [early, late] = await track(page, [0.47, 0.505]);
    expect(late - early).toBeGreaterThan(0.08);
    const flags = viewer(page).getByRole('group', { name: 'Data quality' });
    await expect(flags.getByText('DATA', { exact: true })).toBeVisible();
    await expect(flags.getByRole('img', { name: /^DATA holds 100 %/ })).toBeVisible();
  });

  test('re-draws as Q, window, whitening, band and notches move', async ({ page, tmpPath }) => {
    await show(page, tmpPath);
    const title = panel(page, 'q').locator('.astrodata-strain-title');
    await changes(page, 'q', async () => {
      await control(page, 'Q').focus();
      for (let i = 0; i < 20; i++) {
        await page.keyboard.press('ArrowRight');
      }
    });
    await expect(title).not.toContainText('Q 12,');
    await changes(page, 'q', () => control(page, 'Window').fill('120'));
    await changes(page, 'time', () => control(page, 'Whiten').uncheck());
    await expect(panel(page, 'time')).toHaveAttribute('aria-label', /raw/);
    await changes(page, 'time', () => control(page, 'Whiten').check());
    await changes(page, 'asd', async () => {
      await control(page, 'Band-pass from').fill('35');
      await control(page, 'Band-pass to').fill('350');
      await page.keyboard.press('Enter');
    });
    await expect(panel(page, 'time')).toHaveAttribute('aria-label', /whitened, 35–350 Hz/);
    await changes(page, 'asd', async () => {
      await control(page, 'Notches').fill('60, 120');
      await page.keyboard.press('Enter');
    });
    await changes(page, 'spectrogram', () => control(page, 'Colour map').selectOption('inferno'));
    await runCell(page, 'print("settings", viewer.band, viewer.notches, viewer.q > 12)');
    await expect(page.getByText('settings [35.0, 350.0] [60.0, 120.0] True')).toBeVisible();
  });

  test('links its panels: a click sets the centre, a zoom moves both time axes', async ({
    page,
    tmpPath
  }) => {
    await show(page, tmpPath);
    const box = (await inside(page, 'time').boundingBox())!;
    await changes(page, 'q', () =>
      inside(page, 'time').click({ position: { x: 0.25 * box.width, y: box.height / 2 } })
    );
    const status = viewer(page).getByRole('status');
    await expect(status).toContainText(/Q peak: .* [78]\.\d+ s/);
    await changes(page, 'spectrogram', async () => {
      await inside(page, 'time').scrollIntoViewIfNeeded();
      const now = (await inside(page, 'time').boundingBox())!;
      await page.mouse.move(now.x + 0.4 * now.width, now.y + 60);
      await page.mouse.down();
      await page.mouse.move(now.x + 0.6 * now.width, now.y + 60, { steps: 5 });
      await page.mouse.up();
    });
    await expect(panel(page, 'time').getByRole('application')).toHaveAttribute(
      'aria-label',
      /from 1[23]\.\d+ to 19\.\d+ s/
    );
    await changes(page, 'time', () => control(page, 'Whole record').click());

    await inside(page, 'q').hover();
    await expect(status).toContainText(/s \(GPS 1126259\d+\.\d+\) .* Hz .* energy/);
    await expect(inside(page, 'spectrogram').locator('.u-cursor-x')).toBeVisible();
  });

  test('marks glitches, and goes to the next one by key', async ({ page, tmpPath }) => {
    await show(page, tmpPath);
    const picture = inside(page, 'q');
    const box = (await picture.boundingBox())!;
    // 16.6 s of 15.92 to 16.92 s; 300 Hz of 20 to 500 Hz.
    const y = 1 - Math.log(300 / 20) / Math.log(500 / 20);
    await picture.hover({ position: { x: 0.68 * box.width, y: y * box.height } });
    await expect(viewer(page).getByRole('tooltip')).toHaveText('Blip, 16.6000 s, 300 Hz, SNR 9.5');
    await changes(page, 'q', async () => {
      await panel(page, 'q').getByRole('application').focus();
      await page.keyboard.press('p');
    });
    await runCell(page, 'print("centre", viewer.center)');
    await expect(page.getByText('centre 1126259455.0')).toBeVisible();
  });

  test('follows Python, and tells in words what is not possible', async ({ page, tmpPath }) => {
    await show(page, tmpPath);
    await changes(page, 'q', () => runCell(page, 'viewer.q = 40; viewer.band = [30.0, None]'));
    await expect(control(page, 'Band-pass from')).toHaveValue('30');
    await control(page, 'Band-pass to').fill('9000');
    await page.keyboard.press('Enter');
    await expect(control(page, 'Band-pass to')).toHaveAttribute('aria-invalid', 'true');
    await runCell(page, 'viewer.band = [35.0, 9000.0]');
    await expect(page.getByText(/BadRequest.*below 2048 Hz/).first()).toBeVisible();
  });

  test('saves the figure and the numbers', async ({ page, tmpPath }) => {
    await show(page, tmpPath);
    const save = async (what: string): Promise<string> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        control(page, 'Export').selectOption(what)
      ]);
      expect(download.suggestedFilename()).toBe(
        what === 'png' ? 'gw150914.png' : `gw150914-${what}.csv`
      );
      return download.path();
    };
    const png = PNG.sync.read(readFileSync(await save('png')));
    expect(new Set(png.data).size).toBeGreaterThan(100);
    expect(png.width).toBeGreaterThan(600);
    const lines = readFileSync(await save('q'), 'utf8')
      .trim()
      .split('\n');
    expect(lines).toHaveLength(201);
    expect(Number(lines[0].split(',')[1])).toBeCloseTo(1126259461.92, 1);
  });

  test('keeps to the dark theme and to a narrow place', async ({ page, tmpPath }) => {
    await page.theme.setDarkTheme();
    await show(page, tmpPath);
    await page.mouse.move(2, 2);
    for (const name of ['time', 'asd', 'spectrogram', 'q']) {
      // The corner between the axes is bare: the theme's own dark.
      const { at, height } = await pixelsOf(
        panel(page, name).getByRole('application').locator('canvas').first()
      );
      expect(Math.max(...at(3, height - 3))).toBeLessThan(80);
    }
    await runCell(
      page,
      'import ipywidgets\nipywidgets.Box([viewer], layout=ipywidgets.Layout(width="360px"))'
    );
    await quiet(page);
    const outer = (await viewer(page).boundingBox())!;
    expect(outer.width).toBeLessThanOrEqual(360);
    for (const name of ['time', 'asd', 'spectrogram', 'q']) {
      const { x, width } = (await panel(page, name).boundingBox())!;
      expect(width).toBeGreaterThan(300);
      expect(x + width).toBeLessThanOrEqual(outer.x + outer.width);
    }
    await expect.poll(() => colours(inside(page, 'q'))).toBeGreaterThan(50);
  });
});
