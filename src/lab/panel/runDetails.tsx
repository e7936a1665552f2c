import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IRun, IRunDetails, IStep } from '../answers';
import { durationText, numberText, percentText } from '../format';
import { openRun, openStore, runAgain, runLineage } from '../runCells';
import type { IRunSectionProps } from './runRows';
import { markOf, wordOf } from './states';

interface IProps extends IRunSectionProps {
  readonly run: IRun;
}

/** What is below the row of a run that is opened: its buttons and its steps. */
export function RunDetails(props: IProps): JSX.Element {
  const { run, runs, trans } = props;
  const { details, detailsFailure } = runs;
  return (
    <div className="jp-astrodata-lab-details" role="group" aria-label={trans.__('Run %1', run.id)}>
      <Buttons {...props} details={details} />
      {run.state === 'lost' ? (
        <p className="jp-astrodata-lab-state">
          {trans.__(
            'Its process ended without a word: it was killed, or its machine went down. What was done is kept: run it again to go on.'
          )}
        </p>
      ) : null}
      {detailsFailure ? (
        <p className="jp-astrodata-lab-state" role="alert">
          {detailsFailure}
        </p>
      ) : null}
      {details === null ? (
        detailsFailure ? null : (
          <p className="jp-astrodata-lab-detail">{trans.__('Reading its steps…')}</p>
        )
      ) : (
        <Known details={details} trans={trans} />
      )}
    </div>
  );
}

function Buttons(props: IProps & { readonly details: IRunDetails | null }): JSX.Element {
  const { details, run, trans, onInsert } = props;
  const again = details === null ? null : runAgain(details);
  const whyNot =
    details === null || again !== null
      ? ''
      : details.again === null
        ? trans.__('It cannot be run again from here: its blocks live in the notebook that ran it.')
        : trans.__('It cannot be run again from here: its parameters are too long for a cell.');
  const changed = again === null ? null : (details?.again?.source ?? null);
  const cancel = (event: React.MouseEvent): void => {
    // The button goes: who pressed it by keyboard must not be sent to the top of the page.
    const row = event.currentTarget.closest('li')?.querySelector('.jp-astrodata-lab-open');
    (row as HTMLElement | null | undefined)?.focus();
    props.onCancelRun(run);
  };
  return (
    <>
      <div className="jp-astrodata-lab-buttons">
        {run.state === 'running' ? (
          <Button disabled={run.cancelling} onClick={cancel}>
            {run.cancelling ? trans.__('Cancelling…') : trans.__('Cancel')}
          </Button>
        ) : null}
        <Button disabled={again === null} onClick={() => again && onInsert(again, true)}>
          {trans.__('Run again')}
        </Button>
        <Button onClick={() => onInsert(openRun(run), true)}>{trans.__('Open in Notebook')}</Button>
        <Button onClick={() => onInsert(runLineage(run), true)}>{trans.__('Lineage')}</Button>
        <OpenInMlflow {...props} />
        <Button onClick={() => props.onCopy(run.id)}>{trans.__('Copy id')}</Button>
      </div>
      {whyNot ? <p className="jp-astrodata-lab-detail">{whyNot}</p> : null}
      {changed ? (
        <p className="jp-astrodata-lab-detail">
          {details?.again?.copy
            ? trans.__(
                '%1 has changed since: “Run again” takes the copy that the run kept.',
                changed
              )
            : trans.__('%1 has changed since: “Run again” takes it as it is now.', changed)}
        </p>
      ) : null}
    </>
  );
}

function OpenInMlflow({ run, trans, onInsert }: IProps): JSX.Element | null {
  const mlflow = run.mlflow;
  if (mlflow?.address && /^https?:\/\//.test(mlflow.address)) {
    const address = mlflow.address.replace(/\/+$/, '');
    return (
      <a
        className="jp-astrodata-lab-button jp-mod-plain"
        href={`${address}/#/runs/${encodeURIComponent(mlflow.run)}`}
        target="_blank"
        rel="noopener noreferrer"
      >
        {trans.__('Open in MLflow')}
      </a>
    );
  }
  const file = mlflow?.file;
  return file ? (
    <Button
      title={trans.__(
        'Writes the command that starts MLflow’s pages into a cell. It is not run: it starts a web server.'
      )}
      onClick={() => onInsert(openStore(file), false)}
    >
      {trans.__('Open in MLflow…')}
    </Button>
  ) : null;
}

function Button(props: {
  readonly children: React.ReactNode;
  readonly disabled?: boolean;
  readonly title?: string;
  readonly onClick: (event: React.MouseEvent) => void;
}): JSX.Element {
  return (
    <button type="button" className="jp-astrodata-lab-button jp-mod-plain" {...props}>
      {props.children}
    </button>
  );
}

function Known({
  details,
  trans
}: {
  readonly details: IRunDetails;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const failed = details.steps.some(step => step.error !== null && step.error !== '');
  return (
    <>
      {details.error !== null && !failed ? <ErrorText text={details.error} trans={trans} /> : null}
      {details.notes.map(note => (
        <p key={note} className="jp-astrodata-lab-detail">
          {note}
        </p>
      ))}
      {details.parameters !== null && details.parameters.length > 0 ? (
        <p className="jp-astrodata-lab-detail">
          {details.parameters.map(({ name, text }) => `${name} = ${text}`).join(', ')}
        </p>
      ) : null}
      <ul className="jp-astrodata-lab-steps" role="list" aria-label={trans.__('Steps')}>
        {details.steps.map(step => (
          <Step key={step.name} step={step} trans={trans} />
        ))}
      </ul>
      {details.more > 0 ? (
        <p className="jp-astrodata-lab-detail">
          {trans._n('and %1 more step', 'and %1 more steps', details.more)}
        </p>
      ) : null}
    </>
  );
}

function Step({
  step,
  trans
}: {
  readonly step: IStep;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const facts = [
    step.state === 'running' && step.share > 0 ? percentText(step.share) : '',
    step.state === 'running' ? step.text : '',
    step.seconds === null || step.state === 'running' ? '' : durationText(step.seconds),
    ...Object.entries(step.metrics).map(([name, value]) => `${name} ${numberText(value)}`)
  ].filter(Boolean);
  const outputs = Object.entries(step.outputs).map(
    ([name, { kind, hash }]) => `${name}: ${kind}, ${hash}`
  );
  return (
    <li className={`jp-astrodata-lab-step jp-mod-${step.state}`} title={outputs.join('\n')}>
      <span className="jp-astrodata-lab-runHead">
        <span className="jp-astrodata-lab-name" title={`${step.name} (${step.block})`}>
          {step.name}
        </span>
        <span className="jp-astrodata-lab-runState">
          <span aria-hidden="true">{markOf(step.state)}</span> {wordOf(step.state, trans)}
        </span>
      </span>
      {facts.length > 0 ? (
        <span className="jp-astrodata-lab-facts">
          {facts.map((fact, index) => (
            <span key={index} className="jp-astrodata-lab-of">
              {fact}
            </span>
          ))}
        </span>
      ) : null}
      {step.tests.map(({ output, ok, summary }) => (
        <p key={output} className={ok ? 'jp-astrodata-lab-detail' : 'jp-astrodata-lab-state'}>
          {trans.__('tests of %1: %2', output, summary)}
        </p>
      ))}
      {step.notes.map(note => (
        <p key={note} className="jp-astrodata-lab-detail">
          {note}
        </p>
      ))}
      {step.error ? <ErrorText text={step.error} trans={trans} /> : null}
    </li>
  );
}

function ErrorText({ text, trans }: { text: string; trans: TranslationBundle }): JSX.Element {
  return (
    <pre className="jp-astrodata-lab-errorText" tabIndex={0} aria-label={trans.__('Error')}>
      {text}
    </pre>
  );
}
