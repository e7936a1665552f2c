import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { ApiError } from '../../../src/lab/requests';
import { Runs } from '../../../src/lab/panel/runs';
import { details, FakeApi, run } from './fakeApi';

const MINUTE = 60_000;
const RUNNING = { state: 'running', share: 0.5, ended: null } as const;

let api: FakeApi;
let runs: Runs;

beforeEach(() => {
  vi.useFakeTimers();
  api = new FakeApi();
  runs = new Runs(api);
});

afterEach(() => {
  runs.dispose();
  vi.useRealTimers();
});

/** How often the server is asked in a minute. */
async function asked(): Promise<number> {
  const before = api.runLists;
  await vi.advanceTimersByTimeAsync(MINUTE);
  return api.runLists - before;
}

test('a run under way is looked at often, and runs that rest are not', async () => {
  api.runList = [run('a', RUNNING)];
  await runs.refresh();
  runs.seen = true;
  const busy = await asked();
  api.runList = [run('a')];
  const ending = await asked();
  await vi.advanceTimersByTimeAsync(MINUTE);
  const resting = await asked();
  expect(busy).toBeGreaterThan(40);
  expect(ending).toBeLessThan(busy);
  expect(resting).toBeLessThan(ending);
  expect(resting).toBeGreaterThan(0);
});

test('a run that is about to begin is looked for often', async () => {
  await runs.refresh();
  runs.seen = true;
  await vi.advanceTimersByTimeAsync(2 * MINUTE);
  const resting = await asked();
  runs.expect();
  expect(await asked()).toBeGreaterThan(resting);
});

test('nobody asks the server while nobody sees the runs, nor once the panel is gone', async () => {
  api.runList = [run('a', RUNNING)];
  await runs.refresh();
  runs.seen = true;
  runs.seen = false;
  expect(await asked()).toBe(0);
  runs.seen = true;
  runs.dispose();
  await runs.refresh();
  expect(await asked()).toBe(0);
});

test('who comes back sees how the runs are now', async () => {
  await runs.refresh();
  runs.seen = true;
  runs.seen = false;
  api.runList = [run('a')];
  runs.seen = true;
  await vi.advanceTimersByTimeAsync(1);
  expect(runs.items.map(one => one.id)).toEqual(['a']);
});

test('a look that fails keeps the list, says why, and is tried again', async () => {
  api.runList = [run('a')];
  await runs.refresh();
  runs.seen = true;
  api.runError = new ApiError('time-out', 'This took too long.');
  await asked();
  expect([runs.status, runs.items.length, runs.warnings]).toEqual([
    'ready',
    1,
    ['This took too long.']
  ]);
  api.runError = null;
  await asked();
  expect(runs.warnings).toEqual([]);
});

test('a server that fails again and again is asked less and less', async () => {
  api.runList = [run('a', RUNNING)];
  await runs.refresh();
  runs.seen = true;
  api.runError = new ApiError('busy', 'Too many ask.');
  expect(await asked()).toBeLessThan(8);
  expect(await asked()).toBeLessThan(4);
  api.runError = null;
  await asked();
  expect(await asked()).toBeGreaterThan(40);
});

test('a server that knows no runs is not asked again', async () => {
  api.runError = new ApiError('no-server', 'The Jupyter server answered 404.');
  await runs.refresh();
  runs.seen = true;
  expect([runs.status, runs.warnings, await asked()]).toEqual(['absent', [], 0]);
});

describe('a run that is opened', () => {
  test('is followed while it goes on, and read no more once it has ended', async () => {
    api.runList = [run('a', RUNNING)];
    api.runDetails = [details(api.runList[0])];
    await runs.refresh();
    runs.seen = true;
    await runs.open('a');
    await asked();
    expect(api.runLooks).toBeGreaterThan(40);
    api.runList = [run('a')];
    api.runDetails = [details(api.runList[0])];
    await asked();
    expect(runs.details?.state).toBe('finished');
    const looks = api.runLooks;
    await asked();
    expect(api.runLooks).toBe(looks);
  });

  test('that is gone says so, and the list comes all the same', async () => {
    api.runList = [run('b')];
    await runs.open('a');
    expect(runs.details).toBeNull();
    expect(runs.detailsFailure).toBe('there is no run a');
    expect(runs.items).toHaveLength(1);
  });

  test('shows nothing of the one that was opened before', async () => {
    api.runList = [run('a'), run('b')];
    api.runDetails = [details(api.runList[0])];
    await runs.open('a');
    expect(runs.details?.id).toBe('a');
    void runs.open('b');
    expect(runs.details).toBeNull();
  });
});

test('runs that are gone are not compared', async () => {
  api.runList = [run('a'), run('b')];
  await runs.refresh();
  runs.choose('b', true);
  runs.choose('a', true);
  expect(runs.chosen).toEqual(['b', 'a']);
  api.runList = [run('a')];
  await runs.refresh();
  expect(runs.chosen).toEqual(['a']);
});
