import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { expect, test } from '@jupyterlab/galata';
import { EXAMPLES, emptyCatalogue, newNotebook, openPanel, runCell } from './steps';

const PIPELINES = path.resolve(EXAMPLES, '../pipelines');

/** What an example is run with: fewer traces than the file says, so that the training takes seconds. */
const CHOSEN: Record<string, string[]> = {
  cardio: [],
  garage: ['-p', 'traces=200', '-p', 'split=[120,40,40]']
};

/** The hashes of all that an example gives, run in a terminal, in a workspace of its own. */
function inATerminal(name: string): Record<string, string> {
  const workspace = mkdtempSync(path.join(tmpdir(), 'examples-'));
  const words = ['--workspace', workspace, 'run', path.join(PIPELINES, `${name}.yaml`)];
  const said = execFileSync('astrodata', [...words, '--json', '--quiet', ...CHOSEN[name]], {
    encoding: 'utf-8',
    stdio: ['ignore', 'pipe', 'ignore']
  });
  return (JSON.parse(said) as { outputs: Record<string, string> }).outputs;
}

test('the examples of pipelines give in a notebook what they give in a terminal', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(300000);
  await emptyCatalogue(page);
  await page.contents.uploadDirectory(PIPELINES, `${tmpPath}/pipelines`);
  await page.contents.uploadDirectory(`${EXAMPLES}/tables`, `${tmpPath}/data/tables`);
  const panel = await openPanel(page);
  await newNotebook(page);
  await openPanel(page);
  // What makes the folder that the server shows the workspace of this notebook too.
  await runCell(
    page,
    'import json, pathlib\npathlib.Path("../astrodata/runs").mkdir(parents=True, exist_ok=True)\n' +
      'import astrodata_kernel as adk\n%load_ext astrodata_kernel'
  );
  for (const name of Object.keys(CHOSEN)) {
    const words = CHOSEN[name].join(' ');
    await runCell(page, `%astro run pipelines/${name}.yaml ${words} --as run`);
    const told = page.locator('.jp-OutputArea-output table').last();
    await expect(told).toContainText('done');
    await runCell(
      page,
      'print("hashes", json.dumps({name: run.outputs.hash_of(name) for name in run.outputs}))'
    );
    const text = await page
      .getByText(/^hashes /)
      .last()
      .innerText();
    expect(JSON.parse(text.replace('hashes ', ''))).toEqual(inATerminal(name));
    // Its run is in the panel as well.
    const row = panel
      .getByRole('region', { name: 'Runs' })
      .getByRole('button', { name: new RegExp(`^${name}, done`) });
    await expect(row).toHaveCount(1);
  }

  // Back to the bytes of the file, drawn in the notebook.
  await runCell(
    page,
    `cardio = adk.pipeline.Pipeline.from_yaml("pipelines/cardio.yaml").run()
adk.lineage.Store().back(f"{cardio.id}:boosted.model")`
  );
  const drawn = page.locator('.jp-OutputArea-output svg.astrodata-graph').last();
  await expect(drawn).toContainText('cardio.npz');
});
