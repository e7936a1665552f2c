import { readFileSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';
import {
  OWN,
  OwnServer,
  anotherPage,
  closeLabsWord,
  expect,
  kernelRevived,
  uncaughtIn
} from './ownServer';
import { newNotebook, openPanel, runCell } from './steps';

test.use(OWN);

const SHOW = `
import numpy as np, astrodata_kernel as adk
traces = np.random.default_rng(3).normal(size=(500, 300)).astype("f4")
log = adk.labels.session("beats", dataset="beats", classes=["glitch", "noise"], annotator="ann")
adk.Labeller(traces, log, repeat=0)`;

let server: OwnServer;

test.beforeAll(async () => {
  server = new OwnServer();
  await server.start();
});

test.afterAll(() => server.stop());

const labeller = (page: Page): Locator => page.locator('.astrodata-label').last();
const bar = (page: Page): Locator => labeller(page).getByLabel('Progress');

/** Keep all that the page ever says was saved, from whichever view. */
async function noteAcknowledged(page: Page): Promise<() => Promise<Map<number, string>>> {
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
  return async () => {
    const seen = await page.evaluate(
      () => (window as unknown as { acknowledged: string[] }).acknowledged
    );
    const found = seen.map(text => /^saved event (\d+): (\w+)$/.exec(text));
    return new Map(found.flatMap(one => (one ? [[Number(one[1]), one[2]]] : [])));
  };
}

/** What the files of the session have, read without any kernel. */
function kept(): Map<number, string> {
  const folder = path.join(server.root, 'astrodata/labels/beats');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf-8' });
  const lines = files
    .filter(name => name.endsWith('.jsonl'))
    .flatMap(name => readFileSync(path.join(folder, name), 'utf-8').split('\n').slice(0, -1));
  const puts = lines.map(line => JSON.parse(line)).filter(({ do: what }) => what === 'put');
  return new Map(puts.flatMap(({ ids, label }) => ids.map((id: number) => [id, label])));
}

/** Type labels, and wait until some of them are acknowledged; the rest is on its way. */
async function label(
  page: Page,
  acknowledged: () => Promise<Map<number, string>>,
  keys: string
): Promise<void> {
  const before = (await acknowledged()).size;
  await labeller(page).locator('.astrodata-label-stage').focus();
  for (const key of keys) {
    await page.keyboard.press(key);
  }
  await expect.poll(async () => (await acknowledged()).size - before).toBeGreaterThanOrEqual(4);
}

/** What was acknowledged and is not in the files as it was. */
async function lost(acknowledged: () => Promise<Map<number, string>>): Promise<unknown[]> {
  const there = kept();
  return [...(await acknowledged())].filter(([id, name]) => there.get(id) !== name);
}

/** Show the labeller again, as one does after coming back, and give how many labels it says there are. */
async function showAgain(page: IJupyterLabPageFixture): Promise<number> {
  await page.evaluate(() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs'));
  await expect(page.locator('.astrodata-label')).toHaveCount(0);
  await page.locator('.jp-Notebook .jp-CodeCell .cm-content').first().click();
  await page.keyboard.press('Control+Enter');
  await expect(bar(page)).toContainText(/\d+ of 500 labelled/);
  return Number(/(\d+) of 500/.exec(await bar(page).innerText())![1]);
}

test('labels that the screen acknowledged outlive the kernel, the server and the page', async ({
  page
}) => {
  test.setTimeout(240_000);
  const uncaught = uncaughtIn(page);
  await closeLabsWord(page);
  await newNotebook(page);
  await runCell(page, SHOW);
  await page.notebook.save();
  const panel = await openPanel(page);
  const session = panel.getByRole('list', { name: 'Label sessions' }).getByRole('button');
  await expect(bar(page)).toContainText('0 of 500 labelled');
  let acknowledged = await noteAcknowledged(page);

  // The kernel goes while one types: the desk says what is not saved.
  await label(page, acknowledged, '121212');
  expect(server.killKernels()).toBe(1);
  await page.keyboard.press('1');
  await kernelRevived(page);
  await expect(bar(page)).toContainText('1 not saved');
  await expect(labeller(page).getByRole('alert')).toContainText('kernel');
  expect(await lost(acknowledged)).toEqual([]);
  expect(await showAgain(page)).toBe(kept().size);
  await expect(session).toContainText(`${kept().size} labelled`);

  // The server goes, and the kernel with it.
  await label(page, acknowledged, '221122');
  await server.kill();
  const before = kept().size;
  await page.keyboard.press('1');
  await expect(bar(page)).not.toContainText('all saved');
  await server.start();
  expect(await lost(acknowledged)).toEqual([]);
  expect(kept().size).toBe(before);
  await expect(panel.getByText('The Jupyter server does not answer.')).toHaveCount(0);
  await expect(session).toContainText(`${before} labelled`);

  // The page comes anew with a kernel of its own, and goes while one types.
  await page.reload({ waitForIsReady: false } as object);
  await expect(page.getByText('| Idle').first()).toBeVisible({ timeout: 60_000 });
  expect(await showAgain(page)).toBe(before);
  acknowledged = await noteAcknowledged(page);
  await label(page, acknowledged, '212121');
  const said = await acknowledged();
  const next = await anotherPage(page);
  const uncaughtThere = uncaughtIn(next);
  expect(await lost(async () => said)).toEqual([]);
  await openPanel(next);
  expect(await showAgain(next)).toBe(kept().size);
  expect([...uncaught, ...uncaughtThere]).toEqual([]);
});
