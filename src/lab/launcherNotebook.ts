/** Makes a notebook from a template, in a folder that the person looks at. */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import { Contents, ServerConnection } from '@jupyterlab/services';

import { INotebook } from './answers';
import { Api } from './api';
import { pythonKernel } from './python';

/** Names that are tried before it keeps the one that JupyterLab gave it. */
const TRIES = 1000;

/** Gives the tab of the new notebook, whose kernel is the one that new notebooks of the panel get too. */
export async function createNotebook(
  { commands, serviceManager }: JupyterFrontEnd,
  api: Pick<Api, 'template'>,
  template: string,
  folder: string
): Promise<unknown> {
  const { contents, kernelspecs } = serviceManager;
  const content = await api.template(template);
  await kernelspecs.ready;
  const name = pythonKernel(kernelspecs.specs);
  const spec = name === undefined ? undefined : kernelspecs.specs?.kernelspecs[name];
  if (spec) {
    const { display_name, language } = spec;
    content.metadata.kernelspec = { name: spec.name, display_name, language };
  }
  const path = await write(contents, content, template, folder);
  return commands.execute('docmanager:open', {
    path,
    factory: 'Notebook',
    ...(name === undefined ? {} : { kernel: { name } })
  });
}

/** Write a notebook under a name that no file of the folder has, and give its path. */
async function write(
  contents: Contents.IManager,
  content: INotebook,
  stem: string,
  folder: string
): Promise<string> {
  // Who saves under a name writes over the file that has it; a rename is refused.
  const made = await contents.newUntitled({ path: folder, type: 'notebook' });
  await contents.save(made.path, { type: 'notebook', format: 'json', content });
  for (let number = 1; number <= TRIES; number++) {
    const name = number === 1 ? `${stem}.ipynb` : `${stem}-${number}.ipynb`;
    try {
      return (await contents.rename(made.path, PathExt.join(folder, name))).path;
    } catch (error) {
      if (!(error instanceof ServerConnection.ResponseError && error.response.status === 409)) {
        throw error;
      }
    }
  }
  return made.path;
}
