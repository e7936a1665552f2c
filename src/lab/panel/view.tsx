import { addIcon, linkIcon, newFolderIcon, refreshIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IDataset, ILabelSession, IRun } from '../answers';
import { hasEvents } from '../python';
import { CellOf } from '../runCells';
import { adviceOnNoServer } from '../handshake/advice';
import { Advice } from './advice';
import { Compute } from './compute';
import { ComputeSection } from './computeRows';
import { DatasetSection, IDatasetSectionProps } from './datasetSection';
import { IconButton } from './iconButton';
import { LabelSection } from './labelRows';
import { ModelSection } from './modelRows';
import { RunSection } from './runRows';
import { TaskRows } from './taskRows';

export interface IPanelViewProps extends IDatasetSectionProps {
  readonly compute?: Compute;
  /** Something that can be dropped is over the panel. */
  readonly hovered: boolean;
  readonly onFiles: (files: File[]) => void;
  /** Ask for a path or an address, and add that. */
  readonly onAskPlace: () => void;
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
        {model.advice.map(advice => (
          <Advice key={advice.command} advice={advice} trans={trans} />
        ))}
        {model.warnings.map(warning => (
          <p key={warning} className="jp-astrodata-lab-warning" role="status">
            {warning}
          </p>
        ))}
        <TaskRows
          tasks={model.tasks.items}
          trans={trans}
          onCancel={task => model.tasks.cancel(task)}
          onDismiss={task => void model.imports.dismiss(task)}
          onRetry={task => void model.imports.retry(task)}
        />
        <Contents {...props} />
        {model.status === 'ready' ? (
          <>
            {props.compute ? <ComputeSection {...props} compute={props.compute} /> : null}
            <RunSection {...props} runs={model.runs} />
            <ModelSection {...props} models={model.models} />
            <LabelSection {...props} labels={model.labels} example={exampleOf(model.datasets)} />
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

function Toolbar({ model, trans, onFiles, onAskPlace }: IPanelViewProps): JSX.Element {
  const input = React.useRef<HTMLInputElement>(null);
  const folder = React.useRef<HTMLInputElement>(null);
  const disabled = model.status === 'no-server';
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
        disabled={disabled}
        aria-label={trans.__('Add files')}
        title={trans.__('Upload files from this computer and add them')}
        onClick={() => input.current?.click()}
      >
        <addIcon.react tag="span" width="16px" height="16px" />
        {trans.__('Add')}
      </button>
      <input ref={input} type="file" multiple hidden data-adds="files" onChange={choose} />
      <IconButton
        icon={newFolderIcon}
        label={trans.__('Add a folder from this computer')}
        disabled={disabled}
        onClick={() => folder.current?.click()}
      />
      {/* React knows no such property of an input. */}
      <input
        ref={folder}
        type="file"
        hidden
        data-adds="folder"
        onChange={choose}
        {...{ webkitdirectory: '' }}
      />
      <IconButton
        icon={linkIcon}
        label={trans.__('Add by path or address…')}
        disabled={disabled}
        onClick={onAskPlace}
      />
      <IconButton
        icon={refreshIcon}
        label={trans.__('Refresh')}
        onClick={() => void model.refresh()}
      />
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
      return <DatasetSection {...props} />;
  }
}

function NoServer({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-astrodata-lab-error" role="alert">
      <Advice advice={adviceOnNoServer(trans)} trans={trans} />
    </div>
  );
}

/** What the words that teach labelling may take. */
function exampleOf(datasets: readonly IDataset[]): string {
  return datasets.find(hasEvents)?.name ?? 'DATASET';
}
