import { type IJupyterLabPageFixture, expect, test } from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';
import { barriers } from './axe';
import {
  EXAMPLES,
  TEST_DATA,
  datasets,
  dropFromDesktop,
  emptyCatalogue,
  fileOf,
  newNotebook,
  openPanel,
  runCell
} from './steps';

const DARK = ['JupyterLab Dark', 'JupyterLab Dark High Contrast'];

/**
 * Runs in each state, a label session and a registered model, of which the store has what the panel reads; the
 * toolkit, so that the kernel is measured.
 */
const WORK = `
import sqlite3
import astrodata_kernel as adk
from astrodata_kernel.runs import RunFolder
step = {"block": "fit", "state": "finished", "share": 1.0, "seconds": 3.5, "notes": ["a note"], "metrics": {"rmse": 0.5},
        "tests": {"rows": {"ok": False, "summary": "2 of 9 rows are missing"}}}
broken = {**step, "state": "failed", "error": "ValueError: no rows"}
for state, steps in {"finished": [step], "failed": [step, broken], "cancelled": [step], "running": [step, {**step, "state": "running", "share": 0.4}]}.items():
    RunFolder.create("..", state, {"state": state, "parameters": {"amount": 4}, "error": "ValueError: no rows" if state == "failed" else None,
                                   "steps": {f"step {i}": one for i, one in enumerate(steps)}})
log = adk.labels.LabelLog("../astrodata/labels/beats", annotator="ada", classes=["normal", "anomaly"])
log.put([0, 1, 2], "normal"), log.put([3], "anomaly")
store = sqlite3.connect("../astrodata/mlflow.db")
store.executescript("""
CREATE TABLE registered_models (name, last_updated_time); INSERT INTO registered_models VALUES ('line', 1700000000000);
CREATE TABLE model_versions (name, version, creation_time, run_id); INSERT INTO model_versions VALUES ('line', 1, 1700000000000, 'aa');
CREATE TABLE registered_model_aliases (alias, version, name); INSERT INTO registered_model_aliases VALUES ('champion', 1, 'line');
CREATE TABLE registered_model_tags (key, value, name);
INSERT INTO registered_model_tags VALUES ('astrodata.promotion.1', '{"alias": "champion", "version": "1", "reason": "the first", "who": "ada"}', 'line');
CREATE TABLE model_version_tags (key, value, name, version);
CREATE TABLE latest_metrics (key, value, is_nan, run_uuid); INSERT INTO latest_metrics VALUES ('rmse', 0.5, 0, 'aa');
""").close()`;

const PIPELINE = `
astrodata: 1
name: sums
description: Adds up.
parameters: {amount: 4}
steps: {count: {block: "sums:count", with: {amount: "\${amount}"}}}
`;

/** Every viewer once, with what opens below it opened. */
const WIDGETS = `
import datetime, pathlib, numpy as np, astrodata_kernel as adk
from astropy.table import Table
from regions import CirclePixelRegion, PixCoord
from astrodata_kernel.testing.scenes import safe_folder
examples, data = pathlib.Path(${JSON.stringify(EXAMPLES)}), pathlib.Path(${JSON.stringify(TEST_DATA)})
random = np.random.default_rng(3)

image = adk.view(examples / 'm13.fits', histogram=True, graticule=True, height=240)
image.regions = [CirclePixelRegion(PixCoord(150, 150), 20)]
image.selected = [0]
image.add_catalogue(Table({'x': [90.0, 150.0], 'y': [90.0, 150.0], 'mag': [12.0, 13.0]}), 'stars', color='mag')
image.catalogue_panel = True
cube = adk.view(examples / 'cube_l1448_13co.fits', spectra=True, height=240)
cube.pinned = [{'x': 53, 'y': 50}]
day = lambda month: datetime.datetime(2022, month, 14, 10, 6, 1, tzinfo=datetime.UTC)
made = [safe_folder(pathlib.Path('scenes'), size=240, bands=['B02', 'B03', 'B04', 'B08', 'B12'], date=day(month)) for month in (6, 7)]
scene = adk.view(made, height=240, masks_panel=True, pixel_panel=True, area_panel=True)
scene.show_mask(np.eye(240, dtype=bool), 'burnt')
frames = adk.FitsFrames(examples / 'm13.fits', examples / 'm13_rice.fits', height=200)
waveforms = adk.WaveformViewer(adk.processing.waveforms.synthesize(40, seed=1)[0])
strain = adk.StrainViewer(adk.open(data / 'waveforms/gw/H-H1_LOSC_4_V2-1126259446-32.hdf5'), center=1126259462.42, window=1.0, frange=[20, 500])
spectrum = adk.view(data / 'spectrum_sdss_J2202.fits', redshift=2.51)
table = adk.view(data / 'table_gaia_cone.fits', x='phot_g_mean_mag', y='parallax')
z = random.normal(size=(300, 3)).astype('f4')
traces = random.normal(size=(300, 80)).astype('f4')
log = adk.labels.LabelLog('labels', annotator='ada', classes=['pulse', 'glitch'])
log.put([0, 1], 'pulse')
latent = adk.LatentExplorer(z, {'kind': np.where(z[:, 1] > 0, 'up', 'down')}, events=traces, labels=log, color='kind')
garage = adk.LatentExplorer(z, {'kind': np.where(z[:, 1] > 0, 'up', 'down')}, traces=traces, truth=z[:, 0] > 1, tab='matrix')
label = adk.Labeller(traces, log, repeat=0)
display(image, cube, scene, frames, waveforms, strain, spectrum, table, latent, garage, label)`;

const WIDGET = '.astrodata-widget';
const PANEL = '.jp-astrodata-lab-panel';

const section = (panel: Locator, name: string): Locator => panel.getByRole('region', { name });

/** Nothing keeps anybody from using what is in these elements, whatever the theme. */
async function expectNoBarriers(page: IJupyterLabPageFixture, roots: string[]): Promise<void> {
  expect(await barriers(page, roots)).toEqual([]);
  for (const theme of DARK) {
    await page.theme.setTheme(theme);
    expect(await barriers(page, roots, true), theme).toEqual([]);
  }
  await page.theme.setLightTheme();
}

/** What is animated or fades among elements of ours. */
const motions = (page: Page, root: string): Promise<string[]> =>
  page.locator(root).evaluateAll(roots =>
    roots
      .flatMap(one => [one, ...one.querySelectorAll('*')])
      .filter(element => {
        const { animationName, animationDuration, transitionDuration } = getComputedStyle(element);
        const lasts = (times: string): boolean => /[1-9]/.test(times);
        return (animationName !== 'none' && lasts(animationDuration)) || lasts(transitionDuration);
      })
      .map(element => element.className)
  );

/**
 * Controls that stick out of an element sideways, and it itself if it must be scrolled sideways. Tables and films
 * may scroll, within themselves.
 */
const cutOff = (root: Locator): Promise<string[]> =>
  root.evaluate(element => {
    const { left, right } = element.getBoundingClientRect();
    const controls = [...element.querySelectorAll('button, a, input, select, summary')];
    return [
      ...(element.scrollWidth > element.clientWidth ? [`${element.className} scrolls`] : []),
      ...controls
        .filter(one => one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }))
        .filter(one => !one.closest('table, [role="grid"], [role="listbox"], ol'))
        .filter(one => {
          const box = one.getBoundingClientRect();
          return box.left < left - 1 || box.right > right + 1;
        })
        .map(one => one.outerHTML.slice(0, 120))
    ];
  });

/** Where the keyboard goes in an element from its first button on: what each stop is, and what is wrong with it. */
async function walk(page: Page, root: Locator, key: string): Promise<string[]> {
  const stops: string[] = [];
  for (;;) {
    const stop = await root.evaluate(element => {
      const at = document.activeElement as HTMLElement;
      if (!element.contains(at)) {
        return null;
      }
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      const { left, top, width, height } = at.getBoundingClientRect();
      const seen = document.elementFromPoint(left + width / 2, top + height / 2);
      const ring = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
      return [
        // What follows a comma changes with time.
        (at.getAttribute('aria-label') ?? at.innerText).split(',')[0],
        ...(ring ? [] : ['NO RING']),
        ...(at.contains(seen) ? [] : [`COVERED by ${seen?.className}`])
      ].join(' ');
    });
    if (stop === null) {
      return stops;
    }
    stops.push(stop);
    await page.keyboard.press(key);
  }
}

// The runs and the store of one test are not those of the next.
test.afterEach(async ({ page }) => {
  if (await page.contents.directoryExists('astrodata')) {
    await page.contents.deleteDirectory('astrodata');
  }
});

test('The panel can be used by everybody: empty, filled, with its forms, by keyboard and enlarged', async ({
  page,
  tmpPath
}) => {
  test.slow();
  page.setDefaultTimeout(30000);
  await emptyCatalogue(page);
  const panel = await openPanel(page);
  const body = panel.locator('.jp-astrodata-lab-scroll');
  await expect(section(panel, 'Labels')).toContainText('Nothing is labelled yet');
  await expectNoBarriers(page, [PANEL]);

  await page.contents.uploadContent(PIPELINE, 'text', `${tmpPath}/sums.yaml`);
  await newNotebook(page);
  await openPanel(page);
  await dropFromDesktop(panel, [
    ...['m13.fits', 'm13_rice.fits', 'cube_l1448_13co.fits'].map(name => fileOf(EXAMPLES, name)),
    ...['table_gaia_cone.fits', 'spectrum_sdss_J2202.fits', 'mef_hst_stis_raw.fits'].map(name =>
      fileOf(TEST_DATA, name)
    ),
    fileOf(TEST_DATA, 'broken/derived_m13_truncated.fits')
  ]);
  await runCell(page, WORK);
  const rows = datasets(panel).getByRole('listitem');
  await expect(rows).toHaveCount(6);
  await expect(panel.getByRole('alert').filter({ hasText: 'truncated' })).toBeVisible();
  await expect(section(panel, 'Models').getByRole('button', { name: /^line,/ })).toBeVisible();

  // The kernel is asked once its section is in view.
  const start = section(panel, 'Compute').getByRole('button', { name: 'Start cluster…' });
  await section(panel, 'Compute').scrollIntoViewIfNeeded();
  await expect(start).toBeVisible();

  // By the Tab key there and back: each stop has a ring, and no heading that stays lies over it.
  await panel.getByRole('button', { name: 'Add files' }).focus();
  const there = await walk(page, panel, 'Tab');
  expect(there.filter(stop => /NO RING|COVERED/.test(stop))).toEqual([]);
  const headings =
    /^(Add files|Dismiss derived|Datasets|Search|cube|Compute|Start|Runs|Run p|running|Models|line|Labels|beats)/;
  expect(there.map(stop => headings.exec(stop)?.[0]).filter(Boolean)).toEqual(
    [
      'Add files',
      'Dismiss derived',
      'Datasets',
      'Search',
      'cube',
      'Compute',
      'Start',
      'Runs'
    ].concat(['Run p', 'running', 'Models', 'line', 'Labels', 'beats'])
  );
  await page.keyboard.press('Shift+Tab');
  const back = await walk(page, panel, 'Shift+Tab');
  expect(back.filter(stop => /NO RING|COVERED/.test(stop))).toEqual([]);
  expect(back.reverse()).toEqual(there);

  // What opens: tags, a cluster, a pipeline, the steps of a run, the versions of a model.
  await rows.nth(1).getByRole('button').first().focus();
  await page.keyboard.press('t');
  await page.keyboard.type('globular');
  await page.keyboard.press('Enter');
  await expect(panel.getByRole('button', { name: 'Remove the tag globular' })).toBeVisible();
  await start.click();
  await section(panel, 'Runs')
    .getByRole('button', { name: /^failed,/ })
    .click();
  await expect(section(panel, 'Runs').getByText('ValueError: no rows')).toBeVisible();
  await section(panel, 'Runs').getByRole('button', { name: 'Run pipeline…' }).click();
  await section(panel, 'Runs').getByRole('button', { name: /sums/ }).click();
  await section(panel, 'Models')
    .getByRole('button', { name: /^line,/ })
    .click();
  // Where nothing has gone below a heading that stays.
  await body.evaluate(element => element.scrollTo(0, 0));
  await expectNoBarriers(page, [PANEL]);

  // Two hundred per cent of a window of 1280 pixels: nothing is cut off, and nothing scrolls sideways.
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: 640, height: 512 });
  expect(await cutOff(body)).toEqual([]);
  await page.setViewportSize(size);
  // Nor in the narrowest side bar that is of use.
  await page.sidebar.setWidth(250, 'left');
  expect((await panel.boundingBox())!.width).toBeLessThan(251);
  expect(await cutOff(body)).toEqual([]);
  await page.sidebar.setWidth(undefined, 'left');

  // A card and another form, with a menu over them.
  await rows.nth(1).getByRole('button').first().focus();
  await page.keyboard.press('F2');
  await expect(panel.getByRole('textbox', { name: 'New name' })).toBeFocused();
  expect(await barriers(page, [PANEL])).toEqual([]);
  await page.keyboard.press('Escape');
  await page.keyboard.press('i');
  await expect(page.getByRole('dialog', { name: 'Details of m13' })).toContainText('CRPIX1');
  expect(await barriers(page, [PANEL])).toEqual([]);
  await page.keyboard.press('Escape');
  await rows
    .nth(1)
    .getByRole('button', { name: /^Actions/ })
    .click();
  await expect(page.locator('.jp-astrodata-lab-menu')).toBeVisible();
  // Its elements are Lumino's, which puts separators among what a menu may hold.
  expect(await barriers(page, ['.jp-astrodata-lab-menu'], true)).toEqual([]);
  await page.keyboard.press('Escape');

  // Nothing moves for who wants it so: a file that is looked at has a bar that goes to and fro.
  const held: (() => void)[] = [];
  await page.route(/astrodata-lab\/datasets/, async route => {
    if (route.request().method() === 'POST') {
      await new Promise<void>(done => held.push(done));
    }
    await route.continue();
  });
  await dropFromDesktop(panel, [{ ...fileOf(EXAMPLES, 'm13.fits'), name: 'again.fits' }]);
  await expect(panel.getByText('Checking…')).toBeVisible();
  await expectNoBarriers(page, ['.jp-astrodata-lab-tasks']);
  expect(await motions(page, PANEL)).toHaveLength(1);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  expect(await motions(page, PANEL)).toEqual([]);

  // Colours of one's own: bars are seen still, and what is a class's colour stays.
  await page.emulateMedia({ forcedColors: 'active' });
  const grounds = (of: Locator): Promise<string> =>
    of.evaluate(element => getComputedStyle(element).backgroundColor);
  const bar = section(panel, 'Runs').getByRole('progressbar');
  expect(await grounds(bar.locator('div'))).not.toBe(await grounds(bar));
  const [normal, anomaly] = await section(panel, 'Labels')
    .locator('.jp-astrodata-lab-colour')
    .all();
  expect(await grounds(normal)).not.toBe(await grounds(anomaly));
  held.forEach(done => done());
  await expect(rows).toHaveCount(7);
});

test('Every viewer can be used by everybody, in an output and in a tab of its own', async ({
  page,
  tmpPath
}) => {
  test.slow();
  page.setDefaultTimeout(30000);
  await page.contents.uploadFile(`${EXAMPLES}/m13.fits`, `${tmpPath}/m13.fits`);
  await newNotebook(page);
  await page.sidebar.close('left');
  await runCell(page, WIDGETS);
  const widgets = page.locator(WIDGET);
  const quiet = (): Promise<void> => expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
  await expect(widgets).toHaveCount(13); // two of them are the frames of a third
  await quiet();
  await page.getByRole('button', { name: 'Edit burnt' }).click();
  await page.getByRole('button', { name: 'Change the classes' }).click();
  await expect(page.getByLabel('Name of pulse')).toBeVisible();

  // Nothing moves for who wants it so; a sign that comes late comes at once then.
  const busy = widgets.first();
  await busy.evaluate(element => element.setAttribute('aria-busy', 'true'));
  expect((await motions(page, WIDGET)).length).toBeGreaterThan(1);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  expect(await motions(page, WIDGET)).toEqual([]);
  await busy.evaluate(element => element.setAttribute('aria-busy', 'false'));

  // Two hundred per cent of a window of 1280 pixels: only tables and films scroll sideways, within themselves.
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: 640, height: 512 });
  for (const widget of await widgets.all()) {
    expect(await cutOff(widget)).toEqual([]);
  }
  await page.setViewportSize(size);

  // Colours of one's own: what is pressed or chosen is told, and scales of colours stay.
  await page.emulateMedia({ forcedColors: 'active' });
  const looks = (of: Locator): Promise<Record<string, string>> =>
    of.evaluate(element => {
      const { backgroundColor, backgroundImage, color, outlineStyle } = getComputedStyle(element);
      return { backgroundColor, backgroundImage, color, outlineStyle };
    });
  const zoom = page.getByRole('button', { name: 'Drag to zoom' });
  const [pressed, other] = [
    await looks(zoom),
    await looks(page.getByRole('button', { name: 'Drag to measure' }))
  ];
  expect(pressed['backgroundColor']).not.toBe(other['backgroundColor']);
  expect(pressed['color']).not.toBe(pressed['backgroundColor']);
  const trace = page.locator('.astrodata-waveforms tr[aria-current="true"]');
  expect((await looks(trace))['outlineStyle']).toBe('solid');
  const ramp = page.locator('.astrodata-fits-ramp').first();
  expect((await looks(ramp))['backgroundImage']).toContain('gradient');
  await page.emulateMedia({ forcedColors: 'none', reducedMotion: 'no-preference' });

  await page.evaluate(
    path =>
      window.jupyterapp.commands.execute('docmanager:open', {
        path,
        options: { mode: 'split-right' }
      }),
    `${tmpPath}/m13.fits`
  );
  await expect(widgets).toHaveCount(14, { timeout: 60000 });
  await quiet();
  await expectNoBarriers(page, [WIDGET, '.jp-astrodata-lab-document']);

  // The list of keys, which covers a part of what it is for.
  await page.locator('.astrodata-label-stage').focus();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toContainText('undo');
  await expectNoBarriers(page, ['.astrodata-help:not([hidden])']);
});
