// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { ApiError } from '../../../src/lab/requests';
import { PanelModel } from '../../../src/lab/panel/model';
import { ITask } from '../../../src/lab/panel/tasks';
import { ClashAnswer, MIN_CHUNK } from '../../../src/lab/upload';
import { FakeApi } from './fakeApi';
import { FakeContents } from './fakeContents';
import { folder } from './fakeEntries';
import { away, FakeUploads } from './fakeUploads';

let api: FakeApi;
let uploads: FakeUploads;
let into: string;
let answer: ClashAnswer;
let model: PanelModel;

beforeEach(() => {
  localStorage.clear();
  api = new FakeApi();
  uploads = new FakeUploads();
  into = '';
  answer = 'cancel';
  model = new PanelModel({
    api,
    contents: new FakeContents() as never,
    trans: nullTranslator.load('test'),
    folder: () => into,
    onClash: async () => answer,
    uploads,
    pause: async () => undefined
  });
});

// What a test leaves would answer for its uploads in the next one.
afterEach(() => model.imports.dispose());

const file = (name: string, size = 10): File =>
  new File([new Uint8Array(size)], name, { lastModified: 1 });
const names = (): string[] => model.datasets.map(item => item.name);
const rows = (): string[] => model.tasks.items.map(task => `${task.name}: ${task.state}`);
const row = (name: string): ITask => model.tasks.items.find(task => task.name === name)!;

describe('files of the desktop', () => {
  test('are uploaded one after the other and added with their size and hash', async () => {
    into = 'data';
    await model.imports.add([file('a.fits', 10), file('b.fits', MIN_CHUNK + 1)]);
    expect(api.added.map(([path, expectation]) => [path, expectation?.size])).toEqual([
      ['data/a.fits', 10],
      ['data/b.fits', MIN_CHUNK + 1]
    ]);
    expect(api.added[0][1]?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(rows()).toEqual([]);
    expect(model.announcement).toBe('Added data/b.');
  });

  test('go where uploads went when they were dropped', async () => {
    into = 'one';
    const first = model.imports.add([file('a.fits')]);
    into = 'two';
    await Promise.all([first, model.imports.add([file('b.fits')])]);
    expect([...uploads.files.keys()]).toEqual(['one/a.fits', 'two/b.fits']);
  });

  test('that are no datasets are kept, and both is said', async () => {
    api.error = new ApiError('check-failed', 'a.fits has 9 bytes where 10 were sent.');
    await model.imports.add([file('a.fits')]);
    expect(row('a.fits').message).toBe('a.fits has 9 bytes where 10 were sent.');
    expect(row('a.fits').detail).toContain('kept as a.fits');
    expect([...uploads.files.keys()]).toEqual(['a.fits']);
  });

  test('that cannot be uploaded do not keep the next ones from it', async () => {
    uploads.beforeBegin = () => {
      uploads.beforeBegin = () => undefined;
      throw new ApiError('no-space', 'The disk is full.');
    };
    await model.imports.add([file('a.fits'), file('b.fits')]);
    expect(row('a.fits').message).toBe('a.fits was not uploaded: The disk is full.');
    expect(names()).toEqual(['b']);
  });

  test('that are cancelled while they wait are never sent', async () => {
    uploads.beforeAppend = () => {
      const waiting = row('b.fits');
      if (waiting) {
        model.tasks.cancel(waiting);
      }
    };
    await model.imports.add([file('a.fits'), file('b.fits')]);
    expect([...uploads.files.keys()]).toEqual(['a.fits']);
    expect(rows()).toEqual([]);
  });

  test('that are cancelled under way leave nothing and no row', async () => {
    uploads.beforeAppend = offset => {
      if (offset > 0) {
        model.tasks.cancel(row('a.fits'));
      }
    };
    await model.imports.add([file('a.fits', 3 * MIN_CHUNK)]);
    expect([uploads.files.size, uploads.staged.size]).toEqual([0, 0]);
    expect(rows()).toEqual([]);
    expect(model.announcement).toBe('Cancelled a.fits.');
  });

  test('of a taken name are not sent when the person cancels', async () => {
    uploads.files.set('a.fits', new Uint8Array(1));
    await model.imports.add([file('a.fits')]);
    expect(uploads.kept).toEqual([]);
    expect(rows()).toEqual([]);
  });

  test('say that the server is away, and that it is there again', async () => {
    const seen: string[] = [];
    model.tasks.changed.connect(() => seen.push(row('a.fits')?.state));
    let calls = 0;
    uploads.beforeAppend = () => {
      if (calls++ === 0) {
        throw away();
      }
    };
    await model.imports.add([file('a.fits')]);
    expect(seen.indexOf('away')).toBeGreaterThan(seen.indexOf('uploading'));
    expect(seen.lastIndexOf('uploading')).toBeGreaterThan(seen.indexOf('away'));
  });
});

describe('an upload that failed', () => {
  beforeEach(async () => {
    uploads.beforeAppend = offset => {
      if (offset > 0) {
        throw away();
      }
    };
    await model.imports.add([file('a.fits', 3 * MIN_CHUNK)]);
    uploads.beforeAppend = () => undefined;
  });

  test('is gone on with by its button', async () => {
    expect(row('a.fits')).toMatchObject({ state: 'failed', canRetry: true });
    await model.imports.retry(row('a.fits'));
    expect(uploads.kept.filter(offset => offset === 0)).toHaveLength(1);
    expect([rows(), names()]).toEqual([[], ['a']]);
  });

  test('leaves nothing on the server when it is dismissed', async () => {
    expect(uploads.staged.size).toBe(1);
    await model.imports.dismiss(row('a.fits'));
    expect([uploads.staged.size, rows()]).toEqual([0, []]);
  });

  test('is shown by the next page, which goes on with it when the file is added again', async () => {
    model.tasks.remove(row('a.fits'));
    const next = new PanelModel({
      api,
      contents: new FakeContents() as never,
      trans: nullTranslator.load('test'),
      folder: () => '',
      onClash: async () => 'cancel',
      uploads
    });
    await next.start();
    expect(next.tasks.items).toMatchObject([{ name: 'a.fits', state: 'interrupted' }]);
    expect(next.tasks.items[0].fraction).toBeCloseTo(1 / 3);
    await next.imports.add([file('a.fits', 3 * MIN_CHUNK)]);
    expect(uploads.kept.filter(offset => offset === 0)).toHaveLength(1);
    expect(next.tasks.items).toEqual([]);
    next.dispose();
  });
});

describe('an upload of which something came a moment ago', () => {
  const page = (): PanelModel =>
    new PanelModel({
      api,
      contents: new FakeContents() as never,
      trans: nullTranslator.load('test'),
      folder: () => '',
      onClash: async () => 'cancel',
      uploads
    });

  beforeEach(() => {
    uploads.idle = 1;
    // It never ends: its page goes before.
    uploads.beforeAppend = offset =>
      offset > 0 ? new Promise<void>(() => undefined) : Promise.resolve();
    void model.imports.add([file('a.fits', 3 * MIN_CHUNK)]);
    return vi.waitFor(() => expect(uploads.kept).toEqual([0]));
  });

  test('is shown at once by another page of the browser when its own is gone', async () => {
    const next = page();
    await next.start();
    expect(next.tasks.items).toEqual([]);
    model.imports.dispose(); // nobody answers for its page any more
    await next.imports.findInterrupted();
    expect(next.tasks.items).toMatchObject([{ name: 'a.fits', state: 'interrupted' }]);
    next.dispose();
  });

  test('is shown elsewhere only when nothing came for long', async () => {
    localStorage.clear();
    vi.useFakeTimers();
    const next = page();
    await next.start();
    expect(next.tasks.items).toEqual([]);
    uploads.idle = 31;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(next.tasks.items).toMatchObject([{ name: 'a.fits', state: 'interrupted' }]);
    next.dispose();
    vi.useRealTimers();
  });
});

describe('a folder of the desktop', () => {
  test('becomes one dataset', async () => {
    into = 'data';
    const scene = folder('scene.SAFE', { GRANULE: { 'a.jp2': 'aa' }, 'b.xml': 'b' });
    await model.imports.add([scene, file('c.fits')]);
    expect([...uploads.files.keys()].sort()).toEqual([
      'data/c.fits',
      'data/scene.SAFE/GRANULE/a.jp2',
      'data/scene.SAFE/b.xml'
    ]);
    expect(api.added).toContainEqual(['data/scene.SAFE', undefined]);
    expect(rows()).toEqual([]);
  });

  test('says how many hidden files it left out', async () => {
    await model.imports.add([folder('scene', { '.DS_Store': 'x', 'a.tif': 'a' })]);
    expect(model.announcement).toBe('Left out one hidden file of scene.');
  });

  test('without files says so', async () => {
    await model.imports.add([folder('scene', { deep: {} })]);
    expect(row('scene').message).toBe('scene holds no files.');
  });

  test('that cannot be read says why', async () => {
    const entry = folder('scene', {});
    const createReader = (): FileSystemDirectoryReader =>
      ({
        readEntries: (_: unknown, fail: (error: Error) => void) => fail(new Error('gone'))
      }) as unknown as FileSystemDirectoryReader;
    await model.imports.add([{ ...entry, createReader }]);
    expect(row('scene').message).toBe('scene was not uploaded: gone');
  });
});

test('an address with a secret is told, without the secret', () => {
  model.refuseAddress('https://ada:pw@x.org/y.fits');
  expect(row('x.org').message).toContain('password');
  expect(JSON.stringify(model.tasks.items)).not.toContain('pw@');
});
