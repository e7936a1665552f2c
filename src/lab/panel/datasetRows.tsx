import { defaultRangeExtractor, measureElement, useVirtualizer } from '@tanstack/react-virtual';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IDataset } from '../answers';
import { Api } from '../api';
import { IDraggable } from '../drag';
import { DatasetCard } from './datasetCard';
import { DatasetRow } from './datasetRow';
import { IPlace } from './datasetMenu';
import { DatasetWork } from './datasetWork';
import { useRows } from './rows';
import { headingOf } from './stops';

/** Rows beyond those in view that are drawn, so that a turn of the wheel finds them. */
const OVERSCAN = 6;

/** Pixels of a row beside its picture. */
const PADDING = 12;

/** Milliseconds for which the mouse rests on a row before its card comes. */
const RESTS = 600;

export interface IDatasetRowsProps {
  readonly datasets: readonly IDataset[];
  /** All tags that there are, to be offered. */
  readonly tags: readonly string[];
  readonly work: DatasetWork;
  readonly trans: TranslationBundle;
  /** CSS pixels on each side of a picture. */
  readonly thumbnailSize: number;
  readonly thumbnailUrl: (dataset: IDataset) => string | null;
  /** What the file of a dataset tells of itself. */
  readonly onHeader: Api['header'];
  readonly onOpen: (dataset: IDataset) => void;
  /** Show what can be done with a dataset; `done` is called once the menu has closed. */
  readonly onMenu: (dataset: IDataset, place: IPlace, done: () => void) => void;
  readonly onCopyCode: (dataset: IDataset) => void;
  /** The mouse is pressed on a row, perhaps to drag it into a notebook. */
  readonly onPress: (dragged: IDraggable, press: MouseEvent) => void;
}

/** The datasets: one stop for the Tab key, arrows from row to row, and only those drawn that are in view. */
export function DatasetRows(props: IDatasetRowsProps): JSX.Element {
  const { datasets, trans, work } = props;
  const scroller = React.useRef<HTMLDivElement>(null);
  const names = React.useMemo(() => datasets.map(({ name }) => name), [datasets]);
  // Who has the focus in a row that goes is taken to the next one, not to the top of the page.
  const inside = React.useRef<{ name: string; index: number } | null>(null);
  // Who renamed one goes on with it, wherever it has gone.
  const renamed = React.useRef<string | null>(null);
  const { list, reachable, focus, onFocus, onKeyDown } = useRows(names, {
    Delete: index => void work.remove(names[index]),
    F2: index => work.edit(names[index], 'rename'),
    i: index => work.edit(names[index], 'details'),
    t: index => work.edit(names[index], 'tags'),
    v: index => void work.verify(names[index]),
    'Accel c': index => props.onCopyCode(datasets[index]),
    'Accel z': () => void work.undo()
  });
  React.useEffect(() => {
    const was = inside.current;
    if (renamed.current !== null && names.includes(renamed.current)) {
      focus(names.indexOf(renamed.current));
      renamed.current = null;
    } else if (was !== null && !names.includes(was.name)) {
      inside.current = null;
      focus(was.index);
    }
  }, [names]);
  React.useEffect(() => {
    const heading = scroller.current && headingOf(scroller.current);
    return () => {
      if (inside.current !== null) {
        heading?.focus(); // the last row has gone
      }
    };
  }, []);
  const rename = async (name: string, to: string): Promise<string> => {
    renamed.current = to;
    const refusal = await work.rename(name, to);
    renamed.current = refusal ? null : renamed.current;
    return refusal;
  };
  const current = reachable === undefined ? -1 : names.indexOf(reachable);
  const rows = useVirtualizer({
    count: datasets.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => props.thumbnailSize + PADDING,
    getItemKey: index => names[index],
    // Rows of a hidden panel have no height: with that there would be room for none when it is shown again.
    measureElement: (row, entry, instance) =>
      measureElement(row, entry, instance) || instance.options.estimateSize(0),
    overscan: OVERSCAN,
    // The row that the keyboard comes to is always there.
    rangeExtractor: range =>
      [...new Set([...defaultRangeExtractor(range), ...(current < 0 ? [] : [current])])].sort(
        (a, b) => a - b
      )
  });
  const hover = useHover(work);
  const details = work.editing?.what === 'details' ? work.editing.name : null;
  const shown = details ?? hover.name;
  const onCard = datasets.find(({ name }) => name === shown);
  const rowOf = (name: string): HTMLElement | null =>
    list.current?.querySelector<HTMLElement>(`[data-index="${names.indexOf(name)}"]`) ?? null;
  const close = (): void => {
    hover.leave();
    if (details !== null) {
      work.stopEditing();
      focus(names.indexOf(details));
    }
  };
  return (
    <div className="jp-astrodata-lab-window" ref={scroller} tabIndex={-1} onScroll={hover.leave}>
      <ul
        className="jp-astrodata-lab-datasets jp-mod-virtual"
        role="list"
        aria-label={trans.__('Datasets')}
        ref={list}
        style={{ height: rows.getTotalSize() }}
      >
        {rows.getVirtualItems().map(({ index, key, start }) => (
          <li
            key={key}
            ref={rows.measureElement}
            data-index={index}
            className="jp-astrodata-lab-dataset"
            aria-setsize={names.length}
            aria-posinset={index + 1}
            style={{ transform: `translateY(${start}px)` }}
            onFocus={() => {
              inside.current = { name: names[index], index };
              onFocus(names[index]);
            }}
            onBlur={() => (inside.current = null)}
            onKeyDown={event => onKeyDown(event, index)}
            onMouseEnter={() => hover.enter(names[index])}
            onMouseLeave={hover.leaveSoon}
            onMouseDown={hover.leave}
          >
            <DatasetRow
              {...props}
              dataset={datasets[index]}
              reachable={names[index] === reachable}
              onBack={() => focus(index)}
              onRename={rename}
              onMenu={(dataset, place, done) => {
                hover.leave();
                props.onMenu(dataset, place, done);
              }}
            />
          </li>
        ))}
      </ul>
      {onCard ? (
        <DatasetCard
          key={onCard.name}
          dataset={onCard}
          trans={trans}
          pinned={details !== null}
          rowOf={rowOf}
          onHeader={props.onHeader}
          onClose={close}
          onMouseEnter={() => hover.enter(onCard.name)}
          onMouseLeave={hover.leaveSoon}
        />
      ) : null}
    </div>
  );
}

/** Over which row the mouse rests; not while something is edited. */
function useHover(work: DatasetWork): {
  readonly name: string | null;
  readonly enter: (name: string) => void;
  readonly leave: () => void;
  readonly leaveSoon: () => void;
} {
  const [name, setName] = React.useState<string | null>(null);
  const timer = React.useRef<ReturnType<typeof setTimeout>>();
  const later = (next: string | null, wait: number): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setName(next), wait);
  };
  React.useEffect(() => () => clearTimeout(timer.current), []);
  return {
    name: work.editing === null ? name : null,
    enter: next => later(next, name === next ? 0 : RESTS),
    leave: () => {
      clearTimeout(timer.current);
      setName(null);
    },
    // The mouse may be on its way to the card.
    leaveSoon: () => later(null, RESTS / 2)
  };
}
