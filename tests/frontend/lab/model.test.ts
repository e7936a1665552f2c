// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import { beforeEach, describe, expect, test, vi } from 'vitest';

import { ApiError } from '../../../src/lab/api';
import { PanelModel } from '../../../src/lab/panel/model';
import { CHUNK_SIZE, ClashAnswer } from '../../../src/lab/upload';
import { VERSION } from '../../../src/lab/version';
import { dataset, FakeApi, run } from './fakeApi';
import { FakeContents } from './fakeContents';

let api: FakeApi;
let contents: FakeContents;
let folder: string;
let answer: ClashAnswer;
let model: PanelModel;

beforeEach(() => {
  api = new FakeApi();
  contents = new FakeContents();
  folder = '';
  answer = 'cancel';
  model = new PanelModel({
    api,
    contents: contents as never,
    trans: nullTranslator.load('test'),
    folder: () => folder,
    onClash: async () => answer
  });
});

const names = (): string[] => model.datasets.map(item => item.name);
const rows = (): string[] => model.tasks.items.map(task => `${task.name}: ${task.state}`);

describe('the handshake', () => {
  test('ends with the list', async () => {
    api.list = [dataset('m13')];
    await model.start();
    expect(model.status).toBe('ready');
    expect(names()).toEqual(['m13']);
    expect(model.warnings).toEqual([]);
  });

  test('tells that the server half is missing, and finds it after a refresh', async () => {
    api.error = new ApiError('no-server', 'The Jupyter server answered 404.');
    await model.start();
    expect(model.status).toBe('no-server');
    api.error = null;
    await model.refresh();
    expect(model.status).toBe('ready');
  });

  test('names both versions when they differ, and the command that mends it', async () => {
    api.serverVersion = '9.9.9';
    await model.start();
    expect(model.status).toBe('ready');
    expect(model.warnings[0]).toContain('9.9.9');
    expect(model.warnings[0]).toContain(`pip install astrodata-lab==${VERSION}`);
  });

  test('of a server that does not answer gives the reason', async () => {
    api.error = new ApiError('network', 'The Jupyter server did not answer.');
    await model.start();
    expect([model.status, model.failure]).toEqual(['failed', 'The Jupyter server did not answer.']);
  });
});

describe('the list', () => {
  test('stays when a refresh fails, and the reason is told', async () => {
    api.list = [dataset('m13')];
    await model.start();
    api.error = new ApiError('network', 'The Jupyter server did not answer.');
    await model.refresh();
    expect(names()).toEqual(['m13']);
    expect(model.warnings).toEqual(['The Jupyter server did not answer.']);
  });

  test('is asked for again when the file of a dataset changes, and not for others', async () => {
    api.list = [dataset('m13')];
    await model.start();
    const before = api.lists;
    const change = { type: 'save', oldValue: null, newValue: { path: 'other.txt' } } as const;
    contents.fileChanged.emit(change as never);
    expect(api.lists).toBe(before);
    contents.fileChanged.emit({ ...change, newValue: { path: 'm13.fits' } } as never);
    expect(api.lists).toBe(before + 1);
  });

  test('is read again once, and not at once, however often that is wanted', async () => {
    vi.useFakeTimers();
    await model.start();
    const before = api.lists;
    model.refreshSoon();
    model.refreshSoon();
    expect(api.lists).toBe(before);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(api.lists).toBe(before + 1);
    model.refreshSoon();
    model.dispose();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(api.lists).toBe(before + 1);
    vi.useRealTimers();
  });

  test('loses what is removed', async () => {
    api.list = [dataset('m13'), dataset('m31')];
    await model.start();
    await model.remove('m13');
    expect(names()).toEqual(['m31']);
    expect(model.announcement).toBe('Removed m13 from the list.');
  });
});

describe('files of the server', () => {
  test('are added by path, nothing is copied', async () => {
    await model.addPaths(['data/m13.fits', 'RTC:m31.fits']);
    expect(api.added).toEqual([
      ['data/m13.fits', undefined],
      ['m31.fits', undefined]
    ]);
    expect(contents.chunks).toEqual([]);
    expect(rows()).toEqual([]);
    expect(names()).toEqual(['data/m13', 'm31']);
  });

  test('on another drive are refused with the name of the drive', async () => {
    await model.addPaths(['S3:bucket/m13.fits']);
    expect(api.added).toEqual([]);
    expect(model.tasks.items[0].message).toContain('the drive S3');
  });

  test('that are no datasets stay as rows with the sentence of the server', async () => {
    api.error = new ApiError('unsupported', 'notes.txt holds text.');
    await model.addPaths(['notes.txt']);
    expect(rows()).toEqual(['notes.txt: failed']);
    expect(model.tasks.items[0].message).toBe('notes.txt holds text.');
    model.tasks.remove(model.tasks.items[0]);
    expect(rows()).toEqual([]);
  });
});

describe('files of the desktop', () => {
  const file = (name: string, size = 10): File => new File([new Uint8Array(size)], name);

  test('are uploaded one after the other and added with their size and hash', async () => {
    folder = 'data';
    await model.addFiles([file('a.fits', 10), file('b.fits', CHUNK_SIZE + 1)]);
    expect(api.added.map(([path, expectation]) => [path, expectation?.size])).toEqual([
      ['data/a.fits', 10],
      ['data/b.fits', CHUNK_SIZE + 1]
    ]);
    expect(api.added[0][1]?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(rows()).toEqual([]);
    expect(model.announcement).toBe('Added data/b.');
  });

  test('that did not arrive whole are kept, and both is said', async () => {
    api.error = new ApiError('check-failed', 'a.fits has 9 bytes where 10 were sent.');
    await model.addFiles([file('a.fits')]);
    const [task] = model.tasks.items;
    expect(task.message).toBe('a.fits has 9 bytes where 10 were sent.');
    expect(task.detail).toContain('kept as a.fits');
    expect([...contents.files.keys()]).toEqual(['a.fits']);
  });

  test('that cannot be uploaded do not keep the next ones from it', async () => {
    contents.beforeSave = path => {
      if (path.startsWith('a.fits')) {
        throw new Error('disk full');
      }
    };
    await model.addFiles([file('a.fits'), file('b.fits')]);
    expect(model.tasks.items[0].message).toBe('a.fits was not uploaded: disk full');
    expect(names()).toEqual(['b']);
  });

  test('that are cancelled while they wait are never sent', async () => {
    contents.beforeSave = () => {
      const waiting = model.tasks.items.find(task => task.name === 'b.fits');
      if (waiting) {
        model.tasks.cancel(waiting);
      }
    };
    await model.addFiles([file('a.fits'), file('b.fits')]);
    expect([...contents.files.keys()]).toEqual(['a.fits']);
    expect(rows()).toEqual([]);
  });

  test('that are cancelled under way leave no file and no row', async () => {
    contents.beforeSave = () => {
      if (contents.chunks.length === 1) {
        model.tasks.cancel(model.tasks.items[0]);
      }
    };
    await model.addFiles([file('a.fits', 3 * CHUNK_SIZE)]);
    expect(contents.files.size).toBe(0);
    expect(rows()).toEqual([]);
    expect(model.announcement).toBe('Cancelled a.fits.');
  });

  test('of a taken name are not sent when the person cancels', async () => {
    contents.files.set('a.fits', new Uint8Array(1));
    await model.addFiles([file('a.fits')]);
    expect(contents.chunks).toEqual([]);
    expect(rows()).toEqual([]);
  });

  test('that are folders are told to be folders', async () => {
    await model.addFiles([], ['survey']);
    expect(rows()).toEqual(['survey: failed']);
    expect(model.tasks.items[0].message).toContain('survey is a folder');
  });
});

describe('runs', () => {
  const running = run('a', { state: 'running', ended: null });

  test('that end are told to those who listen, and models are looked at again', async () => {
    api.runList = [running, run('b', { state: 'failed' })];
    await model.runs.refresh();
    expect(model.announcement).toBe('');
    const looked = vi.spyOn(api, 'models');
    api.runList = [run('a', { state: 'cancelled' }), run('b', { state: 'failed' })];
    await model.runs.refresh();
    expect(model.announcement).toBe('cardio: cancelled');
    expect(looked).toHaveBeenCalledTimes(1);
  });

  test('are asked to end, and a wish that fails says why', async () => {
    await model.cancelRun(running);
    expect(api.cancelled).toEqual(['a']);
    expect(model.announcement).toBe('Asked cardio to end.');
    api.error = new ApiError('unreadable', 'The folder belongs to somebody else.');
    await model.cancelRun(running);
    expect(rows()).toEqual(['cardio: failed']);
    expect(model.tasks.items[0].message).toBe('The folder belongs to somebody else.');
  });
});
