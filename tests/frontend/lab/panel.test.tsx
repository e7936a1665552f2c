// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { act } from 'react';
// @ts-expect-error the types of react-dom are not installed, and JupyterLab brings the module
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { IDataset } from '../../../src/lab/answers';
import { ApiError } from '../../../src/lab/requests';
import { PanelMemory } from '../../../src/lab/panel/memory';
import { PanelModel } from '../../../src/lab/panel/model';
import { Memory } from '../../../src/lab/panel/section';
import { PanelView } from '../../../src/lab/panel/view';
import { dataset, FakeApi } from './fakeApi';
import { FakeContents } from './fakeContents';
import { FakeUploads } from './fakeUploads';

vi.mock('../../../src/lab/icons', () => {
  const icon = { react: () => <svg /> };
  return { kindIcon: () => icon, panelIcon: icon };
});

const trans = nullTranslator.load('test');
const HOSTILE = '<img src=x onerror=alert(1)>"\'&amp;';

let api: FakeApi;
let memory: PanelMemory;
let model: PanelModel;
let node: HTMLElement;
let root: { render(element: JSX.Element): void; unmount(): void };
const opened = vi.fn<(dataset: IDataset) => void>();
const menus = vi.fn<(name: string, done: () => void) => void>();
const copied = vi.fn<(dataset: IDataset) => void>();
const chosen = vi.fn<(files: File[]) => void>();

beforeEach(() => {
  vi.clearAllMocks();
  api = new FakeApi();
  model = new PanelModel({
    api,
    contents: new FakeContents() as never,
    trans,
    folder: () => '',
    onClash: async () => 'cancel',
    uploads: new FakeUploads()
  });
  node = document.createElement('div');
  document.body.append(node);
  root = createRoot(node);
  memory = new PanelMemory();
  model.changed.connect(draw);
});

afterEach(() => {
  act(() => root.unmount());
  model.dispose();
  node.remove();
});

function draw(): void {
  act(() =>
    root.render(
      <Memory.Provider value={memory}>
        <PanelView
          model={model}
          trans={trans}
          hovered={false}
          thumbnailSize={48}
          thumbnailUrl={({ path, state }) =>
            path === null || state === 'missing' ? null : `picture?${encodeURIComponent(path)}`
          }
          onOpen={opened}
          onMenu={(item, _, done) => menus(item.name, done)}
          onCopyCode={copied}
          onHeader={path => api.header(path)}
          onPress={() => undefined}
          onFiles={chosen}
          onAskPlace={() => undefined}
          onOpenLabels={() => undefined}
          onInsert={() => undefined}
          onCancelRun={() => undefined}
          onCopy={() => undefined}
        />
      </Memory.Provider>
    )
  );
}

async function show(...datasets: IDataset[]): Promise<void> {
  api.list = datasets;
  await act(() => model.start());
}

const all = (selector: string): HTMLElement[] => [...node.querySelectorAll<HTMLElement>(selector)];
const labelled = (label: string): HTMLElement =>
  all('[aria-label]').find(item => item.getAttribute('aria-label')?.startsWith(label))!;
const press = async (key: string, more: KeyboardEventInit = {}): Promise<void> => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
  await act(async () => void document.activeElement!.dispatchEvent(event));
};
const type = (input: HTMLElement, text: string): void =>
  act(() => {
    const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!;
    setValue.call(input, text);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
const submit = async (form: HTMLElement): Promise<void> => {
  const event = new Event('submit', { bubbles: true, cancelable: true });
  await act(async () => void form.dispatchEvent(event));
  await act(async () => undefined); // what the answer leads to
};
const focused = (): string => document.activeElement!.getAttribute('aria-label')!.split(',')[0];
/** The pictures that rows ask for once they have been there for a moment. */
const pictures = async (count: number): Promise<HTMLElement[]> => {
  await act(() => vi.advanceTimersByTimeAsync(1000));
  expect(all('img')).toHaveLength(count);
  return all('img');
};

describe('a dataset', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

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
    const [picture] = await pictures(1);
    expect(picture.getAttribute('src')).toMatch(/^picture\?/);
    expect(all('[onerror]')).toHaveLength(0);
    expect(labelled(`Actions for ${HOSTILE}`)).toBeDefined();
  });

  test('whose picture fails shows the icon of its kind, until its file changes', async () => {
    await show(dataset('m13'));
    const [picture] = await pictures(1);
    act(() => void picture.dispatchEvent(new Event('error')));
    expect(all('img')).toHaveLength(0);
    expect(all('.jp-astrodata-lab-thumbnail svg')).toHaveLength(1);
    await show(dataset('m13', { path: 'other.fits' }));
    await pictures(1);
  });

  test('that is missing or has changed says so', async () => {
    await show(dataset('a', { state: 'missing' }), dataset('b', { state: 'changed' }));
    expect(labelled('a, ').textContent).toContain('file is missing');
    expect(labelled('b, ').textContent).toContain('file has changed');
    await pictures(1);
  });

  test('is opened by a click, once by a double click', async () => {
    await show(dataset('m13'));
    act(() => labelled('m13').click());
    const second = new MouseEvent('click', { bubbles: true, detail: 2 });
    act(() => void labelled('m13').dispatchEvent(second));
    expect(opened.mock.calls.map(([item]) => item.name)).toEqual(['m13']);
  });

  test('has one menu, by its button and by the right button, and comes back from it', async () => {
    await show(dataset('m13'), dataset('m31'));
    act(() => labelled('Actions for m31').click());
    const right = new MouseEvent('contextmenu', { bubbles: true, cancelable: true });
    act(() => void labelled('m31, ').dispatchEvent(right));
    expect(right.defaultPrevented).toBe(true);
    expect(menus.mock.calls.map(([name]) => name)).toEqual(['m31', 'm31']);
    act(() => menus.mock.calls[1][1]());
    expect(focused()).toBe('m31');
    expect(opened).not.toHaveBeenCalled();
  });

  test('stops asking for its picture when it goes', async () => {
    await show(dataset('m13'));
    const [picture] = await pictures(1);
    await show();
    expect(picture.hasAttribute('src')).toBe(false);
  });
});

describe('the keyboard', () => {
  beforeEach(() => show(dataset('a'), dataset('b'), dataset('c')));

  const stops = (): (string | null)[] =>
    all('.jp-astrodata-lab-datasets [tabindex="0"]').map(item => item.getAttribute('aria-label'));
  test('stops at one row only', () => {
    expect(stops()).toEqual(['a, image, 721 × 720, 1.05 MB', 'Actions for a']);
  });

  test('goes from row to row with arrows, Home and End, and on to the headings', async () => {
    act(() => labelled('a, ').focus());
    const path = [];
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp', 'Home', 'End']) {
      await press(key);
      path.push(focused());
    }
    expect(path).toEqual(['b', 'c', 'b', 'a', 'c']);
    expect(stops()).toEqual(['c, image, 721 × 720, 1.05 MB', 'Actions for c']);
    await press('ArrowDown');
    expect(document.activeElement!.textContent).toBe('Runs0');
    await press('ArrowUp');
    expect(focused()).toBe('c');
    await press('ArrowLeft');
    expect(document.activeElement!.textContent).toBe('Datasets3');
    await press('End');
    expect(document.activeElement!.textContent).toBe('Labels0');
    await press('Home');
    await press('ArrowDown');
    expect(focused()).toBe('c');
  });

  test('removes with Delete, which no shortcut of JupyterLab hears, and goes on at the next row', async () => {
    const heard = vi.fn();
    document.body.addEventListener('keydown', heard);
    act(() => labelled('b, ').focus());
    await press('Delete');
    expect(model.datasets.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(focused()).toBe('c');
    expect(node.textContent).toContain('Removed b; its file stays.');
    await press('z', { ctrlKey: true });
    expect(model.datasets.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c']);
    expect(node.textContent).not.toContain('Removed b;');
    expect(heard).not.toHaveBeenCalled();
    document.body.removeEventListener('keydown', heard);
  });

  test('goes to the heading when the last row is removed', async () => {
    await show(dataset('a'));
    act(() => labelled('a, ').focus());
    await press('Delete');
    expect(document.activeElement!.textContent).toBe('Datasets0');
  });

  test('copies code, and leaves what it does not know to the page', async () => {
    act(() => labelled('b, ').focus());
    await press('c');
    expect(copied).not.toHaveBeenCalled();
    await press('c', { metaKey: true });
    expect(copied.mock.calls.map(([item]) => item.name)).toEqual(['b']);
  });
});

describe('renaming', () => {
  beforeEach(async () => {
    await show(dataset('a'), dataset('b'), dataset('c'));
    act(() => labelled('b, ').focus());
    await press('F2');
  });

  const field = (): HTMLInputElement => labelled('New name') as HTMLInputElement;

  test('begins with the name selected, and Escape leaves it', async () => {
    expect(document.activeElement).toBe(field());
    expect([field().value, field().selectionEnd]).toEqual(['b', 1]);
    await press('Escape');
    expect(field()).toBeUndefined();
    expect(focused()).toBe('b');
  });

  test('tells a clash in words, and keeps what was typed', async () => {
    type(field(), 'c');
    await submit(labelled('Rename b'));
    expect(labelled('Rename b').textContent).toContain('there is a c already: choose another name');
    expect(field().getAttribute('aria-invalid')).toBe('true');
    expect(field().value).toBe('c');
  });

  test('goes on with the row, wherever it has gone', async () => {
    type(field(), 'z');
    await submit(labelled('Rename b'));
    expect(model.datasets.map(({ name }) => name)).toEqual(['a', 'z', 'c']);
    expect(field()).toBeUndefined();
    expect(focused()).toBe('z');
    expect(document.activeElement!.closest('li')!.getAttribute('aria-posinset')).toBe('3');
  });
});

describe('tags', () => {
  beforeEach(async () => {
    await show(dataset('a', { tags: [HOSTILE, 'old'] }), dataset('b', { tags: ['known'] }));
    act(() => labelled('a, ').focus());
    await press('t');
  });

  const field = (): HTMLInputElement => labelled('Add a tag') as HTMLInputElement;
  const tags = (): readonly string[] => model.datasets[0].tags;

  test('are added and taken off, as text, and those of others are offered', async () => {
    expect(document.activeElement).toBe(field());
    expect(all('datalist option').map(item => (item as HTMLOptionElement).value)).toEqual([
      'known'
    ]);
    type(field(), ' new one ');
    await submit(labelled('Tags of a'));
    expect(tags()).toEqual([HOSTILE, 'old', 'new one']);
    expect(field().value).toBe('');
    await act(async () => labelled(`Remove the tag ${HOSTILE}`).click());
    expect(tags()).toEqual(['old', 'new one']);
    expect(document.activeElement).toBe(field());
    await press('Backspace');
    expect(tags()).toEqual(['old']);
    await submit(labelled('Tags of a'));
    expect(field()).toBeUndefined();
    expect(focused()).toBe('a');
  });

  test('that cannot be kept are told', async () => {
    api.error = new ApiError('network', 'The server is gone.');
    type(field(), 'new');
    await submit(labelled('Tags of a'));
    expect(labelled('Tags of a').textContent).toContain('The server is gone.');
    expect(field().value).toBe('new');
  });
});

describe('verifying', () => {
  beforeEach(async () => {
    await show(dataset('a', { state: 'changed' }), dataset('b'));
    act(() => labelled('a, ').focus());
    await press('v');
  });

  test('shows how far it is, and then what came of it', async () => {
    act(() => api.hashes.get('a')!.progress(0.426));
    const [bar] = all('[role=progressbar]');
    expect([bar.getAttribute('aria-label'), bar.getAttribute('aria-valuenow')]).toEqual([
      'Verifying a',
      '42'
    ]);
    await act(async () => api.hashes.get('a')!.resolve({ state: 'ok', message: '' }));
    expect(node.textContent).toContain('same bytes as recorded');
    expect(node.textContent).not.toContain('file has changed');
    expect(model.announcement).toBe('Verified a: same bytes as recorded.');
    act(() => labelled('Dismiss').click());
    expect(node.textContent).toContain('file has changed');
  });

  test('is given up', async () => {
    await act(async () => labelled('Stop verifying a').click());
    expect(all('[role=progressbar]')).toHaveLength(0);
    expect(model.announcement).toBe('Gave up verifying a.');
    expect(focused()).toBe('a');
  });

  test('that fails says why', async () => {
    await act(async () => api.hashes.get('a')!.reject(new ApiError('x', `${HOSTILE} is far.`)));
    expect(node.textContent).toContain(`${HOSTILE} is far.`);
    expect(all('img[onerror]')).toHaveLength(0);
  });
});

describe('the details', () => {
  const card = (): HTMLElement => labelled('Details of a');

  test('come with i, hold the header as text, and go with Escape', async () => {
    api.headerOf = {
      cards: [['OBJECT', HOSTILE, 'a name']],
      truncated: true,
      facts: [['sample period', '1e-9']],
      parts: []
    };
    await show(dataset('a', { tags: ['old'] }));
    act(() => labelled('a, ').focus());
    await press('i');
    expect(document.activeElement).toBe(card());
    expect(api.headers).toEqual(['a.fits']);
    expect(card().textContent).toContain(`OBJECT  = '${HOSTILE}' / a name`);
    expect(card().textContent).toContain('sample period1e-9');
    expect(card().textContent).toContain('0'.repeat(64));
    expect(all('img[onerror]')).toHaveLength(0);
    await press('Escape');
    expect(card()).toBeUndefined();
    expect(focused()).toBe('a');
  });

  test('come when the mouse rests on a row, and not when it passes by', async () => {
    vi.useFakeTimers();
    await show(dataset('a'), dataset('b'));
    const over = (name: string): void =>
      act(
        () =>
          void labelled(`${name}, `).dispatchEvent(
            new MouseEvent('mouseover', { bubbles: true, relatedTarget: document.body })
          )
      );
    over('b');
    over('a');
    expect(card()).toBeUndefined();
    await act(() => vi.advanceTimersByTimeAsync(2000));
    expect(card()).toBeDefined();
    expect(api.headers).toEqual(['a.fits']);
    expect(document.activeElement).toBe(document.body);
    vi.useRealTimers();
  });

  test('of a file elsewhere say that it is', async () => {
    await show(dataset('a', { path: null }));
    act(() => model.work.edit('a', 'details'));
    expect(card().textContent).toContain('outside of the folder that this server shows');
    expect(api.headers).toEqual([]);
  });
});

describe('ten thousand datasets', () => {
  test('are drawn as far as they are in view, and the keyboard reaches the last one', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => dataset(`d${i}`));
    await show(...many);
    expect(all('.jp-astrodata-lab-window li').length).toBeLessThan(40);
    expect(labelled('d0, ').closest('li')!.getAttribute('aria-setsize')).toBe('10000');
    act(() => labelled('d0, ').focus());
    await press('End');
    expect(focused()).toBe('d9999');
    expect(all('.jp-astrodata-lab-window li').length).toBeLessThan(40);
  });
});

describe('a section', () => {
  const headings = (): HTMLElement[] => all('.jp-astrodata-lab-toggle');

  test('is closed and opened by its heading and by arrows, and remembered', async () => {
    const kept = new Map<string, unknown>();
    const state = {
      fetch: async (key: string) => kept.get(key),
      save: async (key: string, value: unknown) => void kept.set(key, value)
    } as never;
    await memory.follow(state);
    await show(dataset('a'));
    expect(headings().map(item => item.textContent)).toEqual([
      'Datasets1',
      'Runs0',
      'Models0',
      'Labels0'
    ]);
    act(() => headings()[0].click());
    expect(headings()[0].getAttribute('aria-expanded')).toBe('false');
    expect(labelled('a, ')).toBeUndefined();
    act(() => headings()[1].focus());
    await press('ArrowLeft');
    await press('ArrowUp');
    await press('ArrowRight');
    expect(labelled('a, ')).toBeDefined();
    const next = new PanelMemory();
    await next.follow(state);
    expect([next.isOpen('datasets'), next.isOpen('runs')]).toEqual([true, false]);
  });

  test('that a person closed before the memory came stays closed', async () => {
    memory.setOpen('runs', false);
    await memory.follow({ fetch: async () => ({ closed: ['models'] }), save: vi.fn() } as never);
    expect([memory.isOpen('runs'), memory.isOpen('models')]).toEqual([false, true]);
  });

  test('takes nothing odd from what was kept', async () => {
    const odd = { closed: ['labels', 7, 'x'], order: 'constructor' };
    await memory.follow({ fetch: async () => odd, save: vi.fn() } as never);
    expect([memory.isOpen('labels'), memory.isOpen('runs'), memory.order]).toEqual([
      false,
      true,
      'name'
    ]);
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
    expect(node.textContent).toContain('Drop data here');
    expect(node.textContent).toMatch(/FITS.*Parquet.*waveforms.*HDF5.*Sentinel-2/);
  });

  test('without the server half gives the command to install it', async () => {
    api.error = new ApiError('no-server', '404');
    await show();
    expect(all('[role=alert]')[0].textContent).toContain('pip install "astrodata-lab==');
    expect(all('.jp-astrodata-lab-button')[0].hasAttribute('disabled')).toBe(true);
  });

  test('tells what to do about halves that do not fit, above all else, and blocks nothing', async () => {
    const environment = { python: HOSTILE, prefix: '/', pip: true, uv: false, conda: false };
    api.greeting = { protocol: 99, version: HOSTILE, environment };
    await show(dataset('m13'));
    const [advised] = all('.jp-astrodata-lab-advised');
    expect(advised.textContent).toContain(`the Jupyter server ${HOSTILE} (protocol 99)`);
    expect(advised.querySelector('code')?.textContent).toMatch(/pip install "astrodata-lab==/);
    expect(node.querySelector('.jp-astrodata-lab-scroll')?.firstElementChild).toBe(advised);
    expect(all('.jp-astrodata-lab-name').map(item => item.textContent)).toEqual(['m13']);
  });

  test('shows warnings as text', async () => {
    api.warnings = [`${HOSTILE} is no record.`];
    await show(dataset('m13'));
    expect(all('.jp-astrodata-lab-warning')[0].textContent).toBe(`${HOSTILE} is no record.`);
  });

  test('searches, filters and sorts when there are more than a few', async () => {
    await show(...['a', 'b', 'c', 'd', 'e'].map(name => dataset(name)));
    expect(all('[type=search]')).toHaveLength(0);
    await show(
      ...['a', 'b', 'c', 'd', 'e'].map(name => dataset(name)),
      dataset('m31', { kind: 'cube', tags: ['Local Group'], size: 7 })
    );
    const names = (): (string | null)[] =>
      all('.jp-astrodata-lab-name').map(item => item.textContent);
    const pick = (label: string, value: string): void =>
      act(() => {
        (labelled(label) as HTMLSelectElement).value = value;
        labelled(label).dispatchEvent(new Event('change', { bubbles: true }));
      });
    const search = labelled('Search datasets');
    type(search, 'CUBE local');
    expect(names()).toEqual(['m31']);
    type(search, 'nothing');
    expect(node.textContent).toContain('No dataset matches “nothing”.');
    act(() =>
      all('button')
        .find(({ textContent }) => textContent === 'Show all')!
        .click()
    );
    expect(names()).toHaveLength(6);
    pick('Order', 'size');
    expect(names().at(-1)).toBe('m31');
    expect(memory.order).toBe('size');
    pick('Kind', 'image');
    expect(names()).not.toContain('m31');
    pick('Kind', '');
    pick('Tag', 'Local Group');
    expect(names()).toEqual(['m31']);
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
