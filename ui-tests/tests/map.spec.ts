import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { test } from './samePage';
import { newNotebook, pixelsOf, runCell, startCell } from './steps';

const MANY = `
import json
import numpy as np, shapely
import astrodata_kernel as adk
rng = np.random.default_rng(3)
z = rng.normal(size=(100_000, 2)) * [1.0, 2.0]
explorer = adk.LatentExplorer(z, {"score": np.abs(z[:, 0]), "kind": np.where(z[:, 1] > 0, "up", "down")})
explorer`;

const ORACLE = `
lasso = explorer.selection[-1]["lasso"]
inside = shapely.contains_xy(shapely.Polygon(lasso["polygon"]), z[:, 0], z[:, 1])
print("ORACLE", int(inside.sum()), bool((inside == explorer.mask).all()), len(lasso["polygon"]),
      shapely.Polygon(lasso["polygon"]).convex_hull.area > 1.2 * shapely.Polygon(lasso["polygon"]).area)`;

// Pulses whose place and height are the latents; two in a hundred are double.
const PULSES = `
import numpy as np
import astrodata_kernel as adk
rng = np.random.default_rng(5)
z = np.c_[rng.uniform(-1, 1, 600), rng.uniform(0.5, 2, 600)].astype("f4")
time = np.linspace(-2, 2, 200, dtype="f4")
decode = lambda z: z[:, 1:2] * np.exp(-0.5 * ((time - z[:, :1]) / 0.1) ** 2)
traces = decode(z) + rng.normal(scale=0.02, size=(600, 200)).astype("f4")
log = adk.labels.LabelLog("labels", annotator="ada", classes=["pulse", "glitch"])
explorer = adk.LatentExplorer(z, events=traces, decoder=decode, labels=log, tab="map", color="label")
explorer`;

const explorer = (page: IJupyterLabPageFixture): Locator =>
  page.locator('.astrodata-latent').last();
const stage = (page: IJupyterLabPageFixture): Locator =>
  explorer(page).locator('.astrodata-map-stage');
const canvas = (page: IJupyterLabPageFixture): Locator => stage(page).locator('> canvas');
const chosen = (page: IJupyterLabPageFixture): Locator =>
  explorer(page).locator('.astrodata-map-chosen');

async function painted(page: IJupyterLabPageFixture): Promise<void> {
  await expect(canvas(page)).toHaveAttribute('data-drawn', /^[1-9]/);
  await expect(explorer(page)).toHaveAttribute('aria-busy', 'false');
}

/** Draws through points given as shares of the map, from its upper left. */
async function draw(page: IJupyterLabPageFixture, points: [number, number][]): Promise<void> {
  await stage(page).scrollIntoViewIfNeeded();
  const box = (await stage(page).boundingBox())!;
  const at = ([x, y]: [number, number]): [number, number] => [
    box.x + x * box.width,
    box.y + y * box.height
  ];
  await page.mouse.move(...at(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) {
    await page.mouse.move(...at(point), { steps: 8 });
  }
  await page.mouse.up();
}

async function printed(
  page: IJupyterLabPageFixture,
  source: string,
  mark: string
): Promise<string> {
  await runCell(page, source);
  return (await page
    .getByText(new RegExp(`^${mark}`))
    .last()
    .textContent())!
    .replace(mark, '')
    .trim();
}

test('selects with a concave lasso exactly what shapely says, of 100,000 points', async ({
  page
}) => {
  test.setTimeout(180000);
  await newNotebook(page);
  await runCell(page, MANY);
  await painted(page);
  await canvas(page).focus();
  await page.keyboard.press('l');
  await draw(page, [
    [0.2, 0.2],
    [0.8, 0.25],
    [0.8, 0.8],
    [0.5, 0.4],
    [0.25, 0.8]
  ]);
  await expect(chosen(page)).toContainText('of 100,000 selected');
  const [count, equal, corners, concave] = (await printed(page, ORACLE, 'ORACLE')).split(' ');
  expect([equal, concave]).toEqual(['True', 'True']);
  expect(Number(corners)).toBeGreaterThan(20);
  const shown = Number(count).toLocaleString('en');
  await expect(chosen(page)).toHaveText(`${shown} of 100,000 selected`);

  // A condition is added to it, the way back leads to it, and a filter hides what it does not hold.
  await explorer(page).getByLabel('Select by a condition').fill('score > 2');
  await page.keyboard.press('Shift+Enter');
  await expect(explorer(page).locator('.astrodata-map-words')).toContainText('or (score > 2)');
  await expect(chosen(page)).not.toHaveText(`${shown} of 100,000 selected`);
  await explorer(page).getByRole('button', { name: 'Selection before' }).click();
  await expect(chosen(page)).toHaveText(`${shown} of 100,000 selected`);
  await explorer(page).getByRole('combobox', { name: 'Colour by' }).selectOption('kind');
  await explorer(page).getByRole('button', { name: /^down/ }).click();
  const left = await printed(
    page,
    'print("LEFT", int((explorer.mask & (z[:, 1] > 0)).sum()), int(explorer.mask.sum()))',
    'LEFT'
  );
  const [both, all] = left.split(' ').map(Number);
  expect(both).toBe(all);
  await expect(chosen(page)).toHaveText(`${all.toLocaleString('en')} of 100,000 selected`);

  // Wheel and hand: what is seen gets less, and each point is a disc once there are few.
  await stage(page).scrollIntoViewIfNeeded();
  await stage(page).hover();
  for (let turn = 0; turn < 8; turn++) {
    await page.mouse.wheel(0, -500);
  }
  await expect
    .poll(async () => Number(await canvas(page).getAttribute('data-drawn')))
    .toBeLessThan(20000);
  await expect(canvas(page)).toHaveAttribute('data-how', 'points');
  await canvas(page).focus();
  await page.keyboard.press('0');
  await expect
    .poll(async () => Number(await canvas(page).getAttribute('data-drawn')))
    .toBeGreaterThan(40000);
});

test('draws each of many points where a graphics card is asked for', async ({ page }) => {
  test.setTimeout(120000);
  await newNotebook(page);
  const source = `
import numpy as np
import astrodata_kernel as adk
z = np.random.default_rng(3).normal(size=(300_000, 2)).astype("f4")
explorer = adk.LatentExplorer(z, {"kind": np.where(z[:, 1] > 0, "up", "down")}, renderer="card")
explorer`;
  await runCell(page, source);
  await painted(page);
  await expect(canvas(page)).toHaveAttribute('data-how', 'card');
  const { at, width, height } = await pixelsOf(canvas(page));
  const [above, below] = [at(width / 2, height * 0.4), at(width / 2, height * 0.6)];
  expect(below[2]).toBeGreaterThan(below[0] + 40); // the first category is blue
  expect(above[0]).toBeGreaterThan(above[2] + 40); // the second one orange
  await runCell(page, 'explorer.renderer = "cpu"');
  await expect(canvas(page)).toHaveAttribute('data-how', 'density');
});

test('opens, decodes and labels by keyboard, and goes on after the tab was closed', async ({
  page
}) => {
  test.setTimeout(240000);
  await newNotebook(page);
  await runCell(page, PULSES);
  await painted(page);

  // Open by id, and from the wall: the trace with what its latents decode to.
  const side = explorer(page).locator('.astrodata-map-side');
  const number = side.getByRole('spinbutton', { name: 'Point' });
  await canvas(page).focus();
  await page.keyboard.press('/');
  await page.keyboard.type('17');
  await page.keyboard.press('Enter');
  await expect(number).toHaveValue('17');
  await expect(side.locator('.astrodata-latent-curves')).toBeVisible();
  await explorer(page).locator('.astrodata-map-wall > div > div').nth(3).click();
  await expect(number).toHaveValue('3');
  // Decode where the hand goes.
  await canvas(page).focus();
  await page.keyboard.press('d');
  await draw(page, [
    [0.3, 0.5],
    [0.7, 0.4]
  ]);
  await expect(explorer(page).locator('.astrodata-map-side .astrodata-latent-made')).toHaveText(
    'decoded'
  );

  // Select by a box, look at the wall, label by key; the count is there when the log has it.
  await canvas(page).focus();
  await page.keyboard.press('b');
  await draw(page, [
    [0.1, 0.1],
    [0.4, 0.9]
  ]);
  await expect(chosen(page)).toContainText('of 600 selected');
  const count = Number((await chosen(page).innerText()).split(' ')[0]);
  await expect(
    explorer(page).locator('.astrodata-map-wall canvas[data-painted]').first()
  ).toBeVisible();
  await canvas(page).focus();
  await page.keyboard.press('2');
  const labels = explorer(page).getByRole('group', { name: 'Labels' });
  await expect(labels).toContainText(`${count} labelled glitch`);
  const said = 'print("LOG", len(log.table()), log.counts().get("glitch", 0))';
  expect(await printed(page, said, 'LOG')).toBe(`${count} ${count}`);
  await canvas(page).focus();
  await page.keyboard.press('u');
  await expect(labels).toContainText('undone');
  await page.keyboard.press('Shift+U');
  await expect(labels.getByRole('button', { name: 'Label as glitch' })).toContainText(`${count}`);

  // Close the tab with its kernel, come back, run the cell: all is there, and one goes on.
  await page.notebook.save();
  await page.notebook.close();
  await page.menu.clickMenuItem('Kernel>Shut Down All Kernels…').catch(() => undefined);
  const confirm = page.getByRole('button', { name: /Shut Down/ });
  if (await confirm.isVisible()) {
    await confirm.click();
  }
  await newNotebook(page);
  await runCell(page, PULSES);
  await painted(page);
  await expect(explorer(page).getByRole('button', { name: 'Label as glitch' })).toContainText(
    `${count}`
  );
  await explorer(page).getByLabel('Select by a condition').fill('z1 > 1.9');
  await page.keyboard.press('Enter');
  await expect(chosen(page)).toContainText('of 600 selected');
  const more = Number((await chosen(page).innerText()).split(' ')[0]);
  await canvas(page).focus();
  await page.keyboard.press('1');
  await expect(labels).toContainText(`${more} labelled pulse`);
});

test('shares a selection with another cell, and answers while a cell runs', async ({ page }) => {
  test.setTimeout(180000);
  await newNotebook(page);
  await runCell(page, PULSES);
  await painted(page);
  await runCell(page, 'second = adk.LatentExplorer(z[:, ::-1], events=traces, tab="map"); second');
  await painted(page);
  await explorer(page).getByLabel('Select by a condition').fill('z0 > 1.5');
  await page.keyboard.press('Enter');
  await expect(chosen(page)).toContainText('of 600 selected');
  const text = await chosen(page).innerText();
  const first = page.locator('.astrodata-latent').first();
  await expect(first.locator('.astrodata-map-chosen')).toHaveText(text);

  await startCell(
    page,
    'import time\nwhile not len(second.selected) == 600: time.sleep(0.05)\nprint("SEEN")'
  );
  await explorer(page).getByLabel('Select by a condition').fill('z0 > -9');
  await page.keyboard.press('Enter');
  await expect(chosen(page)).toHaveText('600 of 600 selected');
  await expect(page.getByText('SEEN', { exact: true })).toBeVisible();
});
