// @vitest-environment jsdom
import './browser';

import { PageConfig } from '@jupyterlab/coreutils';
import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, expect, test, vi } from 'vitest';

import { administration } from '../../../src/lab/administration';
import { PanelModel } from '../../../src/lab/panel/model';
import { FakeApi } from './fakeApi';
import { FakeContents } from './fakeContents';
import { FakeUploads } from './fakeUploads';

const NOTHING = { disabledSections: [], uploadFolder: '' };

afterEach(() => void PageConfig.setOption('astrodataLab', ''));

test('what the administrator decided stands on the page', () => {
  const told = { disabledSections: ['runs'], uploadFolder: 'data/uploads' };
  PageConfig.setOption('astrodataLab', JSON.stringify(told));
  expect(administration()).toEqual(told);
});

test.each(['', '{', 'null', '3', '{"disabledSections": "runs", "uploadFolder": 7}'])(
  'a page that says %j leaves everything as it is',
  text => {
    PageConfig.setOption('astrodataLab', text);
    expect(administration()).toEqual(NOTHING);
  }
);

test('a section that is left out is never asked for, whatever happens', async () => {
  const api = new FakeApi();
  const asked = vi.spyOn(api, 'runs');
  const models = vi.spyOn(api, 'models');
  const model = new PanelModel({
    api,
    contents: new FakeContents() as never,
    disabledSections: ['runs', 'labels'],
    folder: () => '',
    onClash: async () => 'cancel',
    trans: nullTranslator.load('test'),
    uploads: new FakeUploads()
  });
  await model.start();
  model.seen = true;
  model.runs.expect();
  await model.refresh();
  await model.runs.refresh();
  expect([model.status, model.runs.status, model.labels.status]).toEqual([
    'ready',
    'absent',
    'absent'
  ]);
  expect(asked).not.toHaveBeenCalled();
  expect(models).toHaveBeenCalled();
  model.dispose();
});
