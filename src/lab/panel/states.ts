import { Time } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';

import { IDataset, RunState, StepState } from '../answers';

/** A sign that tells a state apart without its colour. */
export function markOf(state: RunState | StepState): string {
  return {
    waiting: '…',
    running: '▶',
    finished: '✓',
    cached: '≡',
    failed: '✗',
    cancelled: '■',
    skipped: '–',
    lost: '?'
  }[state];
}

/** A state in a word. */
export function wordOf(state: RunState | StepState, trans: TranslationBundle): string {
  return {
    waiting: trans.__('waiting'),
    running: trans.__('running'),
    finished: trans.__('done'),
    cached: trans.__('as before'),
    failed: trans.__('failed'),
    cancelled: trans.__('cancelled'),
    skipped: trans.__('not begun'),
    lost: trans.__('lost')
  }[state];
}

/** How long ago; a clock that is ahead of this one puts nothing into the future. */
export function ago(when: string | number | null): string {
  const date = when === null ? null : new Date(when);
  if (date === null || !Number.isFinite(date.getTime())) {
    return '';
  }
  return Time.formatHuman(new Date(Math.min(date.getTime(), Date.now())), 'narrow');
}

/** What is wrong with the file of a data set, and nothing where it is as it was. */
export function fileText(state: IDataset['state'], trans: TranslationBundle): string {
  switch (state) {
    case 'missing':
      return trans.__('file is missing');
    case 'changed':
      return trans.__('file has changed since it was added');
    default:
      return '';
  }
}
