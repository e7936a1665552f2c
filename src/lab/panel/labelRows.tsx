import { Time } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ILabelSession } from '../answers';
import { IDraggable } from '../drag';
import { labelIcon } from '../icons';
import { labelSource } from '../python';
import { Labels } from './labels';
import { useRows } from './rows';
import { Section } from './section';
import { fileText } from './states';

/** Sessions that are shown before one asks for more. */
const FEW = 10;

export interface ILabelSectionProps {
  readonly labels: Labels;
  /** Name of a dataset that the example may take. */
  readonly example: string;
  readonly trans: TranslationBundle;
  readonly onOpenLabels: (session: ILabelSession) => void;
  /** The mouse is pressed on a row, perhaps to drag it into a notebook. */
  readonly onPress: (dragged: IDraggable, press: MouseEvent) => void;
}

/** The label sessions. */
export function LabelSection(props: ILabelSectionProps): JSX.Element | null {
  const { labels, trans, example } = props;
  const [all, setAll] = React.useState(false);
  const { sessions, status, warnings } = labels;
  if (status === 'absent' || status === 'loading') {
    return null;
  }
  const shown = all ? sessions : sessions.slice(0, FEW);
  return (
    <Section id="labels" title={trans.__('Labels')} count={sessions.length}>
      {warnings.map(warning => (
        <p key={warning} className="jp-astrodata-lab-warning" role="status">
          {warning}
        </p>
      ))}
      {sessions.length > 0 ? (
        <Rows {...props} sessions={shown} />
      ) : status === 'ready' ? (
        <Teaching example={example} trans={trans} />
      ) : null}
      {shown.length < sessions.length ? (
        <button
          type="button"
          className="jp-astrodata-lab-button jp-astrodata-lab-more"
          onClick={() => setAll(true)}
        >
          {trans.__('Show all %1', sessions.length)}
        </button>
      ) : null}
    </Section>
  );
}

function Teaching({ example, trans }: { example: string; trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-astrodata-lab-note jp-astrodata-lab-teaching">
      <p>{trans.__('Nothing is labelled yet. To name what you see, run in a notebook:')}</p>
      <pre tabIndex={0} aria-label={trans.__('How to begin')}>
        {`%load_ext astrodata_kernel\n%astro label ${wordOf(example)} --classes normal,anomaly`}
      </pre>
      <p>{trans.__('Each such session is then listed here, to go on where you stopped.')}</p>
    </div>
  );
}

/**
 * A name as one word of a magic. Single quotes: within others braces would be an expression, and a file's name
 * must not be code. One in the name has quotes of the other kind of its own.
 */
function wordOf(name: string): string {
  if (/^[\w.][\w.+-]*$/.test(name)) {
    return name;
  }
  return `'${name.replaceAll("'", `'"'"'`)}'`;
}

/** The sessions: one stop for the Tab key, arrows from row to row. */
function Rows(
  props: ILabelSectionProps & { readonly sessions: readonly ILabelSession[] }
): JSX.Element {
  const { sessions, trans } = props;
  const { list, reachable, onFocus, onKeyDown } = useRows(sessions.map(({ path }) => path));
  return (
    <ul
      className="jp-astrodata-lab-datasets"
      role="list"
      aria-label={trans.__('Label sessions')}
      ref={list}
    >
      {sessions.map((session, index) => (
        <li
          key={session.path}
          data-index={index}
          className="jp-astrodata-lab-dataset"
          onFocus={() => onFocus(session.path)}
          onKeyDown={event => onKeyDown(event, index)}
        >
          <Row {...props} session={session} reachable={session.path === reachable} />
        </li>
      ))}
    </ul>
  );
}

function Row(
  props: ILabelSectionProps & { readonly session: ILabelSession; readonly reachable: boolean }
): JSX.Element {
  const { session, trans } = props;
  const words = wordsOf(session, trans);
  return (
    <button
      type="button"
      className="jp-astrodata-lab-open jp-astrodata-lab-session"
      tabIndex={props.reachable ? 0 : -1}
      aria-label={words.all}
      title={words.tooltip}
      onMouseDown={event => {
        const cell = (folder: string): string => labelSource(session, folder);
        props.onPress({ name: session.name, icon: labelIcon, cell }, event.nativeEvent);
      }}
      // The second click of a double click opens nothing more.
      onClick={event => event.detail <= 1 && props.onOpenLabels(session)}
    >
      <span className="jp-astrodata-lab-text">
        <span className="jp-astrodata-lab-name">{session.name}</span>
        <span className="jp-astrodata-lab-facts">
          {session.dataset && session.dataset !== session.name ? (
            <span className="jp-astrodata-lab-of">{session.dataset}</span>
          ) : null}
          <span>{words.labelled}</span>
          {words.changed ? <span>{words.changed}</span> : null}
        </span>
        {session.classes.length > 0 ? <Chips session={session} /> : null}
        {session.annotators.length > 0 ? (
          <span className="jp-astrodata-lab-facts">
            {session.annotators.map(({ name, count }) => (
              <span key={name} className="jp-astrodata-lab-annotator">
                <span className="jp-astrodata-lab-of">{name}</span> {count.toLocaleString()}
              </span>
            ))}
            {session.more.annotators > 0 ? <span>+{session.more.annotators}</span> : null}
          </span>
        ) : null}
        {words.state ? <span className="jp-astrodata-lab-state">{words.state}</span> : null}
      </span>
    </button>
  );
}

function Chips({ session }: { session: ILabelSession }): JSX.Element {
  return (
    <span className="jp-astrodata-lab-chips">
      {session.classes.map(({ name, color, count }) => (
        <span key={name} className="jp-astrodata-lab-chip">
          <span
            className="jp-astrodata-lab-colour"
            style={isColour(color) ? { background: color } : undefined}
          />
          <span className="jp-astrodata-lab-of">{name}</span>
          <span className="jp-astrodata-lab-count">{count.toLocaleString()}</span>
        </span>
      ))}
      {session.more.classes > 0 ? <span>+{session.more.classes}</span> : null}
    </span>
  );
}

/** Anything else could carry an address that the browser would ask for. */
function isColour(text: string | null): text is string {
  return text !== null && /^#[0-9a-f]{6}$/i.test(text);
}

interface IWords {
  readonly labelled: string;
  readonly changed: string;
  readonly state: string;
  /** For those who listen. */
  readonly all: string;
  readonly tooltip: string;
}

function wordsOf(session: ILabelSession, trans: TranslationBundle): IWords {
  const { annotators, classes, dataset, name } = session;
  const labelled = trans.__('%1 labelled', session.labelled.toLocaleString());
  const date = session.changed === null ? null : new Date(session.changed * 1000);
  const known = date !== null && Number.isFinite(date.getTime());
  const changed = known ? ago(date) : '';
  const state = stateOf(session, trans);
  const counts = classes.map(one => `${one.name} ${one.count}`);
  const people = annotators.map(one => `${one.name} ${one.count}`);
  const all = [name, dataset === name ? '' : dataset, labelled, ...counts, ...people, changed];
  const table = annotators.map(
    one =>
      `${one.name}: ` +
      (classes.map((of, i) => `${of.name} ${one.counts[i] ?? 0}`).join(', ') || String(one.count))
  );
  const tooltip = [
    name,
    dataset ? trans.__('Dataset: %1', dataset) : '',
    session.path,
    ...table,
    known ? trans.__('Last changed %1', Time.format(date)) : '',
    session.source === null
      ? trans.__('Click for its table of labels')
      : trans.__('Click to go on labelling in the notebook'),
    trans.__('Drag it into a notebook to have the cell where it is dropped')
  ];
  return {
    labelled,
    changed,
    state,
    all: [...all, state].filter(Boolean).join(', '),
    tooltip: tooltip.filter(Boolean).join('\n')
  };
}

/** How long ago; a clock that is ahead of this one does not put labels into the future. */
function ago(date: Date): string {
  return Time.formatHuman(new Date(Math.min(date.getTime(), Date.now())), 'narrow');
}

function stateOf({ dataset, source }: ILabelSession, trans: TranslationBundle): string {
  if (source === null) {
    return dataset
      ? trans.__('%1 is not in the list of datasets', dataset)
      : trans.__('its dataset is not known');
  }
  return fileText(source.state, trans);
}
