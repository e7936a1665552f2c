import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import {
  OWN,
  OwnServer,
  anotherPage,
  closeLabsWord,
  expect,
  kernelRevived,
  uncaughtIn
} from './ownServer';
import { newNotebook, openPanel } from './steps';

test.use(OWN);

const PIPELINE = `
astrodata: 1
name: train
parameters: {place: "here"}
steps:
  traces: {block: "descending:traces", with: {n: 200}}
  fit: {block: "descending:fit", from: traces, with: {epochs: 12, place: "\${place}"}}
`;

/** Trains for real, each epoch when the test allows it, and writes down which epochs it trained. */
const BLOCKS = `
import pathlib
import time
import numpy as np
import astrodata_kernel as adk


@adk.pipeline.block(stage="ingest", outputs=("traces",))
def traces(*, n: int = 10):
    return np.random.default_rng(0).normal(size=(n, 32))


@adk.pipeline.block(stage="train", outputs=("weights",))
def fit(traces, *, epochs: int, place: str, work=None):
    """A line through the traces by gradient descent, with a checkpoint after each epoch."""
    here, kept = pathlib.Path(place), work.folder / "weights.npz"
    done, weights = 0, np.ones(traces.shape[1])
    if kept.exists():
        with np.load(kept) as state:
            done, weights = int(state["done"]), state["weights"]
    while done < epochs:
        while int((here / "allowed").read_text() or 0) <= done:
            work.check()
            time.sleep(0.02)
        weights -= 0.1 * traces.T @ (traces @ weights) / len(traces)
        done += 1
        np.savez(work.folder / "next.npz", done=done, weights=weights)
        (work.folder / "next.npz").replace(kept)
        with (here / "trained").open("a") as log:
            log.write(f"{done} ")
        work.metrics({"loss": float(np.mean((traces @ weights) ** 2))}, done)
        work.progress(done / epochs, f"epoch {done} of {epochs}")
    return weights
`;

let server: OwnServer;

test.beforeAll(async () => {
  server = new OwnServer();
  await server.start();
});

test.afterAll(() => server.stop());

const section = (panel: Locator): Locator => panel.getByRole('region', { name: 'Runs' });
const rows = (panel: Locator): Locator =>
  section(panel)
    .getByRole('list', { name: 'Runs' })
    .getByRole('button', { name: /^train,/ });

test('a training outlives the kernel, the server and the page', async ({ page, tmpPath }) => {
  test.setTimeout(240_000);
  const uncaught = uncaughtIn(page);
  await closeLabsWord(page);
  const folder = path.join(server.root, tmpPath);
  writeFileSync(path.join(folder, 'train.yaml'), PIPELINE);
  writeFileSync(path.join(folder, 'descending.py'), BLOCKS);
  const allow = (epoch: number): void => writeFileSync(path.join(folder, 'allowed'), `${epoch}`);
  const trained = (): string => readFileSync(path.join(folder, 'trained'), 'utf-8').trim();
  allow(3);
  await newNotebook(page);
  await page.notebook.save();
  let panel = await openPanel(page);
  await section(panel).getByRole('button', { name: 'Run pipeline…' }).click();
  await section(panel)
    .getByRole('button', { name: `${tmpPath}/train.yaml` })
    .click();
  const form = section(panel).getByRole('form', { name: 'train' });
  await form.getByRole('textbox', { name: 'place' }).fill(folder);
  await form.getByRole('button', { name: 'Run', exact: true }).click();
  const running = (epoch: number): RegExp =>
    new RegExp(`^train, running, .*fit: epoch ${epoch} of 12`);
  await expect(rows(panel)).toHaveAccessibleName(running(3));

  // The kernel goes: the run is shown as what it is, with what it had.
  expect(server.killKernels()).toBe(1);
  await kernelRevived(page);
  await expect(rows(panel)).toHaveAccessibleName(/^train, lost, its process is gone, 1 computed/);
  await rows(panel).click();
  const details = section(panel).getByRole('group', { name: /^Run \d{8}-/ });
  await expect(details.getByRole('listitem').nth(1)).toContainText('epoch 3 of 12');

  // It goes on where it was; then the server goes, and the kernel with it.
  allow(6);
  await details.getByRole('button', { name: 'Run again' }).click();
  await expect(rows(panel).first()).toHaveAccessibleName(running(6));
  await server.kill();
  await expect(panel.getByText('The Jupyter server does not answer.')).toBeVisible();
  await server.start();
  await expect(panel.getByText('The Jupyter server does not answer.')).toHaveCount(0);
  await expect(rows(panel).first()).toHaveAccessibleName(
    /^train, lost, its process is gone, 1 as before/
  );
  await expect(rows(panel)).toHaveCount(2);

  // The page comes anew, with a kernel; it goes, the training goes on, and the next page shows it.
  await page.reload({ waitForIsReady: false } as object);
  await expect(page.getByText('| Idle').first()).toBeVisible({ timeout: 60_000 });
  panel = await openPanel(page);
  allow(8);
  await rows(panel).first().click();
  await details.getByRole('button', { name: 'Run again' }).click();
  await expect(rows(panel).first()).toHaveAccessibleName(running(8));
  const next = await anotherPage(page, async () => {
    allow(10);
    await expect.poll(trained).toMatch(/ 10$/);
  });
  const uncaughtThere = uncaughtIn(next);
  panel = await openPanel(next);
  await expect(rows(panel).first()).toHaveAccessibleName(running(10));
  allow(12);
  await expect(rows(panel).first()).toHaveAccessibleName(/^train, done, 1 computed, 1 as before/);
  // No epoch was lost, and none was trained twice.
  expect(trained()).toBe('1 2 3 4 5 6 7 8 9 10 11 12');
  expect([...uncaught, ...uncaughtThere]).toEqual([]);
});
