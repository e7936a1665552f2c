// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import { beforeEach, describe, expect, test, vi } from 'vitest';

import { Phase, Viewing } from '../../../src/lab/documents/viewing';
import { VERSION } from '../../../src/core/version';
import { FakeKernel, FakeSession, IAnswer } from './fakeDocumentKernel';

const OPEN = 'import astrodata_kernel as adk\nviewer = adk.view("m31.fits")\nviewer';
const NO_NAME = { error: { ename: 'NameError', evalue: "name 'viewer' is not defined" } };

let kernel: FakeKernel;
let session: FakeSession;
let viewing: Viewing;
let path: string;
let written: string;

beforeEach(() => {
  kernel = new FakeKernel();
  session = new FakeSession();
  [path, written] = ['data/m31.fits', 'then'];
  viewing = new Viewing({
    session: session as never,
    path: () => path,
    modified: async () => written,
    trans: nullTranslator.load('test')
  });
});

/** A kernel without a viewer, which makes one when it is asked to open the file. */
function opens(answer: () => IAnswer | Promise<IAnswer> = () => shows('w1')): void {
  kernel.answer = code => (code.includes('adk.view') ? answer() : NO_NAME);
}

function shows(id: string): IAnswer {
  kernel.open(id, { _esm: 'export default {}', stretch: 'linear' });
  return { widget: id };
}

async function reach<N extends Phase['name']>(name: N): Promise<Extract<Phase, { name: N }>> {
  await vi.waitFor(() => expect(viewing.phase.name).toBe(name));
  return viewing.phase as Extract<Phase, { name: N }>;
}

describe('a file in a kernel of its own', () => {
  test('is opened by its path from the folder of the kernel', async () => {
    opens();
    expect(viewing.phase.name).toBe('starting');
    session.start(kernel);
    const { model } = await reach('shown');
    expect(model.id).toBe('w1');
    expect(kernel.ran).toEqual(['viewer', OPEN]);
  });

  test('is shown as it was by a kernel that has it open, and not opened again', async () => {
    kernel.states.set('old', { _esm: '', stretch: 'log', channel: 'anywidget:data' });
    kernel.states.set('data', { _esm: '' });
    kernel.answer = () => ({ widget: 'old' });
    session.start(kernel);
    const { model, models } = await reach('shown');
    expect(model.get('stretch')).toBe('log');
    expect((await models.find(model.get('channel') as string)).id).toBe('data');
    expect(kernel.ran).toEqual(['viewer']);
  });

  test('has what the kernel says of it as text, and is opened again by Retry', async () => {
    const evalue = 'm31.fits is truncated: <b>82,880</b> bytes too early. Copy it again.';
    opens(() => ({
      error: { ename: 'UnreadableFile', evalue, traceback: ['\u001b[31mline\u001b[0m'] }
    }));
    session.start(kernel);
    expect(await reach('failed')).toMatchObject({ text: evalue, remedy: 'retry', details: 'line' });
    opens();
    await viewing.mend('retry');
    await reach('shown');
  });

  test('names the command that installs the toolkit in the environment of the kernel', async () => {
    const missing = { ename: 'ModuleNotFoundError', evalue: "No module named 'astrodata_kernel'" };
    kernel.answer = code =>
      code.includes('sys.executable')
        ? {
            printed:
              '{"python": "/opt/my env/bin/python", "prefix": "/opt/my env", "pip": true, "uv": false, "conda": false}\n'
          }
        : { error: missing };
    session.start(kernel);
    const { advice, remedy } = await reach('failed');
    expect(advice?.text).toContain('Python 3');
    expect(advice?.command).toBe(
      `'/opt/my env/bin/python' -m pip install "astrodata-lab[kernel]==${VERSION}"`
    );
    await viewing.mend(remedy);
    expect(session.restarts).toBe(1);
  });

  test('is not said to lack the toolkit when the toolkit lacks something', async () => {
    opens(() => ({
      error: { ename: 'ModuleNotFoundError', evalue: "No module named 'rasterio'" }
    }));
    session.start(kernel);
    expect(await reach('failed')).toMatchObject({ text: "No module named 'rasterio'" });
  });

  test('says that there is no viewer for what the file holds', async () => {
    opens(() => ({ printed: 'Dataset(footprints)' }));
    session.start(kernel);
    expect((await reach('failed')).text).toContain('Dataset(footprints)');
  });

  test('tells how far the kernel is, and stops when it is asked to', async () => {
    let stop = (_: IAnswer): void => undefined;
    opens(() => new Promise(resolve => (stop = resolve)));
    session.start(kernel);
    await reach('reading');
    await vi.waitFor(() => expect(kernel.ran).toHaveLength(2));
    const bar = kernel.open('bar', { _model_name: 'FloatProgressModel', value: 0 });
    bar.receive({ method: 'update', state: { value: 0.25 } });
    expect(viewing.phase).toEqual({ name: 'reading', share: 0.25 });
    await viewing.stop();
    expect(kernel.interrupted).toBe(1);
    stop({ error: { ename: 'KeyboardInterrupt', evalue: '' } });
    expect(await reach('failed')).toMatchObject({ text: 'Reading was stopped.', remedy: 'retry' });
  });

  test('says that its kernel ended, whatever an older answer says, and starts it again', async () => {
    let late = (_: IAnswer): void => undefined;
    opens(() => new Promise(resolve => (late = resolve)));
    session.start(kernel);
    await vi.waitFor(() => expect(kernel.ran).toHaveLength(2));
    session.status('autorestarting');
    expect((await reach('failed')).text).toContain('ended while it read m31.fits');
    late({ widget: 'w9' });
    await Promise.resolve();
    expect(viewing.phase).toMatchObject({ name: 'failed', remedy: 'restart' });
    opens();
    await viewing.mend('restart');
    await reach('shown');
    expect(session.restarts).toBe(1);
  });

  test('gets another kernel in place of one that is dead or was shut down', async () => {
    // A page hears late that the session of a dead kernel is gone.
    session.refreshed = () => session.session && session.end();
    for (const end of [() => session.status('dead'), () => session.end()]) {
      opens();
      session.start(kernel);
      await reach('shown');
      end();
      const { remedy } = await reach('failed');
      session.next = kernel = new FakeKernel();
      opens();
      await viewing.mend(remedy);
      await reach('shown');
    }
    expect(session.changes).toEqual([{ name: 'python3' }, { name: 'python3' }]);
    expect(session.restarts).toBe(0);
  });

  test('says that no kernel could be started', () => {
    session.status('starting');
    session.status('unknown');
    expect(viewing.phase).toMatchObject({ name: 'failed', remedy: 'start' });
  });

  test('wants a kernel with which no other tab speaks', async () => {
    kernel.handleComms = false;
    session.start(kernel);
    expect(await reach('failed')).toMatchObject({ remedy: 'start' });
    expect(kernel.ran).toEqual([]);
  });

  test('is opened anew by Reload, when it was written meanwhile too', async () => {
    opens();
    session.start(kernel);
    await reach('shown');
    await viewing.check();
    expect(viewing.isStale).toBe(false);
    written = 'now';
    await viewing.check();
    expect(viewing.isStale).toBe(true);
    opens(() => shows('w2'));
    await viewing.reload();
    expect(viewing.isStale).toBe(false);
    expect((await reach('shown')).model.id).toBe('w2');
    expect(kernel.ran.slice(2)).toEqual(['viewer.close()', OPEN]);
  });

  test('is found where it was moved to by a kernel that stays where it is', async () => {
    opens();
    session.start(kernel);
    await reach('shown');
    path = 'data/old/andromeda.fits';
    await viewing.reload();
    expect(kernel.ran.at(-1)).toContain('adk.view("old/andromeda.fits")');
  });

  test('gives a notebook in another folder the cell that shows the same', async () => {
    expect((await viewing.cell())('')).toContain('adk.view("data/m31.fits")');
    const pieces = ['adk.view(', ", stretch='log')"];
    kernel.answer = code => {
      if (code.includes('code_parts')) {
        return { printed: JSON.stringify({ pieces, sources: ['m31.fits'] }) + '\n' };
      }
      return code.includes('adk.view') ? shows('w1') : NO_NAME;
    };
    session.start(kernel);
    await reach('shown');
    const cell = await viewing.cell();
    expect(cell('notes')).toBe(
      'import astrodata_kernel as adk\nadk.view("../data/m31.fits", stretch=\'log\')'
    );
    // A viewer that knows no code, and a toolkit that is older.
    for (const answer of [{ printed: '{"pieces": [], "sources": []}' }, NO_NAME]) {
      kernel.answer = () => answer;
      expect((await viewing.cell())('')).toContain('adk.view("data/m31.fits")');
    }
  });
});
