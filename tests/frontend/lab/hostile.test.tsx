// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { act } from 'react';
// @ts-expect-error the types of react-dom are not installed, and JupyterLab brings the module
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { IRunDetails } from '../../../src/lab/answers';
import { ApiError } from '../../../src/lab/requests';
import { PanelModel } from '../../../src/lab/panel/model';
import { PanelView } from '../../../src/lab/panel/view';
import * as fake from './fakeApi';
import { FakeContents } from './fakeContents';
import { FakeUploads } from './fakeUploads';

vi.mock('../../../src/lab/icons', () => {
  const icon = { react: () => <svg /> };
  return { kindIcon: () => icon, panelIcon: icon };
});

/** Told by what it stands for, so that one sees where it went. */
const bad = (what: string): string =>
  `<img src=x onerror=alert(1)><script>alert(2)</script><b>${what}</b>"'&amp;\u202e`;

const trans = nullTranslator.load('test');

let api: fake.FakeApi;
let model: PanelModel;
let node: HTMLElement;
let root: { render(element: JSX.Element): void; unmount(): void };

beforeEach(() => {
  api = new fake.FakeApi();
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
  model.changed.connect(draw);
});

afterEach(() => {
  act(() => root.unmount());
  model.dispose();
  node.remove();
});

function draw(): void {
  const nothing = (): void => undefined;
  act(() =>
    root.render(
      <PanelView
        model={model}
        trans={trans}
        hovered={false}
        thumbnailSize={48}
        thumbnailUrl={() => null}
        onOpen={nothing}
        onMenu={nothing}
        onCopyCode={nothing}
        onHeader={path => api.header(path)}
        onPress={nothing}
        onFiles={nothing}
        onAskPlace={nothing}
        onOpenLabels={nothing}
        onInsert={nothing}
        onCancelRun={nothing}
        onCopy={nothing}
      />
    )
  );
}

/** A run of which every text is hostile. */
function hostileRun(id: string): IRunDetails {
  const of = fake.run(id, {
    pipeline: bad('pipeline'),
    state: 'running',
    share: 0.5,
    running: [{ name: bad('running step'), text: bad('what it does'), share: 0.5 }],
    mlflow: { run: bad('MLflow run'), address: null, file: bad('MLflow file') }
  });
  return fake.details(of, {
    user: bad('user'),
    host: bad('host'),
    parameters: [{ name: bad('parameter'), text: bad('value'), python: bad('python') }],
    steps: [
      fake.step(bad('step'), {
        block: bad('block'),
        stage: bad('stage'),
        text: bad('text of a step'),
        error: bad('error of a step'),
        metrics: { [bad('metric')]: bad('number') },
        outputs: { [bad('output')]: { hash: bad('hash'), kind: bad('kind of output') } },
        tests: [{ output: bad('tested'), ok: false, summary: bad('summary') }],
        notes: [bad('note of a step')]
      })
    ],
    notes: [bad('note')],
    error: bad('error of a run')
  });
}

/** What must be read letter by letter: what is told as text, in attributes for those who listen, or in both. */
const READ = [
  ...['dataset', 'kind', 'warning of data', 'card', 'value of a card', 'comment', 'failed upload'],
  ...['session', 'class', 'annotator', 'warning of labels', 'pipeline', 'running step', 'step'],
  ...['error of a step', 'note', 'warning of runs', 'model', 'alias'],
  ...['metric of a model', 'warning of models']
];

test('what is hostile is read letter by letter, in every field of every section', async () => {
  api.list = [
    fake.dataset(bad('dataset'), {
      path: `${bad('path')}.fits`,
      kind: bad('kind'),
      format: bad('format'),
      dtype: bad('dtype'),
      tags: [bad('tag')]
    })
  ];
  api.warnings = [bad('warning of data')];
  api.headerOf = {
    cards: [[bad('card'), bad('value of a card'), bad('comment')]],
    truncated: true,
    facts: [[bad('fact'), bad('value of a fact')]],
    parts: [{ index: 0, name: bad('part'), kind: bad('kind of part'), shape: [1] }]
  };
  api.sessions = [
    fake.labelSession(bad('session'), {
      dataset: bad('labelled'),
      source: null,
      classes: [
        { name: bad('class'), color: `red;background:url(//x/${bad('colour')})`, count: 1 }
      ],
      annotators: [{ name: bad('annotator'), count: 1, counts: [1] }]
    })
  ];
  api.labelWarnings = [bad('warning of labels')];
  const run = hostileRun('1');
  api.runList = [run];
  api.runDetails = [run];
  api.runWarnings = [bad('warning of runs')];
  api.modelList = [
    fake.model(bad('model'), {
      versions: [
        fake.version(1, {
          run: bad('run of a model'),
          aliases: [bad('alias')],
          reasons: [
            { alias: bad('alias'), reason: bad('reason'), who: bad('who'), when: bad('when') }
          ],
          lineage: bad('lineage'),
          metrics: { [bad('metric of a model')]: 1 }
        })
      ]
    })
  ];
  api.modelAddress = `javascript:alert("${bad('address')}")`;
  api.modelWarnings = [bad('warning of models')];
  await act(() => model.start());
  await act(() => model.runs.open('1'));
  await act(async () => {
    model.tasks.fail(model.tasks.add(bad('failed upload'), 'waiting'), bad('why it failed'));
    model.announce(bad('announcement'));
  });
  for (const toggle of node.querySelectorAll<HTMLElement>('[aria-expanded="false"]')) {
    await act(async () => toggle.click());
  }
  const row = [...node.querySelectorAll<HTMLElement>('[aria-label]')].find(one =>
    one.getAttribute('aria-label')!.startsWith(bad('dataset'))
  )!;
  await act(async () => {
    row.focus();
    row.dispatchEvent(new KeyboardEvent('keydown', { key: 'i', bubbles: true, cancelable: true }));
  });
  await act(async () => undefined); // the header comes

  const told = [
    document.body.textContent!,
    ...[...document.querySelectorAll('*')].flatMap(one => [...one.attributes].map(a => a.value))
  ].join('\n');
  expect(READ.filter(what => !told.includes(bad(what)))).toEqual([]);
  expect(document.querySelectorAll('img, script, b, [onerror]')).toHaveLength(0);
  for (const link of document.querySelectorAll('a')) {
    expect(link.getAttribute('href')).not.toMatch(/^\s*javascript:/i);
  }
  for (const one of document.querySelectorAll<HTMLElement>('[style]')) {
    expect(one.getAttribute('style')).not.toContain('url(');
  }
});

test('a server that answers with markup is told as text', async () => {
  api.error = new ApiError('internal', bad('failure'));
  await act(() => model.start());
  expect(node.textContent).toContain(bad('failure'));
  expect(node.querySelectorAll('img, script, b')).toHaveLength(0);
});
