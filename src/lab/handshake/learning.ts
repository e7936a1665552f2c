/** What a kernel without the toolkit tells of its environment. */
import { Kernel } from '@jupyterlab/services';

import { Environment, environmentOf } from '../../core/environment';
import { run } from '../documents/running';

/**
 * Prints the facts of `astrodata_kernel.environment.Environment`, which is not there: one expression, so that no name
 * of the person's changes.
 */
export const FACTS =
  'print(__import__("json").dumps((lambda sys, path, find: {' +
  '"python": sys.executable or "python", "prefix": sys.prefix, "pip": find("pip") is not None, ' +
  '"uv": any(line.startswith("uv =") for file in [path(sys.prefix, "pyvenv.cfg")] ' +
  'if file.is_file() for line in file.read_text().splitlines()), ' +
  '"conda": path(sys.prefix, "conda-meta").is_dir()' +
  '})(__import__("sys"), __import__("pathlib").Path, __import__("importlib.util").util.find_spec)))';

/** Gives where the Python of a kernel lives; one that says nothing goes by `python` alone. */
export async function environmentOfKernel(kernel: Kernel.IKernelConnection): Promise<Environment> {
  const { text, error } = await run(kernel, FACTS);
  try {
    return error === null ? (JSON.parse(text) as Environment) : environmentOf('python');
  } catch {
    return environmentOf('python'); // it printed something else as well
  }
}

/** Whether an error of Python is that the toolkit is not installed. */
export function lacksToolkit(name: string, message: string): boolean {
  return name === 'ModuleNotFoundError' && message.includes("'astrodata_kernel'");
}
