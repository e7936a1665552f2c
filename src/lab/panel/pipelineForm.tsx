import * as React from 'react';

import { IPipeline } from '../answers';
import { runPipeline } from '../runCells';
import { useRows } from './rows';
import type { IRunSectionProps } from './runRows';

interface IProps extends IRunSectionProps {
  readonly onClose: () => void;
}

/** The pipelines that lie in the workspace, and what can be chosen of the one that is to run. */
export function PipelineChooser(props: IProps): JSX.Element {
  const { runs, trans, onClose } = props;
  const [path, setPath] = React.useState<string | null>(null);
  const found = runs.pipelines?.found ?? [];
  const chosen = found.find(pipeline => pipeline.path === path);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      onClose();
    }
  };
  return (
    <div
      className="jp-astrodata-lab-chooser"
      role="group"
      aria-label={trans.__('Run a pipeline')}
      onKeyDown={onKeyDown}
    >
      {runs.pipelines === null ? (
        <p className="jp-astrodata-lab-detail" role="status">
          {trans.__('Looking for pipelines…')}
        </p>
      ) : chosen !== undefined ? (
        <Form {...props} pipeline={chosen} onBack={() => setPath(null)} />
      ) : found.length > 0 ? (
        <List {...props} found={found} onChoose={setPath} />
      ) : (
        <p className="jp-astrodata-lab-detail" role="status">
          {trans.__(
            'No pipeline was found: none of the YAML files here begins with “astrodata: 1”.'
          )}
        </p>
      )}
      {runs.pipelines?.warnings.map(warning => (
        <p key={warning} className="jp-astrodata-lab-state" role="status">
          {warning}
        </p>
      ))}
    </div>
  );
}

function List(
  props: IProps & {
    readonly found: readonly IPipeline[];
    readonly onChoose: (path: string) => void;
  }
): JSX.Element {
  const { found, trans, onChoose } = props;
  const { list, reachable, focus, onFocus, onKeyDown } = useRows(found.map(({ path }) => path));
  // Who opened the list by keyboard is in it.
  React.useEffect(() => focus(0), []);
  return (
    <ul
      className="jp-astrodata-lab-datasets"
      role="list"
      aria-label={trans.__('Pipelines')}
      ref={list}
    >
      {found.map((pipeline, index) => (
        <li key={pipeline.path} data-index={index} className="jp-astrodata-lab-dataset">
          <button
            type="button"
            className="jp-astrodata-lab-open jp-astrodata-lab-session"
            tabIndex={pipeline.path === reachable ? 0 : -1}
            title={[pipeline.path, pipeline.description].filter(Boolean).join('\n')}
            onFocus={() => onFocus(pipeline.path)}
            onKeyDown={event => onKeyDown(event, index)}
            onClick={() => onChoose(pipeline.path)}
          >
            <span className="jp-astrodata-lab-text">
              <span className="jp-astrodata-lab-name">{pipeline.name}</span>
              <span className="jp-astrodata-lab-facts">
                <span className="jp-astrodata-lab-of">{pipeline.path}</span>
              </span>
              {pipeline.problem ? (
                <span className="jp-astrodata-lab-state">{pipeline.problem}</span>
              ) : null}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Form(
  props: IProps & { readonly pipeline: IPipeline; readonly onBack: () => void }
): JSX.Element {
  const { pipeline, runs, trans, onBack, onClose, onInsert } = props;
  const [typed, setTyped] = React.useState<Readonly<Record<string, string>>>({});
  const form = React.useRef<HTMLFormElement>(null);
  const id = React.useId();
  React.useEffect(() => form.current?.querySelector<HTMLElement>('input, button')?.focus(), []);
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    onInsert(runPipeline(pipeline, typed), true);
    runs.expect();
    onClose();
  };
  return (
    <form ref={form} className="jp-astrodata-lab-form" aria-label={pipeline.name} onSubmit={submit}>
      <p className="jp-astrodata-lab-formTitle">{pipeline.name}</p>
      {pipeline.description ? (
        <p className="jp-astrodata-lab-detail">{pipeline.description}</p>
      ) : null}
      {pipeline.problem ? <p className="jp-astrodata-lab-state">{pipeline.problem}</p> : null}
      {pipeline.parameters.map(({ name, text }, index) => (
        <div key={name} className="jp-astrodata-lab-field">
          <label htmlFor={`${id}-${index}`}>{name}</label>
          <input
            id={`${id}-${index}`}
            type="text"
            spellCheck={false}
            autoComplete="off"
            value={typed[name] ?? text}
            onChange={event => setTyped({ ...typed, [name]: event.target.value })}
          />
        </div>
      ))}
      <div className="jp-astrodata-lab-buttons">
        <button type="submit" className="jp-astrodata-lab-button jp-mod-plain jp-mod-accept">
          {trans.__('Run')}
        </button>
        <button type="button" className="jp-astrodata-lab-button jp-mod-plain" onClick={onBack}>
          {trans.__('Other pipeline')}
        </button>
        <button type="button" className="jp-astrodata-lab-button jp-mod-plain" onClick={onClose}>
          {trans.__('Close')}
        </button>
      </div>
    </form>
  );
}
