// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { ApiError } from '../../../src/lab/requests';
import { PanelModel } from '../../../src/lab/panel/model';
import { PROTOCOL } from '../../../src/core/protocol';
import { VERSION } from '../../../src/core/version';
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

  test('takes another version of the same protocol as it is', async () => {
    api.greeting = { protocol: PROTOCOL, version: '9.9.9' };
    await model.start();
    expect(model.advice).toEqual([]);
  });

  test('names both versions when the protocol differs, and the command for the server', async () => {
    const environment = {
      python: '/opt/lab/bin/python',
      prefix: '/opt/lab',
      pip: true,
      uv: false,
      conda: false
    };
    api.greeting = { protocol: PROTOCOL + 1, version: '9.9.9', environment };
    await model.start();
    expect(model.status).toBe('ready');
    const [{ text, command, then }] = model.advice;
    expect(text).toContain(`${VERSION} (protocol ${PROTOCOL})`);
    expect(text).toContain(`9.9.9 (protocol ${PROTOCOL + 1})`);
    expect(command).toBe(`/opt/lab/bin/python -m pip install "astrodata-lab==${VERSION}"`);
    expect(then).toMatch(/restart the Jupyter server and reload/);
    api.greeting = { protocol: PROTOCOL, version: VERSION };
    await model.start();
    expect(model.advice).toEqual([]);
  });

  test('of a server that does not answer is tried again by itself', async () => {
    vi.useFakeTimers();
    api.error = new ApiError('network', 'The Jupyter server did not answer.');
    model.seen = true;
    await model.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(model.status).toBe('failed');
    expect(model.failure).toContain('goes on by itself');
    api.error = null;
    api.list = [dataset('m13')];
    await vi.advanceTimersByTimeAsync(1_000);
    expect([model.status, names(), model.warnings]).toEqual(['ready', ['m13'], []]);
    vi.useRealTimers();
  });
});

describe('the list', () => {
  test('stays when a refresh fails, the reason is told, and it is asked for again', async () => {
    vi.useFakeTimers();
    model.seen = true;
    api.list = [dataset('m13')];
    await model.start();
    api.error = new ApiError('time-out', 'This took too long.');
    await model.refresh();
    expect(names()).toEqual(['m13']);
    expect(model.warnings).toEqual(['This took too long.']);
    api.error = null;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(model.warnings).toEqual([]);
    vi.useRealTimers();
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

describe('a server that goes away', () => {
  const GONE = new ApiError('network', 'The Jupyter server did not answer.');
  const away = (gone: ApiError | null): void => {
    api.error = api.runError = api.labelError = gone;
  };
  const wait = (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(1_000 * seconds);

  beforeEach(async () => {
    vi.useFakeTimers();
    api.list = [dataset('m13')];
    model.seen = true;
    await model.start();
  });

  afterEach(() => {
    model.dispose();
    vi.useRealTimers();
  });

  test('is told of once, asked one question at a time, and all is looked at when it is back', async () => {
    away(GONE);
    await wait(60);
    expect(model.warnings).toHaveLength(1);
    expect(model.warnings[0]).toContain('goes on by itself');
    expect([model.runs.warnings, model.labels.warnings, model.models.warnings]).toEqual([
      [],
      [],
      []
    ]);
    expect([model.status, names()]).toEqual(['ready', ['m13']]);
    const before = [api.lists, api.runLists, api.labelLists];
    const asked = vi.spyOn(api, 'hello');
    await wait(60);
    expect([api.lists, api.runLists, api.labelLists]).toEqual(before);
    expect(asked.mock.calls.length).toBeGreaterThan(5);
    expect(asked.mock.calls.length).toBeLessThan(12);
    away(null);
    api.list = [dataset('m31')];
    api.runList = [run('a')];
    const facts = { into: '', name: 'left.npy', folder: false, modified: 0, mark: '' };
    const files = [['', 10]] as const;
    uploads.staged.set('k', { facts: { ...facts, files }, bytes: new Uint8Array(4) });
    await wait(9);
    expect([model.warnings, names(), model.runs.items.length]).toEqual([[], ['m31'], 1]);
    expect(rows()).toEqual(['left.npy: interrupted']);
    expect(model.announcement).toContain('answers again');
  });

  test('is asked at once when a person wants it or the network is back', async () => {
    away(GONE);
    await wait(120);
    away(null);
    await model.refresh();
    expect(model.warnings).toEqual([]);
    away(GONE);
    await wait(120);
    away(null);
    window.dispatchEvent(new Event('online'));
    await wait(0.1);
    expect(model.warnings).toEqual([]);
  });

  test('is not asked while nobody sees the panel', async () => {
    away(GONE);
    await wait(60);
    model.seen = false;
    await wait(10);
    const asked = vi.spyOn(api, 'hello');
    await wait(600);
    expect(asked).not.toHaveBeenCalled();
    away(null);
    model.seen = true;
    await wait(0.1);
    expect(model.warnings).toEqual([]);
  });

  test('and comes back without our half says how to install it, and is found when it has it', async () => {
    away(new ApiError('no-server', 'The Jupyter server answered 404.'));
    await wait(60);
    expect(model.status).toBe('no-server');
    away(null);
    await wait(60);
    expect([model.status, names()]).toEqual(['ready', ['m13']]);
  });

  test('is not meant by an answer that only one section gets', async () => {
    api.runError = new ApiError('network', 'The Jupyter server answered 502.');
    await wait(60);
    expect(model.warnings).toEqual([]);
    expect(model.runs.warnings).toEqual(['The Jupyter server answered 502.']);
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
