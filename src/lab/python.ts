/**
 * The Python that the panel writes, and the kernel that reads it.
 */
import { PathExt } from '@jupyterlab/coreutils';
import { KernelSpec } from '@jupyterlab/services';

import { IDataset, ILabelSession } from './answers';

/**
 * The Python that opens a dataset in a notebook whose kernel runs in `folder`.
 *
 * A JSON text is a Python literal too, whatever a file name holds.
 */
export function cellSource(dataset: Pick<IDataset, 'name' | 'path'>, folder: string): string {
  return `import astrodata_kernel as adk\nadk.view(${place(dataset, folder)})`;
}

/**
 * The Python that opens a dataset in any notebook of the workspace: by its name, which stays what it is
 * wherever the cell is pasted.
 */
export function openSource(name: string): string {
  return `import astrodata_kernel as adk\nds = adk.open(${named(name)})`;
}

/** The Python that opens a file elsewhere, and shows it. */
export function addressSource(address: string): string {
  const text = JSON.stringify(address);
  return `import astrodata_kernel as adk\nds = adk.open(${text})\nadk.view(ds)`;
}

/**
 * The Python that goes on with a label session in a notebook whose kernel runs in `folder`: its dataset in
 * the Labeller, or its labels alone where what was labelled is not a dataset of the list by itself.
 *
 * The log is named by its folder: which workspace a kernel takes by itself depends on where it runs.
 */
export function labelSource(
  session: Pick<ILabelSession, 'path' | 'source'>,
  folder: string
): string {
  const log = `adk.labels.LabelLog(${JSON.stringify(PathExt.relative(folder, session.path))})`;
  const events = session.source === null ? null : eventsOf(session.source, folder);
  const lines =
    events === null ? [`${log}.table()`] : [`log = ${log}`, `adk.Labeller(${events}, log)`];
  return ['import astrodata_kernel as adk', ...lines].join('\n');
}

/** Whether each trace, picture or row of a dataset is an event that can have a label. */
export function hasEvents(dataset: Pick<IDataset, 'kind' | 'format'>): boolean {
  // Labels on a scene are on pieces of it, and only the person knows which; other arrays of two axes
  // are taken as traces.
  return dataset.kind === 'image' ? dataset.format !== 'FITS' : EVENTS.includes(dataset.kind);
}

const EVENTS = ['waveforms', 'cube', 'table'];

/** The Python for the events of a dataset, null for one that has none by itself. */
function eventsOf(source: NonNullable<ILabelSession['source']>, folder: string): string | null {
  if (!hasEvents(source)) {
    return null;
  }
  const where = place(source, folder);
  switch (source.kind) {
    case 'image':
      return `adk.open(${where}, kind="waveforms")`;
    case 'table':
      return `adk.open(${where}).table.read().to_pandas()`;
    default:
      return `adk.open(${where})`;
  }
}

function place(dataset: Pick<IDataset, 'name' | 'path'>, folder: string): string {
  return dataset.path === null
    ? named(dataset.name)
    : JSON.stringify(PathExt.relative(folder, dataset.path));
}

function named(name: string): string {
  return `adk.Catalog()[${JSON.stringify(name)}]`;
}

/** The default kernel if it speaks Python, or the first that does. */
export function pythonKernel(specs: KernelSpec.ISpecModels | null): string | undefined {
  const speaks = (name: string | undefined): boolean =>
    name !== undefined && specs?.kernelspecs[name]?.language.toLowerCase() === 'python';
  const fallback = specs?.default;
  return speaks(fallback) ? fallback : Object.keys(specs?.kernelspecs ?? {}).find(speaks);
}
