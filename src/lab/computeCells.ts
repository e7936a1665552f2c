/**
 * The Python that the panel writes about clusters: a cell each, for the notebook whose kernel it shows.
 */
import { CellOf } from './runCells';

const IMPORT = 'import astrodata_kernel as adk';

/** Loads the toolkit, with which a kernel can be asked what it takes. */
export const loadToolkit: CellOf = () => IMPORT;

/**
 * Opens a cluster.
 *
 * @param kind - `local`, `threads`, `gateway` or an address.
 * @param workers - How many; null for as many as the kind gives by itself.
 */
export function startCluster(kind: string, workers: number | null): CellOf {
  const given = [JSON.stringify(kind), ...(workers === null ? [] : [String(workers)])];
  return () => `${IMPORT}\ncluster = adk.compute.cluster(${given.join(', ')})\ncluster`;
}

/** Asks for a number of workers of the cluster that was opened last. */
export function scaleCluster(workers: number): CellOf {
  return () => `${IMPORT}\ncluster = adk.compute.current()\ncluster.scale(${workers})\ncluster`;
}

/** Ends the cluster that was opened last, or says that there is none. */
export const stopCluster: CellOf = () =>
  `${IMPORT}\ncluster = adk.tasks.cluster_now()\ncluster.close()\ncluster`;
