import * as React from 'react';

import { goFrom, headingOf } from './stops';

/** What makes a list one stop for the Tab key, with arrows from row to row. */
export interface IRows {
  readonly list: React.RefObject<HTMLUListElement>;
  /** Key of the row that the Tab key comes to. */
  readonly reachable: string | undefined;
  readonly focus: (index: number) => void;
  readonly onFocus: (key: string) => void;
  readonly onKeyDown: (event: React.KeyboardEvent, index: number) => void;
}

/** What the keys do with a row; `Accel` stands for Ctrl, and for Cmd on a Mac. */
export type RowKeys = Readonly<Record<string, (index: number) => void>>;

/**
 * Gives a list its keys.
 *
 * @param keys - Of the rows. Each is a child of the list with its number as `data-index`, and one element of
 *   the class `jp-astrodata-lab-open` in it; a row that is not drawn yet takes the focus once it is.
 * @param more - What further keys do with a row.
 */
export function useRows(keys: readonly string[], more: RowKeys = {}): IRows {
  const list = React.useRef<HTMLUListElement>(null);
  const [current, setCurrent] = React.useState('');
  const wanted = React.useRef<number | null>(null);
  const rowOf = (index: number): HTMLElement | null =>
    list.current?.querySelector<HTMLElement>(`[data-index="${index}"] .jp-astrodata-lab-open`) ??
    null;
  const reach = (): void => {
    const row = wanted.current === null ? null : rowOf(wanted.current);
    if (row !== null) {
      wanted.current = null;
      row.focus();
    }
  };
  const focus = (index: number): void => {
    if (keys.length === 0) {
      return;
    }
    wanted.current = Math.max(0, Math.min(index, keys.length - 1));
    setCurrent(keys[wanted.current]);
    reach();
  };
  React.useEffect(reach);
  const onKeyDown = (event: React.KeyboardEvent, index: number): void => {
    if ((event.target as Element).matches('input, select')) {
      return; // whoever writes there wants all keys
    }
    const stop = rowOf(index);
    const move = (step: 1 | -1): void =>
      index + step in keys ? focus(index + step) : stop ? goFrom(stop, step) : undefined;
    const moves: RowKeys = {
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      ArrowLeft: () => stop && headingOf(stop)?.focus(),
      Home: () => focus(0),
      End: () => focus(keys.length - 1)
    };
    const key = (event.ctrlKey || event.metaKey ? 'Accel ' : '') + event.key;
    const action = Object.hasOwn(more, key) ? more[key] : moves[key];
    if (action === undefined) {
      return;
    }
    action(index);
    event.preventDefault();
    // JupyterLab's own shortcuts must not hear these: Delete would delete files or cells.
    event.stopPropagation();
  };
  const reachable = keys.includes(current) ? current : keys[0];
  return { list, reachable, focus, onFocus: setCurrent, onKeyDown };
}
