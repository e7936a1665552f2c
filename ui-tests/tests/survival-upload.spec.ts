import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { test } from '@jupyterlab/galata';
import type { Locator, Page, Request } from '@playwright/test';
import { OWN, OwnServer, anotherPage, closeLabsWord, expect, uncaughtIn } from './ownServer';
import { datasets, dropFromDesktop, newNotebook, openPanel } from './steps';

test.use(OWN);

const SIZE = 3 << 20;

interface IFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly modified: number;
}

let server: OwnServer;

test.beforeAll(async () => {
  server = new OwnServer();
  await server.start();
});

test.afterAll(() => server.stop());

const uploads = (panel: Locator): Locator => panel.getByRole('list', { name: 'Uploads' });
const rows = (panel: Locator): Locator => datasets(panel).getByRole('listitem');
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A NumPy array of some megabytes that begins with a number of its own. */
function arrayFile(name: string, first: number): IFile {
  const header = `{'descr': '<i4', 'fortran_order': False, 'shape': (${SIZE / 4096}, 1024), }`;
  const values = Int32Array.from({ length: SIZE / 4 }, (_, i) => first + 7 * i);
  const magic = Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1');
  const bytes = Buffer.concat([
    magic,
    Buffer.from(header.padEnd(117) + '\n'),
    Buffer.from(values.buffer)
  ]);
  return { name, bytes, modified: 1_600_000_000_000 };
}

/** A gate for the pieces of uploads: all that come while it is closed wait for it. */
class Gate {
  /** Where the pieces begin that went through. */
  readonly offsets: number[] = [];

  constructor(private readonly _after: number) {}

  async watch(page: Page): Promise<void> {
    await page.route('**/astrodata-lab/uploads?*', async route => {
      const request = route.request();
      if (isPiece(request)) {
        if (this.offsets.length >= this._after) {
          await this._opened;
        }
        this.offsets.push(Number(new URL(request.url()).searchParams.get('offset')));
      }
      await route.continue().catch(() => undefined); // of a page that was closed
    });
  }

  open(): void {
    this._open();
  }

  private _open: () => void = () => undefined;
  private readonly _opened = new Promise<void>(resolve => (this._open = resolve));
}

const isPiece = (request: Request): boolean => request.method() === 'PUT';

/** Drop a file, and wait until some of it is there and the rest is held. */
async function half(panel: Locator, file: IFile): Promise<Gate> {
  const page = panel.page();
  const gate = new Gate(2);
  await gate.watch(page);
  await dropFromDesktop(panel, [file]);
  await expect(uploads(panel).getByRole('progressbar')).toHaveAttribute('aria-valuenow', /^[1-9]/);
  return gate;
}

test('an upload outlives the kernel, the server and the page', async ({ page, tmpPath }) => {
  test.setTimeout(240_000);
  const uncaught = uncaughtIn(page);
  await closeLabsWord(page);
  const arrived = async (panel: Locator, file: IFile): Promise<void> => {
    const name = path.parse(file.name).name;
    await expect(rows(panel).filter({ hasText: name })).toHaveCount(1);
    await expect(uploads(panel)).toHaveCount(0);
    const there = readFileSync(path.join(server.root, tmpPath, file.name));
    expect(sha256(there)).toBe(sha256(file.bytes));
  };

  // The kernel of a notebook that is open goes: nobody notices.
  let panel = await openPanel(page);
  await newNotebook(page);
  await page.notebook.save();
  panel = await openPanel(page);
  const first = arrayFile('with_kernel.npy', 1);
  let gate = await half(panel, first);
  await expect.poll(() => server.killKernels()).toBe(1);
  gate.open();
  await arrived(panel, first);

  // The server goes: what it has acknowledged is not sent again.
  const second = arrayFile('with_server.npy', 2);
  gate = await half(panel, second);
  await server.kill();
  gate.open();
  await expect(uploads(panel)).toContainText('the server does not answer');
  const before = gate.offsets.length;
  await server.start();
  await arrived(panel, second);
  expect(Math.min(...gate.offsets.slice(before))).toBeGreaterThan(0);
  await expect(panel.getByText('The panel goes on by itself')).toHaveCount(0);

  // The page goes: another one says so, and what is dropped again goes on.
  const third = arrayFile('with_page.npy', 3);
  await half(panel, third);
  const next = await anotherPage(page);
  const uncaughtThere = uncaughtIn(next);
  panel = await openPanel(next);
  await expect(uploads(panel)).toContainText('Interrupted at');
  gate = new Gate(Infinity);
  await gate.watch(next);
  await dropFromDesktop(panel, [third]);
  await arrived(panel, third);
  expect(Math.min(...gate.offsets)).toBeGreaterThan(0);
  expect([...uncaught, ...uncaughtThere]).toEqual([]);
});
