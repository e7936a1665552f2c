import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { kindText } from '../format';
import { panelIcon } from '../icons';
import { choose, EVERYTHING, IWanted, valuesOf } from './datasetFilters';
import { DatasetRows, IDatasetRowsProps } from './datasetRows';
import { Order, ORDERS } from './memory';
import { PanelModel } from './model';
import { Memory, Section, useMemory } from './section';

/** Datasets that one sees without searching. */
const FEW = 5;

export interface IDatasetSectionProps extends Omit<
  IDatasetRowsProps,
  'datasets' | 'tags' | 'work'
> {
  readonly model: PanelModel;
}

/** The datasets of the catalogue. */
export function DatasetSection(props: IDatasetSectionProps): JSX.Element {
  const { model, trans } = props;
  const { datasets, work } = model;
  const memory = React.useContext(Memory);
  const order = useMemory(({ order }) => order);
  const [wanted, setWanted] = React.useState(EVERYTHING);
  const [kinds, tags] = React.useMemo(
    () => [valuesOf(datasets, 'kind'), valuesOf(datasets, 'tags')] as const,
    [datasets]
  );
  const found = React.useMemo(() => choose(datasets, wanted, order), [datasets, wanted, order]);
  return (
    <Section id="datasets" title={trans.__('Datasets')} count={datasets.length}>
      {datasets.length > FEW || wanted !== EVERYTHING ? (
        <Filters
          {...{ trans, wanted, kinds, tags, order }}
          count={datasets.length}
          onWant={setWanted}
          onOrder={to => (memory.order = to)}
        />
      ) : null}
      {work.removed.length > 0 ? <Undo {...props} /> : null}
      {found.length > 0 ? (
        <DatasetRows {...props} work={work} datasets={found} tags={tags.map(([tag]) => tag)} />
      ) : datasets.length > 0 ? (
        <Nothing trans={trans} wanted={wanted} onWant={setWanted} />
      ) : model.tasks.items.length > 0 ? null : (
        <Empty trans={trans} />
      )}
    </Section>
  );
}

function Empty({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-astrodata-lab-empty">
      <panelIcon.react tag="span" width="48px" height="48px" />
      <p className="jp-astrodata-lab-empty-title">{trans.__('Drop data here')}</p>
      <p>
        {trans.__(
          'Images, cubes, spectra and tables (FITS, CSV, Parquet), waveforms and strain (npz, HDF5, ROOT), ' +
            'Sentinel-2 scenes (GeoTIFF, JPEG 2000): what a file is, its content tells.'
        )}
      </p>
      <p>
        {trans.__(
          'From your computer, to upload it, or from the file browser, to list it in place.'
        )}
      </p>
      <p>{trans.__('Then click it to open it in a notebook.')}</p>
    </div>
  );
}

function Nothing(props: {
  readonly trans: TranslationBundle;
  readonly wanted: IWanted;
  readonly onWant: (wanted: IWanted) => void;
}): JSX.Element {
  const { trans, wanted } = props;
  const kind = wanted.kind && kindText(wanted.kind, trans);
  const what = [kind, wanted.tag, wanted.query].filter(Boolean).join(' ');
  return (
    <div className="jp-astrodata-lab-note">
      <p role="status">{trans.__('No dataset matches “%1”.', what)}</p>
      <button
        type="button"
        className="jp-astrodata-lab-button jp-mod-plain"
        onClick={() => props.onWant(EVERYTHING)}
      >
        {trans.__('Show all')}
      </button>
    </div>
  );
}

/** What was removed last can come back. */
function Undo({ model, trans }: IDatasetSectionProps): JSX.Element {
  const { work } = model;
  return (
    <div className="jp-astrodata-lab-comparing">
      <span className="jp-astrodata-lab-of">
        {trans.__('Removed %1; its file stays.', work.removed.at(-1))}
      </span>
      <span className="jp-astrodata-lab-buttons">
        <button
          type="button"
          className="jp-astrodata-lab-button jp-mod-plain"
          onClick={() => void work.undo()}
        >
          {trans.__('Undo')}
        </button>
        <button
          type="button"
          className="jp-astrodata-lab-button jp-mod-plain"
          onClick={() => work.forgetRemoved()}
        >
          {trans.__('Dismiss')}
        </button>
      </span>
    </div>
  );
}

function Filters(props: {
  readonly trans: TranslationBundle;
  readonly wanted: IWanted;
  readonly kinds: readonly (readonly [string, number])[];
  readonly tags: readonly (readonly [string, number])[];
  readonly order: Order;
  readonly count: number;
  readonly onWant: (wanted: IWanted) => void;
  readonly onOrder: (order: Order) => void;
}): JSX.Element {
  const { trans, wanted, onWant } = props;
  const orders: Record<Order, string> = {
    name: trans.__('By name'),
    newest: trans.__('Newest first'),
    size: trans.__('Largest first'),
    kind: trans.__('By kind')
  };
  return (
    <div role="search" className="jp-astrodata-lab-filters">
      <input
        type="search"
        className="jp-astrodata-lab-search"
        aria-label={trans.__('Search datasets')}
        placeholder={trans.__('Search %1 datasets', props.count.toLocaleString())}
        value={wanted.query}
        onChange={event => onWant({ ...wanted, query: event.target.value })}
      />
      <Choice
        label={trans.__('Kind')}
        all={trans.__('All kinds')}
        text={kind => kindText(kind, trans)}
        values={props.kinds}
        value={wanted.kind}
        onChoose={kind => onWant({ ...wanted, kind })}
      />
      <Choice
        label={trans.__('Tag')}
        all={trans.__('All tags')}
        text={tag => tag}
        values={props.tags}
        value={wanted.tag}
        onChoose={tag => onWant({ ...wanted, tag })}
      />
      <select
        className="jp-astrodata-lab-select"
        aria-label={trans.__('Order')}
        value={props.order}
        onChange={event => props.onOrder(event.target.value as Order)}
      >
        {ORDERS.map(order => (
          <option key={order} value={order}>
            {orders[order]}
          </option>
        ))}
      </select>
    </div>
  );
}

/** One of several values, or all; it is not there when there is nothing to choose between. */
function Choice(props: {
  readonly label: string;
  readonly all: string;
  readonly values: readonly (readonly [string, number])[];
  readonly value: string;
  readonly text: (value: string) => string;
  readonly onChoose: (value: string) => void;
}): JSX.Element | null {
  const { values, value, text } = props;
  // A value that the last dataset has lost stays chosen until the person chooses another one.
  const gone = value !== '' && !values.some(([one]) => one === value);
  if (values.length === 0 && !gone) {
    return null;
  }
  return (
    <select
      className="jp-astrodata-lab-select"
      aria-label={props.label}
      value={value}
      onChange={event => props.onChoose(event.target.value)}
    >
      <option value="">{props.all}</option>
      {gone ? <option value={value}>{text(value)}</option> : null}
      {values.map(([one, count]) => (
        <option key={one} value={one}>
          {`${text(one)} (${count.toLocaleString()})`}
        </option>
      ))}
    </select>
  );
}
