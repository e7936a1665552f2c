// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import { beforeEach, describe, expect, test, vi } from 'vitest';

import { ApiError } from '../../../src/lab/api';
import { PanelModel } from '../../../src/lab/panel/model';
import { VERSION } from '../../../src/lab/version';
import { dataset, FakeApi, run } from './fakeApi';
import { FakeContents } from './fakeContents';
import { FakeUploads } from './fakeUploads';

let api: FakeApi;
let contents: FakeContents;
let model: PanelModel;
let uploads: FakeUploads;

beforeEach(() => {
  api = new FakeApi();
  contents = new FakeContents();
  uploads = new FakeUploads();
  model = new PanelModel({
    api,
    contents: contents as never,
    trans: nullTranslator.load('test'),
    folder: () => '',
    onClash: async () => 'cancel',
    uploads
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
    await model.work.remove('m13');
    expect(names()).toEqual(['m31']);
    expect(model.announcement).toBe('Removed m13 from the list.');
  });

  test('stays as it is where the server says that nothing has changed', async () => {
    api.list = [dataset('m13')];
    await model.start();
    const before = model.datasets;
    await model.refresh();
    expect(api.lists).toBe(2);
    expect(model.datasets).toBe(before);
  });
});

describe('files of the server', () => {
  test('are added by path, nothing is copied', async () => {
    await model.addPaths(['data/m13.fits', 'RTC:m31.fits']);
    expect(api.added).toEqual([
      ['data/m13.fits', undefined],
      ['m31.fits', undefined]
    ]);
    expect(uploads.begun).toEqual([]);
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
