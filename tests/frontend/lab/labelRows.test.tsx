// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { act } from 'react';
// @ts-expect-error the types of react-dom are not installed, and JupyterLab brings the module
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { ILabelSession } from '../../../src/lab/answers';
import { ApiError } from '../../../src/lab/requests';
import { LabelSection } from '../../../src/lab/panel/labelRows';
import { Labels } from '../../../src/lab/panel/labels';
import { IDraggable } from '../../../src/lab/drag';
import { FakeApi, labelSession } from './fakeApi';

const trans = nullTranslator.load('test');
const HOSTILE = '<img src=x onerror=alert(1)>"\'&amp;';

let api: FakeApi;
let labels: Labels;
let node: HTMLElement;
let root: { render(element: JSX.Element): void; unmount(): void };
const opened = vi.fn<(session: ILabelSession) => void>();
const pressed = vi.fn<(dragged: IDraggable, press: MouseEvent) => void>();

beforeEach(() => {
  vi.clearAllMocks();
  api = new FakeApi();
  labels = new Labels(api);
  node = document.createElement('div');
  document.body.append(node);
  root = createRoot(node);
});

afterEach(() => {
  act(() => root.unmount());
  node.remove();
  labels.dispose();
});

async function show(sessions: ILabelSession[], example = 'ecg'): Promise<void> {
  api.sessions = sessions;
  await labels.refresh();
  act(() =>
    root.render(
      <LabelSection
        labels={labels}
        example={example}
        trans={trans}
        onOpenLabels={opened}
        onPress={pressed}
      />
    )
  );
}

const all = (selector: string): HTMLElement[] => [...node.querySelectorAll<HTMLElement>(selector)];
const labelOf = (section: HTMLElement): string =>
  document.getElementById(section.getAttribute('aria-labelledby')!)!.textContent!;
const rows = (): HTMLElement[] => all('.jp-astrodata-lab-open');
const press = (key: string): void => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
  act(() => void document.activeElement!.dispatchEvent(event));
};

describe('a label session', () => {
  test('is a row with its data set, classes, annotators and when it last changed', async () => {
    await show([labelSession('beats', { changed: Date.now() / 1000 - 7200 })]);
    const [row] = rows();
    expect(row.getAttribute('aria-label')).toBe(
      'beats, ecg, 1,234 labelled, normal 1200, anomaly 34, ada 1000, grace 234, 2h ago'
    );
    expect(row.textContent).toBe(
      'beatsecg1,234 labelled2h agonormal1,200anomaly34ada 1,000grace 234'
    );
    expect(row.title).toContain('ada: normal 980, anomaly 20');
    expect(row.title).toContain('grace: normal 220, anomaly 14');
    expect(all('[role=list]')[0].getAttribute('aria-label')).toBe('Label sessions');
    expect(labelOf(all('section')[0])).toBe('Labels');
  });

  test('is dragged as the cell that goes on with it, from the folder of the notebook', async () => {
    await show([labelSession('beats')]);
    act(() => void rows()[0].dispatchEvent(new MouseEvent('mousedown', { bubbles: true })));
    const [{ name, cell }] = pressed.mock.calls[0];
    expect(name).toBe('beats');
    expect(cell('work')).toContain('adk.labels.LabelLog("../astrodata/labels/beats")');
    expect(cell('work')).toContain('adk.Labeller(adk.open("../data/ecg.npy"');
  });

  test('has the colours of its classes as chips', async () => {
    await show([labelSession('beats')]);
    expect(all('.jp-astrodata-lab-colour').map(chip => chip.style.background)).toEqual([
      'rgb(68, 119, 170)',
      'rgb(238, 102, 119)'
    ]);
  });

  test('with hostile names is text and nothing else', async () => {
    const classes = [
      { name: HOSTILE, color: 'url(http://evil.example/x)', count: 1 },
      { name: 'b', color: '#fff;position:fixed', count: 1 },
      { name: 'c', color: null, count: 1 }
    ];
    const annotators = [{ name: HOSTILE, count: 3, counts: [1, 1, 1] }];
    await show([
      labelSession(HOSTILE, { dataset: HOSTILE + 2, classes, annotators, source: null })
    ]);
    expect(node.textContent).toContain(HOSTILE);
    expect(all('img')).toHaveLength(0);
    expect(all('[onerror]')).toHaveLength(0);
    expect(all('.jp-astrodata-lab-colour').map(chip => chip.getAttribute('style'))).toEqual([
      null,
      null,
      null
    ]);
  });

  test('says what is the matter with its data set', async () => {
    const source = labelSession('a').source!;
    await show([
      labelSession('a', { source: { ...source, state: 'missing' } }),
      labelSession('b', { source: { ...source, state: 'changed' } }),
      labelSession('c', { source: null }),
      labelSession('d', { source: null, dataset: '' })
    ]);
    expect(all('.jp-astrodata-lab-state').map(state => state.textContent)).toEqual([
      'file is missing',
      'file has changed since it was added',
      'ecg is not in the list of datasets',
      'its dataset is not known'
    ]);
  });

  test('of a clock that is ahead is not of the future, and one without a time has none', async () => {
    await show([
      labelSession('a', { changed: Date.now() / 1000 + 86400 }),
      labelSession('b', { changed: null }),
      labelSession('c', { changed: 1e300 })
    ]);
    const [ahead, without, absurd] = rows().map(row => row.getAttribute('aria-label'));
    expect(ahead).toMatch(/, now$/);
    expect(without).toMatch(/grace 234$/);
    expect(absurd).toMatch(/grace 234$/);
  });

  test('says how many classes and annotators are not shown', async () => {
    await show([labelSession('a', { more: { classes: 7, annotators: 3 } })]);
    expect(rows()[0].textContent).toContain('+7');
    expect(rows()[0].textContent).toContain('+3');
  });

  test('is opened by a click, once by a double click', async () => {
    await show([labelSession('a'), labelSession('b')]);
    act(() => rows()[1].click());
    const second = new MouseEvent('click', { bubbles: true, detail: 2 });
    act(() => void rows()[1].dispatchEvent(second));
    expect(opened.mock.calls.map(([session]) => session.name)).toEqual(['b']);
  });
});

test('the keyboard stops at one row and goes on with arrows, Home and End', async () => {
  await show(['a', 'b', 'c'].map(name => labelSession(name)));
  expect(rows().map(row => row.tabIndex)).toEqual([0, -1, -1]);
  act(() => rows()[0].focus());
  const heard = vi.fn();
  document.body.addEventListener('keydown', heard);
  const path = ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp', 'Home', 'End'].map(key => {
    press(key);
    return document.activeElement!.getAttribute('aria-label')!.split(',')[0];
  });
  document.body.removeEventListener('keydown', heard);
  expect(path).toEqual(['b', 'c', 'c', 'b', 'a', 'c']);
  expect(rows().map(row => row.tabIndex)).toEqual([-1, -1, 0]);
  expect(heard).not.toHaveBeenCalled();
});

describe('the section', () => {
  test('without labels teaches how to begin, with a data set that there is', async () => {
    await show([]);
    expect(all('pre')[0].textContent).toBe(
      '%load_ext astrodata_kernel\n%astro label ecg --classes normal,anomaly'
    );
  });

  test.each([
    ['my traces', "'my traces'"],
    ["it's", `'it'"'"'s'`],
    ['say "hi"', `'say "hi"'`],
    ['{exit()}$x', "'{exit()}$x'"],
    ['-x', "'-x'"]
  ])('writes the name %s so that the magic takes it as one word', async (name, word) => {
    await show([], name);
    expect(all('pre')[0].textContent).toContain(`%astro label ${word} --classes`);
  });

  test('is not there where the server knows no labels', async () => {
    api.labelError = new ApiError('no-server', '404');
    await show([]);
    expect(node.textContent).toBe('');
  });

  test('shows warnings as text, and lists what can be read beside them', async () => {
    api.labelWarnings = [`${HOSTILE} is no session.`];
    await show([labelSession('a')]);
    expect(all('.jp-astrodata-lab-warning')[0].textContent).toBe(`${HOSTILE} is no session.`);
    expect(rows()).toHaveLength(1);
  });

  test('shows ten sessions, and all when they are wanted', async () => {
    await show(Array.from({ length: 12 }, (_, i) => labelSession(`s${i}`)));
    expect(rows()).toHaveLength(10);
    act(() => all('.jp-astrodata-lab-more')[0].click());
    expect(rows()).toHaveLength(12);
    expect(all('.jp-astrodata-lab-more')).toHaveLength(0);
  });
});
