import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { type IJupyterLabPageFixture, expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { emptyCatalogue, newNotebook, openPanel, runCell } from './steps';

/** Blocks of which one goes on until somebody cancels it, or lays a file beside it. */
const BLOCKS = `
import pathlib
import time
import astrodata_kernel as adk


@adk.pipeline.block(stage="ingest", outputs=("numbers",))
def count(*, amount: int = 3) -> list[int]:
    return list(range(amount))


@adk.pipeline.block(outputs=("total",))
def slow(numbers, *, gate: str, work=None):
    """Add up, as soon as the gate is open."""
    work.progress(0.4, "waiting at the gate")
    while not pathlib.Path(gate).exists():
        work.check()
        time.sleep(0.05)
    return sum(numbers)
`;

const PIPELINE = `
astrodata: 1
name: sums
description: Adds up.
parameters: {amount: 4, gate: "no gate"}
steps:
  count: {block: "slowblocks:count", with: {amount: "\${amount}"}}
  total: {block: "slowblocks:slow", from: count, with: {gate: "\${gate}"}}
`;

const HOSTILE_RUNS = `
from astrodata_kernel.runs import RunFolder

bad = "<img src=x onerror=alert(1)>" + "a_long_name_without_a_space" * 4
step = {"block": bad, "state": "running", "share": 0.3, "text": bad, "error": bad, "notes": [bad],
        "metrics": {bad: 1.5}, "tests": {bad: {"ok": False, "summary": bad}}}
RunFolder.create("..", bad, {"steps": {bad: step}, "parameters": {bad: bad}, "notes": [bad]})
`;

const MODELS = `
from pathlib import Path

import astrodata_kernel as adk
from sklearn.linear_model import LinearRegression

# What makes the folder that the server shows the workspace of this notebook too.
Path("../astrodata/runs").mkdir(parents=True, exist_ok=True)
tracker = adk.tracking.Tracker(system_metrics=None)
with tracker.run() as run:
    run.metrics({"rmse": 0.5})
    kept = run.model(LinearRegression().fit([[0], [1]], [0, 2]), example=[[0.0], [1.0]])
registry = adk.tracking.Registry(tracker)
for reason in ("the first", "half the error"):
    made = registry.register(run, kept, "line", lineage_hash="sha256:" + "a" * 64)
    registry.promote("line", made.version, reason=reason)
`;

const section = (panel: Locator, name = 'Runs'): Locator => panel.getByRole('region', { name });

const rows = (panel: Locator): Locator =>
  section(panel)
    .getByRole('list', { name: 'Runs' })
    .getByRole('button', { name: /^sums,/ });

const cell = (page: IJupyterLabPageFixture, text: string): Locator =>
  page.locator('.jp-CodeCell').filter({ hasText: text });

/** A notebook beside a pipeline and its blocks; gives the panel and the path of the gate. */
async function withPipeline(
  page: IJupyterLabPageFixture,
  tmpPath: string
): Promise<{ panel: Locator; gate: string }> {
  await page.contents.uploadContent(PIPELINE, 'text', `${tmpPath}/sums.yaml`);
  await page.contents.uploadContent(BLOCKS, 'text', `${tmpPath}/slowblocks.py`);
  const panel = await openPanel(page);
  await newNotebook(page);
  await openPanel(page);
  await runCell(page, 'import pathlib; print("here:", pathlib.Path.cwd())');
  const said = await cell(page, 'pathlib.Path.cwd()').locator('.jp-OutputArea').innerText();
  const here = /here: (.*)/.exec(said)![1].trim();
  return { panel, gate: path.join(here, `gate-${Date.now()}`) };
}

/** Choose the pipeline in the panel, with the mouse. */
async function runFromPanel(panel: Locator, tmpPath: string, gate: string): Promise<void> {
  await section(panel).getByRole('button', { name: 'Run pipeline…' }).click();
  await section(panel)
    .getByRole('button', { name: `${tmpPath}/sums.yaml` })
    .click();
  const form = section(panel).getByRole('form', { name: 'sums' });
  await expect(form.getByRole('textbox', { name: 'amount' })).toHaveValue('4');
  await form.getByRole('textbox', { name: 'gate' }).fill(gate);
  await form.getByRole('button', { name: 'Run', exact: true }).click();
}

/** What overflows an element sideways, in pixels. */
const overflow = (element: Locator): Promise<number> =>
  element.evaluate(node => node.scrollWidth - node.clientWidth);

/** Make the panel 250 pixels wide, as a person does. */
async function narrow(page: IJupyterLabPageFixture, panel: Locator): Promise<void> {
  const handle = page.locator('#jp-main-split-panel > .lm-SplitPanel-handle').first();
  const box = (await panel.boundingBox())!;
  const grip = (await handle.boundingBox())!;
  await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 250, grip.y + grip.height / 2, { steps: 5 });
  await page.mouse.up();
  await expect.poll(async () => (await panel.boundingBox())!.width).toBeLessThan(260);
}

test.beforeEach(({ page }) => emptyCatalogue(page));

test.describe('The Runs section of the panel', () => {
  test('teaches how to run a pipeline where none has run', async ({ page }) => {
    const panel = await openPanel(page);
    await expect(section(panel)).toContainText('No pipeline has run here yet');
    await expect(section(panel)).toContainText('Pipeline.from_yaml("pipeline.yaml").run()');
    await expect(section(panel, 'Models')).toContainText('No model is registered yet');
  });

  test('runs a pipeline, watches it, cancels it and runs it again', async ({ page, tmpPath }) => {
    const { panel, gate } = await withPipeline(page, tmpPath);
    await runFromPanel(panel, tmpPath, gate);

    // The cell is there to be read, and the row tells how far it is.
    const first = cell(page, 'Pipeline.from_yaml("sums.yaml").run(');
    await expect(first).toHaveCount(1);
    await expect(first).toContainText(`gate=${JSON.stringify(gate)}`);
    const row = rows(panel).first();
    await expect(row).toHaveAccessibleName(/^sums, running, 70 %, total: waiting at the gate, /);
    const bar = section(panel).getByRole('progressbar', { name: 'Progress of sums' });
    await expect(bar).toHaveAttribute('aria-valuenow', '70');
    await row.click();
    const details = section(panel).getByRole('group', { name: /^Run \d{8}-/ });
    await expect(details.getByRole('listitem').nth(0)).toContainText(/count.*done/s);
    await expect(details.getByRole('listitem').nth(1)).toContainText(/total.*running.*40 %/s);

    await details.getByRole('button', { name: 'Cancel' }).click();
    await expect(row).toHaveAccessibleName(/^sums, cancelled, 1 computed, took /);
    await expect(details.getByRole('listitem').nth(1)).toContainText('cancelled');
    await expect(details.getByRole('button', { name: 'Cancel' })).toHaveCount(0);
    await expect(bar).toHaveCount(0);
    await expect(first.locator('.jp-OutputArea')).toContainText('Cancelled');
    await expect(first.locator('.jp-OutputArea')).toContainText('was cancelled');

    // Again, with the gate open: it goes on from what was done.
    writeFileSync(gate, '');
    await details.getByRole('button', { name: 'Run again' }).click();
    await expect(rows(panel)).toHaveCount(2);
    await expect(row).toHaveAccessibleName(/^sums, done, 1 computed, 1 as before, took /);
    const again = cell(page, 'Pipeline.from_yaml("sums.yaml").run(').nth(1);
    await expect(again).toContainText(/amount=4, gate=/);
    await row.click();
    await expect(details.getByRole('listitem').nth(0)).toContainText('as before');
    await expect(details.getByRole('listitem').nth(1)).toContainText('done');

    // A third time there is nothing left to do.
    await details.getByRole('button', { name: 'Run again' }).click();
    await expect(rows(panel)).toHaveCount(3);
    await expect(row).toHaveAccessibleName(/^sums, done, all as before, took /);
  });

  test('is walked, opened, run and cancelled with the keyboard alone', async ({
    page,
    tmpPath
  }) => {
    const { panel, gate } = await withPipeline(page, tmpPath);
    await section(panel).getByRole('button', { name: 'Run pipeline…' }).focus();
    await page.keyboard.press('Enter');
    await expect(
      section(panel).getByRole('list', { name: 'Pipelines' }).getByRole('button').first()
    ).toBeFocused();
    await section(panel)
      .getByRole('button', { name: `${tmpPath}/sums.yaml` })
      .focus();
    await page.keyboard.press('Enter');
    await expect(section(panel).getByRole('textbox', { name: 'amount' })).toBeFocused();
    await page.keyboard.press('Tab');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(gate);
    await page.keyboard.press('Enter');
    const row = rows(panel).first();
    await expect(row).toHaveAccessibleName(/^sums, running, 70 %/);
    await row.focus();
    await page.keyboard.press('Enter');
    await expect(row).toHaveAttribute('aria-expanded', 'true');
    await page.keyboard.press('Tab');
    await expect(section(panel).getByRole('checkbox')).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(section(panel).getByRole('button', { name: 'Cancel' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(row).toHaveAccessibleName(/^sums, cancelled/);
    await expect(row).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(row).toHaveAttribute('aria-expanded', 'false');
    await page.keyboard.press('End');
    await expect(row).toBeFocused();
  });

  test('draws the lineage of a run and compares runs that MLflow has', async ({
    page,
    tmpPath
  }) => {
    const { panel, gate } = await withPipeline(page, tmpPath);
    writeFileSync(gate, '');
    const run = `adk.pipeline.Pipeline.from_yaml("sums.yaml").run(gate=${JSON.stringify(gate)}, workspace="..", track=`;
    await runCell(page, `import astrodata_kernel as adk\n_ = ${run}False)`);
    await expect(rows(panel)).toHaveCount(1);
    await runCell(page, `_ = ${run}True, amount=5)`);
    await runCell(page, `_ = ${run}True, amount=5)`);
    await expect(rows(panel)).toHaveCount(3);
    await rows(panel).first().click();
    await section(panel).getByRole('button', { name: 'Lineage' }).click();
    const drawn = cell(page, 'adk.pipeline.Run.of(').locator('.jp-OutputArea svg');
    await expect(drawn.first()).toBeVisible();

    const boxes = section(panel).getByRole('checkbox');
    const compare = section(panel).getByRole('group', { name: 'Compare runs' });
    await boxes.nth(0).check();
    await expect(compare).toContainText('Choose one more run');
    await boxes.nth(2).check();
    await expect(compare).toContainText('has no run in MLflow');
    await expect(compare.getByRole('button', { name: 'Compare' })).toBeDisabled();
    await boxes.nth(2).uncheck();
    await boxes.nth(1).check();
    await compare.getByRole('button', { name: 'Compare' }).click();
    const beside = cell(page, 'adk.tracking.compare([');
    await expect(beside.locator('.jp-OutputArea table')).toBeVisible();

    // What would start a web server is written down, and left to the person.
    await section(panel).getByRole('button', { name: 'Open in MLflow…' }).click();
    const command = cell(page, '!mlflow ui --backend-store-uri sqlite:///../astrodata/mlflow.db');
    await expect(command).toBeVisible();
    await expect(command.locator('.jp-InputArea-prompt').first()).toHaveText('[ ]:');
  });

  test('shows hostile names as text, and fits into a narrow panel in both themes', async ({
    page
  }) => {
    let asked = false;
    page.on('dialog', dialog => {
      asked = true;
      void dialog.dismiss();
    });
    const panel = await openPanel(page);
    await newNotebook(page);
    await openPanel(page);
    await page.contents.uploadContent(HOSTILE_RUNS, 'text', 'hostile_runs.py');
    await runCell(page, '%run ../hostile_runs.py');
    const row = section(panel).getByRole('button', { name: /onerror=alert/ });
    await expect(row).toBeVisible();
    await row.click();
    const details = section(panel).getByRole('group', { name: /^Run \d{8}-/ });
    await expect(details.getByRole('listitem').first()).toContainText('<img src=x');
    await expect(section(panel).locator('img')).toHaveCount(0);
    for (const dark of [false, true]) {
      if (dark) {
        await page.theme.setDarkTheme();
      }
      await narrow(page, panel);
      expect(await overflow(panel)).toBe(0);
      expect(await overflow(panel.locator('.jp-astrodata-lab-scroll'))).toBe(0);
    }
    expect(asked).toBe(false);
  });
});

test.describe('The Models section of the panel', () => {
  test('lists versions with their aliases and reasons, and loads one', async ({ page }) => {
    await newNotebook(page);
    const panel = await openPanel(page);
    await page.contents.uploadContent(MODELS, 'text', 'make_models.py');
    await runCell(page, '%run ../make_models.py');
    const models = section(panel, 'Models');
    await panel.getByRole('button', { name: 'Refresh' }).click();
    const row = models.getByRole('button', { name: /^line, 2 versions, champion is version 2/ });
    await expect(row).toBeVisible();
    await row.focus();
    await page.keyboard.press('Enter');
    const versions = models.getByRole('list', { name: 'Versions' }).getByRole('listitem');
    await expect(versions.nth(0)).toContainText('half the error');
    await expect(versions.nth(0)).toContainText('rmse 0.5');
    await expect(versions.nth(1)).toContainText('challenger');
    await models.getByRole('button', { name: 'Load version 2' }).click();
    const loaded = cell(page, '.load("line", "champion")');
    await expect(loaded.locator('.jp-OutputArea')).toContainText('LinearRegression');
    expect(await overflow(panel)).toBe(0);
  });
});
