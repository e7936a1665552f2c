import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Locator, type Page, expect, test } from '@playwright/test';
import { colours, pixelsOf } from './steps';

const EXAMPLE = path.resolve(__dirname, '../../examples/explorer_app.py');
const EVIL = `<img src=x onerror="window.hit=1"><script>window.hit=1</script>`;

// Noise that gathers, and two kinds of pulses apart from it; every text that can be hostile is.
const DATA = `
import numpy as np
from astrodata_kernel.labels import LabelLog
from astrodata_kernel.latent import Garage, Latents
from astrodata_kernel.reports import explorer_app, report
EVIL = '''${EVIL}'''
rng = np.random.default_rng(3)
kind = rng.choice(3, 3000, p=[0.9, 0.06, 0.04])
z = (rng.normal(size=(3000, 3)) + np.array([[0, 0, 0], [7, 3, 0], [-6, 5, 1]])[kind]).astype('f4')
z[5] = np.nan
time = np.linspace(0, 1, 200)
traces = (np.exp(-((time - 0.5) / (0.02 + 0.05 * kind[:, None])) ** 2) + 0.1 * rng.normal(size=(3000, 1)) * np.sin(30 * time)).astype('f4')
names = ['noise', 'pulse ' + EVIL, r'$$\\frac{a}{b}$$']
latents = Latents(z, columns={'run ' + EVIL: np.array(['A', 'B ' + EVIL])[np.arange(3000) % 2]})
distance = np.sqrt((z.astype(float) ** 2).sum(axis=1))
`;

const REPORTS = `${DATA}
log = LabelLog('report-log', annotator='ada ' + EVIL, classes=names)
for k in range(3):
    log.put(np.flatnonzero(kind == k)[:80].tolist(), names[k], note=EVIL)
known = dict(events=traces, labels=log, scores={'distance': distance}, garage=Garage.fit(z[kind == 0]), title='Report ' + EVIL, positive=names[1:])
report(latents, 'light.html', **known)
report(latents, 'dark.html', theme='dark', **known)
many = rng.normal(size=(150_000, 2)).astype('f4')
report(many, 'many.html', max_points=2000, labels={i: 'rare' for i in range(20)}, columns=['z0'])
`;

const APP = `${DATA}
explorer_app(latents, traces, LabelLog('app-log', annotator='ada', classes=names), scores={'distance': distance}, title='Explorer ' + EVIL).servable()
`;

let folder: string;
let server: ChildProcess;
let address: string;

/** Serve applications on a free port, which Bokeh says when it listens. */
async function serve(files: string[]): Promise<string> {
  server = spawn('python', ['-m', 'panel', 'serve', ...files, '--port', '0'], { cwd: folder });
  let said = '';
  return new Promise((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      said += chunk.toString();
      const port = /running at: http:\/\/localhost:(\d+)\//.exec(said);
      if (port) {
        resolve(`http://localhost:${port[1]}`);
      }
    };
    server.stdout!.on('data', listen);
    server.stderr!.on('data', listen);
    server.on('exit', () => reject(new Error(`panel serve ended: ${said}`)));
  });
}

test.beforeAll(async () => {
  test.setTimeout(240000);
  folder = mkdtempSync(path.join(tmpdir(), 'astrodata-report-'));
  const made = spawnSync('python', ['-c', REPORTS], { cwd: folder, encoding: 'utf8' });
  expect(made.status, made.stderr).toBe(0);
  writeFileSync(path.join(folder, 'app.py'), APP);
  address = await serve(['app.py', EXAMPLE]);
});

test.afterAll(() => {
  server?.removeAllListeners('exit');
  server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** Let nothing but this machine be asked, and tell all that was asked for and all that went wrong. */
async function watched(page: Page): Promise<{ asked: string[]; wrong: string[] }> {
  const found = { asked: [] as string[], wrong: [] as string[] };
  await page.route('**', route => {
    const url = route.request().url();
    if (/^(file|data|blob):/.test(url) || (address && url.startsWith(address))) {
      return route.continue();
    }
    found.asked.push(url);
    return route.abort();
  });
  page.on('request', request => {
    if (/^https?:/.test(request.url()) && !request.url().startsWith(address)) {
      found.asked.push(request.url());
    }
  });
  page.on('pageerror', error => found.wrong.push(error.message));
  page.on('console', message => {
    if (message.type() === 'error') {
      found.wrong.push(message.text());
    }
  });
  return found;
}

async function openReport(page: Page, name: string): Promise<{ asked: string[]; wrong: string[] }> {
  const found = await watched(page);
  await page.context().setOffline(true);
  await page.goto(pathToFileURL(path.join(folder, name)).href);
  await expect(map(page)).toBeVisible();
  await expect.poll(() => colours(map(page))).toBeGreaterThan(20);
  return found;
}

const map = (page: Page): Locator => page.locator('#map .bk-Figure');
const hit = (page: Page): Promise<unknown> =>
  page.evaluate(() => (window as unknown as { hit?: number }).hit ?? 0);

test.describe('A report', () => {
  test('opens from the disk without a network, and asks for nothing', async ({ page }) => {
    const { asked, wrong } = await openReport(page, 'light.html');
    await expect(page.locator('section h2')).toHaveText([
      'Map',
      'Scores',
      'Rates',
      'Labels',
      'Gallery',
      'Provenance'
    ]);
    await page.locator('#scores .bk-Figure').scrollIntoViewIfNeeded();
    await expect.poll(() => colours(page.locator('#scores .bk-Figure'))).toBeGreaterThan(10);
    const pictures = page.locator('#gallery img');
    await expect(pictures).toHaveCount(72);
    expect(
      await pictures.evaluateAll(all => all.every(i => (i as HTMLImageElement).naturalWidth > 50))
    ).toBe(true);
    expect(asked).toEqual([]);
    expect(wrong).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      1280
    );
  });

  test('shows hostile text as text, also when it is hovered over', async ({ page }) => {
    const { asked, wrong } = await openReport(page, 'light.html');
    await expect(page.locator('h1')).toHaveText(`Report ${EVIL}`);
    await expect(page.getByRole('rowheader', { name: `pulse ${EVIL}` }).first()).toBeVisible();
    await expect(page.locator('img:not([src^="data:"]), [onerror]')).toHaveCount(0);
    const told = page.locator('.bk-Tooltip');
    const { x, y, width, height } = (await map(page).boundingBox())!;
    // Somewhere in the crowd there is a point under the mouse.
    await expect(async () => {
      await page.mouse.move(
        x + width * (0.35 + 0.1 * Math.random()),
        y + height * (0.55 + 0.1 * Math.random())
      );
      await expect(told.first()).toContainText('distance', { timeout: 500 });
    }).toPass();
    await expect(told.first()).toContainText('<img src=x');
    await expect(page.locator('img:not([src^="data:"]), [onerror]')).toHaveCount(0);
    expect(await hit(page)).toBe(0);
    expect(asked).toEqual([]);
    expect(wrong).toEqual([]);
  });

  test('takes another column for colour, and marks the point of a picture', async ({ page }) => {
    await openReport(page, 'light.html');
    const look = async (): Promise<string> => (await map(page).screenshot()).toString('base64');
    const before = await look();
    await page.getByLabel('Colour by').selectOption('distance');
    await expect.poll(look).not.toBe(before);
    await page.getByLabel('Colour by').selectOption('label');
    await expect.poll(look).toBe(before);
    const card = page.locator('#gallery .card').nth(30);
    await card.click();
    await expect(card).toHaveAttribute('aria-pressed', 'true');
    const row = Number(await card.getAttribute('data-row'));
    const marked = (): Promise<number[]> =>
      page.evaluate(() => {
        const { Bokeh } = window as unknown as { Bokeh: { documents: BokehDocument[] } };
        const source = Bokeh.documents.map(d => d.get_model_by_name('points')).find(m => m)!;
        return source.selected.indices.map(i => source.data.row[i]);
      });
    expect(await marked()).toEqual([row]);
    await card.click();
    expect(await marked()).toEqual([]);
  });

  test('lays many points as a density under a sample', async ({ page }) => {
    await openReport(page, 'many.html');
    await expect(page.locator('#map')).toContainText('density of all 150,000 points');
    await page.getByLabel('Colour by').selectOption('density only');
    const coloured = async (): Promise<number> => {
      const { data } = await pixelsOf(map(page));
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        count += Number(Math.abs(data[i] - data[i + 2]) > 80);
      }
      return count;
    };
    await expect.poll(coloured).toBeLessThan(400);
    await expect.poll(() => colours(map(page))).toBeGreaterThan(20);
  });

  test('is dark all over in the dark theme', async ({ page }) => {
    await openReport(page, 'dark.html');
    const { at, width } = await pixelsOf(map(page));
    expect(Math.max(...at(width / 2, 20))).toBeLessThan(120);
    const [ground, ink] = await page.evaluate(() => {
      const style = getComputedStyle(document.body);
      return [style.backgroundColor, style.color].map(c => Number(/\d+/.exec(c)![0]));
    });
    expect(ground).toBeLessThan(40);
    expect(ink).toBeGreaterThan(200);
  });
});

interface BokehDocument {
  get_model_by_name(
    name: string
  ): { selected: { indices: number[] }; data: { row: number[] } } | null;
}

const figure = (page: Page): Locator => page.locator('.bk-Figure');
const status = (page: Page): Locator => page.locator('.status');
const rows = (page: Page): Locator => page.locator('.tabulator-row');

async function openApp(page: Page, query = ''): Promise<{ asked: string[]; wrong: string[] }> {
  const found = await watched(page);
  await page.goto(`${address}/app${query}`);
  await expect(figure(page)).toBeVisible();
  await expect.poll(() => colours(figure(page))).toBeGreaterThan(20);
  await expect(status(page)).toContainText('3,000 points');
  return found;
}

/** Drag over the map through places given in shares of it. */
async function drag(page: Page, places: [number, number][]): Promise<void> {
  const { x, y, width, height } = (await figure(page).boundingBox())!;
  const [first, ...others] = places.map(([a, b]) => [x + a * width, y + b * height]);
  await page.mouse.move(first[0], first[1]);
  await page.mouse.down();
  for (const [a, b] of others) {
    await page.mouse.move(a, b, { steps: 5 });
  }
  await page.mouse.up();
}

async function chosen(page: Page): Promise<number> {
  await expect(status(page)).toContainText('selected');
  const said = await status(page).locator('b').innerText();
  return Number(/([\d,]+) of/.exec(said)![1].replace(',', ''));
}

test.describe('The explorer as an application', () => {
  // Datashader compiles what it needs when a server paints its first pictures.
  test.describe.configure({ timeout: 240000 });

  test('shows table and pictures of what a box selects', async ({ page }) => {
    const { asked, wrong } = await openApp(page);
    await expect(rows(page)).toHaveCount(0);
    await drag(page, [
      [0.6, 0.05],
      [0.93, 0.62]
    ]);
    const count = await chosen(page);
    expect(count).toBeGreaterThan(100);
    expect(count).toBeLessThan(400);
    await expect(rows(page)).toHaveCount(10);
    await expect(page.locator('.gallery img')).toHaveCount(24);
    const ids = await page.locator('.gallery .id').allInnerTexts();
    await expect(rows(page).first().locator('[tabulator-field="id"]')).toHaveText(ids[0]);
    // A click that meets the table while it still draws its rows is lost.
    await expect(async () => {
      await rows(page).first().click();
      await expect(page.locator('.facts')).toContainText(ids[0], { timeout: 3000 });
    }).toPass();
    await expect(page.locator('.facts img')).toBeVisible();
    await expect(page.locator('h1')).toHaveText(`Explorer ${EVIL}`);
    await expect(page.locator('img:not([src^="data:"]), [onerror]')).toHaveCount(0);
    expect(await hit(page)).toBe(0);
    expect(asked).toEqual([]);
    expect(wrong).toEqual([]);
  });

  test('selects by lasso and by a condition, and says what it does not understand', async ({
    page
  }) => {
    await openApp(page);
    await page.locator('.bk-tool-icon-lasso-select').click();
    await drag(page, [
      [0.07, 0.05],
      [0.35, 0.05],
      [0.35, 0.4],
      [0.07, 0.4]
    ]);
    const lasso = await chosen(page);
    expect(lasso).toBeGreaterThan(60);
    await expect(status(page)).toContainText('lasso in z0, z1');
    const condition = page.getByLabel('Condition');
    await page.getByText('Subtract', { exact: true }).click();
    await condition.fill('distance < 100');
    await condition.press('Enter');
    await expect(status(page)).toContainText('0 of 3,000 selected');
    await condition.fill('__import__("os")');
    await condition.press('Enter');
    await expect(page.locator('.wrong')).toContainText('the functions are');
    await page.getByText('New', { exact: true }).click();
    await condition.fill('z0 > 5 & distance > 6');
    await condition.press('Enter');
    await expect(rows(page)).toHaveCount(10);
    await page.getByText('Clear selection').click();
    await expect(status(page)).toContainText('3,000 points');
    await expect(rows(page)).toHaveCount(0);
  });

  test('paints anew as one zooms in, where each point can be asked', async ({ page }) => {
    await openApp(page);
    const look = async (): Promise<string> => (await figure(page).screenshot()).toString('base64');
    const before = await look();
    const { x, y, width, height } = (await figure(page).boundingBox())!;
    await page.mouse.move(x + 0.75 * width, y + 0.35 * height);
    await page.mouse.wheel(0, -400);
    await expect.poll(look).not.toBe(before);
    await expect(async () => {
      await page.mouse.move(
        x + width * (0.6 + 0.25 * Math.random()),
        y + height * (0.25 + 0.25 * Math.random())
      );
      await expect(page.locator('.bk-Tooltip').first()).toContainText('distance', { timeout: 500 });
    }).toPass();
    expect(await hit(page)).toBe(0);
  });

  test('keeps a label of the selection under the name of who gave it', async ({ page }) => {
    await openApp(page);
    const condition = page.getByLabel('Condition');
    await condition.fill('z0 > 6');
    await condition.press('Enter');
    const count = await chosen(page);
    await page.getByLabel('Annotator').fill('bob');
    await page.getByLabel('Class').selectOption(`pulse ${EVIL}`);
    await page.getByLabel('Note').fill(EVIL);
    await page.getByText('Label selection').click();
    await expect(page.locator('.told')).toContainText(`${count} points are pulse`);
    const log = path.join(folder, 'app-log');
    const lines = (): string[] =>
      readdirSync(log)
        .filter(name => name.startsWith('bob') && name.endsWith('.jsonl'))
        .flatMap(name => readFileSync(path.join(log, name), 'utf8').trim().split('\n'));
    const kept = lines().length;
    expect(lines().join()).toContain('pulse');
    await expect(page.locator('.legend').first()).toContainText(String(count));
    await page.getByText('Undo').click();
    await expect(page.locator('.told')).toContainText('Undo done');
    expect(lines().length).toBeGreaterThan(kept);
    await page.getByText('Redo').click();
    await expect(page.locator('.told')).toContainText('Redo done');
    expect(await hit(page)).toBe(0);
    // Who comes later sees what was labelled.
    await page.reload();
    await expect(page.locator('.legend').first()).toContainText(String(count));
  });

  test('keeps to the dark theme', async ({ page }) => {
    await openApp(page, '?theme=dark');
    const { at, width } = await pixelsOf(figure(page));
    expect(Math.max(...at(width / 3, 14))).toBeLessThan(80);
  });

  test('serves the example of real traces', async ({ page }) => {
    const { asked, wrong } = await watched(page);
    await page.goto(`${address}/explorer_app`);
    await expect(page.locator('h1')).toHaveText('SiPM traces');
    await expect(status(page)).toContainText('293 points');
    await drag(page, [
      [0.1, 0.05],
      [0.9, 0.9]
    ]);
    expect(await chosen(page)).toBeGreaterThan(100);
    await expect(page.locator('.gallery img')).toHaveCount(24);
    expect(asked).toEqual([]);
    expect(wrong).toEqual([]);
  });
});
