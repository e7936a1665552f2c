import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { type IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Locator, Page } from '@playwright/test';
import { PNG } from 'pngjs';

export const EXAMPLES = path.resolve(__dirname, '../../examples/data');
export const TEST_DATA = path.resolve(__dirname, '../../tests/data');

/** Python that makes a run, a model and a label session of a data set's first events, in a workspace. */
export const oneOfEach = (workspace: string, dataset: string): string => `
import astrodata_kernel as adk
from pathlib import Path
from sklearn.linear_model import LinearRegression

Path("${workspace}/astrodata/runs").mkdir(parents=True, exist_ok=True)


@adk.pipeline.block(stage="ingest")
def count(*, amount: int = 3) -> int:
    return amount


made = adk.pipeline.Pipeline("sums").add("count", count).run(workspace="${workspace}", progress=False)
tracker = adk.tracking.Tracker(system_metrics=None)
with tracker.run() as run:
    kept = run.model(LinearRegression().fit([[0], [1]], [0, 2]), example=[[0.0], [1.0]])
_ = adk.tracking.Registry(tracker).register(run, kept, "line")
log = adk.labels.session("${dataset}", dataset="${dataset}", classes=["normal", "anomaly"])
log.put(range(7), "normal")
`;

/** The AstroData panel, brought to the front by its tab as a person would. */
export async function openPanel(page: IJupyterLabPageFixture): Promise<Locator> {
  const panel = page.getByRole('region', { name: 'AstroData' });
  if (!(await panel.isVisible())) {
    await page.getByRole('tab', { name: 'AstroData' }).click();
  }
  await expect(panel).toBeVisible();
  return panel;
}

export const datasets = (panel: Locator): Locator => panel.getByRole('list', { name: 'Datasets' });

/** Begin without data sets: the catalogue lies in the server's root, which all tests share. */
export async function emptyCatalogue(page: IJupyterLabPageFixture): Promise<void> {
  if (await page.contents.directoryExists('astrodata')) {
    await page.contents.deleteDirectory('astrodata');
    const panel = await openPanel(page);
    await panel.getByRole('button', { name: 'Refresh' }).click();
    await expect(datasets(panel)).toHaveCount(0);
  }
}

/** Drop files of this machine on an element, as a desktop's file manager does. */
export async function dropFromDesktop(
  target: Locator,
  files: { name: string; bytes: Buffer; modified?: number }[]
): Promise<void> {
  const transfer = await target.page().evaluateHandle(
    list => {
      const data = new DataTransfer();
      for (const { name, base64, modified } of list) {
        const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
        data.items.add(new File([bytes], name, { lastModified: modified ?? Date.now() }));
      }
      return data;
    },
    files.map(({ name, bytes, modified }) => ({
      name,
      base64: bytes.toString('base64'),
      modified
    }))
  );
  for (const type of ['dragenter', 'dragover', 'drop']) {
    await target.dispatchEvent(type, { dataTransfer: transfer });
  }
}

export const fileOf = (folder: string, name: string): { name: string; bytes: Buffer } => ({
  name: path.basename(name),
  bytes: readFileSync(path.join(folder, name))
});

/** Move the mouse from one element to another with the button down, through points on the way. */
export async function drag(
  page: Page,
  from: Locator,
  to: Locator,
  through: Locator[] = []
): Promise<void> {
  await from.hover();
  await page.mouse.down();
  for (const place of [...through, to]) {
    const box = await place.boundingBox();
    if (!box) {
      throw new Error(`nothing to drag to: ${place}`);
    }
    const [x, y] = [box.x + box.width / 2, box.y + Math.min(box.height / 2, 60)];
    // Lumino starts a drag after some pixels, and enters a target with a move inside it.
    await page.mouse.move(x - 12, y - 6, { steps: 8 });
    await page.mouse.move(x, y, { steps: 4 });
    if (place !== to) {
      await expect(to).toBeVisible();
    }
  }
  await page.mouse.up();
}

export async function newNotebook(page: IJupyterLabPageFixture): Promise<string> {
  const name = await page.notebook.createNew();
  if (!name) {
    throw new Error('no notebook was created');
  }
  await expect(page.getByText('| Idle').first()).toBeVisible();
  return name;
}

/** Write a cell at the end of the notebook and run it, without waiting for its end. */
export async function startCell(page: IJupyterLabPageFixture, source: string): Promise<void> {
  const cells = page.locator('.jp-Notebook .jp-CodeCell');
  await cells.last().locator('.cm-content').click();
  // At once, as a paste does: key by key takes as long as all the rest of a test.
  await page.evaluate(text => {
    const { content } = window.jupyterapp.shell.currentWidget as NotebookPanel;
    content.activeCell!.model.sharedModel.setSource(text);
  }, source);
  await page.keyboard.press('Shift+Enter');
}

/** Run a cell at the end of the notebook, to its end. */
export async function runCell(page: IJupyterLabPageFixture, source: string): Promise<void> {
  const cells = page.locator('.jp-Notebook .jp-CodeCell');
  const mine = cells.nth((await cells.count()) - 1);
  await startCell(page, source);
  // Its number is there once it has ended; "Idle" may still be that of before.
  const prompt = mine.locator('.jp-InputArea-prompt').first();
  await expect(prompt).toHaveText(/\[\d+\]/, { timeout: 60000 });
  await expect(page.getByText('| Idle').first()).toBeVisible();
}

export const picture = (page: Page): Locator =>
  page.locator('canvas[aria-label^="FITS image"]').last();

/** What is on the screen, as [red, green, blue] by position inside the element. */
export async function pixelsOf(element: Locator): Promise<{
  width: number;
  height: number;
  at: (x: number, y: number) => number[];
  data: Buffer;
}> {
  const { width, height, data } = PNG.sync.read(await element.screenshot());
  const at = (x: number, y: number): number[] => {
    const start = 4 * (Math.round(y) * width + Math.round(x));
    return [...data.subarray(start, start + 3)];
  };
  return { width, height, at, data };
}

/** How many different colours an element shows: a blank one shows few. */
export async function colours(element: Locator): Promise<number> {
  const { data } = await pixelsOf(element);
  const seen = new Set<number>();
  for (let i = 0; i < data.length; i += 4) {
    seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  }
  return seen.size;
}
