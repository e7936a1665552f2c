import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { test } from './samePage';
import { colours, newNotebook, pixelsOf, runCell, startCell } from './steps';

/** A labeller of made traces; the log lies beside the notebook, where a new kernel finds it again. */
const SHOW = (more = ''): string => `
import os, numpy as np, astrodata_kernel as adk
from astrodata_kernel.labels import LabelLog
time = np.linspace(0, 1, 400)
rng = np.random.default_rng(3)
traces = np.stack([np.exp(-((time - m) / 0.03) ** 2) for m in rng.uniform(0.1, 0.9, 4000)]) + rng.normal(scale=0.1, size=(4000, 400))
traces = traces.astype("f4")
log = LabelLog("labels-here", annotator="ann", classes=["glitch", "noise"])
labeller = adk.Labeller(traces, log, repeat=0, ${more})
labeller`;

const labeller = (page: IJupyterLabPageFixture): Locator => page.locator('.astrodata-label').last();
const stage = (page: IJupyterLabPageFixture): Locator =>
  labeller(page).locator('.astrodata-label-stage');
const title = (page: IJupyterLabPageFixture): Locator =>
  labeller(page).locator('.astrodata-label-title');
const status = (page: IJupyterLabPageFixture): Locator =>
  labeller(page).locator('.astrodata-label-status');
const bar = (page: IJupyterLabPageFixture): Locator => labeller(page).getByLabel('Progress');
const canvas = (page: IJupyterLabPageFixture): Locator =>
  labeller(page).locator('.astrodata-label-canvas');

async function ready(page: IJupyterLabPageFixture): Promise<void> {
  await expect(title(page)).toHaveText(/^Event /);
  await expect(labeller(page)).toHaveAttribute('aria-busy', 'false');
}

async function show(page: IJupyterLabPageFixture, source = SHOW()): Promise<void> {
  await newNotebook(page);
  await runCell(page, source);
  await ready(page);
}

async function type(page: IJupyterLabPageFixture, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    await page.keyboard.press(key);
  }
}

/** What Python prints of an expression. */
async function said<T>(page: IJupyterLabPageFixture, expression: string): Promise<T> {
  const mark = `SAID${Math.random().toString(36).slice(2)}`;
  await startCell(page, `import json\nprint("${mark}", json.dumps(${expression}))`);
  const output = page.locator('.jp-OutputArea-output pre').filter({ hasText: mark });
  await expect(output).toBeVisible({ timeout: 30000 });
  return JSON.parse((await output.innerText()).replace(mark, '')) as T;
}

/** Run the first cell again, as one does after coming back. */
async function runFirstCell(page: IJupyterLabPageFixture): Promise<void> {
  await page.locator('.jp-Notebook .jp-CodeCell .cm-content').first().click();
  await page.keyboard.press('Control+Enter');
}

test.describe('The labeller', () => {
  test('labels by keyboard alone, undoes, skips, takes notes, and goes on after the tab was closed', async ({
    page
  }) => {
    test.setTimeout(240000);
    await show(page);
    await expect.poll(() => colours(canvas(page))).toBeGreaterThan(4);
    await stage(page).focus();
    await type(page, '1', '2', '2', 'u', '1', 's', 'n');
    await expect(labeller(page).getByRole('textbox', { name: 'Note' })).toBeFocused();
    await page.keyboard.type('twin 1 peak');
    await type(page, 'Enter', '-', '2', '?');
    await expect(labeller(page).getByRole('dialog', { name: 'Keys' })).toContainText('undo');
    await type(page, 'Escape');
    await expect(title(page)).toHaveText('Event 5');
    await expect(bar(page)).toContainText('4 of 4,000 labelled, 1 skipped, 3,995 left');
    await expect(bar(page)).toContainText('all saved');
    const table =
      '[[int(r.id), r.label, r.note if isinstance(r.note, str) else None] for r in log.table().itertuples()]';
    expect(await said(page, table)).toEqual([
      [0, 'glitch', null],
      [1, 'noise', null],
      [2, 'glitch', null],
      [4, 'noise', 'twin 1 peak']
    ]);
    expect(await said(page, '[labeller.current, labeller.remaining, labeller.counts]')).toEqual([
      5,
      3995,
      { glitch: 2, noise: 2 }
    ]);

    // The tab is closed and opened again; the kernel begins anew as well.
    await page.notebook.save();
    // Galata would wait for a launcher, which a restored notebook hides.
    await page.reload({ waitForIsReady: false } as object);
    await expect(page.getByText('| Idle').first()).toBeVisible({ timeout: 60000 });
    await newKernel(page);
    await runFirstCell(page);
    await expect(title(page)).toHaveText('Event 5', { timeout: 60000 });
    await expect(bar(page)).toContainText('4 of 4,000 labelled, 1 skipped, 3,995 left');
    await stage(page).focus();
    await type(page, '1');
    await expect(status(page)).toHaveText('saved event 5: glitch');
    await type(page, 'u', 'u');
    await expect(status(page)).toHaveText('undone: event 4: no label');
    await expect(title(page)).toHaveText('Event 4');
    if (process.env.ASTRODATA_SHOTS) {
      await labeller(page).screenshot({ path: `${process.env.ASTRODATA_SHOTS}/label-light.png` });
    }
  });

  test('keeps the order of what is typed at once, and works while a cell runs', async ({
    page
  }) => {
    await show(page);
    // The cell ends only when the labels have reached Python.
    await startCell(
      page,
      `
import time as clock
end = clock.time() + 60
while clock.time() < end and len(labeller.selected) < 30: sum(range(1000))
print("in time", clock.time() < end)`
    );
    await expect(page.getByText('| Busy').first()).toBeVisible();
    await stage(page).focus();
    const keys = Array.from({ length: 30 }, (_, i) => (i % 3 === 0 ? '2' : '1'));
    await type(page, ...keys);
    await expect(page.getByText('in time True')).toBeVisible({ timeout: 60000 });
    await expect(bar(page)).toContainText('30 of 4,000 labelled');
    await expect(bar(page)).toContainText('all saved');
    const labels = await said<[number, string][]>(
      page,
      '[[int(r.id), r.label] for r in log.events().itertuples() if r.do == "put"]'
    );
    expect(labels).toEqual(keys.map((key, i) => [i, key === '1' ? 'glitch' : 'noise']));
  });

  test('tells that the disk is full, keeps the event unlabelled, and saves it afterwards', async ({
    page
  }) => {
    await show(page);
    await stage(page).focus();
    await type(page, '1');
    await expect(status(page)).toHaveText('saved event 0: glitch');
    // No file may grow: as on a full disk.
    await runCell(
      page,
      'import resource\nbefore = resource.getrlimit(resource.RLIMIT_FSIZE)\nresource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))'
    );
    await stage(page).focus();
    await type(page, '2');
    await expect(labeller(page).getByRole('alert')).toContainText('cannot be written');
    await expect(bar(page)).toContainText('1 not saved');
    await expect(bar(page)).toContainText('1 of 4,000 labelled');
    await runCell(page, 'resource.setrlimit(resource.RLIMIT_FSIZE, before)');
    await labeller(page).getByRole('button', { name: 'Try again' }).click();
    await expect(status(page)).toHaveText('saved event 1: noise');
    await expect(bar(page)).toContainText('2 of 4,000 labelled');
  });

  test('marks intervals, boxes and polygons, and changes the classes', async ({ page }) => {
    test.setTimeout(240000);
    await show(page);
    await stage(page).focus();
    await type(page, 'r');
    const box = (await canvas(page).boundingBox())!;
    const drag = async (x0: number, y0: number, x1: number, y1: number): Promise<void> => {
      await page.mouse.move(box.x + x0 * box.width, box.y + y0 * box.height);
      await page.mouse.down();
      await page.mouse.move(box.x + x1 * box.width, box.y + y1 * box.height, { steps: 5 });
      await page.mouse.up();
    };
    await drag(0.4, 0.4, 0.6, 0.5);
    await expect(status(page)).toContainText('Press the key of the class');
    await type(page, '2');
    await expect(status(page)).toHaveText('saved event 0: a region as noise');
    const [{ region, label }] = await said<{ region: Record<string, number>; label: string }[]>(
      page,
      'log.said_of(0)["regions"]'
    );
    expect([region.kind, label]).toEqual(['interval', 'noise']);
    expect(region.stop - region.start).toBeGreaterThan(60);

    await labeller(page).getByRole('button', { name: 'Change the classes' }).click();
    await labeller(page).getByLabel('New class').fill('blip');
    await page.keyboard.press('Enter');
    await expect(labeller(page).getByRole('button', { name: 'blip', exact: true })).toBeVisible();
    await labeller(page).getByLabel('Name of noise').fill('hum');
    await page.keyboard.press('Tab');
    await expect(labeller(page).getByRole('button', { name: 'hum', exact: true })).toBeVisible();
    await stage(page).focus();
    await type(page, 'Escape', '3');
    await expect(status(page)).toHaveText('saved event 0: blip');
    expect(await said(page, 'list(log.label_set.names)')).toEqual(['glitch', 'hum', 'blip']);

    await runCell(
      page,
      `
images = rng.normal(size=(40, 32, 32)) + 8 * np.exp(-((np.mgrid[:32, :32] - 16) ** 2).sum(axis=0) / 20)
boxes = LabelLog("boxes", annotator="ann", classes=["star", "galaxy"])
adk.Labeller(images.astype("f4"), boxes)`
    );
    await ready(page);
    await expect.poll(() => colours(canvas(page))).toBeGreaterThan(20);
    await stage(page).focus();
    await canvas(page).scrollIntoViewIfNeeded();
    Object.assign(box, await canvas(page).boundingBox());
    await type(page, 'r');
    await drag(0.45, 0.3, 0.55, 0.7);
    await type(page, '1');
    await expect(status(page)).toHaveText('saved event 0: a region as star');
    await type(page, 'p');
    for (const [x, y] of [
      [0.45, 0.3],
      [0.55, 0.3],
      [0.5, 0.7]
    ]) {
      await page.mouse.click(box.x + x * box.width, box.y + y * box.height);
    }
    await type(page, 'Enter', '2');
    await expect(status(page)).toHaveText('saved event 0: a region as galaxy');
    const kinds = '[r["region"]["kind"] for r in boxes.said_of(0)["regions"]]';
    expect(await said(page, kinds)).toEqual(['box', 'polygon']);
  });

  test('hides score and others from the blind, and keeps to the dark theme and a narrow place', async ({
    page
  }) => {
    test.setTimeout(240000);
    await page.theme.setDarkTheme();
    await show(
      page,
      SHOW('scores=np.arange(4000.0)').replace(
        'labeller = ',
        'LabelLog("labels-here", annotator="bob").put(3999, "noise")\nlabeller = '
      )
    );
    await expect(title(page)).toHaveText('Event 3999');
    const side = labeller(page).getByLabel('Event', { exact: true });
    await expect(side).toContainText('3999');
    await expect(side).toContainText('bob');
    await labeller(page).getByLabel('Blind').check();
    await expect(side).not.toContainText('bob');
    await expect(side).not.toContainText('score');
    const { at, width } = await pixelsOf(canvas(page));
    expect(Math.max(...at(width - 20, 14))).toBeLessThan(80);
    await stage(page).focus();
    await type(page, '1', '2', '1', 's');
    await expect(bar(page)).toContainText('all saved');
    if (process.env.ASTRODATA_SHOTS) {
      await labeller(page).screenshot({ path: `${process.env.ASTRODATA_SHOTS}/label-dark.png` });
    }
    await runCell(
      page,
      'import ipywidgets\nipywidgets.VBox([labeller], layout=ipywidgets.Layout(width="360px"))'
    );
    await ready(page);
    const width360 = async (): Promise<number> => (await labeller(page).boundingBox())!.width;
    await expect.poll(width360).toBeLessThanOrEqual(360); // once the cell has shown its own
    await ready(page);
    const outer = (await labeller(page).boundingBox())!;
    for (const part of ['.astrodata-label-stage', '.astrodata-label-side', '.astrodata-toolbar']) {
      const inner = (await labeller(page).locator(part).boundingBox())!;
      expect(inner.x + inner.width).toBeLessThanOrEqual(outer.x + outer.width + 1);
    }
    if (process.env.ASTRODATA_SHOTS) {
      await labeller(page).screenshot({ path: `${process.env.ASTRODATA_SHOTS}/label-narrow.png` });
    }
  });

  test('loses no label that the screen acknowledged when the kernel is killed 20 times', async ({
    page
  }) => {
    test.setTimeout(900000);
    // All that the screen ever says was saved, from whichever view.
    await page.evaluate(() => {
      const seen: string[] = ((window as unknown as { acknowledged: string[] }).acknowledged = []);
      new MutationObserver(records => {
        for (const { target, addedNodes } of records) {
          if ((target as Element).classList?.contains('astrodata-label-status')) {
            addedNodes.forEach(node => seen.push(node.textContent ?? ''));
          }
        }
      }).observe(document.body, { childList: true, subtree: true });
    });
    const saved = (): Promise<number> =>
      page.evaluate(
        () =>
          (window as unknown as { acknowledged: string[] }).acknowledged.filter(text =>
            text.startsWith('saved event')
          ).length
      );
    await newNotebook(page);
    await runCell(page, `${SHOW()}\nprint("PID", os.getpid())\ndisplay(labeller)`);
    for (let round = 0; round < 20; round++) {
      await ready(page);
      const printed = page.locator('.jp-OutputArea-output pre').filter({ hasText: 'PID' });
      const pid = Number((await printed.innerText()).replace('PID', ''));
      await stage(page).focus();
      // The keyboard goes on while the kernel dies somewhere in between.
      const before = await saved();
      const count = 6 + Math.floor(Math.random() * 26);
      for (let i = 0; i < count; i++) {
        await page.keyboard.press(Math.random() < 0.5 ? '1' : '2');
      }
      const some = Math.floor(Math.random() * 5);
      await expect.poll(saved, { intervals: [10] }).toBeGreaterThanOrEqual(before + some);
      process.kill(pid, 'SIGKILL');
      await type(page, '1', '2');
      await revived(page);
      await page.evaluate(() =>
        window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')
      );
      await expect(printed).toHaveCount(0);
      await runFirstCell(page);
      await expect(printed).toHaveCount(1, { timeout: 60000 });
    }
    await ready(page);
    const acknowledged = (
      await page.evaluate(() => (window as unknown as { acknowledged: string[] }).acknowledged)
    )
      .map(text => /^saved event (\d+): (glitch|noise)$/.exec(text))
      .filter(found => found !== null)
      .map(([, event, label]) => [Number(event), label]);
    expect(acknowledged.length).toBeGreaterThan(40);
    await page.notebook.addCell('code', '');
    const known = await said<Record<string, string>>(page, 'log.labelled()');
    expect(acknowledged.filter(([event, label]) => known[event] !== label)).toEqual([]);
    // No log is unreadable: beyond half a last line there is nothing to complain about.
    const warnings = await said<string[]>(page, 'log.warnings');
    expect(warnings.filter(text => !text.includes('cut while it was written'))).toEqual([]);
    console.log(
      `    ${acknowledged.length} labels acknowledged, ${Object.keys(known).length} in the log`
    );
  });
});

/** Give the notebook another kernel, as its menu does. */
async function newKernel(page: IJupyterLabPageFixture): Promise<void> {
  await page.evaluate(async () => {
    const panel = window.jupyterapp.shell.currentWidget as unknown as {
      sessionContext: {
        ready: Promise<void>;
        changeKernel(options: { name: string }): Promise<{ info: Promise<unknown> }>;
      };
    };
    await panel.sessionContext.ready;
    const kernel = await panel.sessionContext.changeKernel({ name: 'python3' });
    await kernel.info;
  });
  await expect(page.getByText('| Idle').first()).toBeVisible({ timeout: 60000 });
}

/** The server notices that the kernel is dead and begins another one, which the page tells. */
async function revived(page: IJupyterLabPageFixture): Promise<void> {
  const dialog = page.locator('.jp-Dialog').filter({ hasText: 'Kernel Restarting' });
  await expect(dialog).toBeVisible({ timeout: 60000 });
  await dialog.getByRole('button', { name: 'Ok' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText('| Idle').first()).toBeVisible({ timeout: 60000 });
}
