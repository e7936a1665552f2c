import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IRun } from '../answers';
import { durationText, percentText } from '../format';
import { IDraggable } from '../drag';
import { runIcon } from '../icons';
import { CellOf, compareRuns, openRun } from '../runCells';
import { PipelineChooser } from './pipelineForm';
import { useRows } from './rows';
import { RunDetails } from './runDetails';
import { Runs } from './runs';
import { Section } from './section';
import { ago, markOf, wordOf } from './states';

/** Runs that are shown before one asks for more. */
const FEW = 8;

export interface IRunSectionProps {
  readonly runs: Runs;
  readonly trans: TranslationBundle;
  /** Put a cell into the notebook, and run it if it is wanted. */
  readonly onInsert: (cell: CellOf, run: boolean) => void;
  readonly onCancelRun: (run: IRun) => void;
  /** The mouse is pressed on a row, perhaps to drag it into a notebook. */
  readonly onPress: (dragged: IDraggable, press: MouseEvent) => void;
  readonly onCopy: (text: string) => void;
}

/** The runs of pipelines. */
export function RunSection(props: IRunSectionProps): JSX.Element | null {
  const { runs, trans } = props;
  const [all, setAll] = React.useState(false);
  const [choosing, setChoosing] = React.useState(false);
  const chooser = React.useRef<HTMLButtonElement>(null);
  if (runs.status === 'absent' || runs.status === 'loading') {
    return null;
  }
  const close = (): void => {
    setChoosing(false);
    chooser.current?.focus();
  };
  const shown = all ? runs.items : runs.items.slice(0, FEW);
  return (
    <Section
      id="runs"
      title={trans.__('Runs')}
      count={runs.items.length}
      actions={
        <button
          ref={chooser}
          type="button"
          className="jp-astrodata-lab-button jp-mod-plain"
          aria-expanded={choosing}
          onClick={() => {
            setChoosing(!choosing);
            void (choosing || runs.findPipelines());
          }}
        >
          {trans.__('Run pipeline…')}
        </button>
      }
    >
      {choosing ? <PipelineChooser {...props} onClose={close} /> : null}
      {runs.warnings.map(warning => (
        <p key={warning} className="jp-astrodata-lab-warning" role="status">
          {warning}
        </p>
      ))}
      {runs.chosen.length > 0 ? <Comparing {...props} /> : null}
      {runs.items.length > 0 ? (
        <Rows {...props} items={shown} />
      ) : runs.status === 'ready' ? (
        <Teaching trans={trans} />
      ) : null}
      {shown.length < runs.items.length ? (
        <button
          type="button"
          className="jp-astrodata-lab-button jp-astrodata-lab-more"
          onClick={() => setAll(true)}
        >
          {trans.__('Show all %1', runs.items.length)}
        </button>
      ) : null}
    </Section>
  );
}

function Teaching({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-astrodata-lab-note jp-astrodata-lab-teaching">
      <p>{trans.__('No pipeline has run here yet. Choose one above, or run in a notebook:')}</p>
      <pre tabIndex={0} aria-label={trans.__('How to run a pipeline')}>
        {'import astrodata_kernel as adk\nadk.pipeline.Pipeline.from_yaml("pipeline.yaml").run()'}
      </pre>
      <p>{trans.__('Each run is then listed here: watch it, cancel it, run it again.')}</p>
    </div>
  );
}

/** What can be done with the runs whose boxes are ticked. */
function Comparing({ runs, trans, onInsert }: IRunSectionProps): JSX.Element {
  const chosen = runs.chosen.flatMap(id => runs.items.filter(run => run.id === id));
  const without = chosen.find(run => run.mlflow === null);
  const stores = new Set(chosen.map(({ mlflow }) => mlflow?.address ?? mlflow?.file ?? ''));
  const why =
    without !== undefined
      ? trans.__('%1 has no run in MLflow: only runs that train or evaluate have.', without.id)
      : stores.size > 1
        ? trans.__('These runs are kept in different stores of MLflow.')
        : chosen.length < 2
          ? trans.__('Choose one more run to compare.')
          : '';
  return (
    <div className="jp-astrodata-lab-comparing" role="group" aria-label={trans.__('Compare runs')}>
      <span>{trans._n('%1 run chosen', '%1 runs chosen', chosen.length)}</span>
      <span className="jp-astrodata-lab-buttons">
        <button
          type="button"
          className="jp-astrodata-lab-button jp-mod-plain"
          disabled={why !== ''}
          onClick={() => onInsert(compareRuns(chosen), true)}
        >
          {trans.__('Compare')}
        </button>
        <button
          type="button"
          className="jp-astrodata-lab-button jp-mod-plain"
          onClick={() => runs.chooseNone()}
        >
          {trans.__('None')}
        </button>
      </span>
      {why ? (
        <p className="jp-astrodata-lab-detail" role="status">
          {why}
        </p>
      ) : null}
    </div>
  );
}

/** The runs: one stop for the Tab key, arrows from row to row. */
function Rows(props: IRunSectionProps & { readonly items: readonly IRun[] }): JSX.Element {
  const { items, runs, trans } = props;
  const { list, reachable, onFocus, onKeyDown } = useRows(
    items.map(({ id }) => id),
    { o: index => props.onInsert(openRun(items[index]), true) }
  );
  return (
    <ul className="jp-astrodata-lab-datasets" role="list" aria-label={trans.__('Runs')} ref={list}>
      {items.map((run, index) => (
        <li
          key={run.id}
          data-index={index}
          className="jp-astrodata-lab-run"
          onFocus={() => onFocus(run.id)}
        >
          <Row
            {...props}
            run={run}
            reachable={run.id === reachable}
            onKeyDown={event => onKeyDown(event, index)}
          />
          {runs.opened === run.id ? <RunDetails {...props} run={run} /> : null}
        </li>
      ))}
    </ul>
  );
}

function Row(
  props: IRunSectionProps & {
    readonly run: IRun;
    readonly reachable: boolean;
    readonly onKeyDown: (event: React.KeyboardEvent) => void;
  }
): JSX.Element {
  const { run, runs, trans } = props;
  const tabIndex = props.reachable ? 0 : -1;
  const open = runs.opened === run.id;
  const word = run.cancelling ? trans.__('cancelling…') : wordOf(run.state, trans);
  const facts = factsOf(run, trans);
  const percent = percentText(run.share);
  const compareLabel = trans.__('Compare %1', run.id);
  return (
    <div className={`jp-astrodata-lab-dataset jp-astrodata-lab-runRow jp-mod-${run.state}`}>
      <button
        type="button"
        className="jp-astrodata-lab-open"
        tabIndex={tabIndex}
        aria-expanded={open}
        aria-label={[run.pipeline, word, ...facts].join(', ')}
        aria-keyshortcuts="O"
        title={[
          run.pipeline,
          run.id,
          trans.__('Click for its steps'),
          trans.__('Drag it into a notebook, or press O, to open it there')
        ].join('\n')}
        onKeyDown={props.onKeyDown}
        onMouseDown={event =>
          props.onPress(
            { name: run.pipeline, icon: runIcon, cell: openRun(run) },
            event.nativeEvent
          )
        }
        onClick={event => event.detail <= 1 && void runs.open(open ? null : run.id)}
      >
        <span className="jp-astrodata-lab-text">
          <span className="jp-astrodata-lab-runHead">
            <span className="jp-astrodata-lab-name">{run.pipeline}</span>
            <span className="jp-astrodata-lab-runState">
              <span aria-hidden="true">{markOf(run.state)}</span> {word}
            </span>
          </span>
          <span className="jp-astrodata-lab-facts">
            {facts.map(fact => (
              <span key={fact} className="jp-astrodata-lab-of">
                {fact}
              </span>
            ))}
          </span>
        </span>
      </button>
      <input
        type="checkbox"
        className="jp-astrodata-lab-choose"
        tabIndex={tabIndex}
        aria-label={compareLabel}
        title={compareLabel}
        checked={runs.chosen.includes(run.id)}
        onChange={event => runs.choose(run.id, event.target.checked)}
      />
      {run.state === 'running' ? (
        <div
          className="jp-astrodata-lab-progress"
          role="progressbar"
          aria-label={trans.__('Progress of %1', run.pipeline)}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.floor(run.share * 100)}
          aria-valuetext={percent}
        >
          <div style={{ width: `${run.share * 100}%` }} />
        </div>
      ) : null}
    </div>
  );
}

function factsOf(run: IRun, trans: TranslationBundle): string[] {
  const { counts, seconds } = run;
  if (run.state === 'running') {
    const steps = run.running.map(({ name, text }) => (text ? `${name}: ${text}` : name));
    const took = seconds === null ? '' : durationText(seconds);
    return [percentText(run.share), ...steps, took].filter(Boolean);
  }
  const same = counts.steps > 0 && counts.cached === counts.steps;
  const done = same
    ? trans.__('all as before')
    : [
        counts.computed > 0 ? trans.__('%1 computed', counts.computed) : '',
        counts.cached > 0 ? trans.__('%1 as before', counts.cached) : ''
      ]
        .filter(Boolean)
        .join(', ');
  const took = seconds === null ? '' : trans.__('took %1', durationText(seconds));
  const lost = run.state === 'lost' ? trans.__('its process is gone') : '';
  return [lost, done, took, ago(run.ended ?? run.started)].filter(Boolean);
}
