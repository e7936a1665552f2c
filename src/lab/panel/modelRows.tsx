import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IModel, IModelVersion } from '../answers';
import { numberText } from '../format';
import { IDraggable } from '../drag';
import { modelIcon } from '../icons';
import { CellOf, loadModel, modelLineage, openModel } from '../runCells';
import { Models } from './models';
import { useRows } from './rows';
import { Section } from './section';
import { ago } from './states';

export interface IModelSectionProps {
  readonly models: Models;
  readonly trans: TranslationBundle;
  /** Put a cell into the notebook, and run it if it is wanted. */
  readonly onInsert: (cell: CellOf, run: boolean) => void;
  /** The mouse is pressed on a row, perhaps to drag it into a notebook. */
  readonly onPress: (dragged: IDraggable, press: MouseEvent) => void;
}

/** The registered models. */
export function ModelSection(props: IModelSectionProps): JSX.Element | null {
  const { models, trans } = props;
  if (models.status === 'absent' || models.status === 'loading') {
    return null;
  }
  const nothing = models.items.length === 0;
  const address = models.address;
  return (
    <Section
      id="models"
      title={trans.__('Models')}
      count={models.items.length}
      actions={
        address && /^https?:\/\//.test(address) ? (
          <a
            className="jp-astrodata-lab-button jp-mod-plain"
            href={`${address.replace(/\/+$/, '')}/#/models`}
            target="_blank"
            rel="noopener noreferrer"
          >
            {trans.__('Open in MLflow')}
          </a>
        ) : null
      }
    >
      {models.warnings.map(warning => (
        <p key={warning} className="jp-astrodata-lab-warning" role="status">
          {warning}
        </p>
      ))}
      {nothing && models.warnings.length === 0 ? (
        <div className="jp-astrodata-lab-note jp-astrodata-lab-teaching">
          <p>
            {trans.__(
              'No model is registered yet. A pipeline does it with a step of the block register_model.'
            )}
          </p>
        </div>
      ) : null}
      {nothing ? null : <Rows {...props} />}
    </Section>
  );
}

function Rows(props: IModelSectionProps): JSX.Element {
  const { models, trans } = props;
  const [open, setOpen] = React.useState<string | null>(null);
  const names = models.items.map(({ name }) => name);
  const { list, reachable, onFocus, onKeyDown } = useRows(names, {
    o: index => {
      const cell = openModel(models.items[index]);
      void (cell && props.onInsert(cell, true));
    }
  });
  return (
    <ul
      className="jp-astrodata-lab-datasets"
      role="list"
      aria-label={trans.__('Models')}
      ref={list}
    >
      {models.items.map((model, index) => (
        <li key={model.name} data-index={index} onFocus={() => onFocus(model.name)}>
          <div className="jp-astrodata-lab-dataset">
            <Row
              model={model}
              trans={trans}
              open={model.name === open}
              reachable={model.name === reachable}
              onKeyDown={event => onKeyDown(event, index)}
              onPress={props.onPress}
              onClick={() => setOpen(model.name === open ? null : model.name)}
            />
          </div>
          {model.name === open ? <Versions {...props} model={model} /> : null}
        </li>
      ))}
    </ul>
  );
}

function Row(props: {
  readonly model: IModel;
  readonly trans: TranslationBundle;
  readonly open: boolean;
  readonly reachable: boolean;
  readonly onKeyDown: (event: React.KeyboardEvent) => void;
  readonly onPress: IModelSectionProps['onPress'];
  readonly onClick: () => void;
}): JSX.Element {
  const { model, trans } = props;
  const cell = openModel(model);
  const count = trans._n('%1 version', '%1 versions', model.count);
  const changed = ago(model.changed === null ? null : model.changed * 1000);
  const aliases = model.versions.flatMap(({ aliases, version }) =>
    aliases.map(alias => ({ alias, version }))
  );
  const said = aliases.map(({ alias, version }) => trans.__('%1 is version %2', alias, version));
  return (
    <button
      type="button"
      className="jp-astrodata-lab-open jp-astrodata-lab-session"
      tabIndex={props.reachable ? 0 : -1}
      aria-expanded={props.open}
      aria-label={[model.name, count, ...said, changed].filter(Boolean).join(', ')}
      aria-keyshortcuts="O"
      title={[
        model.name,
        trans.__('Click for its versions'),
        trans.__('Drag it into a notebook, or press O, to load it there')
      ].join('\n')}
      onKeyDown={props.onKeyDown}
      onMouseDown={event =>
        cell && props.onPress({ name: model.name, icon: modelIcon, cell }, event.nativeEvent)
      }
      onClick={event => event.detail <= 1 && props.onClick()}
    >
      <span className="jp-astrodata-lab-text">
        <span className="jp-astrodata-lab-name">{model.name}</span>
        <span className="jp-astrodata-lab-facts">
          <span>{count}</span>
          {changed ? <span>{changed}</span> : null}
        </span>
        {aliases.length > 0 ? (
          <span className="jp-astrodata-lab-chips">
            {aliases.map(({ alias, version }) => (
              <span key={alias} className="jp-astrodata-lab-chip">
                <span className="jp-astrodata-lab-of">{alias}</span>
                <span className="jp-astrodata-lab-count">{version}</span>
              </span>
            ))}
          </span>
        ) : null}
      </span>
    </button>
  );
}

function Versions(props: IModelSectionProps & { readonly model: IModel }): JSX.Element {
  const { model, trans } = props;
  const more = model.count - model.versions.length;
  return (
    <div className="jp-astrodata-lab-details" role="group" aria-label={model.name}>
      <ul className="jp-astrodata-lab-steps" role="list" aria-label={trans.__('Versions')}>
        {model.versions.map(version => (
          <Version key={version.version} {...props} version={version} />
        ))}
      </ul>
      {more > 0 ? (
        <p className="jp-astrodata-lab-detail">
          {trans._n('and %1 older version', 'and %1 older versions', more)}
        </p>
      ) : null}
    </div>
  );
}

function Version(
  props: IModelSectionProps & { readonly model: IModel; readonly version: IModelVersion }
): JSX.Element {
  const { model, trans, version, onInsert } = props;
  const { lineage, aliases } = version;
  const title = trans.__('Version %1', version.version);
  const created = ago(version.created === null ? null : version.created * 1000);
  const facts = [
    created,
    ...Object.entries(version.metrics).map(([name, value]) => `${name} ${numberText(value)}`)
  ].filter(Boolean);
  return (
    <li className="jp-astrodata-lab-step" aria-label={title}>
      <span className="jp-astrodata-lab-runHead">
        <span className="jp-astrodata-lab-name">{title}</span>
        <span className="jp-astrodata-lab-chips">
          {aliases.map(alias => (
            <span key={alias} className="jp-astrodata-lab-chip">
              <span className="jp-astrodata-lab-of">{alias}</span>
            </span>
          ))}
        </span>
      </span>
      <span className="jp-astrodata-lab-facts">
        {facts.map((fact, index) => (
          <span key={index} className="jp-astrodata-lab-of">
            {fact}
          </span>
        ))}
        {version.run ? (
          <span className="jp-astrodata-lab-of" title={version.run}>
            {trans.__('run %1', version.run.slice(0, 8))}
          </span>
        ) : null}
      </span>
      {version.reasons.map(({ alias, reason, who, when }) => (
        <p key={alias} className="jp-astrodata-lab-detail" title={[who, when].join(', ')}>
          {who ? trans.__('%1: %2 (%3)', alias, reason, who) : trans.__('%1: %2', alias, reason)}
        </p>
      ))}
      <span className="jp-astrodata-lab-buttons">
        <button
          type="button"
          className="jp-astrodata-lab-button jp-mod-plain"
          aria-label={trans.__('Load version %1', version.version)}
          onClick={() => onInsert(loadModel(model.name, version), true)}
        >
          {trans.__('Load')}
        </button>
        <button
          type="button"
          className="jp-astrodata-lab-button jp-mod-plain"
          aria-label={trans.__('Lineage of version %1', version.version)}
          disabled={lineage === null}
          title={lineage === null ? trans.__('It was registered without a lineage.') : lineage}
          onClick={() => lineage && onInsert(modelLineage(lineage), true)}
        >
          {trans.__('Lineage')}
        </button>
      </span>
    </li>
  );
}
