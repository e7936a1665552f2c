import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { type IJupyterLabPageFixture, expect, test } from '@jupyterlab/galata';
import type { Locator, Request } from '@playwright/test';
import { EXAMPLES, datasets, emptyCatalogue, openPanel } from './steps';

const uploads = (panel: Locator): Locator => panel.getByRole('list', { name: 'Uploads' });
const rows = (panel: Locator): Locator => datasets(panel).getByRole('listitem');
const MIN_PIECE = 256 * 1024;
const isPiece = (request: Request): boolean => request.method() === 'PUT';
const offsetOf = (request: Request): number =>
  Number(new URL(request.url()).searchParams.get('offset'));

/** Drop files and folders of this machine as a desktop does: only so do folders come with what is in them. */
async function dropPaths(target: Locator, files: string[]): Promise<void> {
  const page = target.page();
  const box = (await target.boundingBox())!;
  const devtools = await page.context().newCDPSession(page);
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await devtools.send('Input.dispatchDragEvent', { type, x, y, data });
  }
  await devtools.detach();
}

/** A NumPy array of bytes that no compression on the way makes smaller, in a file. */
function arrayOf(folder: string, name: string, size: number): { file: string; bytes: Buffer } {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${size / 1024}, 1024), }`;
  const padded = header.padEnd(117) + '\n';
  const values = Buffer.alloc(size);
  for (let index = 0, state = 1; index < size; index++) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    values[index] = state >> 16;
  }
  const bytes = Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'),
    Buffer.from(padded),
    values
  ]);
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return { file, bytes };
}

/** What the server has of a file. */
async function hashOf(page: IJupyterLabPageFixture, file: string): Promise<string> {
  const answer = await page.request.get(`/files/${file}`);
  return createHash('sha256')
    .update(await answer.body())
    .digest('hex');
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What the server keeps of uploads that did not end. */
async function leftovers(page: IJupyterLabPageFixture, folder: string): Promise<string[]> {
  const answer = await page.request.get(`/astrodata-lab/uploads?folder=${folder}`);
  const told = (await answer.json()) as { uploads: { name: string }[] };
  return told.uploads.map(({ name }) => name);
}

test.beforeEach(({ page }) => emptyCatalogue(page));

test.describe('Import', () => {
  test('takes several files and a folder at once, asks about names, and takes what is pasted', async ({
    page,
    tmpPath
  }, info) => {
    const panel = await openPanel(page);
    const desk = info.outputPath('desk');
    const scene = path.join(desk, 'scene_29RKH');
    cpSync(path.join(EXAMPLES, 'sentinel2_29RKH'), scene, { recursive: true });
    writeFileSync(path.join(scene, '.DS_Store'), 'x');
    const [one, two] = ['one.fits', 'two.fits'].map(name => path.join(desk, name));
    cpSync(path.join(EXAMPLES, 'm13.fits'), one);
    cpSync(path.join(EXAMPLES, 'spectrum_sdss_J2202.fits'), two);
    await dropPaths(panel, [one, two, scene]);
    await expect(rows(panel)).toHaveCount(3, { timeout: 60000 });
    await expect(rows(panel).filter({ hasText: 'scene_29RKH' })).toContainText('scene');
    await expect(uploads(panel)).toHaveCount(0);
    expect(await page.contents.fileExists(`${tmpPath}/scene_29RKH/B8A.tif`)).toBe(true);
    expect(await leftovers(page, tmpPath)).toEqual([]);

    // Another file of that name: replaced, and then given up.
    cpSync(path.join(EXAMPLES, 'm13_rice.fits'), one);
    await dropPaths(panel, [one]);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Replace' }).click();
    await expect.poll(() => hashOf(page, `${tmpPath}/one.fits`)).toBe(sha256(readFileSync(one)));
    await expect(uploads(panel)).toHaveCount(0);
    await dropPaths(panel, [two]);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(uploads(panel)).toHaveCount(0);
    expect(await leftovers(page, tmpPath)).toEqual([]);
    await expect(rows(panel)).toHaveCount(3);

    // A path is added where it lies; an address becomes a cell, and the server does not ask there.
    await page.contents.uploadFile(
      path.join(EXAMPLES, 'm13_rice.fits'),
      `${tmpPath}/deep/rice.fits`
    );
    const paste = (text: string): Promise<void> =>
      panel.evaluate((node, value) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData('text/plain', value);
        const event = new ClipboardEvent('paste', { clipboardData, bubbles: true });
        node.querySelector('button')!.dispatchEvent(event);
      }, text);
    await paste(`${tmpPath}/deep/rice.fits`);
    await expect(rows(panel)).toHaveCount(4);
    await paste('https://ada:secret@127.0.0.1:9/x.fits');
    await expect(uploads(panel).getByRole('alert')).toContainText('password');
    await paste('http://127.0.0.1:9/x.fits');
    await expect(page.locator('.jp-CodeCell .cm-content').first()).toContainText(
      'ds = adk.open("http://127.0.0.1:9/x.fits")',
      { timeout: 60000 }
    );
  });

  test('goes on after a cut, sends spoiled bytes again, and after a reload, and leaves nothing when cancelled', async ({
    page,
    tmpPath
  }, info) => {
    let panel = await openPanel(page);
    const { file, bytes } = arrayOf(info.outputPath('desk'), 'long.npy', 3 << 20);
    /** Where the pieces begin that came through. */
    const pieces: number[] = [];
    // What becomes of the n-th piece on its way, told from 0 again for each file.
    let fate: (number: number) => 'pass' | 'cut' | 'spoil' | 'hold' = () => 'pass';
    let count = 0;
    const fromNowOn = (next: typeof fate): void => {
      fate = next;
      count = 0;
    };
    // The bytes of a piece travel past the page, which cannot be asked for them: a piece is spoiled as the file
    // has it, by as many bytes as each piece has at least.
    let sent = bytes;
    await page.route('**/astrodata-lab/uploads?*', async handled => {
      const request = handled.request();
      const what = isPiece(request) ? fate(count++) : 'pass';
      if (what === 'cut') {
        await handled.abort('connectionreset');
      } else if (what === 'spoil') {
        const start = offsetOf(request);
        const postData = Buffer.from(sent.subarray(start, start + MIN_PIECE));
        postData[100] ^= 1;
        await handled.continue({ postData });
      } else if (what === 'pass') {
        if (isPiece(request)) {
          pieces.push(offsetOf(request));
        }
        await handled.continue();
      }
    });

    // The second piece is cut off, the fourth arrives with a wrong byte.
    fromNowOn(number => (number === 1 ? 'cut' : number === 3 ? 'spoil' : 'pass'));
    await dropPaths(panel, [file]);
    await expect(rows(panel)).toHaveCount(1, { timeout: 60000 });
    expect(count).toBeGreaterThan(4);
    expect(await hashOf(page, `${tmpPath}/long.npy`)).toBe(sha256(bytes));
    expect(pieces.filter(offset => offset === 0)).toHaveLength(1);

    // Spoiled each time: told, and it is neither a dataset nor a file.
    const spoiled = arrayOf(info.outputPath('desk'), 'spoiled.npy', 1 << 20);
    sent = spoiled.bytes;
    fromNowOn(() => 'spoil');
    await dropPaths(panel, [spoiled.file]);
    await expect(uploads(panel).getByRole('alert')).toContainText('not those that were sent');
    expect(await page.contents.fileExists(`${tmpPath}/spoiled.npy`)).toBe(false);
    await expect(rows(panel)).toHaveCount(1);
    fromNowOn(() => 'pass');
    await panel.getByRole('button', { name: 'Try spoiled.npy again' }).click();
    await expect(rows(panel)).toHaveCount(2);
    expect(await hashOf(page, `${tmpPath}/spoiled.npy`)).toBe(sha256(spoiled.bytes));

    // The page goes in the middle: the next one says so, and goes on.
    const again = arrayOf(info.outputPath('desk'), 'again.npy', 3 << 20);
    fromNowOn(number => (number < 2 ? 'pass' : 'hold'));
    await dropPaths(panel, [again.file]);
    await expect(uploads(panel).getByRole('progressbar')).toHaveAttribute(
      'aria-valuenow',
      /^[1-9]/
    );
    fromNowOn(() => 'pass');
    await page.reload();
    panel = await openPanel(page);
    await expect(uploads(panel)).toContainText('Interrupted at');
    pieces.length = 0;
    await dropPaths(panel, [again.file]);
    await expect(rows(panel)).toHaveCount(3);
    await expect(uploads(panel)).toHaveCount(0);
    expect(Math.min(...pieces)).toBeGreaterThan(0);
    expect(await hashOf(page, `${tmpPath}/again.npy`)).toBe(sha256(again.bytes));

    // Given up: neither a file nor anything hidden stays.
    const given = arrayOf(info.outputPath('desk'), 'given.npy', 2 << 20);
    fromNowOn(number => (number < 2 ? 'pass' : 'hold'));
    await dropPaths(panel, [given.file]);
    await expect(uploads(panel).getByRole('progressbar')).toHaveAttribute(
      'aria-valuenow',
      /^[1-9]/
    );
    await panel.getByRole('button', { name: 'Cancel given.npy' }).click();
    await expect(uploads(panel)).toHaveCount(0);
    expect(await leftovers(page, tmpPath)).toEqual([]);
    expect(await page.contents.fileExists(`${tmpPath}/given.npy`)).toBe(false);
    await expect(rows(panel)).toHaveCount(3);
  });
});
