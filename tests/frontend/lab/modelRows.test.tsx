// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { act } from 'react';
// @ts-expect-error the types of react-dom are not installed, and JupyterLab brings the module
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { IModel } from '../../../src/lab/answers';
import { ModelSection } from '../../../src/lab/panel/modelRows';
import { Models } from '../../../src/lab/panel/models';
import { IDraggable } from '../../../src/lab/drag';
import { CellOf } from '../../../src/lab/runCells';
import { FakeApi, model, version } from './fakeApi';

const trans = nullTranslator.load('test');
const HOSTILE = '<img src=x onerror=alert(1)>"\'&amp;';

let api: FakeApi;
let models: Models;
let node: HTMLElement;
let root: { render(element: JSX.Element): void; unmount(): void };
const inserted = vi.fn<(cell: CellOf, run: boolean) => void>();
const pressed = vi.fn<(dragged: IDraggable, press: MouseEvent) => void>();

beforeEach(() => {
  vi.clearAllMocks();
  api = new FakeApi();
  models = new Models(api);
  node = document.createElement('div');
  document.body.append(node);
  root = createRoot(node);
});

afterEach(() => {
  act(() => root.unmount());
  node.remove();
  models.dispose();
});

async function show(list: IModel[]): Promise<void> {
  api.modelList = list;
  await models.refresh();
  act(() =>
    root.render(
      <ModelSection models={models} trans={trans} onInsert={inserted} onPress={pressed} />
    )
  );
}

const all = (selector: string): HTMLElement[] => [...node.querySelectorAll<HTMLElement>(selector)];
const rows = (): HTMLElement[] => all('.jp-astrodata-lab-open');
const labelled = (label: string): HTMLButtonElement =>
  all('button').find(one => one.getAttribute('aria-label') === label) as HTMLButtonElement;
const written = (): string => inserted.mock.calls.at(-1)![0]('');

const LINE = model('line', {
  changed: Date.now() / 1000 - 7200,
  count: 12,
  versions: [
    version(12, {
      aliases: ['best', 'champion'],
      reasons: [{ alias: 'champion', reason: 'half the error', who: 'ada', when: '2026' }],
      lineage: 'sha256:00',
      metrics: { rmse: 0.51234 }
    }),
    version(11)
  ]
});

test('a model is a row with its versions, aliases and when it last changed', async () => {
  await show([LINE]);
  expect(rows()[0].getAttribute('aria-label')).toBe(
    'line, 12 versions, best is version 12, champion is version 12, 2h ago'
  );
  expect(rows()[0].textContent).toBe('line12 versions2h agobest12champion12');
});

test('a model that is opened shows its versions, with the reasons of their aliases', async () => {
  await show([LINE]);
  act(() => rows()[0].click());
  const [newest, older] = all('.jp-astrodata-lab-step').map(one => one.textContent);
  expect(newest).toContain('champion: half the error (ada)');
  expect(newest).toContain('rmse 0.5123');
  expect(newest).toContain('run abcdef01');
  expect(older).toContain('Version 11');
  expect(node.textContent).toContain('and 10 older versions');
});

test('a version is loaded by its alias or number, and its lineage drawn where it has one', async () => {
  await show([LINE]);
  act(() => rows()[0].click());
  act(() => labelled('Load version 12').click());
  expect(written()).toContain('Registry().load("line", "champion")');
  act(() => labelled('Load version 11').click());
  expect(written()).toContain('.load("line", 11)');
  act(() => labelled('Lineage of version 12').click());
  expect(written()).toContain('.back("sha256:00")');
  expect(inserted.mock.calls.map(([, run]) => run)).toEqual([true, true, true]);
  expect(labelled('Lineage of version 11').disabled).toBe(true);
  expect(labelled('Lineage of version 11').title).toContain('without a lineage');
});

test('a model is dragged, or opened by O, as its champion; one without versions is not', async () => {
  await show([LINE, model('empty', { versions: [] })]);
  const press = (row: HTMLElement): boolean =>
    row.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
  act(() => rows().forEach(press));
  expect(pressed.mock.calls.map(([{ name }]) => name)).toEqual(['line']);
  expect(pressed.mock.calls[0][0].cell('')).toContain('Registry().load("line", "champion")');
  const key = (): Event => new KeyboardEvent('keydown', { key: 'o', bubbles: true });
  act(() => rows().forEach(row => row.dispatchEvent(key())));
  expect(inserted.mock.calls.map(([cell]) => cell(''))).toEqual([
    pressed.mock.calls[0][0].cell('')
  ]);
});

test('hostile names are text and nothing else', async () => {
  const reasons = [{ alias: HOSTILE, reason: HOSTILE, who: HOSTILE, when: HOSTILE }];
  const one = version(1, { aliases: [HOSTILE], reasons, metrics: { [HOSTILE]: 1 } });
  await show([model(HOSTILE, { versions: [one] })]);
  act(() => rows()[0].click());
  expect(node.textContent).toContain(HOSTILE);
  expect(all('img')).toHaveLength(0);
  expect(all('[onerror]')).toHaveLength(0);
});

test('a store elsewhere is named, with a link where it has pages', async () => {
  api.modelWarnings = ['Models are kept at https://ml.example.'];
  api.modelAddress = 'https://ml.example/';
  await show([]);
  const link = all('a')[0] as HTMLAnchorElement;
  expect([link.href, link.rel]).toEqual(['https://ml.example/#/models', 'noopener noreferrer']);
  expect(all('.jp-astrodata-lab-warning')[0].textContent).toContain('Models are kept at');
  api.modelAddress = 'javascript:alert(1)';
  await show([]);
  expect(all('a')).toHaveLength(0);
});

test('the section without models teaches how one is registered', async () => {
  await show([]);
  expect(node.textContent).toContain('register_model');
});
