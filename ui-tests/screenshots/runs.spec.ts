import * as path from 'node:path';
import { expect, test } from '@jupyterlab/galata';
import { EXAMPLES, emptyCatalogue, newNotebook, openPanel, runCell } from '../tests/steps';
import { keep } from './pictures';

/** The panel beside a pipeline of docs/astrodata.md. */
test('images: runs in the panel', async ({ page, tmpPath }) => {
  await emptyCatalogue(page);
  await page.contents.uploadDirectory(
    path.resolve(EXAMPLES, '../pipelines'),
    `${tmpPath}/pipelines`
  );
  await page.contents.uploadDirectory(`${EXAMPLES}/tables`, `${tmpPath}/data/tables`);
  const panel = await openPanel(page);
  await newNotebook(page);
  await openPanel(page);
  await runCell(
    page,
    `import astrodata_kernel as adk
cardio = adk.pipeline.Pipeline.from_yaml("pipelines/cardio.yaml")
run = cardio.run(workspace="..")
other = cardio.run(workspace="..", trees=50)`
  );
  for (const name of ['Datasets', 'Compute']) {
    await panel.getByRole('button', { name: new RegExp(`^${name}`), expanded: true }).click();
  }
  await panel.getByRole('button', { name: 'Refresh' }).click();
  const runs = panel.getByRole('region', { name: 'Runs' });
  const row = runs.getByRole('button', { name: /^cardio, done/ }).first();
  await row.click();
  await expect(runs.getByRole('group', { name: /^Run / })).toContainText('forest');
  keep(await page.screenshot(), 'astrodata-panel.png');
});
