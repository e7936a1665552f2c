import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { ApiError } from '../../../src/lab/requests';
import { Labels } from '../../../src/lab/panel/labels';
import { FakeApi, labelSession } from './fakeApi';

const MINUTE = 60_000;

let api: FakeApi;
let labels: Labels;

beforeEach(() => {
  vi.useFakeTimers();
  api = new FakeApi();
  labels = new Labels(api);
});

afterEach(() => {
  labels.dispose();
  vi.useRealTimers();
});

const names = (): string[] => labels.sessions.map(session => session.name);

test('the list is loading until the first look', async () => {
  expect(labels.status).toBe('loading');
  api.sessions = [labelSession('ecg')];
  await labels.refresh();
  expect([labels.status, names()]).toEqual(['ready', ['ecg']]);
});

describe('while somebody sees them', () => {
  test('labels are looked at again by themselves', async () => {
    await labels.refresh();
    labels.seen = true;
    api.sessions = [labelSession('ecg')];
    const told = vi.fn();
    labels.changed.connect(told);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(names()).toEqual(['ecg']);
    expect(told).toHaveBeenCalled();
  });

  test('labels that change are looked at more often than labels that rest', async () => {
    await labels.refresh();
    labels.seen = true;
    await vi.advanceTimersByTimeAsync(MINUTE);
    const resting = api.labelLists;
    api.sessions = [labelSession('ecg')];
    await vi.advanceTimersByTimeAsync(MINUTE);
    const changing = api.labelLists - resting;
    expect(changing).toBeGreaterThan(resting);
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    const before = api.labelLists;
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(api.labelLists - before).toBeLessThan(changing);
  });

  test('a look that fails keeps the list, says why, and is tried again', async () => {
    api.sessions = [labelSession('ecg')];
    await labels.refresh();
    labels.seen = true;
    api.labelError = new ApiError('time-out', 'This took too long.');
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect([labels.status, names(), labels.warnings]).toEqual([
      'ready',
      ['ecg'],
      ['This took too long.']
    ]);
    api.labelError = null;
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(labels.warnings).toEqual([]);
  });
});

test('nobody asks the server while nobody sees the labels', async () => {
  await labels.refresh();
  labels.seen = true;
  labels.seen = false;
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  expect(api.labelLists).toBe(1);
});

test('nobody asks the server after the panel is gone', async () => {
  await labels.refresh();
  labels.seen = true;
  labels.dispose();
  await labels.refresh();
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  expect(api.labelLists).toBe(1);
});

test('a server that knows no labels is not asked again', async () => {
  api.labelError = new ApiError('no-server', 'The Jupyter server answered 404.');
  await labels.refresh();
  labels.seen = true;
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  expect([labels.status, labels.warnings, api.labelLists]).toEqual(['absent', [], 1]);
});

test('a first look that fails says why', async () => {
  api.labelError = new ApiError('network', 'The Jupyter server did not answer.');
  await labels.refresh();
  expect([labels.status, labels.warnings]).toEqual([
    'failed',
    ['The Jupyter server did not answer.']
  ]);
});

test('an answer that comes after a newer one is not taken', async () => {
  let answerFirst = (): void => undefined;
  const first = new Promise<void>(resolve => (answerFirst = resolve));
  const late = vi.fn(async () => {
    await first;
    return { sessions: [labelSession('old')], warnings: [] };
  });
  const slow = new Labels({ labels: late });
  const asked = slow.refresh();
  late.mockResolvedValueOnce({ sessions: [labelSession('new')], warnings: [] });
  await slow.refresh();
  answerFirst();
  await asked;
  expect(slow.sessions.map(session => session.name)).toEqual(['new']);
  slow.dispose();
});
