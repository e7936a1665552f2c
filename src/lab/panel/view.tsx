import { addIcon, refreshIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IDataset, ILabelSession, IRun } from '../api';
import { panelIcon } from '../icons';
import { hasEvents } from '../python';
import { CellOf } from '../runCells';
import { DatasetRows, IDatasetRowsProps } from './datasetRows';
import { LabelSection } from './labelRows';
import { PanelModel } from './model';
import { ModelSection } from './modelRows';
import { RunSection } from './runRows';
import { TaskRows } from './taskRows';

/** Datasets that one sees without searching. */
const FEW = 5;

export interface IPanelViewProps extends Omit<IDatasetRowsProps, 'datasets'> {
  readonly model: PanelModel;
  /** Something that can be dropped is over the panel. */
  readonly hovered: boolean;
  readonly onFiles: (files: File[]) => void;
  readonly onOpenLabels: (session: ILabelSession) => void;
  /** Put a cell into the notebook, and run it if it is wanted. */
  readonly onInsert: (cell: CellOf, run: boolean) => void;
  readonly onCancelRun: (run: IRun) => void;
  readonly onCopy: (text: string) => void;
}

/** The whole panel. */
export function PanelView(props: IPanelViewProps): JSX.Element {
  const { model, trans } = props;
  return (
    <div className={'jp-astrodata-lab-body' + (props.hovered ? ' jp-mod-dropTarget' : '')}>
      <Toolbar {...props} />
      <div className="jp-astrodata-lab-scroll">
        {model.warnings.map(warning => (
          <p key={warning} className="jp-astrodata-lab-warning" role="status">
            {warning}
          </p>
        ))}
        <TaskRows
          tasks={model.tasks.items}
          trans={trans}
          onCancel={task => model.tasks.cancel(task)}
          onDismiss={task => model.tasks.remove(task)}
        />
        <Contents {...props} />
        {model.status === 'ready' ? (
          <>
            <LabelSection {...props} labels={model.labels} example={exampleOf(model.datasets)} />
            <RunSection {...props} runs={model.runs} />
            <ModelSection {...props} models={model.models} teach={model.runs.items.length > 0} />
          </>
        ) : null}
      </div>
      <div className="jp-astrodata-lab-live" role="status" aria-live="polite">
        {model.announcement}
      </div>
      {props.hovered ? (
        <div className="jp-astrodata-lab-dropHint" aria-hidden="true">
          {trans.__('Drop to add')}
        </div>
      ) : null}
    </div>
  );
}

function Toolbar({ model, trans, onFiles }: IPanelViewProps): JSX.Element {
  const input = React.useRef<HTMLInputElement>(null);
  const choose = (event: React.ChangeEvent<HTMLInputElement>): void => {
    onFiles(Array.from(event.target.files ?? []));
    event.target.value = ''; // the same file may be chosen again
  };
  return (
    <div className="jp-astrodata-lab-toolbar">
      <span className="jp-astrodata-lab-title">AstroData</span>
      <button
        type="button"
        className="jp-astrodata-lab-button"
        disabled={model.status === 'no-server'}
        title={trans.__('Upload files from this computer and add them')}
        onClick={() => input.current?.click()}
      >
        <addIcon.react tag="span" width="16px" height="16px" />
        {trans.__('Add files')}
      </button>
      <input ref={input} type="file" multiple hidden onChange={choose} />
      <button
        type="button"
        className="jp-astrodata-lab-iconButton"
        aria-label={trans.__('Refresh')}
        title={trans.__('Refresh')}
        onClick={() => void model.refresh()}
      >
        <refreshIcon.react tag="span" width="16px" height="16px" />
      </button>
    </div>
  );
}

function Contents(props: IPanelViewProps): JSX.Element | null {
  const { model, trans } = props;
  switch (model.status) {
    case 'loading':
      return <p className="jp-astrodata-lab-note">{trans.__('Reading the list…')}</p>;
    case 'no-server':
      return <NoServer trans={trans} />;
    case 'failed':
      return (
        <p className="jp-astrodata-lab-error" role="alert">
          {model.failure}
        </p>
      );
    default:
      if (model.datasets.length > 0) {
        return <Searchable {...props} />;
      }
      return model.tasks.items.length > 0 ? null : <Empty trans={trans} />;
  }
}

function NoServer({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-astrodata-lab-error" role="alert">
      <p>{trans.__('The server half of AstroData Lab is not running. Install it with')}</p>
      <code>pip install astrodata-lab</code>
      <p>
        {trans.__(
          'in the environment of the Jupyter server, restart that server, and reload this page.'
        )}
      </p>
    </div>
  );
}

function Empty({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-astrodata-lab-empty">
      <panelIcon.react tag="span" width="48px" height="48px" />
      <p className="jp-astrodata-lab-empty-title">{trans.__('Drop a FITS file here')}</p>
      <p>
        {trans.__(
          'from your computer, to upload it, or from the file browser, to list it in place.'
        )}
      </p>
      <p>{trans.__('Then click it to open it in a notebook.')}</p>
    </div>
  );
}

function Searchable(props: IPanelViewProps): JSX.Element {
  const { model, trans } = props;
  const [query, setQuery] = React.useState('');
  const searches = model.datasets.length > FEW;
  const found = searches
    ? model.datasets.filter(dataset => matches(dataset, query))
    : model.datasets;
  return (
    <>
      {searches ? (
        <input
          type="search"
          className="jp-astrodata-lab-search"
          aria-label={trans.__('Search datasets')}
          placeholder={trans.__('Search %1 datasets', model.datasets.length)}
          value={query}
          onChange={event => setQuery(event.target.value)}
        />
      ) : null}
      {found.length > 0 ? (
        <DatasetRows {...props} datasets={found} />
      ) : (
        <p className="jp-astrodata-lab-note">{trans.__('No dataset matches “%1”.', query)}</p>
      )}
    </>
  );
}

/** What the words that teach labelling may take, undefined while there are no datasets. */
function exampleOf(datasets: readonly IDataset[]): string | undefined {
  if (datasets.length === 0) {
    return undefined;
  }
  return datasets.find(hasEvents)?.name ?? 'DATASET';
}

function matches(dataset: IDataset, query: string): boolean {
  const text = [dataset.name, dataset.kind, dataset.format, ...dataset.tags]
    .join(' ')
    .toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word));
}
