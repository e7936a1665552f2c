import { closeIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IDataset } from '../api';
import { shapeText, sizeText } from '../format';
import { kindIcon } from '../icons';
import { useRows } from './rows';

export interface IDatasetRowsProps {
  readonly datasets: readonly IDataset[];
  readonly trans: TranslationBundle;
  /** CSS pixels on each side of a picture. */
  readonly thumbnailSize: number;
  readonly thumbnailUrl: (dataset: IDataset) => string | null;
  readonly onOpen: (dataset: IDataset) => void;
  readonly onRemove: (dataset: IDataset) => void;
  readonly onPress: (dataset: IDataset, event: MouseEvent) => void;
}

/** The datasets: one stop for the Tab key, arrows from row to row. */
export function DatasetRows(props: IDatasetRowsProps): JSX.Element {
  const { datasets, trans } = props;
  // Who removed a row by keyboard goes on at the next one, not at the top of the page.
  const removed = React.useRef<{ name: string; index: number } | null>(null);
  const remove = (index: number): void => {
    removed.current = { name: datasets[index].name, index };
    props.onRemove(datasets[index]);
  };
  const names = datasets.map(({ name }) => name);
  const { list, reachable, focus, onFocus, onKeyDown } = useRows(names, { Delete: remove });
  React.useEffect(() => {
    const gone = removed.current;
    if (gone !== null && !datasets.some(dataset => dataset.name === gone.name)) {
      removed.current = null;
      focus(gone.index);
    }
  }, [datasets]);
  return (
    <ul
      className="jp-astrodata-lab-datasets"
      role="list"
      aria-label={trans.__('Datasets')}
      ref={list}
    >
      {datasets.map((dataset, index) => (
        <li
          key={dataset.name}
          className="jp-astrodata-lab-dataset"
          onFocus={() => onFocus(dataset.name)}
          onKeyDown={event => onKeyDown(event, index)}
        >
          <DatasetRow
            {...props}
            dataset={dataset}
            reachable={dataset.name === reachable}
            onRemove={() => remove(index)}
          />
        </li>
      ))}
    </ul>
  );
}

function DatasetRow(
  props: IDatasetRowsProps & { dataset: IDataset; reachable: boolean }
): JSX.Element {
  const { dataset, reachable, trans } = props;
  const tabIndex = reachable ? 0 : -1;
  const shape = shapeText(dataset);
  const size = sizeText(dataset.size);
  const state = stateText(dataset, trans);
  const facts = [dataset.name, dataset.kind, shape, size, state].filter(Boolean).join(', ');
  const removeLabel = trans.__('Remove %1', dataset.name);
  return (
    <>
      <button
        type="button"
        className="jp-astrodata-lab-open"
        tabIndex={tabIndex}
        aria-label={facts}
        aria-keyshortcuts="Delete"
        title={tooltip(dataset, trans)}
        onMouseDown={event => props.onPress(dataset, event.nativeEvent)}
        // The second click of a double click opens nothing more.
        onClick={event => event.detail <= 1 && props.onOpen(dataset)}
      >
        <Thumbnail {...props} />
        <span className="jp-astrodata-lab-text">
          <span className="jp-astrodata-lab-name">{dataset.name}</span>
          <span className="jp-astrodata-lab-facts">
            <span className="jp-astrodata-lab-badge">{dataset.kind}</span>
            <span>{shape}</span>
            <span>{size}</span>
          </span>
          {state ? <span className="jp-astrodata-lab-state">{state}</span> : null}
        </span>
      </button>
      <button
        type="button"
        className="jp-astrodata-lab-iconButton jp-astrodata-lab-remove"
        tabIndex={tabIndex}
        aria-label={removeLabel}
        title={removeLabel}
        onClick={() => props.onRemove(dataset)}
      >
        <closeIcon.react tag="span" width="16px" height="16px" />
      </button>
    </>
  );
}

function Thumbnail(props: IDatasetRowsProps & { dataset: IDataset }): JSX.Element {
  const { dataset, trans } = props;
  const url = props.thumbnailUrl(dataset);
  const [failed, setFailed] = React.useState<string | null>(null);
  const side = { width: props.thumbnailSize, height: props.thumbnailSize };
  if (url === null || failed === url) {
    const icon = kindIcon(dataset.kind);
    return (
      <span className="jp-astrodata-lab-thumbnail" style={side}>
        <icon.react tag="span" width="50%" height="50%" />
      </span>
    );
  }
  return (
    <span className="jp-astrodata-lab-thumbnail" style={side}>
      <img
        src={url}
        alt={trans.__('Preview of %1', dataset.name)}
        loading="lazy"
        draggable={false}
        onError={() => setFailed(url)}
      />
    </span>
  );
}

function stateText(dataset: IDataset, trans: TranslationBundle): string {
  switch (dataset.state) {
    case 'missing':
      return trans.__('file is missing');
    case 'changed':
      return trans.__('file has changed since it was added');
    default:
      return '';
  }
}

function tooltip(dataset: IDataset, trans: TranslationBundle): string {
  return [
    dataset.name,
    dataset.path ?? trans.__('outside of the folder that this server shows'),
    [dataset.format, dataset.dtype].filter(Boolean).join(', '),
    dataset.tags.length ? trans.__('Tags: %1', dataset.tags.join(', ')) : '',
    trans.__('Click to open it in the notebook, or drag it there')
  ]
    .filter(Boolean)
    .join('\n');
}
