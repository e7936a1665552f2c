import { TranslationBundle } from '@jupyterlab/translation';

import { IDataset } from '../answers';
import { IDatasetAction } from './datasetMenu';
import { DatasetWork } from './datasetWork';

export interface IDatasetActionOptions {
  readonly work: DatasetWork;
  readonly trans: TranslationBundle;
  readonly open: (dataset: IDataset) => unknown;
  readonly copy: (text: string) => void;
  readonly copyCode: (dataset: IDataset) => void;
  /** Show a file in the file browser, null where there is none. */
  readonly reveal: ((path: string) => unknown) | null;
}

/** All that can be done with a dataset, in the order of the menu. */
export function datasetActions(options: IDatasetActionOptions): (IDatasetAction | 'separator')[] {
  const { work, trans, open, copy, copyCode, reveal } = options;
  const outside = ({ path }: IDataset): string =>
    path === null ? trans.__('outside of the folder that this server shows') : '';
  return [
    { id: 'open', label: trans.__('Open in Notebook'), execute: open },
    {
      id: 'details',
      label: trans.__('Details and Header'),
      execute: ({ name }) => work.edit(name, 'details')
    },
    'separator',
    { id: 'rename', label: trans.__('Rename…'), execute: ({ name }) => work.edit(name, 'rename') },
    { id: 'tags', label: trans.__('Edit Tags…'), execute: ({ name }) => work.edit(name, 'tags') },
    { id: 'verify', label: trans.__('Verify'), execute: ({ name }) => work.verify(name) },
    'separator',
    { id: 'copy-code', label: trans.__('Copy as Code'), execute: copyCode },
    {
      id: 'copy-path',
      label: trans.__('Copy Path'),
      refusal: outside,
      execute: ({ path }) => path !== null && copy(path)
    },
    {
      id: 'reveal',
      label: trans.__('Show in File Browser'),
      refusal: dataset =>
        outside(dataset) ||
        (dataset.state === 'missing' ? trans.__('its file is missing') : '') ||
        (reveal ? '' : trans.__('there is no file browser here')),
      execute: ({ path }) => path !== null && reveal?.(path)
    },
    'separator',
    {
      id: 'remove',
      label: trans.__('Remove from the List'),
      execute: ({ name }) => work.remove(name)
    }
  ];
}
