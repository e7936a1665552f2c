import { expect, test } from '@jupyterlab/galata';
import { EXAMPLES, emptyCatalogue, newNotebook, openPanel, runCell } from '../tests/steps';
import { imageOf, takePictures } from './pictures';

/** The report and the panel of docs/astrodata.md; its other pictures are written by the code on the page. */
takePictures(
  'astrodata',
  {
    report: `table = adk.processing.tabular.table_of('${EXAMPLES}/tables/cardio.npz')
tests = adk.data_tests.Tests.of(
    [
        {"check": "nan_share", "columns": ["X_0", "X_7"], "at_most": 0},
        {"check": "range", "column": "X_0", "at_least": -3, "at_most": 3},
        {"check": "duplicates", "level": "warn"},
        {"check": "class_balance", "column": "y", "at_least": 0.05},
        {"check": "drift", "columns": ["X_0", "X_7"], "method": "psi", "at_most": 0.2},
    ]
)
tests.run(table.tail(900), name="later rows", reference=adk.data_tests.profile(table))`
  },
  '.adk-report'
);

test('images: the panel', async ({ page, tmpPath }) => {
  await emptyCatalogue(page);
  await page.contents.uploadDirectory(`${EXAMPLES}/../pipelines`, `${tmpPath}/pipelines`);
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
  await panel.getByRole('button', { name: 'Refresh' }).click();
  const runs = panel.getByRole('region', { name: 'Runs' });
  const row = runs.getByRole('button', { name: /^cardio, done/ }).first();
  await row.click();
  await expect(runs.getByRole('group', { name: /^Run / })).toContainText('forest');
  await page.screenshot({ path: imageOf('astrodata-panel.png') });
});
