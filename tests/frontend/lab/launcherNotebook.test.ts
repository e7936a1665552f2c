// @vitest-environment jsdom
import './browser';

import { ServerConnection } from '@jupyterlab/services';
import { expect, test, vi } from 'vitest';

import { createNotebook } from '../../../src/lab/launcherNotebook';

const SPECS = {
  default: 'ir',
  kernelspecs: {
    ir: { name: 'ir', display_name: 'R', language: 'R' },
    gpu: { name: 'gpu', display_name: 'Python (GPU)', language: 'python' }
  }
};

/** A folder in which some names are taken. */
function labWith(taken: string[], specs: object | null = SPECS) {
  const conflict = new ServerConnection.ResponseError(new Response('', { status: 409 }));
  const contents = {
    newUntitled: vi.fn(async ({ path }: { path: string }) => ({ path: `${path}/Untitled.ipynb` })),
    save: vi.fn(async () => undefined),
    rename: vi.fn(async (_: string, path: string) => {
      if (taken.includes(path)) {
        throw conflict;
      }
      return { path };
    })
  };
  const execute = vi.fn(async () => 'the tab');
  const app = {
    commands: { execute },
    serviceManager: { contents, kernelspecs: { ready: Promise.resolve(), specs } }
  };
  const template = vi.fn(async () => ({ metadata: {}, cells: [], nbformat: 4, nbformat_minor: 5 }));
  const make = (): Promise<unknown> =>
    createNotebook(app as never, { template } as never, 'fits', 'work');
  return { contents, execute, make, template };
}

test('a notebook is made in the folder, with the first kernel that speaks Python, and opened', async () => {
  const { contents, execute, make, template } = labWith([]);
  expect(await make()).toBe('the tab');
  expect(template).toHaveBeenCalledWith('fits');
  expect(contents.newUntitled).toHaveBeenCalledWith({ path: 'work', type: 'notebook' });
  const kernelspec = { name: 'gpu', display_name: 'Python (GPU)', language: 'python' };
  expect(contents.save).toHaveBeenCalledWith('work/Untitled.ipynb', {
    type: 'notebook',
    format: 'json',
    content: expect.objectContaining({ metadata: { kernelspec } })
  });
  expect(execute).toHaveBeenCalledWith('docmanager:open', {
    path: 'work/fits.ipynb',
    factory: 'Notebook',
    kernel: { name: 'gpu' }
  });
});

test('a name that is taken is left to who has it', async () => {
  const { contents, execute, make } = labWith(['work/fits.ipynb', 'work/fits-2.ipynb']);
  await make();
  expect(contents.rename).toHaveBeenCalledTimes(3);
  expect(execute.mock.calls[0]).toMatchObject(['docmanager:open', { path: 'work/fits-3.ipynb' }]);
});

test('without a kernel that speaks Python JupyterLab asks for one', async () => {
  const { execute, make } = labWith([], null);
  await make();
  expect(execute).toHaveBeenCalledWith('docmanager:open', {
    path: 'work/fits.ipynb',
    factory: 'Notebook'
  });
});

test('a template that is not there makes no file', async () => {
  const { contents, make, template } = labWith([]);
  template.mockRejectedValue(new Error('There is no template'));
  await expect(make()).rejects.toThrow('no template');
  expect(contents.newUntitled).not.toHaveBeenCalled();
});
