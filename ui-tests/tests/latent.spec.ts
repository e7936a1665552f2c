import { readFileSync } from 'node:fs';
import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { test } from './samePage';
import { colours, newNotebook, pixelsOf, runCell, startCell } from './steps';

// Noise that gathers, and signals that leave it along all four latents; the decoder is four pulses.
const SHOW = `
import numpy as np, pandas as pd
from astrodata_kernel.latent import Garage
from astrodata_kernel.widgets.latent import LatentExplorer
rng = np.random.default_rng(7)
truth = np.arange(3000) % 2 == 1
amplitude = np.where(truth, 10 ** rng.uniform(-0.6, 1.0, 3000), 0)
z = rng.normal(size=(3000, 4)) + amplitude[:, None] * [1.0, -0.6, 0.4, 0.8]
z = z.astype('f4')
shapes = np.exp(-0.5 * ((np.arange(400) - np.array([[80], [160], [240], [320]])) / 18) ** 2)
decoder = lambda z: (z @ shapes).astype('f4')
traces = decoder(z) + rng.normal(scale=0.3, size=(3000, 400)).astype('f4')
rounds = [dict(round=r, start=s, epoch=e, loss=9 / (e + 1), val_loss=40.0 if s == 2 else 10 / (1 + e + 0.3 * s + 5 * r),
               collapsed='no spread in z' if s == 2 else '') for r in range(2) for s in range(4) for e in range(12)]
explorer = LatentExplorer(z, truth=truth, traces=traces, decoder=decoder, sample_period=1e-8,
                          columns={'amplitude': amplitude, 'run': np.where(np.arange(3000) < 900, 'A', 'B')},
                          history=pd.DataFrame(rounds))
explorer`;

const SAY = `
import json
inside = explorer.garage.contains(z)
print("CUT", json.dumps([explorer.garage.intervals.tolist(), int(inside.sum()), int((~inside & ~truth).sum()), int((~inside & truth).sum())]))`;

type Cut = [[number, number][], number, number, number];

const explorer = (page: IJupyterLabPageFixture): Locator =>
  page.locator('.astrodata-latent').last();
/** The tab that is seen. */
const pane = (page: IJupyterLabPageFixture): Locator =>
  explorer(page).locator('[role="tabpanel"]:not([hidden])');
const counts = (page: IJupyterLabPageFixture): Locator =>
  pane(page).locator('.astrodata-latent-counts');
const limit = (page: IJupyterLabPageFixture, name: string): Locator =>
  explorer(page).getByRole('slider', { name, exact: true });
const control = (page: IJupyterLabPageFixture, label: string): Locator =>
  pane(page).getByLabel(label, { exact: true });
const panel = (page: IJupyterLabPageFixture, label: string): Locator =>
  explorer(page).getByRole('img', { name: new RegExp(`^${label}`) });

async function quiet(page: IJupyterLabPageFixture): Promise<void> {
  await expect(explorer(page)).toHaveAttribute('aria-busy', 'false');
}

async function show(page: IJupyterLabPageFixture, source = SHOW): Promise<void> {
  await newNotebook(page);
  await runCell(page, source);
  await quiet(page);
  await expect.poll(() => colours(panel(page, 'z1 against z0'))).toBeGreaterThan(2);
}

/** What Python counts with the garage that it has. */
async function cut(page: IJupyterLabPageFixture): Promise<Cut> {
  await runCell(page, SAY);
  const text = await page.getByText(/^CUT/).last().textContent();
  return JSON.parse(text!.replace('CUT', '')) as Cut;
}

/** Whether the view shows just what Python counts. */
async function agrees(page: IJupyterLabPageFixture): Promise<Cut> {
  await quiet(page);
  const found = await cut(page);
  const [, inside, noise, signal] = found;
  const number = (n: number): string => n.toLocaleString('en');
  await expect(counts(page)).toContainText(`${number(inside)} of 3,000`);
  await expect(counts(page)).toContainText(`${number(noise)} of 1,500`);
  await expect(counts(page)).toContainText(`${number(signal)} of 1,500`);
  return found;
}

async function drag(page: IJupyterLabPageFixture, handle: Locator, by: number): Promise<void> {
  await handle.scrollIntoViewIfNeeded();
  const box = (await handle.boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + by, y, { steps: 12 });
  await page.mouse.up();
}

/** The place of a point in a panel, in pixels of it. */
async function placeOf(
  page: IJupyterLabPageFixture,
  picture: Locator,
  point: number
): Promise<{ x: number; y: number }> {
  await runCell(
    page,
    `print("Z", [float(v) for v in z[${point}, :2]], [[float(z[:, i].min()), float(z[:, i].max())] for i in (0, 1)])`
  );
  const text = (await page.getByText(/^Z \[/).last().textContent())!;
  const [x, y, xl, xh, yl, yh] = text.match(/-?\d[\d.e-]*/g)!.map(Number);
  const box = (await picture.boundingBox())!;
  // The panels span all points with a margin of 3 % at either side.
  const part = (v: number, low: number, high: number): number =>
    (v - low + 0.03 * (high - low)) / (1.06 * (high - low));
  return { x: part(x, xl, xh) * box.width, y: (1 - part(y, yl, yh)) * box.height };
}

test.describe('The latent explorer', () => {
  test('paints a scatter matrix, with the histograms on its diagonal', async ({ page }) => {
    await show(page);
    await expect(explorer(page).locator('.astrodata-latent-panel')).toHaveCount(10);
    for (const name of ['z1 against z0', 'z3 against z2', 'Histograms of z0', 'Histograms of z3']) {
      await expect.poll(() => colours(panel(page, name))).toBeGreaterThan(2);
    }
    // Both colours of the truth are there.
    await expect(panel(page, 'z3 against z0')).toHaveAttribute('aria-label', /3,000 points/);
    await agrees(page);
    await control(page, 'Colour by').selectOption('amplitude');
    await expect(
      explorer(page).getByRole('img', { name: /^Colours of amplitude: from 0 to/ })
    ).toBeVisible();
    await expect.poll(() => colours(panel(page, 'z1 against z0'))).toBeGreaterThan(30);
  });

  test('counts exactly as Python does while an edge is dragged, and undoes it', async ({
    page
  }) => {
    await show(page);
    const [before, inside] = await agrees(page);
    await drag(page, limit(page, 'z0 upper limit'), -14);
    const [moved, fewer] = await agrees(page);
    expect(moved[0][1]).toBeLessThan(before[0][1]);
    expect(moved.slice(1)).toEqual(before.slice(1));
    expect(fewer).toBeLessThan(inside);

    await limit(page, 'z1 lower limit').focus();
    await page.keyboard.press('Shift+ArrowRight');
    const [pressed] = await agrees(page);
    expect(pressed[1][0]).toBeGreaterThan(before[1][0]);
    await expect(limit(page, 'z1 lower limit')).toHaveAttribute(
      'aria-valuenow',
      String(pressed[1][0])
    );

    await control(page, 'Undo').click();
    expect((await agrees(page))[0]).toEqual(moved);
    await control(page, 'Undo').click();
    expect((await agrees(page))[0]).toEqual(before);
    await expect(control(page, 'Undo')).toBeDisabled();
    await control(page, 'Redo').click();
    expect((await agrees(page))[0]).toEqual(moved);
    await control(page, 'Reset').click();
    expect((await agrees(page))[0]).toEqual(before);
  });

  test('drags the box in a panel, too', async ({ page }) => {
    await show(page);
    const [before] = await agrees(page);
    const box = explorer(page).locator('.astrodata-latent-panel').nth(1);
    await drag(page, box.locator('.astrodata-latent-right'), 20);
    const [moved] = await agrees(page);
    expect(moved[0][1]).toBeGreaterThan(before[0][1]);
    expect(moved.slice(1)).toEqual(before.slice(1));
  });

  test('is dragged and counted while a cell runs', async ({ page }) => {
    await show(page);
    const [before] = await agrees(page);
    // The cell ends only when the drag has reached Python.
    await startCell(
      page,
      `
import time
first, end = explorer.garage, time.time() + 60
while time.time() < end and explorer.garage is first: sum(range(1000))
print('in time', time.time() < end)`
    );
    await expect(page.getByText('| Busy').first()).toBeVisible();
    await drag(page, limit(page, 'z3 upper limit'), -12);
    await expect(page.getByText('in time True')).toBeVisible();
    const [after] = await agrees(page);
    expect(after[3][1]).toBeLessThan(before[3][1]);
    // What the view says by traits still reaches Python.
    await control(page, 'Colour by').selectOption('run');
    await runCell(page, 'print("colour is", explorer.color)');
    await expect(page.getByText('colour is run')).toBeVisible();
  });

  test('calibrates to a false-positive rate, and exports a cut that reads back', async ({
    page
  }) => {
    await show(page);
    await control(page, 'False-positive rate in per cent').fill('2');
    await control(page, 'Calibrate').click();
    const [intervals, , noise] = await agrees(page);
    expect(noise).toBe(30);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      control(page, 'Export the garage').click()
    ]);
    expect(download.suggestedFilename()).toBe('garage.json');
    const text = readFileSync(await download.path(), 'utf8');
    expect(JSON.parse(text).intervals).toEqual(intervals);
    await runCell(page, `print("same", Garage.from_json(r'''${text}''') == explorer.garage)`);
    await expect(page.getByText('same True')).toBeVisible();
  });

  test('shows the trace of a clicked point over its reconstruction', async ({ page }) => {
    await show(page);
    const picture = panel(page, 'z1 against z0');
    await runCell(page, 'print("FAR", int(z[:, 0].argmax()))');
    const far = Number((await page.getByText(/^FAR/).last().textContent())!.slice(4));
    const at = await placeOf(page, picture, far);
    await picture.hover({ position: at });
    const status = pane(page).locator('.astrodata-latent-status');
    await expect(status).toContainText(`Point ${far}:`);
    await expect(status).toContainText(/outside.*run [AB]/);
    await picture.click({ position: at });
    const curves = explorer(page).getByRole('img', {
      name: `Trace of point ${far} over reconstruction`
    });
    await expect(curves).toBeVisible();
    await expect.poll(() => colours(curves)).toBeGreaterThan(20);
    await expect(
      explorer(page).getByRole('img', { name: 'Trace minus reconstruction' })
    ).toBeVisible();
    await expect(pane(page).locator('.astrodata-latent-title')).toContainText(/rms 0\.[23]/);
    await runCell(page, 'print("point is", explorer.point)');
    await expect(page.getByText(`point is ${far}`)).toBeVisible();
  });

  test('decodes where the sliders are', async ({ page }) => {
    await show(page);
    const slider = control(page, 'Decode at z0');
    await slider.focus();
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press('ArrowRight');
    }
    const curve = explorer(page).getByRole('img', { name: 'decoded', exact: true });
    await expect(curve).toBeVisible();
    await quiet(page);
    await page.mouse.move(2, 2);
    const look = async (): Promise<string> => (await curve.screenshot()).toString('base64');
    const before = await look();
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('ArrowRight');
    }
    await quiet(page);
    await expect.poll(look).not.toBe(before);
    await control(page, 'Sliders to the median').click();
    await expect.poll(look).not.toBe(before);
  });

  test('selects a rectangle, of which Python has the numbers', async ({ page }) => {
    await show(page);
    const picture = panel(page, 'z1 against z0');
    const box = (await picture.boundingBox())!;
    await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.4 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.95 * box.width, box.y + 0.95 * box.height, { steps: 8 });
    await page.mouse.up();
    await quiet(page);
    await runCell(
      page,
      `
s = explorer.selection[0]['box']
mask = (z[:, 0] >= s['x_range'][0]) & (z[:, 0] <= s['x_range'][1]) & (z[:, 1] >= s['y_range'][0]) & (z[:, 1] <= s['y_range'][1])
print("CHOSEN", len(explorer.selected), bool((explorer.selected == np.flatnonzero(mask)).all()))`
    );
    const text = (await page
      .getByText(/^CHOSEN/)
      .last()
      .textContent())!;
    expect(text).toContain('True');
    const chosen = Number(/\d+/.exec(text)![0]);
    expect(chosen).toBeGreaterThan(20);
    await expect(counts(page)).toContainText(`${chosen.toLocaleString('en')} selected`);
    await control(page, 'Clear selection').click();
    await expect(counts(page)).not.toContainText('selected');
  });

  test('follows the garage, the colour and the point that Python sets', async ({ page }) => {
    await show(page);
    await runCell(
      page,
      'explorer.garage = explorer.garage.moved(2, -0.5, 0.5); explorer.color = "run"; explorer.point = 7'
    );
    await agrees(page);
    await expect(limit(page, 'z2 upper limit')).toHaveAttribute('aria-valuenow', '0.5');
    await expect(control(page, 'Colour by')).toHaveValue('run');
    await expect(control(page, 'Point')).toHaveValue('7');
    await expect(explorer(page).getByRole('img', { name: /^Trace of point 7 / })).toBeVisible();
    await runCell(page, 'explorer.axes = [0, 3]');
    await expect(explorer(page).locator('.astrodata-latent-panel')).toHaveCount(3);
  });

  test('plots the history of all starts, the collapsed ones named', async ({ page }) => {
    await show(page);
    await explorer(page).getByRole('tab', { name: 'History' }).click();
    const plot = explorer(page).getByRole('img', { name: /^val_loss against epoch, logarithmic/ });
    await expect.poll(() => colours(plot)).toBeGreaterThan(20);
    await expect(explorer(page).getByRole('list', { name: 'Collapsed starts' })).toHaveText(
      /round 0, start 2: no spread in z.*round 1, start 2: no spread in z/
    );
    await explorer(page).getByRole('tab', { name: 'Scatter matrix' }).click();
    await expect(panel(page, 'z1 against z0')).toBeVisible();
  });

  test('keeps to the dark theme and to a narrow place', async ({ page }) => {
    await page.theme.setDarkTheme();
    await show(page);
    const { at, width } = await pixelsOf(explorer(page).locator('.astrodata-latent-panel').first());
    expect(Math.max(...at(width - 40, 14))).toBeLessThan(80);
    await runCell(
      page,
      'import ipywidgets\nexplorer.point = 5\nipywidgets.Box([explorer], layout=ipywidgets.Layout(width="400px"))'
    );
    const widthNow = async (): Promise<number> => (await explorer(page).boundingBox())!.width;
    await expect.poll(widthNow).toBeLessThanOrEqual(400); // once the cell has shown its own
    await quiet(page);
    const outer = (await explorer(page).boundingBox())!;
    for (const one of await explorer(page).locator('.astrodata-latent-panel').all()) {
      const { x, width } = (await one.boundingBox())!;
      expect(width).toBeGreaterThan(60);
      expect(x + width).toBeLessThanOrEqual(outer.x + outer.width);
    }
    const curves = explorer(page).getByRole('img', { name: /^Trace of point 5 / });
    await expect.poll(() => colours(curves)).toBeGreaterThan(20);
  });

  test('says what is wrong with collapsed and missing latents', async ({ page }) => {
    await newNotebook(page);
    await runCell(
      page,
      `
import numpy as np
from astrodata_kernel.widgets.latent import LatentExplorer
z = np.random.default_rng(0).normal(size=(500, 3))
z[:, 2] = 0.25
z[4, 0] = np.nan
LatentExplorer(z, tab="matrix")`
    );
    await quiet(page);
    await expect(explorer(page)).toContainText('z2 is constant: this model has collapsed on it.');
    await expect(explorer(page)).toContainText(
      '1 of 500 points have latents that are NaN or infinite'
    );
    await expect(counts(page)).toContainText('no point is known to be noise only');
    await expect(control(page, 'Calibrate')).toHaveCount(0);
    await expect(control(page, 'Decode at z0')).toHaveCount(0);
  });
});
