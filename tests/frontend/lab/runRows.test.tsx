// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { act } from 'react';
// @ts-expect-error the types of react-dom are not installed, and JupyterLab brings the module
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { IRun, IRunDetails } from '../../../src/lab/answers';
import { ApiError } from '../../../src/lab/requests';
import { RunSection } from '../../../src/lab/panel/runRows';
import { Runs } from '../../../src/lab/panel/runs';
import { IDraggable } from '../../../src/lab/drag';
import { CellOf } from '../../../src/lab/runCells';
import { details, FakeApi, run, step } from './fakeApi';

const trans = nullTranslator.load('test');
const HOSTILE = '<img src=x onerror=alert(1)>"\'&amp;';
const RUNNING = {
  state: 'running',
  share: 0.755,
  ended: null,
  seconds: 4,
  running: [{ name: 'train', text: 'epoch 3 of 4', share: 0.5 }]
} as const;

let api: FakeApi;
let runs: Runs;
let node: HTMLElement;
let root: { render(element: JSX.Element): void; unmount(): void };
const inserted = vi.fn<(cell: CellOf, run: boolean) => void>();
const cancelled = vi.fn<(run: IRun) => void>();
const copied = vi.fn<(text: string) => void>();
const pressed = vi.fn<(dragged: IDraggable, press: MouseEvent) => void>();

beforeEach(() => {
  vi.clearAllMocks();
  api = new FakeApi();
  runs = new Runs(api);
  node = document.createElement('div');
  document.body.append(node);
  root = createRoot(node);
  runs.changed.connect(draw);
});

afterEach(() => {
  act(() => root.unmount());
  node.remove();
  runs.dispose();
});

function draw(): void {
  act(() =>
    root.render(
      <RunSection
        runs={runs}
        trans={trans}
        onInsert={inserted}
        onCancelRun={cancelled}
        onCopy={copied}
        onPress={pressed}
      />
    )
  );
}

async function show(list: IRun[], ...all: IRunDetails[]): Promise<void> {
  api.runList = list;
  api.runDetails = all;
  await runs.refresh();
}

/** A list of one run, opened. */
async function opened(one: IRun, changes: Partial<IRunDetails> = {}): Promise<void> {
  await show([one], details(one, changes));
  await runs.open(one.id);
}

const all = (selector: string): HTMLElement[] => [...node.querySelectorAll<HTMLElement>(selector)];
const rows = (): HTMLElement[] => all('.jp-astrodata-lab-open');
const button = (text: string): HTMLButtonElement | undefined =>
  all('button').find(one => one.textContent === text) as HTMLButtonElement | undefined;
const boxes = (): HTMLInputElement[] => all('input[type=checkbox]') as HTMLInputElement[];
const steps = (): (string | null)[] => all('.jp-astrodata-lab-step').map(one => one.textContent);
const written = (folder = ''): string => inserted.mock.calls.at(-1)![0](folder);

describe('a run', () => {
  test('under way tells its share, the step that runs and its time', async () => {
    await show([run('a', RUNNING)]);
    expect(rows()[0].getAttribute('aria-label')).toBe(
      'cardio, running, 75 %, train: epoch 3 of 4, 4.0 s'
    );
    expect(rows()[0].textContent).toContain('▶ running');
    const bar = all('[role=progressbar]')[0];
    expect(bar.getAttribute('aria-valuenow')).toBe('75');
    expect(bar.getAttribute('aria-label')).toBe('Progress of cardio');
  });

  test.each([
    [{ state: 'failed' }, '✗ failed', '1 computed, 2 as before, took 3 min 20 s'],
    [{ state: 'cancelled' }, '■ cancelled', '1 computed'],
    [{ state: 'lost', ended: null, seconds: null }, '? lost', 'its process is gone'],
    [{ counts: { steps: 3, ended: 3, computed: 0, cached: 3 } }, '✓ done', 'all as before'],
    [{ ...RUNNING, cancelling: true }, '▶ cancelling…', 'cancelling…']
  ] as [Partial<IRun>, string, string][])(
    '%o says so with a sign and a word',
    async (changes, sign, said) => {
      await show([run('a', changes)]);
      expect(rows()[0].textContent).toContain(sign);
      expect(rows()[0].getAttribute('aria-label')).toContain(said);
    }
  );

  test('with hostile texts is text and nothing else', async () => {
    const one = run('a', {
      ...RUNNING,
      pipeline: HOSTILE,
      running: [{ name: HOSTILE, text: HOSTILE, share: 0 }]
    });
    await opened(one, {
      notes: [HOSTILE],
      error: HOSTILE,
      parameters: [{ name: HOSTILE, text: HOSTILE, python: '1' }],
      steps: [
        step(HOSTILE, {
          text: HOSTILE,
          error: HOSTILE,
          notes: [HOSTILE],
          metrics: { [HOSTILE]: 'nan' },
          tests: [{ output: HOSTILE, ok: false, summary: HOSTILE }]
        })
      ]
    });
    expect(node.textContent).toContain(HOSTILE);
    expect(all('img')).toHaveLength(0);
    expect(all('[onerror]')).toHaveLength(0);
  });

  test('is walked with the arrows, and opened and closed by a click', async () => {
    await show(
      ['a', 'b', 'c'].map(id => run(id)),
      details(run('b'))
    );
    expect(rows().map(row => row.tabIndex)).toEqual([0, -1, -1]);
    act(() => rows()[0].focus());
    const down = new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true });
    act(() => void rows()[0].dispatchEvent(down));
    expect(document.activeElement).toBe(rows()[1]);
    await act(async () => rows()[1].click());
    expect(rows()[1].getAttribute('aria-expanded')).toBe('true');
    await vi.waitFor(() => expect(steps()).toEqual(['read✓ done2.5 s']));
    act(() => rows()[1].click());
    expect(steps()).toEqual([]);
  });

  test('is opened in the notebook by O, by a button and by a drag, with the same cell', async () => {
    await opened(run('a'));
    const opens = 'adk.pipeline.Run.of("a", "..")\nrun';
    act(() => void rows()[0].dispatchEvent(new MouseEvent('mousedown', { bubbles: true })));
    expect(pressed.mock.calls[0][0].cell('work')).toContain(opens);
    act(() => {
      rows()[0].dispatchEvent(new KeyboardEvent('keydown', { key: 'o', bubbles: true }));
    });
    expect(written('work')).toContain(opens);
    act(() => button('Open in Notebook')!.click());
    expect(written('work')).toContain(opens);
    expect(inserted.mock.calls.map(([, runs]) => runs)).toEqual([true, true]);
  });
});

describe('an opened run', () => {
  test('shows its steps with their numbers, data tests and errors', async () => {
    await opened(run('a', { state: 'failed' }), {
      steps: [
        step('read', { state: 'cached', metrics: { rows: 12, rate: 0.123456 } }),
        step('fit', {
          state: 'failed',
          error: 'no\nsuch thing',
          tests: [{ output: 'table', ok: false, summary: '1 of 2 failed' }]
        }),
        step('draw', { state: 'skipped', seconds: null })
      ],
      more: 7,
      error: 'no such thing'
    });
    expect(steps()).toEqual([
      'read≡ as before2.5 srows 12rate 0.1235',
      'fit✗ failed2.5 stests of table: 1 of 2 failedno\nsuch thing',
      'draw– not begun'
    ]);
    expect(node.textContent).toContain('and 7 more steps');
    expect(all('pre')).toHaveLength(1); // the step's error is that of the run
  });

  test('is cancelled while it runs, once', async () => {
    const one = run('a', RUNNING);
    await opened(one);
    act(() => button('Cancel')!.click());
    expect(cancelled.mock.calls.map(([of]) => of.id)).toEqual(['a']);
    expect(document.activeElement).toBe(rows()[0]); // the button is gone soon
    await show([run('a', { ...RUNNING, cancelling: true })], details(one));
    expect(button('Cancelling…')!.disabled).toBe(true);
    await show([run('a')], details(run('a')));
    expect(button('Cancel')).toBeUndefined();
  });

  test('is run again with its parameters in a cell that runs', async () => {
    await opened(run('a'), { parameters: [{ name: 'seed', text: '3', python: '3' }] });
    act(() => button('Run again')!.click());
    expect(inserted.mock.calls[0][1]).toBe(true);
    expect(written()).toContain('from_yaml("cardio.yaml").run(workspace=".", seed=3)');
  });

  test.each([
    [{ again: null }, 'its blocks live in the notebook'],
    [{ parameters: null }, 'its parameters are too long']
  ])('of %o cannot be run again, and says why', async (changes, why) => {
    await opened(run('a'), changes);
    expect(button('Run again')!.disabled).toBe(true);
    expect(node.textContent).toContain(why);
  });

  test('that was lost says what to do', async () => {
    await opened(run('a', { state: 'lost', seconds: null }));
    expect(node.textContent).toContain('run it again to go on');
  });

  test('is opened in MLflow by a link that gives nothing of this page away', async () => {
    const mlflow = { run: 'm/1', address: 'https://ml.example/at/', file: null };
    await opened(run('a', { mlflow }));
    const link = all('a')[0] as HTMLAnchorElement;
    expect(link.href).toBe('https://ml.example/at/#/runs/m%2F1');
    expect([link.target, link.rel]).toEqual(['_blank', 'noopener noreferrer']);
  });

  test('has no link to an address that is none of the web', async () => {
    await opened(run('a', { mlflow: { run: 'm', address: 'javascript:alert(1)', file: null } }));
    expect(all('a')).toHaveLength(0);
    expect(node.textContent).not.toContain('Open in MLflow');
  });

  test('in a store that is a file writes the command, and does not run it', async () => {
    await opened(run('a'));
    act(() => button('Open in MLflow…')!.click());
    expect(inserted.mock.calls[0][1]).toBe(false);
    expect(written()).toContain('!mlflow ui --backend-store-uri sqlite:///astrodata/mlflow.db');
  });

  test('gives its id and its lineage', async () => {
    await opened(run('a'));
    act(() => button('Copy id')!.click());
    expect(copied).toHaveBeenCalledWith('a');
    act(() => button('Lineage')!.click());
    expect(written('work')).toContain('Run.of("a", "..").lineage()');
  });
});

describe('runs beside each other', () => {
  const tick = (index: number): void => act(() => boxes()[index].click());

  test('are two at least, and all in MLflow', async () => {
    await show([run('a'), run('b'), run('c', { mlflow: null })]);
    expect(button('Compare')).toBeUndefined();
    tick(0);
    expect(button('Compare')!.disabled).toBe(true);
    expect(node.textContent).toContain('Choose one more run');
    tick(2);
    expect(button('Compare')!.disabled).toBe(true);
    expect(node.textContent).toContain('c has no run in MLflow');
    tick(2);
    tick(1);
    act(() => button('Compare')!.click());
    expect(written()).toContain('adk.tracking.compare(["m-a", "m-b"])');
    act(() => button('None')!.click());
    expect(boxes().map(box => box.checked)).toEqual([false, false, false]);
  });

  test('are in one store', async () => {
    const mlflow = { run: 'm', address: 'https://ml.example', file: null };
    await show([run('a'), run('b', { mlflow })]);
    tick(0);
    tick(1);
    expect(button('Compare')!.disabled).toBe(true);
    expect(node.textContent).toContain('different stores');
  });
});

describe('a pipeline', () => {
  const PIPELINE = {
    path: 'work/cardio.yaml',
    name: 'cardio',
    description: 'From traces to classes.',
    parameters: [{ name: 'seed', text: '0', is_text: false }],
    problem: null
  };

  test('is chosen, given its parameters, and run in a cell', async () => {
    api.pipelineList = [PIPELINE];
    await show([]);
    await act(async () => button('Run pipeline…')!.click());
    act(() => rows()[0].click());
    expect(node.textContent).toContain('From traces to classes.');
    const input = all('input')[0] as HTMLInputElement;
    expect([input.value, all('label')[0].textContent]).toEqual(['0', 'seed']);
    act(() => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!.call(input, '7');
      input.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await act(async () => button('Run')!.click());
    expect(inserted.mock.calls[0][1]).toBe(true);
    expect(written('work')).toContain('from_yaml("cardio.yaml").run(workspace="..", seed=7)');
    expect(all('form')).toHaveLength(0);
  });

  test('that cannot be read says why, and none at all says so', async () => {
    api.pipelineList = [{ ...PIPELINE, name: HOSTILE, problem: `line 3: ${HOSTILE}` }];
    await show([]);
    await act(async () => button('Run pipeline…')!.click());
    expect(all('.jp-astrodata-lab-state')[0].textContent).toBe(`line 3: ${HOSTILE}`);
    expect(all('img')).toHaveLength(0);
    api.pipelineList = [];
    await act(async () => runs.findPipelines());
    expect(node.textContent).toContain('No pipeline was found');
  });

  test('is left with Escape', async () => {
    api.pipelineList = [PIPELINE];
    await show([]);
    await act(async () => button('Run pipeline…')!.click());
    const escape = new KeyboardEvent('keydown', { key: 'Escape', bubbles: true });
    act(() => void rows()[0].dispatchEvent(escape));
    expect(rows()).toHaveLength(0);
    expect(document.activeElement).toBe(button('Run pipeline…'));
  });
});

test('the section without runs teaches how to begin, and is not there without a server that knows', async () => {
  await show([]);
  expect(all('pre')[0].textContent).toContain('Pipeline.from_yaml("pipeline.yaml").run()');
  const name = all('section')[0].getAttribute('aria-labelledby')!;
  expect(document.getElementById(name)!.textContent).toBe('Runs');
  api.runError = new ApiError('no-server', '404');
  await show([]);
  expect(node.textContent).toBe('');
});
