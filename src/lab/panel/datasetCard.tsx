import { Time } from '@jupyterlab/coreutils';
import { closeIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IDataset, IHeader } from '../answers';
import { Api } from '../api';
import { kindText, shapeText, sizeText } from '../format';

/** Header cards that are shown; a viewer shows all. */
const CARDS = 100;

/** Pixels between the card and its row, and between it and the edge of the window. */
const GAP = 8;

export interface IDatasetCardProps {
  readonly dataset: IDataset;
  readonly trans: TranslationBundle;
  /** It was asked for, and stays until it is closed. */
  readonly pinned: boolean;
  /** The row of a dataset, if it is drawn. */
  readonly rowOf: (name: string) => HTMLElement | null;
  readonly onHeader: Api['header'];
  readonly onClose: () => void;
  readonly onMouseEnter: () => void;
  readonly onMouseLeave: () => void;
}

/** What is known of a dataset, with the header of its file, beside its row. */
export function DatasetCard(props: IDatasetCardProps): JSX.Element {
  const { dataset, trans, pinned, onClose } = props;
  const card = React.useRef<HTMLDivElement>(null);
  const { header, failure } = useHeader(props);
  // Above everything and cut off by nothing: the side bar hides what sticks out of it.
  React.useLayoutEffect(() => {
    card.current?.showPopover?.();
  }, []);
  React.useLayoutEffect(() => {
    const row = props.rowOf(dataset.name);
    if (card.current && row) {
      place(card.current, row.getBoundingClientRect());
    }
  }, [header, failure, pinned]);
  React.useEffect(() => {
    if (pinned) {
      card.current?.focus();
    }
  }, [pinned]);
  React.useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') {
        if (pinned) {
          event.stopPropagation(); // else the focus is elsewhere, and that hears the key too
        }
        onClose();
      }
    };
    const onPress = (event: MouseEvent): void => {
      if (!card.current?.contains(event.target as Node)) {
        onClose();
      }
    };
    // What covers the page must go by a key, wherever the focus is.
    document.addEventListener('keydown', onKey, true);
    document.addEventListener('mousedown', onPress, true);
    return () => {
      document.removeEventListener('keydown', onKey, true);
      document.removeEventListener('mousedown', onPress, true);
    };
  });
  return (
    <div
      ref={card}
      {...{ popover: 'manual' }}
      className="jp-astrodata-lab-card"
      role="dialog"
      aria-label={trans.__('Details of %1', dataset.name)}
      tabIndex={-1}
      onMouseEnter={props.onMouseEnter}
      onMouseLeave={props.onMouseLeave}
      // The keys of the list are not for this.
      onKeyDown={event => event.stopPropagation()}
    >
      <div className="jp-astrodata-lab-cardHead">
        <span className="jp-astrodata-lab-cardName">{dataset.name}</span>
        <button
          type="button"
          className="jp-astrodata-lab-iconButton"
          aria-label={trans.__('Close')}
          title={trans.__('Close')}
          onClick={onClose}
        >
          <closeIcon.react tag="span" width="16px" height="16px" />
        </button>
      </div>
      <div className="jp-astrodata-lab-cardBody" tabIndex={pinned ? 0 : undefined}>
        <dl className="jp-astrodata-lab-factList">
          {factsOf(dataset, header, trans).map(([name, text], index) => (
            <React.Fragment key={index}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </React.Fragment>
          ))}
        </dl>
        {header && header.cards.length > 0 ? (
          <pre className="jp-astrodata-lab-header">
            {header.cards.map(cardText).join('\n')}
            {header.truncated ? `\n${trans.__('and more: the viewer shows all')}` : ''}
          </pre>
        ) : null}
        {failure ? (
          <p className="jp-astrodata-lab-state" role="status">
            {failure}
          </p>
        ) : null}
      </div>
    </div>
  );
}

/** Ask for what a file tells; the answer to who has gone on is not waited for. */
function useHeader({ dataset, trans, onHeader }: IDatasetCardProps): {
  readonly header: IHeader | null;
  readonly failure: string;
} {
  const [header, setHeader] = React.useState<IHeader | null>(null);
  const [failure, setFailure] = React.useState('');
  const { path, state } = dataset;
  React.useEffect(() => {
    if (path === null || state === 'missing') {
      setFailure(
        state === 'missing'
          ? trans.__('Its file is missing.')
          : trans.__('Its file lies outside of the folder that this server shows.')
      );
      return;
    }
    const controller = new AbortController();
    const { signal } = controller;
    onHeader(path, CARDS, signal).then(
      found => !signal.aborted && setHeader(found),
      error => !signal.aborted && setFailure((error as Error).message)
    );
    return () => controller.abort();
  }, [path, state, dataset.mtime]);
  return { header, failure };
}

/** To the right of a row, or to the left where there is no room; inside the window. */
function place(card: HTMLElement, row: DOMRect): void {
  const { offsetWidth: width, offsetHeight: height } = card;
  const right = row.right + GAP;
  const left = right + width + GAP > window.innerWidth ? row.left - GAP - width : right;
  const lowest = window.innerHeight - height - GAP;
  card.style.left = `${Math.max(GAP, Math.min(left, window.innerWidth - width - GAP))}px`;
  card.style.top = `${Math.max(GAP, Math.min(row.top, lowest))}px`;
}

function factsOf(
  dataset: IDataset,
  header: IHeader | null,
  trans: TranslationBundle
): (readonly [string, string])[] {
  const parts = header?.parts ?? [];
  const added = new Date(dataset.added);
  return (
    [
      [trans.__('Path'), dataset.path ?? ''],
      [
        trans.__('Kind'),
        [kindText(dataset.kind, trans), dataset.format].filter(Boolean).join(', ')
      ],
      [trans.__('Shape'), [shapeText(dataset, trans), dataset.dtype].filter(Boolean).join(', ')],
      [trans.__('Size'), sizeText(dataset.size)],
      [trans.__('Tags'), dataset.tags.join(', ')],
      [trans.__('Added'), Number.isFinite(added.getTime()) ? Time.format(added) : ''],
      ['SHA-256', dataset.sha256],
      [
        trans.__('Parts'),
        parts.length > 1 ? parts.map(({ index, name }) => `${index} ${name}`.trim()).join(', ') : ''
      ],
      ...(header?.facts ?? [])
    ] as const
  ).filter(([, text]) => text);
}

/** A value as FITS writes it. */
function wordOf(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'T' : 'F') : String(value);
}

/** As it stands in a file: a keyword, its value, a comment. */
function cardText([keyword, value, comment]: readonly [string, unknown, string]): string {
  if (keyword === 'COMMENT' || keyword === 'HISTORY' || keyword === '') {
    return `${keyword} ${String(value ?? comment)}`.trim();
  }
  const said = typeof value === 'string' ? `'${value}'` : value === null ? '' : wordOf(value);
  return `${keyword.padEnd(8)}= ${said}${comment ? ` / ${comment}` : ''}`;
}
