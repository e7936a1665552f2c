import { closeIcon, refreshIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { percentText, sizeText } from '../format';
import { IconButton } from './iconButton';
import { ITask, TaskState } from './tasks';

interface ITaskRowsProps {
  readonly tasks: readonly ITask[];
  readonly trans: TranslationBundle;
  readonly onCancel: (task: ITask) => void;
  readonly onDismiss: (task: ITask) => void;
  readonly onRetry: (task: ITask) => void;
}

/** States in which nobody knows how much is done. */
const UNKNOWN: readonly TaskState[] = ['listing', 'checking', 'cancelling'];
const CAN_CANCEL: readonly TaskState[] = ['waiting', 'listing', 'uploading', 'away'];

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

function RunningRow(props: ITaskRowsProps & { task: ITask }): JSX.Element {
  const { task, trans, onCancel, onDismiss } = props;
  const percent = percentText(task.fraction);
  const unknown = UNKNOWN.includes(task.state);
  const says = {
    waiting: trans.__('Waiting'),
    listing: trans.__('Reading the folder…'),
    uploading: percent,
    away: trans.__('%1: the server does not answer, trying again…', percent),
    checking: trans.__('Checking…'),
    cancelling: trans.__('Cancelling…'),
    interrupted: trans.__('Interrupted at %1: add it again to go on', percent),
    failed: ''
  }[task.state];
  return (
    <li className={`jp-astrodata-lab-task jp-mod-${task.state}`}>
      <div className="jp-astrodata-lab-task-head">
        <span className="jp-astrodata-lab-task-name" title={task.name}>
          {task.name}
        </span>
        {CAN_CANCEL.includes(task.state) ? (
          <IconButton
            icon={closeIcon}
            label={trans.__('Cancel %1', task.name)}
            onClick={() => onCancel(task)}
          />
        ) : null}
        {task.state === 'interrupted' ? (
          <IconButton
            icon={closeIcon}
            label={trans.__('Dismiss %1', task.name)}
            onClick={() => onDismiss(task)}
          />
        ) : null}
      </div>
      <div
        className={'jp-astrodata-lab-progress' + (unknown ? ' jp-mod-unknown' : '')}
        role="progressbar"
        aria-label={task.name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={unknown ? undefined : Math.floor(task.fraction * 100)}
        aria-valuetext={says}
      >
        <div style={{ width: unknown ? undefined : `${task.fraction * 100}%` }} />
      </div>
      <div className="jp-astrodata-lab-facts">
        <span>{says}</span>
        {task.size === null ? null : <span>{sizeText(task.size)}</span>}
      </div>
    </li>
  );
}

function FailedRow(props: ITaskRowsProps & { task: ITask }): JSX.Element {
  const { task, trans, onDismiss, onRetry } = props;
  return (
    <li className="jp-astrodata-lab-task jp-mod-failed" role="listitem">
      <div className="jp-astrodata-lab-task-head">
        <span className="jp-astrodata-lab-task-name" title={task.name}>
          {task.name}
        </span>
        {task.canRetry ? (
          <IconButton
            icon={refreshIcon}
            label={trans.__('Try %1 again', task.name)}
            onClick={() => onRetry(task)}
          />
        ) : null}
        <IconButton
          icon={closeIcon}
          label={trans.__('Dismiss %1', task.name)}
          onClick={() => onDismiss(task)}
        />
      </div>
      <div role="alert">
        <p>{task.message}</p>
        {task.detail ? <p className="jp-astrodata-lab-detail">{task.detail}</p> : null}
      </div>
    </li>
  );
}
