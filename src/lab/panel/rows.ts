import * as React from 'react';

/** What makes a list one stop for the Tab key, with arrows from row to row. */
export interface IRows {
  readonly list: React.RefObject<HTMLUListElement>;
  /** Key of the row that the Tab key comes to. */
  readonly reachable: string | undefined;
  readonly focus: (index: number) => void;
  readonly onFocus: (key: string) => void;
  readonly onKeyDown: (event: React.KeyboardEvent, index: number) => void;
}

/**
 * Gives a list its keys.
 *
 * @param keys - Of the rows, each of which has one element of the class `jp-astrodata-lab-open`.
 * @param more - What further keys do with a row.
 */
export function useRows(
  keys: readonly string[],
  more: Readonly<Record<string, (index: number) => void>> = {}
): IRows {
  const list = React.useRef<HTMLUListElement>(null);
  const [current, setCurrent] = React.useState('');
  const focus = (index: number): void => {
    const rows = list.current?.querySelectorAll<HTMLElement>('.jp-astrodata-lab-open');
    rows?.[Math.max(0, Math.min(index, rows.length - 1))]?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent, index: number): void => {
    const moves: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: keys.length - 1
    };
    if (event.key in moves) {
      focus(moves[event.key]);
    } else if (event.key in more) {
      more[event.key](index);
    } else {
      return;
    }
    event.preventDefault();
    // JupyterLab's own shortcuts must not hear these: Delete would delete files or cells.
    event.stopPropagation();
  };
  const reachable = keys.includes(current) ? current : keys[0];
  return { list, reachable, focus, onFocus: setCurrent, onKeyDown };
}
