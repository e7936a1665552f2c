/**
 * The Python that the panel writes, and the kernel that reads it.
 */
import { PathExt } from '@jupyterlab/coreutils';
import { KernelSpec } from '@jupyterlab/services';

import { IDataset } from './api';

/**
 * The Python that opens a dataset in a notebook whose kernel runs in `folder`.
 *
 * A JSON text is a Python literal too, whatever a file name holds.
 */
export function cellSource(dataset: Pick<IDataset, 'name' | 'path'>, folder: string): string {
  const what =
    dataset.path === null
      ? `adk.Catalog()[${JSON.stringify(dataset.name)}]`
      : JSON.stringify(PathExt.relative(folder, dataset.path));
  return `import astrodata_kernel as adk\nadk.view(${what})`;
}

/** The default kernel if it speaks Python, or the first that does. */
export function pythonKernel(specs: KernelSpec.ISpecModels | null): string | undefined {
  const speaks = (name: string | undefined): boolean =>
    name !== undefined && specs?.kernelspecs[name]?.language.toLowerCase() === 'python';
  const fallback = specs?.default;
  return speaks(fallback) ? fallback : Object.keys(specs?.kernelspecs ?? {}).find(speaks);
}
