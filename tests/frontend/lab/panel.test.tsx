// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { act } from 'react';
// @ts-expect-error the types of react-dom are not installed, and JupyterLab brings the module
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { ApiError, IDataset } from '../../../src/lab/api';
import { PanelModel } from '../../../src/lab/panel/model';
import { PanelView } from '../../../src/lab/panel/view';
import { dataset, FakeApi } from './fakeApi';
import { FakeContents } from './fakeContents';

vi.mock('../../../src/lab/icons', () => {
  const icon = { react: () => <svg /> };
  return { kindIcon: () => icon, panelIcon: icon };
});

const trans = nullTranslator.load('test');
const HOSTILE = '<img src=x onerror=alert(1)>"\'&amp;';

let api: FakeApi;
let model: PanelModel;
let node: HTMLElement;
let root: { render(element: JSX.Element): void; unmount(): void };
const opened = vi.fn<(dataset: IDataset) => void>();
const removed = vi.fn<(dataset: IDataset) => void>();
const chosen = vi.fn<(files: File[]) => void>();

beforeEach(() => {
  vi.clearAllMocks();
  api = new FakeApi();
  model = new PanelModel({
    api,
    contents: new FakeContents() as never,
    trans,
    folder: () => '',
    onClash: async () => 'cancel'
  });
  node = document.createElement('div');
  document.body.append(node);
  root = createRoot(node);
});

afterEach(() => {
  act(() => root.unmount());
  node.remove();
});

function draw(): void {
  act(() =>
    root.render(
      <PanelView
        model={model}
        trans={trans}
        hovered={false}
        thumbnailSize={48}
        thumbnailUrl={({ path, state }) =>
          path === null || state === 'missing' ? null : `picture?${encodeURIComponent(path)}`
        }
        onOpen={opened}
        onRemove={removed}
        onPress={() => undefined}
        onFiles={chosen}
        onOpenLabels={() => undefined}
        onInsert={() => undefined}
        onCancelRun={() => undefined}
        onCopy={() => undefined}
      />
    )
  );
}

async function show(...datasets: IDataset[]): Promise<void> {
  api.list = datasets;
  await model.start();
  draw();
}

const all = (selector: string): HTMLElement[] => [...node.querySelectorAll<HTMLElement>(selector)];
const labelled = (label: string): HTMLElement =>
  all('[aria-label]').find(item => item.getAttribute('aria-label')?.startsWith(label))!;
const press = (key: string): void => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
  act(() => void document.activeElement!.dispatchEvent(event));
};

describe('a dataset', () => {
  test('is a row with its name, kind, shape and size', async () => {
    await show(dataset('m13'));
    const row = labelled('m13');
    expect(row.getAttribute('aria-label')).toBe('m13, image, 721 × 720, 1.05 MB');
    expect(row.textContent).toBe('m13image721 × 7201.05 MB');
    expect(labelled('Datasets').getAttribute('role')).toBe('list');
  });

  test('with a hostile name, kind and tags is text and nothing else', async () => {
    await show(
      dataset(HOSTILE, { kind: HOSTILE, format: HOSTILE, dtype: HOSTILE, tags: [HOSTILE] })
    );
    expect(node.textContent).toContain(HOSTILE);
    expect(all('img')).toHaveLength(1);
    expect(all('img')[0].getAttribute('src')).toMatch(/^picture\?/);
    expect(all('[onerror]')).toHaveLength(0);
    expect(labelled(`Remove ${HOSTILE}`)).toBeDefined();
  });

  test('whose picture fails shows the icon of its kind, until its file changes', async () => {
    await show(dataset('m13'));
    act(() => void all('img')[0].dispatchEvent(new Event('error')));
    expect(all('img')).toHaveLength(0);
    expect(all('.jp-astrodata-lab-thumbnail svg')).toHaveLength(1);
  });

  test('that is missing or has changed says so', async () => {
    await show(dataset('a', { state: 'missing' }), dataset('b', { state: 'changed' }));
    expect(labelled('a, ').textContent).toContain('file is missing');
    expect(labelled('b, ').textContent).toContain('file has changed');
    expect(all('img')).toHaveLength(1);
  });

  test('is opened by a click, once by a double click', async () => {
    await show(dataset('m13'));
    act(() => labelled('m13').click());
    const second = new MouseEvent('click', { bubbles: true, detail: 2 });
    act(() => void labelled('m13').dispatchEvent(second));
    expect(opened.mock.calls.map(([item]) => item.name)).toEqual(['m13']);
  });

  test('is removed by its button', async () => {
    await show(dataset('m13'), dataset('m31'));
    act(() => labelled('Remove m31').click());
    expect(removed.mock.calls.map(([item]) => item.name)).toEqual(['m31']);
    expect(opened).not.toHaveBeenCalled();
  });
});

describe('the keyboard', () => {
  beforeEach(() => show(dataset('a'), dataset('b'), dataset('c')));

  const stops = (): (string | null)[] =>
    all('.jp-astrodata-lab-datasets [tabindex="0"]').map(item => item.getAttribute('aria-label'));
  const focused = (): string => document.activeElement!.getAttribute('aria-label')!.split(',')[0];

  test('stops at one row only', () => {
    expect(stops()).toEqual(['a, image, 721 × 720, 1.05 MB', 'Remove a']);
  });

  test('goes from row to row with arrows, Home and End', () => {
    act(() => labelled('a, ').focus());
    const path = ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp', 'Home', 'End'].map(key => {
      press(key);
      return focused();
    });
    expect(path).toEqual(['b', 'c', 'c', 'b', 'a', 'c']);
    expect(stops()).toEqual(['c, image, 721 × 720, 1.05 MB', 'Remove c']);
  });

  test('removes with Delete, which no shortcut of JupyterLab hears', () => {
    const heard = vi.fn();
    document.body.addEventListener('keydown', heard);
    act(() => labelled('b, ').focus());
    press('Delete');
    expect(removed.mock.calls.map(([item]) => item.name)).toEqual(['b']);
    expect(heard).not.toHaveBeenCalled();
    document.body.removeEventListener('keydown', heard);
  });

  test('goes on at the next row when one is removed', async () => {
    act(() => labelled('b, ').focus());
    press('Delete');
    await model.remove('b');
    draw();
    expect(focused()).toBe('c');
  });
});

describe('what is under way', () => {
  test('shows how far it is and can be cancelled', async () => {
    await show();
    const task = model.tasks.add('m13.fits', 'uploading', 1000);
    model.tasks.update(task, { fraction: 0.426 });
    draw();
    expect(labelled('Uploads').getAttribute('role')).toBe('list');
    const [bar] = all('[role=progressbar]');
    expect(bar.getAttribute('aria-valuenow')).toBe('42');
    expect(labelled('Uploads').textContent).toContain('42 %');
    act(() => labelled('Cancel m13.fits').click());
    draw();
    expect(task.signal.aborted).toBe(true);
    expect(labelled('Uploads').textContent).toContain('Cancelling…');
  });

  test('is told as an alert when it fails, hostile text as text, until it is dismissed', async () => {
    await show();
    model.tasks.fail(model.tasks.add(HOSTILE, 'checking'), `${HOSTILE} is damaged.`, 'It stays.');
    draw();
    const [alert] = all('[role=alert]');
    expect(alert.textContent).toBe(`${HOSTILE} is damaged.It stays.`);
    expect(all('img')).toHaveLength(0);
    act(() => labelled(`Dismiss ${HOSTILE}`).click());
    draw();
    expect(all('[role=alert]')).toHaveLength(0);
  });
});

describe('the panel', () => {
  test('without datasets teaches what to do', async () => {
    await show();
    expect(node.textContent).toContain('Drop a FITS file here');
  });

  test('without the server half gives the command to install it', async () => {
    api.error = new ApiError('no-server', '404');
    await show();
    expect(all('[role=alert]')[0].textContent).toContain('pip install astrodata-lab');
    expect(all('.jp-astrodata-lab-button')[0].hasAttribute('disabled')).toBe(true);
  });

  test('shows warnings as text', async () => {
    api.warnings = [`${HOSTILE} is no record.`];
    await show(dataset('m13'));
    expect(all('.jp-astrodata-lab-warning')[0].textContent).toBe(`${HOSTILE} is no record.`);
  });

  test('searches when there are more than a few', async () => {
    await show(...['a', 'b', 'c', 'd', 'e'].map(name => dataset(name)));
    expect(all('[type=search]')).toHaveLength(0);
    await show(
      ...['a', 'b', 'c', 'd', 'e'].map(name => dataset(name)),
      dataset('m31', { kind: 'cube', tags: ['Local Group'] })
    );
    const search = all('[type=search]')[0] as HTMLInputElement;
    const type = (text: string): void =>
      act(() => {
        const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!;
        setValue.call(search, text);
        search.dispatchEvent(new Event('input', { bubbles: true }));
      });
    type('CUBE local');
    expect(all('.jp-astrodata-lab-name').map(item => item.textContent)).toEqual(['m31']);
    type('nothing');
    expect(node.textContent).toContain('No dataset matches “nothing”.');
  });

  test('takes files that are chosen, the same one twice too', async () => {
    await show();
    const input = all('input[type=file]')[0] as HTMLInputElement;
    const file = new File(['x'], 'm13.fits');
    Object.defineProperty(input, 'files', { value: [file], configurable: true });
    act(() => void input.dispatchEvent(new Event('change', { bubbles: true })));
    expect(chosen).toHaveBeenCalledWith([file]);
    expect(input.value).toBe('');
  });
});
