import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync
} from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { type IJupyterLabPageFixture, expect as expectNow } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';

const HERE = path.resolve(__dirname, '..');

/** Beside the servers that all tests share, of which each worker has one. */
const PORT =
  Number(process.env.ASTRODATA_TEST_PORT) + 5 + Number(process.env.TEST_PARALLEL_INDEX ?? 0);

const URL = `http://localhost:${PORT}`;

/**
 * What a test that has a server of its own uses: nothing is asked of the server by mocks while it is away, and
 * nothing when the test ends, as all that it has goes with it.
 */
export const OWN = {
  baseURL: URL,
  kernels: null,
  mockState: false,
  serverFiles: 'on',
  sessions: null,
  terminals: null
} as const;

/** What a server and kernels that come back take, they take: each is a process that loads much. */
export const expect = expectNow.configure({ timeout: 60_000 });

/** A server that a test may kill, and start again over the same folder at the same address. */
export class OwnServer {
  /** The folder that it shows. */
  readonly root = mkdtempSync(path.join(tmpdir(), 'astrodata-killed-'));

  constructor() {
    // A workspace, which notebooks in its folders take too.
    mkdirSync(path.join(this.root, 'astrodata/runs'), { recursive: true });
  }

  async start(): Promise<void> {
    expect(await answers(`${URL}/api`), `somebody else answers at ${URL}`).toBe(false);
    const log = openSync(path.join(HERE, `server-own-${PORT}.log`), 'a');
    const options = ['--config', 'jupyter_server_test_config.py'];
    // Galata's own would be a new one after each start.
    options.push(`--LabApp.workspaces_dir=${path.join(this.root, '.workspaces')}`);
    this._process = spawn('jupyter-lab', options, {
      cwd: HERE,
      env: {
        ...process.env,
        ASTRODATA_TEST_PORT: String(PORT),
        JUPYTERLAB_GALATA_ROOT_DIR: this.root
      },
      stdio: ['ignore', log, log]
    });
    await expect.poll(() => answers(`${URL}/api`), { timeout: 90_000 }).toBe(true);
  }

  /** End it without a farewell, as a machine that runs out of memory does. */
  async kill(): Promise<void> {
    await this._end();
    await expect.poll(() => answers(`${URL}/api`)).toBe(false);
  }

  /** End it, its kernels and its folder: nobody is left to whom a farewell would matter. */
  async stop(): Promise<void> {
    this.killKernels();
    await this._end();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  /** End the processes of its kernels without a farewell; gives how many there were. */
  killKernels(): number {
    const kernels = childrenOf(this._process?.pid).filter(isKernel);
    kernels.forEach(pid => process.kill(pid, 'SIGKILL'));
    return kernels.length;
  }

  private async _end(): Promise<void> {
    const ended = this._process;
    if (ended && ended.exitCode === null && ended.signalCode === null) {
      const gone = new Promise(resolve => ended.once('exit', resolve));
      ended.kill('SIGKILL');
      await gone;
    }
  }

  private _process: ChildProcess | null = null;
}

/** What went wrong in our part of a page and nobody caught, Lab's own aside: listen before it happens. */
export function uncaughtIn(page: Page): string[] {
  const found: string[] = [];
  page.on('pageerror', ({ stack }) => {
    if (stack?.includes('/extensions/astrodata-lab/')) {
      found.push(stack);
    }
  });
  return found;
}

/** Close Lab's own word about a server that is away, whenever it comes up. */
export async function closeLabsWord(page: Page): Promise<void> {
  const word = page.locator('.jp-Dialog').filter({ hasText: 'Server Connection Error' });
  await page.addLocatorHandler(word, () => word.getByRole('button', { name: 'Close' }).click());
}

/**
 * Close a page as one closes a tab, and open Lab again where it was left.
 *
 * @param meanwhile - What happens while there is no page.
 */
export async function anotherPage(
  page: Page,
  meanwhile: () => Promise<void> = async () => undefined
): Promise<IJupyterLabPageFixture> {
  const next = (await page.context().newPage()) as IJupyterLabPageFixture;
  await page.close();
  await meanwhile();
  await next.goto(`${URL}/lab`);
  // What is restored would take the place of what one opens before.
  await next.waitForFunction(() => 'jupyterapp' in window);
  await next.evaluate(() => window.jupyterapp.restored);
  return next;
}

/** The server has noticed that the kernel is dead and begun another one, which the page tells. */
export async function kernelRevived(page: Page): Promise<void> {
  const dialog = page.locator('.jp-Dialog').filter({ hasText: 'Kernel Restarting' });
  await expect(dialog).toBeVisible({ timeout: 60_000 });
  await dialog.getByRole('button', { name: 'Ok' }).click();
  await expect(page.getByText('| Idle').first()).toBeVisible({ timeout: 60_000 });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

function childrenOf(pid: number | undefined): number[] {
  const threads = `/proc/${pid}/task`;
  if (!existsSync(threads)) {
    return [];
  }
  return readdirSync(threads).flatMap(thread =>
    readFileSync(`${threads}/${thread}/children`, 'utf-8').split(' ').filter(Boolean).map(Number)
  );
}

function isKernel(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf-8').includes('ipykernel_launcher');
  } catch {
    return false; // ended just now
  }
}
