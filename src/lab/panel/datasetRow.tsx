import { closeIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IDataset } from '../answers';
import { kindText, percentText, shapeText, sizeText } from '../format';
import { kindIcon } from '../icons';
import { cellSource } from '../python';
import { RenameForm, TagsForm } from './datasetForms';
import { IDatasetRowsProps } from './datasetRows';
import { Check, wordOf } from './datasetWork';
import { fileText } from './states';

/** Tags that a row shows before it says how many more there are. */
const FEW = 4;

/** Milliseconds for which a row is there before its picture is asked for: many only pass by. */
const PASSES = 120;

export interface IDatasetRowProps extends IDatasetRowsProps {
  readonly dataset: IDataset;
  readonly reachable: boolean;
  /** Go back to the row. */
  readonly onBack: () => void;
  /** Give it another name; gives why it cannot have it. */
  readonly onRename: (name: string, to: string) => Promise<string>;
}

/** What a row of the list of datasets has in it. */
export function DatasetRow(props: IDatasetRowProps): JSX.Element {
  const { dataset, reachable, trans, work, onBack } = props;
  const { name, tags } = dataset;
  const tabIndex = reachable ? 0 : -1;
  const check = work.checkOf(name);
  const shape = shapeText(dataset, trans);
  const size = sizeText(dataset.size);
  const state = check === undefined ? fileText(dataset.state, trans) : '';
  const kind = kindText(dataset.kind, trans);
  const facts = [name, kind, shape, size, ...tags, state].filter(Boolean).join(', ');
  const editing = work.editing?.name === name ? work.editing.what : null;
  const onContextMenu = (event: React.MouseEvent): void => {
    // The page's own menu stays with Shift, and in a field.
    if (event.shiftKey || (event.target as Element).matches('input')) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const { clientX: x, clientY: y, currentTarget } = event;
    // The key of the menu gives no place, or that of the row.
    const place = x || y ? { x, y } : cornerOf(currentTarget);
    props.onMenu(dataset, place, onBack);
  };
  const stop = (): void => {
    work.stopEditing();
    onBack();
  };
  return (
    <div className="jp-astrodata-lab-rowBody" onContextMenu={onContextMenu}>
      <button
        type="button"
        className="jp-astrodata-lab-open"
        tabIndex={tabIndex}
        aria-label={facts}
        aria-keyshortcuts="F2 Delete I T V"
        onMouseDown={event => {
          const cell = (folder: string): string => cellSource(dataset, folder);
          props.onPress({ name, icon: kindIcon(dataset.kind), cell }, event.nativeEvent);
        }}
        // The second click of a double click opens nothing more.
        onClick={event => event.detail <= 1 && props.onOpen(dataset)}
      >
        <Thumbnail key={props.thumbnailUrl(dataset)} {...props} />
        <span className="jp-astrodata-lab-text">
          <span className="jp-astrodata-lab-name">{name}</span>
          <span className="jp-astrodata-lab-facts">
            <span className="jp-astrodata-lab-badge">{kind}</span>
            <span>{shape}</span>
            <span>{size}</span>
          </span>
          {tags.length > 0 && editing !== 'tags' ? <Tags tags={tags} /> : null}
          {state ? <span className="jp-astrodata-lab-state">{state}</span> : null}
        </span>
      </button>
      <button
        type="button"
        className="jp-astrodata-lab-iconButton jp-astrodata-lab-rowMenu"
        tabIndex={tabIndex}
        aria-label={trans.__('Actions for %1', name)}
        aria-haspopup="menu"
        title={trans.__('Actions for %1', name)}
        onClick={event => {
          const button = event.currentTarget;
          props.onMenu(dataset, cornerOf(button), () => button.focus());
        }}
      >
        <ellipsesIcon.react tag="span" width="16px" height="16px" />
      </button>
      {check ? (
        <CheckLine
          check={check}
          name={name}
          trans={trans}
          onStop={() => {
            work.stopVerifying(name);
            onBack();
          }}
        />
      ) : null}
      {editing === 'rename' ? (
        <RenameForm
          name={name}
          trans={trans}
          onRename={to => props.onRename(name, to)}
          onDone={stop}
        />
      ) : null}
      {editing === 'tags' ? (
        <TagsForm
          name={name}
          tags={tags}
          known={props.tags}
          trans={trans}
          onRetag={to => work.retag(name, to)}
          onDone={stop}
        />
      ) : null}
    </div>
  );
}

function cornerOf(element: Element): { x: number; y: number } {
  const { left, bottom } = element.getBoundingClientRect();
  return { x: left, y: bottom };
}

function Tags({ tags }: { readonly tags: readonly string[] }): JSX.Element {
  return (
    <span className="jp-astrodata-lab-chips">
      {tags.slice(0, FEW).map(tag => (
        <span key={tag} className="jp-astrodata-lab-chip">
          <span className="jp-astrodata-lab-of">{tag}</span>
        </span>
      ))}
      {tags.length > FEW ? <span>+{tags.length - FEW}</span> : null}
    </span>
  );
}

/** How far a hash is, with Cancel; and what it said, until it is dismissed. */
function CheckLine(props: {
  readonly check: Check;
  readonly name: string;
  readonly trans: TranslationBundle;
  readonly onStop: () => void;
}): JSX.Element {
  const { check, name, trans } = props;
  const running = check.state === 'running';
  const label = running ? trans.__('Stop verifying %1', name) : trans.__('Dismiss');
  const percent = running ? percentText(check.share) : '';
  return (
    <div className={`jp-astrodata-lab-check jp-mod-${check.state}`}>
      {running ? (
        <div
          className="jp-astrodata-lab-progress"
          role="progressbar"
          aria-label={trans.__('Verifying %1', name)}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.floor(check.share * 100)}
          aria-valuetext={percent}
        >
          <div style={{ width: `${check.share * 100}%` }} />
        </div>
      ) : null}
      <span className="jp-astrodata-lab-checkText">
        {running ? (
          trans.__('Verifying, %1', percent)
        ) : (
          <>
            <span aria-hidden="true">{check.state === 'ok' ? '✓ ' : '✗ '}</span>
            {check.state === 'failed' ? check.message : wordOf(check.state, trans)}
            {check.state === 'changed' ? <span title={check.message}> (SHA-256)</span> : null}
          </>
        )}
      </span>
      <button
        type="button"
        className="jp-astrodata-lab-iconButton"
        aria-label={label}
        title={label}
        onClick={props.onStop}
      >
        <closeIcon.react tag="span" width="16px" height="16px" />
      </button>
    </div>
  );
}

/** The picture of a dataset, the icon of its kind where there is none; a new one for each address. */
function Thumbnail(props: IDatasetRowProps): JSX.Element {
  const { dataset, trans } = props;
  const url = props.thumbnailUrl(dataset);
  const [wanted, setWanted] = React.useState(false);
  const [failed, setFailed] = React.useState(false);
  const image = React.useRef<HTMLImageElement>(null);
  React.useEffect(() => {
    const timer = setTimeout(() => setWanted(true), PASSES);
    return () => clearTimeout(timer);
  }, []);
  React.useEffect(() => {
    const asked = image.current;
    // A browser goes on loading for an element that is gone, but not for one without an address.
    return () => asked?.removeAttribute('src');
  }, [wanted]);
  const side = { width: props.thumbnailSize, height: props.thumbnailSize };
  if (url === null || failed || !wanted) {
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
        ref={image}
        src={url}
        alt={trans.__('Preview of %1', dataset.name)}
        draggable={false}
        onError={() => setFailed(true)}
      />
    </span>
  );
}
