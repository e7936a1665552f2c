// @vitest-environment jsdom
import './browser';

import { nullTranslator } from '@jupyterlab/translation';
import { expect, test, vi } from 'vitest';

import { IDataset } from '../../../src/lab/answers';
import { datasetActions } from '../../../src/lab/panel/datasetActions';
import { IDatasetAction } from '../../../src/lab/panel/datasetMenu';
import { openSource } from '../../../src/lab/python';
import { dataset } from './fakeApi';

const revealed = vi.fn<(path: string) => void>();

function action(id: string, browser = true): IDatasetAction {
  const all = datasetActions({
    work: {} as never,
    trans: nullTranslator.load('test'),
    open: () => undefined,
    copy: () => undefined,
    copyCode: () => undefined,
    reveal: browser ? revealed : null
  });
  return all.find((one): one is IDatasetAction => one !== 'separator' && one.id === id)!;
}

test('a file is shown in the file browser where it can be, and else it is said why not', () => {
  const refusal = (item: IDataset, browser = true): string =>
    action('reveal', browser).refusal!(item);
  expect(refusal(dataset('m13'))).toBe('');
  void action('reveal').execute(dataset('m13'));
  expect(revealed).toHaveBeenCalledWith('m13.fits');
  expect(refusal(dataset('m13', { path: null }))).toContain('outside of the folder');
  expect(refusal(dataset('m13', { state: 'missing' }))).toContain('file is missing');
  expect(refusal(dataset('m13'), false)).toContain('no file browser');
});

test('the code to copy names a data set as one Python text', () => {
  expect(openSource('say "hi"\\')).toBe(
    'import astrodata_kernel as adk\nds = adk.open(adk.Catalog()["say \\"hi\\"\\\\"])'
  );
});
