import * as React from 'react';

import { scaleCluster, startCluster, stopCluster } from '../computeCells';
import { sizeText } from '../format';
import { ICluster } from './compute';
import type { IComputeSectionProps } from './computeRows';

/** Workers that are listed by name. */
const FEW = 8;

/** Beyond this somebody has mistyped. */
const MOST_WORKERS = 10_000;

/** The clusters that the kernel has open: their workers, their dashboards, and what scales and stops them. */
export function ClusterRows(props: IComputeSectionProps): JSX.Element | null {
  const { compute, trans } = props;
  const [newest, ...others] = compute.clusters;
  if (newest === undefined) {
    return null;
  }
  const more = others.length + compute.moreClusters;
  return (
    <>
      <ClusterCard {...props} cluster={newest} />
      {more > 0 ? (
        <p className="jp-astrodata-lab-detail">
          {trans._n(
            '%1 more is open. Cells work with the one that was opened last.',
            '%1 more are open. Cells work with the one that was opened last.',
            more
          )}
        </p>
      ) : null}
    </>
  );
}

function ClusterCard(props: IComputeSectionProps & { readonly cluster: ICluster }): JSX.Element {
  const { cluster, trans, onInsert } = props;
  const link = linkOf(cluster.dashboard);
  const heading = React.useId();
  return (
    <div className="jp-astrodata-lab-cluster" role="group" aria-labelledby={heading}>
      <div className="jp-astrodata-lab-runHead">
        <span className="jp-astrodata-lab-name" id={heading}>
          {trans.__('Cluster %1', cluster.kind)}
        </span>
        {link === null ? null : (
          <a href={link} target="_blank" rel="noopener noreferrer">
            {trans.__('Dashboard')}
          </a>
        )}
      </div>
      <div className="jp-astrodata-lab-facts">
        <span role="status">{trans._n('%1 worker', '%1 workers', cluster.count)}</span>
        <span>{trans._n('%1 thread', '%1 threads', cluster.threads)}</span>
        {cluster.memory > 0 ? (
          <span>{trans.__('%1 of %2', sizeText(cluster.used), sizeText(cluster.memory))}</span>
        ) : null}
      </div>
      {cluster.workers.length > 0 ? (
        <ul className="jp-astrodata-lab-workers" aria-label={trans.__('Workers')}>
          {cluster.workers.slice(0, FEW).map(({ name, used, memory }) => (
            <li key={name} className="jp-astrodata-lab-facts">
              <span className="jp-astrodata-lab-of">{name}</span>
              <span>
                {memory > 0
                  ? trans.__('%1 of %2', sizeText(used), sizeText(memory))
                  : sizeText(used)}
              </span>
            </li>
          ))}
        </ul>
      ) : null}
      <div className="jp-astrodata-lab-buttons">
        {cluster.scales ? <Scale {...props} /> : null}
        <button
          type="button"
          className="jp-astrodata-lab-button jp-mod-plain"
          onClick={() => onInsert(stopCluster, true)}
        >
          {cluster.scales ? trans.__('Stop cluster') : trans.__('Close cluster')}
        </button>
      </div>
    </div>
  );
}

/** Asks for a number of workers. */
function Scale(props: IComputeSectionProps & { readonly cluster: ICluster }): JSX.Element {
  const { cluster, trans, onInsert } = props;
  const [typed, setTyped] = React.useState<string | null>(null);
  const wanted = countOf(typed ?? String(cluster.count));
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (wanted !== null) {
      onInsert(scaleCluster(wanted), true);
      setTyped(null);
    }
  };
  return (
    <form className="jp-astrodata-lab-scale" onSubmit={submit}>
      <input
        type="number"
        min={0}
        max={MOST_WORKERS}
        required
        aria-label={trans.__('Number of workers')}
        value={typed ?? cluster.count}
        onChange={event => setTyped(event.target.value)}
      />
      <button
        type="submit"
        className="jp-astrodata-lab-button jp-mod-plain"
        disabled={wanted === null || wanted === cluster.count}
      >
        {trans.__('Scale')}
      </button>
    </form>
  );
}

/** Asks what kind of cluster to start, and puts its cell into the notebook. */
export function ClusterStart(
  props: IComputeSectionProps & { readonly onClose: () => void }
): JSX.Element {
  const { trans, onClose, onInsert } = props;
  const [kind, setKind] = React.useState('local');
  const [address, setAddress] = React.useState('');
  const [typed, setTyped] = React.useState('');
  const first = React.useRef<HTMLSelectElement>(null);
  const id = React.useId();
  React.useEffect(() => first.current?.focus(), []);
  const atAddress = kind === 'address';
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    onInsert(
      atAddress ? startCluster(address.trim(), null) : startCluster(kind, countOf(typed)),
      true
    );
    onClose();
  };
  return (
    <form
      className="jp-astrodata-lab-form"
      aria-label={trans.__('Start a cluster')}
      onSubmit={submit}
      onKeyDown={event => event.key === 'Escape' && onClose()}
    >
      <div className="jp-astrodata-lab-field">
        <label htmlFor={`${id}-kind`}>{trans.__('Where it runs')}</label>
        <select
          ref={first}
          id={`${id}-kind`}
          value={kind}
          onChange={event => setKind(event.target.value)}
        >
          <option value="local">{trans.__('processes of this machine')}</option>
          <option value="threads">{trans.__('threads of the kernel')}</option>
          <option value="gateway">{trans.__('the Dask Gateway of the hub')}</option>
          <option value="address">{trans.__('a scheduler that runs already')}</option>
        </select>
      </div>
      {atAddress ? (
        <div className="jp-astrodata-lab-field">
          <label htmlFor={`${id}-address`}>{trans.__('Address of the scheduler')}</label>
          <input
            id={`${id}-address`}
            type="text"
            required
            spellCheck={false}
            autoComplete="off"
            placeholder="tcp://10.0.0.3:8786"
            value={address}
            onChange={event => setAddress(event.target.value)}
          />
        </div>
      ) : (
        <div className="jp-astrodata-lab-field">
          <label htmlFor={`${id}-workers`}>{trans.__('Workers')}</label>
          <input
            id={`${id}-workers`}
            type="number"
            min={1}
            max={MOST_WORKERS}
            placeholder={trans.__('as many as fit')}
            value={typed}
            onChange={event => setTyped(event.target.value)}
          />
        </div>
      )}
      <div className="jp-astrodata-lab-buttons">
        <button type="submit" className="jp-astrodata-lab-button jp-mod-plain jp-mod-accept">
          {trans.__('Start')}
        </button>
        <button type="button" className="jp-astrodata-lab-button jp-mod-plain" onClick={onClose}>
          {trans.__('Close')}
        </button>
      </div>
    </form>
  );
}

/** A number of workers that somebody typed, null for what is none. */
function countOf(typed: string): number | null {
  const count = Number(typed);
  return typed.trim() !== '' && Number.isInteger(count) && count >= 0 && count <= MOST_WORKERS
    ? count
    : null;
}

/** A link that a page may hold, whatever a kernel says: of the web, or of this server. */
function linkOf(address: string | null): string | null {
  return typeof address === 'string' && /^(https?:\/\/|\/(?!\/))/.test(address) ? address : null;
}
