// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { act } from 'react';
// @ts-expect-error the types of react-dom are not installed, and JupyterLab brings the module
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { Compute, ICluster, IComputeOptions, IUsage } from '../../../src/lab/panel/compute';
import { ComputeSection } from '../../../src/lab/panel/computeRows';
import { Presence } from '../../../src/lab/panel/presence';
import { CellOf } from '../../../src/lab/runCells';
import { FakeKernel, FakeNotebook, FakePage } from './fakeNotebook';

const trans = nullTranslator.load('test');
const HOSTILE = '<img src=x onerror=alert(1)>';
const GB = 1e9;

const USAGE: IUsage = {
  memory: { total: 16 * GB, used: 3.2 * GB, own: 0.8 * GB, scope: 'container' },
  cpu: { total: 4, busy: 1.25 },
  devices: [],
  no_devices: 'No GPU is here: work runs on the CPU.'
};
const SLICE = {
  name: 'NVIDIA H200 MIG 1g.18gb',
  memory: 18 * GB,
  used: 17.1 * GB,
  own: null,
  utilisation: null,
  mig: true
};
const CARD = { ...SLICE, name: HOSTILE, used: 9 * GB, own: 2 * GB, utilisation: 0.4, mig: false };
const CLUSTER: ICluster = {
  kind: 'local',
  dashboard: '/user/ada/proxy/8787/status',
  scales: true,
  threads: 4,
  count: 2,
  memory: 8 * GB,
  used: 1 * GB,
  workers: [
    { name: '0', threads: 2, memory: 4 * GB, used: 0.5 * GB },
    { name: HOSTILE, threads: 2, memory: 4 * GB, used: 0.5 * GB }
  ]
};
const DISK = { total: 500 * GB, used: 120 * GB, free: 380 * GB };

let page: FakePage;
let kernel: FakeKernel;
let compute: Compute;
let node: HTMLElement;
let root: { render(element: JSX.Element): void; unmount(): void };
let sees: (seen: boolean) => void;
const inserted = vi.fn<(cell: CellOf, run: boolean) => void>();

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      constructor(tell: (entries: object[]) => void) {
        sees = seen => tell([{ isIntersecting: seen }]);
      }
      observe(): void {}
      disconnect(): void {}
    }
  );
  page = new FakePage();
  kernel = new FakeKernel();
  kernel.answers = { usage: USAGE, disk: DISK, clusters: { clusters: [], count: 0 } };
  compute = new Compute({ ...page, tracker: page } as unknown as IComputeOptions);
  node = document.createElement('div');
  document.body.append(node);
  root = createRoot(node);
  act(() => root.render(<ComputeSection compute={compute} trans={trans} onInsert={inserted} />));
});

afterEach(() => {
  act(() => root.unmount());
  node.remove();
  compute.dispose();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const wait = (milliseconds = 0): Promise<void> =>
  act(async () => void (await vi.advanceTimersByTimeAsync(milliseconds)));

async function show(notebook: FakeNotebook | null = new FakeNotebook(kernel)): Promise<void> {
  act(() => {
    sees(true);
    page.show(notebook);
  });
  await wait();
}

const all = (selector: string): HTMLElement[] => [...node.querySelectorAll<HTMLElement>(selector)];
const sentence = (): string | null | undefined =>
  node.querySelector('.jp-astrodata-lab-computeState')?.textContent;
const meter = (name: string): HTMLElement =>
  all('[role=meter]').find(one => one.getAttribute('aria-label') === name)!;
const told = (name: string): string | null => meter(name).getAttribute('aria-valuetext');
const button = (text: string): HTMLButtonElement =>
  all('button').find(one => one.textContent === text) as HTMLButtonElement;
const press = (text: string): void => act(() => button(text).click());
const written = (): string => inserted.mock.calls.at(-1)![0]('any/folder');

function type(input: HTMLInputElement | HTMLSelectElement, value: string): void {
  const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), 'value')!;
  act(() => {
    set!.call(input, value);
    input.dispatchEvent(
      new Event(input.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true })
    );
  });
}

describe('without numbers a sentence says why', () => {
  test('for each state of the active notebook', async () => {
    await show(null);
    expect(sentence()).toMatch(/^Open a notebook/);
    await show(new FakeNotebook(null));
    expect(sentence()).toBe('first.ipynb has no kernel.');
    await show(new FakeNotebook(kernel, 'x.ipynb', 'R'));
    expect(sentence()).toBe('The kernel of x.ipynb does not run Python.');
    expect(kernel.opened).toBe(0);
  });

  test('and a kernel without the toolkit is asked again only by a cell that may load it', async () => {
    kernel.hasToolkit = false;
    await show();
    expect(sentence()).toBe('The toolkit is not loaded in the kernel of first.ipynb.');
    press('Load it');
    expect(written()).toBe('import astrodata_kernel as adk');
    await wait(60_000);
    act(() => page.run('x = 1'));
    await wait();
    expect(kernel.opened).toBe(1);
    kernel.hasToolkit = true;
    act(() => page.run(written()));
    await wait();
    expect(sentence()).toBe('Kernel of first.ipynb');
  });

  test('and numbers of a kernel that falls silent stay, with their time', async () => {
    await show();
    kernel.answers = {};
    await wait(16_000);
    expect(sentence()).toMatch(/does not answer: it is busy. These numbers are of \d/);
    expect(told('Memory')).toContain('3.20 GB of 16.0 GB');
    kernel.answers = { usage: USAGE };
    await wait(16_000);
    expect(sentence()).toBe('Kernel of first.ipynb');
  });
});

describe('the numbers', () => {
  test('are memory, cores and disk with units, and a sentence where there is no GPU', async () => {
    await show();
    expect(told('Memory')).toBe('3.20 GB of 16.0 GB, this kernel 800 MB');
    expect(meter('Memory').getAttribute('aria-valuenow')).toBe('20');
    expect(told('CPU')).toBe('1.3 of 4 cores');
    expect(told('Disk')).toBe('120 GB of 500 GB, 380 GB free for the workspace');
    expect(node.textContent).toContain('No GPU is here');
  });

  test('of a machine without a container say so', async () => {
    kernel.answers.usage = { ...USAGE, memory: { ...USAGE.memory, scope: 'machine' } };
    await show();
    expect(told('Memory')).toContain('of the whole machine');
  });

  test('of GPUs tell memory first, and no utilisation of a slice', async () => {
    kernel.answers.usage = { ...USAGE, devices: [SLICE, CARD] };
    await show();
    expect(told(SLICE.name)).toBe('17.1 GB of 18.0 GB, utilisation not reported on MIG');
    expect(told(HOSTILE)).toBe('9.00 GB of 18.0 GB, 40 % busy, this kernel 2.00 GB');
    expect(all('img')).toHaveLength(0);
    expect(all('.jp-mod-full')).toHaveLength(1);
  });

  test('that nobody tells are no bar', async () => {
    const memory = { ...USAGE.memory, used: null, own: null };
    kernel.answers.usage = { ...USAGE, memory, cpu: { total: 0.5, busy: null } };
    await show();
    expect(all('[role=meter]')).toHaveLength(1); // the disk
    expect(node.textContent).toContain('Memory16.0 GB');
  });

  test('have a line of the last five minutes, which a second look begins', async () => {
    await show();
    expect(all('polyline')).toHaveLength(0);
    await wait(5_000);
    expect(all('polyline')).toHaveLength(2);
    await wait(400_000);
    expect(compute.history.length).toBeLessThanOrEqual(61);
    const first = all('polyline')[0].getAttribute('points')!.split(' ')[0];
    expect(Number(first.split(',')[0])).toBeGreaterThanOrEqual(0);
  });

  test('that fail are told in the kernel’s words, beside the others', async () => {
    kernel.answers.disk = new Error('the disk does not tell');
    await show();
    expect(node.querySelector('.jp-astrodata-lab-warning')!.textContent).toBe(
      'the disk does not tell'
    );
    expect(told('Memory')).toContain('3.20 GB');
  });
});

describe('the kernel is asked', () => {
  test('only while the section is seen, every five seconds and for its disk rarely', async () => {
    await show();
    await wait(20_000);
    expect(kernel.asked.filter(kind => kind === 'usage')).toHaveLength(5);
    expect(kernel.asked.filter(kind => kind === 'disk')).toHaveLength(1);
    act(() => sees(false));
    await wait(60_000);
    expect(kernel.asked.filter(kind => kind === 'usage')).toHaveLength(5);
  });

  test('by nobody who is away, unless a cell runs: that would keep it from being culled', async () => {
    await show();
    act(() => page.setHere(false));
    await wait(60_000);
    const before = kernel.asked.length;
    expect(sentence()).toBe('Nobody is here: first.ipynb is not asked.');
    await wait(60_000);
    expect(kernel.asked).toHaveLength(before);
    kernel.status = 'busy';
    await act(() => compute.look());
    expect(kernel.asked.length).toBeGreaterThan(before);
    kernel.status = 'idle';
    const later = kernel.asked.length;
    act(() => page.setHere(true));
    await wait();
    expect(kernel.asked.length).toBeGreaterThan(later);
  });

  test('anew when another notebook is chosen, and the first one is left', async () => {
    await show();
    const other = new FakeKernel();
    other.answers = { usage: { ...USAGE, cpu: { total: 8, busy: 2 } } };
    await show(new FakeNotebook(other, 'second.ipynb'));
    expect(kernel.closed).toBe(1);
    expect(told('CPU')).toBe('2.0 of 8 cores');
    expect(compute.history).toHaveLength(1);
    await wait(20_000);
    expect(kernel.asked.filter(kind => kind === 'usage')).toHaveLength(1);
  });

  test('not any more after a restart, which has unloaded the toolkit', async () => {
    const notebook = new FakeNotebook(kernel);
    await show(notebook);
    kernel.hasToolkit = false;
    act(() => notebook.sessionContext.statusChanged.emit('restarting'));
    await wait(60_000);
    expect(sentence()).toBe('The toolkit is not loaded in the kernel of first.ipynb.');
    expect(all('[role=meter]')).toHaveLength(0);
    expect(kernel.opened).toBe(1);
  });
});

describe('a cluster', () => {
  const withCluster = (changes: Partial<ICluster> = {}, count = 1): Promise<void> => {
    kernel.answers.clusters = { clusters: [{ ...CLUSTER, ...changes }], count };
    return show();
  };

  test('shows workers, memory and its dashboard, and nothing of a name becomes markup', async () => {
    await withCluster();
    const group = node.querySelector('[role=group]')!;
    expect(group.textContent).toContain('2 workers');
    expect(group.textContent).toContain('4 threads');
    expect(group.querySelector('a')!.getAttribute('href')).toBe(CLUSTER.dashboard);
    expect(all('li').map(one => one.textContent)).toEqual([
      '0500 MB of 4.00 GB',
      `${HOSTILE}500 MB of 4.00 GB`
    ]);
    expect(all('img')).toHaveLength(0);
  });

  test.each(['javascript:alert(1)', '//evil.example/status', 'data:text/html,x', '', null])(
    'has no link to %s',
    async dashboard => {
      await withCluster({ dashboard });
      expect(all('a')).toHaveLength(0);
    }
  );

  test('is scaled and stopped by cells', async () => {
    await withCluster();
    expect(button('Scale').disabled).toBe(true);
    const input = node.querySelector('input')!;
    type(input, '5');
    press('Scale');
    expect(written()).toContain('cluster = adk.compute.current()\ncluster.scale(5)');
    for (const nonsense of ['-1', '2.5', '', '1e9']) {
      type(input, nonsense);
      expect(button('Scale').disabled).toBe(true);
    }
    press('Stop cluster');
    expect(written()).toContain('cluster.close()');
  });

  test('whose workers are somebody else’s can be closed and not scaled, and others are counted', async () => {
    await withCluster({ scales: false }, 3);
    expect(button('Scale')).toBeUndefined();
    expect(button('Close cluster')).toBeDefined();
    expect(node.textContent).toContain('2 more are open');
  });

  test('is started by a cell that says where it runs and with how many workers', async () => {
    await show();
    press('Start cluster…');
    expect(document.activeElement).toBe(node.querySelector('select'));
    type(node.querySelector('input')!, '3');
    press('Start');
    expect(written()).toBe(
      'import astrodata_kernel as adk\ncluster = adk.compute.cluster("local", 3)\ncluster'
    );
    expect(document.activeElement).toBe(button('Start cluster…'));
    press('Start cluster…');
    type(node.querySelector('select')!, 'threads');
    press('Start');
    expect(written()).toContain('cluster("threads")');
    press('Start cluster…');
    type(node.querySelector('select')!, 'address');
    type(node.querySelector('input')!, ' tcp://x"y:1 ');
    press('Start');
    expect(written()).toContain('cluster("tcp://x\\"y:1")');
  });

  test('that a running cell opens is seen while it runs', async () => {
    await show();
    kernel.answers.clusters = { clusters: [CLUSTER], count: 1 };
    await wait(20_000);
    expect(node.querySelector('[role=group]')).not.toBeNull();
  });
});

test('nobody is at the page after two minutes without a sign of a person', () => {
  const presence = new Presence();
  const heard = vi.fn();
  presence.changed.connect(heard);
  vi.advanceTimersByTime(100_000);
  window.dispatchEvent(new Event('pointermove'));
  vi.advanceTimersByTime(100_000);
  expect(presence.isHere).toBe(true);
  vi.advanceTimersByTime(30_000);
  expect(presence.isHere).toBe(false);
  window.dispatchEvent(new Event('keydown'));
  expect(presence.isHere).toBe(true);
  expect(heard).toHaveBeenCalledTimes(2);
  presence.dispose();
});
