import { closeIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { sizeText } from '../format';
import { ITask } from './tasks';

interface ITaskRowsProps {
  readonly tasks: readonly ITask[];
  readonly trans: TranslationBundle;
  readonly onCancel: (task: ITask) => void;
  readonly onDismiss: (task: ITask) => void;
}

/** The files on their way, and those that did not get there. */
export function TaskRows(props: ITaskRowsProps): JSX.Element | null {
  const { tasks, trans } = props;
  if (tasks.length === 0) {
    return null;
  }
  return (
    <ul className="jp-astrodata-lab-tasks" role="list" aria-label={trans.__('Uploads')}>
      {tasks.map(task =>
        task.state === 'failed' ? (
          <FailedRow key={task.id} task={task} {...props} />
        ) : (
          <RunningRow key={task.id} task={task} {...props} />
        )
      )}
    </ul>
  );
}

function RunningRow({ task, trans, onCancel }: ITaskRowsProps & { task: ITask }): JSX.Element {
  const percent = Math.floor(task.fraction * 100);
  const uploading = task.state === 'uploading';
  const unknown = task.state === 'checking' || task.state === 'cancelling';
  const says = {
    waiting: trans.__('Waiting'),
    uploading: `${percent} %`,
    checking: trans.__('Checking…'),
    cancelling: trans.__('Cancelling…'),
    failed: ''
  }[task.state];
  return (
    <li className="jp-astrodata-lab-task">
      <div className="jp-astrodata-lab-task-head">
        <span className="jp-astrodata-lab-task-name" title={task.name}>
          {task.name}
        </span>
        {task.state === 'waiting' || uploading ? (
          <IconButton label={trans.__('Cancel %1', task.name)} onClick={() => onCancel(task)} />
        ) : null}
      </div>
      <div
        className={'jp-astrodata-lab-progress' + (unknown ? ' jp-mod-unknown' : '')}
        role="progressbar"
        aria-label={task.name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={unknown ? undefined : percent}
        aria-valuetext={says}
      >
        <div style={{ width: unknown ? undefined : `${percent}%` }} />
      </div>
      <div className="jp-astrodata-lab-facts">
        <span>{says}</span>
        {task.size === null ? null : <span>{sizeText(task.size)}</span>}
      </div>
    </li>
  );
}

function FailedRow({ task, trans, onDismiss }: ITaskRowsProps & { task: ITask }): JSX.Element {
  return (
    <li className="jp-astrodata-lab-task jp-mod-failed" role="listitem">
      <div className="jp-astrodata-lab-task-head">
        <span className="jp-astrodata-lab-task-name" title={task.name}>
          {task.name}
        </span>
        <IconButton label={trans.__('Dismiss %1', task.name)} onClick={() => onDismiss(task)} />
      </div>
      <div role="alert">
        <p>{task.message}</p>
        {task.detail ? <p className="jp-astrodata-lab-detail">{task.detail}</p> : null}
      </div>
    </li>
  );
}

function IconButton(props: { label: string; onClick: () => void }): JSX.Element {
  return (
    <button
      type="button"
      className="jp-astrodata-lab-iconButton"
      aria-label={props.label}
      title={props.label}
      onClick={props.onClick}
    >
      <closeIcon.react tag="span" width="16px" height="16px" />
    </button>
  );
}
