import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { Download, Locator } from '@playwright/test';
import { PNG } from 'pngjs';
import { test } from './samePage';
import { colours, newNotebook, runCell } from './steps';

const SHOW = `
import json, numpy as np, astrodata_kernel as adk
from astrodata_kernel.widgets.waveforms import WaveformViewer
traces, truth = adk.processing.waveforms.synthesize(200, seed=1)
viewer = WaveformViewer(traces)
viewer`;

const viewer = (page: IJupyterLabPageFixture): Locator =>
  page.locator('.astrodata-waveforms').last();
const panel = (page: IJupyterLabPageFixture, name: 'overview' | 'lines'): Locator =>
  viewer(page).locator(`.astrodata-waveforms-${name}`);
/** The plotting area, without its axes. */
const inside = (page: IJupyterLabPageFixture, name: 'overview' | 'lines'): Locator =>
  panel(page, name).locator('.u-over');
const control = (page: IJupyterLabPageFixture, label: string): Locator =>
  viewer(page).getByLabel(label, { exact: true });
const counted = (page: IJupyterLabPageFixture): Locator =>
  viewer(page).locator('.astrodata-waveforms-count');
const readout = (page: IJupyterLabPageFixture): Locator =>
  viewer(page).locator('.astrodata-waveforms-readout');
const rows = (page: IJupyterLabPageFixture): Locator =>
  viewer(page).locator('tbody tr[data-trace]');
const look = async (element: Locator): Promise<string> =>
  createHash('sha256')
    .update(await element.screenshot())
    .digest('hex');

async function quiet(page: IJupyterLabPageFixture): Promise<void> {
  await expect(viewer(page)).toHaveAttribute('aria-busy', 'false', { timeout: 60000 });
}

async function show(page: IJupyterLabPageFixture, source = SHOW): Promise<void> {
  await page.sidebar.close('left');
  await newNotebook(page);
  await runCell(page, source);
  await expect.poll(() => colours(inside(page, 'overview'))).toBeGreaterThan(20);
  await quiet(page);
}

async function told(page: IJupyterLabPageFixture, expression: string): Promise<string> {
  await runCell(page, `print("TOLD", ${expression})`);
  const text = await page
    .getByText(/^TOLD /)
    .last()
    .textContent();
  return text!.replace('TOLD', '').trim();
}

async function changes(
  page: IJupyterLabPageFixture,
  name: 'overview' | 'lines',
  act: () => Promise<unknown>
): Promise<void> {
  await page.mouse.move(2, 2); // no cross-hair on the picture
  const before = await look(panel(page, name));
  await act();
  await page.mouse.move(2, 2);
  await expect.poll(() => look(panel(page, name))).not.toBe(before);
  await quiet(page);
}

async function saved(page: IJupyterLabPageFixture, name: string): Promise<Download> {
  const download = page.waitForEvent('download');
  await viewer(page).getByRole('button', { name }).click();
  return download;
}

/** The numbers of the lines on show, by the names of their columns. */
async function numbers(page: IJupyterLabPageFixture): Promise<Record<string, number[]>> {
  const path = await (await saved(page, 'Save numbers as CSV')).path();
  const [head, ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  const cells = lines.map(line => line.split(',').map(Number));
  return Object.fromEntries(head.split(',').map((name, i) => [name, cells.map(row => row[i])]));
}

test.describe('The waveform viewer', () => {
  test('shows all traces, one of them, and their features', async ({ page }) => {
    await show(page);
    await expect(panel(page, 'overview')).toContainText('Persistence of 200 traces');
    await expect(panel(page, 'lines')).toContainText('Trace 0');
    await expect(counted(page)).toHaveText('200 of 200 traces');
    await expect(rows(page).first()).toHaveAttribute('data-trace', '0');
    await expect(viewer(page).locator('canvas[aria-label^="Histogram of peak"]')).toBeVisible();
    expect(await viewer(page).getByRole('alert').count()).toBe(0);
    await viewer(page).screenshot({ path: test.info().outputPath('light.png') });

    await changes(page, 'overview', () => control(page, 'All traces as').selectOption('heat map'));
    await expect(panel(page, 'overview')).toContainText('Heat map of 200 traces');
    await changes(page, 'lines', () =>
      inside(page, 'overview').click({ position: { x: 100, y: 150 } })
    );
    await expect(panel(page, 'lines')).not.toContainText('Trace 0');
  });

  test('shows the values of Python at every zoom', async ({ page, tmpPath }) => {
    await show(page);
    const whole = await numbers(page);
    expect(whole['first sample'].length).toBeGreaterThan(300);
    const given = async (seen: Record<string, number[]>): Promise<void> => {
      await page.contents.uploadContent(JSON.stringify(seen), 'text', `${tmpPath}/seen.json`);
      await runCell(
        page,
        "seen = {name: np.array(values) for name, values in json.load(open('seen.json')).items()}"
      );
    };
    await given(whole);
    const reduced = (reduce: string, which: string): string =>
      `np.array_equal(np.${reduce}.reduceat(traces[0], seen["first sample"]), seen["trace 0 ${which}"].astype("f4"))`;
    expect(await told(page, `${reduced('minimum', 'min')} and ${reduced('maximum', 'max')}`)).toBe(
      'True'
    );

    const lines = inside(page, 'lines');
    const box = (await lines.boundingBox())!;
    await changes(page, 'lines', async () => {
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      for (let i = 0; i < 6; i++) {
        await page.mouse.wheel(0, -500);
      }
    });
    const near = await numbers(page);
    expect(near.sample.length).toBeLessThan(600);
    await given(near);
    const same = 'np.array_equal(traces[0, seen["sample"]], seen["trace 0"].astype("f4"))';
    expect(await told(page, same)).toBe('True');

    await lines.hover();
    await expect(readout(page)).toContainText(/sample [\d,]+ {2}\| {2}#0: -?[\d.e-]+$/);
    const text = (await readout(page).textContent())!;
    const [, sample, value] = /sample ([\d,]+) {2}\| {2}#0: (\S+)/.exec(text)!;
    expect(await told(page, `f"{traces[0, ${sample.replace(',', '')}]:.7g}"`)).toBe(value);

    // The overview is zoomed with it; a double click shows all again.
    expect(JSON.parse(await told(page, 'json.dumps(viewer.time_range)'))[1]).toBeLessThan(9728);
    await changes(page, 'lines', () => lines.dblclick());
    expect(await told(page, 'viewer.time_range')).toBe('None');
  });

  test('zooms into a box of the persistence image', async ({ page }) => {
    await show(page);
    const box = (await inside(page, 'overview').boundingBox())!;
    await changes(page, 'overview', async () => {
      await page.mouse.move(box.x + 0.25 * box.width, box.y + 0.5 * box.height);
      await page.mouse.down();
      await page.mouse.move(box.x + 0.75 * box.width, box.y + 0.9 * box.height, { steps: 6 });
      await page.mouse.up();
    });
    const [first, last] = JSON.parse(await told(page, 'json.dumps(viewer.time_range)'));
    expect(first / 9728).toBeCloseTo(0.25, 1);
    expect(last / 9728).toBeCloseTo(0.75, 1);
    const [low, high] = JSON.parse(await told(page, 'json.dumps(viewer.value_range)'));
    expect(high).toBeLessThan(0.6);
    expect(low).toBeGreaterThan(-0.1);
  });

  test('goes from trace to trace by keys, by number and by the traces at a pixel', async ({
    page
  }) => {
    await show(page);
    const plot = panel(page, 'lines').getByRole('application');
    await plot.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect(panel(page, 'lines')).toContainText('Trace 2');
    await page.keyboard.press('ArrowLeft');
    await expect(panel(page, 'lines')).toContainText('Trace 1');
    await expect(rows(page).and(page.locator('[aria-current="true"]'))).toHaveAttribute(
      'data-trace',
      '1'
    );
    await page.keyboard.press(' ');
    await expect(panel(page, 'lines')).toContainText('Trace 3');
    await page.keyboard.press(' ');

    await control(page, 'Trace').fill('150');
    await control(page, 'Trace').press('Enter');
    await expect(panel(page, 'lines')).toContainText('Trace 150');
    await expect(rows(page).and(page.locator('[data-trace="150"]'))).toBeVisible();
    expect(await told(page, 'viewer.trace')).toBe('150');

    await control(page, 'Trace').fill('200');
    await control(page, 'Trace').press('Enter');
    await expect(viewer(page).getByRole('alert')).toContainText('There is no trace 200');

    // Where the baseline lies, many traces cross.
    const box = (await inside(page, 'overview').boundingBox())!;
    await page.mouse.click(box.x + 20, box.y + box.height - 6);
    await expect(panel(page, 'lines')).toContainText('12 traces');
    expect(await told(page, 'len(viewer.traces)')).toBe('11');
  });

  test('filters by a brush, by words, and says what is wrong with them', async ({ page }) => {
    await show(page);
    const histogram = viewer(page).locator('canvas[aria-label^="Histogram of peak"]');
    const box = (await histogram.boundingBox())!;
    await changes(page, 'overview', async () => {
      await page.mouse.move(box.x + 0.4 * box.width, box.y + 10);
      await page.mouse.down();
      await page.mouse.move(box.x + 0.8 * box.width, box.y + 10, { steps: 5 });
      await page.mouse.up();
    });
    await expect(counted(page)).not.toHaveText('200 of 200 traces');
    const count = await told(page, 'len(viewer.selection)');
    expect(Number(count)).toBeGreaterThan(0);
    expect(Number(count)).toBeLessThan(200);
    await expect(counted(page)).toHaveText(`${count} of 200 traces`);
    await expect(panel(page, 'overview')).toContainText(`Persistence of ${count} traces`);
    const first = await told(page, 'viewer.selection[0]');
    await expect(rows(page).first()).toHaveAttribute('data-trace', first);

    const filter = control(page, 'Filter');
    await filter.fill('0.01 < peak < 0.5 and pulses = 1');
    await filter.press('Enter');
    await expect(counted(page)).not.toHaveText(`${count} of 200 traces`);
    await quiet(page);
    const wanted = await told(page, 'len(viewer.table.query("0.01 < peak < 0.5 and pulses == 1"))');
    await expect(counted(page)).toHaveText(`${wanted} of 200 traces`);
    expect(await told(page, 'len(viewer.selected_table())')).toBe(wanted);

    await viewer(page).getByRole('button', { name: 'Sort by peak' }).click();
    await viewer(page).getByRole('button', { name: 'Sort by peak' }).click();
    await expect(rows(page).first()).toHaveAttribute(
      'data-trace',
      await told(page, 'viewer.selected_table().peak.idxmax()')
    );

    await filter.fill('peek > 3');
    await filter.press('Enter');
    await expect(viewer(page).getByRole('alert')).toContainText("did you mean 'peak'?");
    await expect(counted(page)).toHaveText(`${wanted} of 200 traces`);

    await filter.fill('peak > 100');
    await filter.press('Enter');
    await expect(counted(page)).toHaveText('0 of 200 traces');
    await expect(panel(page, 'overview')).toContainText('No trace passes the filter');
    await viewer(page).getByRole('button', { name: 'Clear the filter' }).click();
    await expect(counted(page)).toHaveText('200 of 200 traces');
    await expect(panel(page, 'overview')).not.toContainText('No trace');
  });

  test('stacks, aligns and explains several traces, beside what a model makes of them', async ({
    page
  }) => {
    await show(
      page,
      SHOW.replace(
        'WaveformViewer(traces)',
        'WaveformViewer(traces, model=lambda rows: rows / 2, traces=[4, 16])'
      )
    );
    await expect(panel(page, 'lines')).toContainText('3 traces');
    await changes(page, 'lines', () => control(page, 'Several traces').selectOption('stack'));
    await changes(page, 'lines', () => control(page, 'Several traces').selectOption('align'));
    await changes(page, 'lines', () => control(page, 'residual').check());
    const { 'trace 4 max': data, 'trace 4 reconstruction max': made } = await numbers(page);
    const highest = data.indexOf(Math.max(...data.filter(Number.isFinite)));
    expect(made[highest] / data[highest]).toBeCloseTo(0.5, 3);
    await changes(page, 'lines', () => rows(page).nth(2).getByRole('checkbox').check());
    expect(await told(page, 'viewer.mode, viewer.traces')).toBe('align [4, 16, 2]');
    await changes(page, 'lines', () =>
      viewer(page).getByRole('button', { name: 'Only this trace' }).click()
    );
    await expect(panel(page, 'lines')).toContainText('Trace 0');
  });

  test('follows Python, and the theme, and fits a narrow place', async ({ page }) => {
    await show(page);
    await runCell(
      page,
      "viewer.trace = 9; viewer.image = 'heat map'; viewer.colormap = 'magma'; viewer.time_range = [1000, 4000]"
    );
    await expect(control(page, 'Trace')).toHaveValue('9');
    await expect(panel(page, 'overview')).toContainText('Heat map');
    await quiet(page);
    await page.theme.setDarkTheme();
    await quiet(page);
    await runCell(page, "viewer.image = 'persistence'");
    await quiet(page);
    await viewer(page).screenshot({ path: test.info().outputPath('dark.png') });
    await page.setViewportSize({ width: 1280, height: 1400 });
    await viewer(page).evaluate(element => {
      (element as HTMLElement).style.width = '360px';
    });
    await expect
      .poll(async () => (await panel(page, 'overview').boundingBox())!.width)
      .toBeLessThanOrEqual(360);
    await quiet(page);
    const overflow = await viewer(page).evaluate(
      element => element.scrollWidth - element.clientWidth
    );
    expect(overflow).toBeLessThanOrEqual(0);
    await viewer(page).screenshot({ path: test.info().outputPath('narrow.png') });
  });

  test('saves the figure', async ({ page }) => {
    await show(page);
    const download = await saved(page, 'Save figure as PNG');
    expect(download.suggestedFilename()).toBe('array-trace-0.png');
    const picture = PNG.sync.read(readFileSync(await download.path()));
    expect(picture.width).toBeGreaterThan(400);
    expect(picture.height).toBeGreaterThan(500);
    const seen = new Set<number>();
    for (let i = 0; i < picture.data.length; i += 4) {
      seen.add(picture.data.readUIntBE(i, 3));
    }
    expect(seen.size).toBeGreaterThan(50);
  });
});
