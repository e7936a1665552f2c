// @vitest-environment jsdom
import './browser';

import { execFileSync } from 'node:child_process';
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, test, vi } from 'vitest';

import { cellOf, openCode } from '../../../src/lab/documents/code';
import { FactsOnly } from '../../../src/lab/documents/contents';
import { fileTypes, mayBeViewed } from '../../../src/lab/documents/fileTypes';
import { KeptKernels } from '../../../src/lab/documents/kept';
import { labelCell } from '../../../src/lab/documents/labels';
import { WidgetModels } from '../../../src/lab/documents/widgetModels';
import { FakeKernel } from './fakeDocumentKernel';

vi.mock('../../../src/lab/icons', () => ({ kindIcon: (kind: string) => ({ name: kind }) }));

const trans = nullTranslator.load('astrodata_lab');

const HOSTILE = [
  'm31.fits',
  "it's.fits",
  '"); import os #.fits',
  'back\\slash',
  'line\nbreak',
  '☉ {x} $y'
];

describe('the Python of a document', () => {
  test('opens any file name as data, under a name that who joins the kernel finds', () => {
    const program = `
import ast, json, sys
out = []
for source in json.load(sys.stdin):
    load, bind, show = ast.parse(source).body
    assert ast.unparse(bind.targets[0]) == ast.unparse(show) == "viewer", source
    assert ast.unparse(bind.value.func) == "adk.view" and len(bind.value.args) == 1, source
    out.append(ast.literal_eval(bind.value.args[0]))
print(json.dumps(out))`;
    const input = JSON.stringify(HOSTILE.map(name => openCode(`run/${name}`, 'run')));
    const read = execFileSync('python3', ['-c', program], { input, encoding: 'utf8' });
    expect(JSON.parse(read)).toEqual(HOSTILE);
  });

  test('leaves whole paths and addresses as they are in a cell', () => {
    const pieces = ['adk.view([', ', ', ', ', '])'];
    const sources = ['a.tif', '/scratch/b.tif', 'https://x.org/c.tif'];
    const cell = cellOf(JSON.stringify({ pieces, sources }), 'scenes');
    expect(cell?.('notes/today')).toContain(
      'adk.view(["../../scenes/a.tif", "/scratch/b.tif", "https://x.org/c.tif"])'
    );
  });
});

describe('the file of a document', () => {
  test('is asked for its facts only, and never said to be writable', async () => {
    const get = vi.fn(async () => ({ name: 'm31.fits', writable: true, last_modified: 'then' }));
    const facts = new FactsOnly({ get } as never, 'never writes');
    expect(await facts.get('m31.fits')).toMatchObject({ writable: false, last_modified: 'then' });
    expect(get).toHaveBeenCalledWith('m31.fits', { content: false, hash: false });
    await expect(facts.save()).rejects.toThrow('never writes');
  });

  test('is known by its ending, in any case, packed or not', () => {
    const endings = fileTypes(trans).flatMap(type => type.extensions);
    for (const ending of ['.fits', '.fits.gz', '.fz', '.h5', '.npz', '.tif', '.jp2']) {
      expect(endings).toContain(ending);
    }
    expect(mayBeViewed('a/M31.FITS.GZ', false, true)).toBe(true);
    expect(mayBeViewed('run.dat', false, false)).toBe(true);
    expect(mayBeViewed('notes.md', false, true)).toBe(false);
    expect(mayBeViewed('S2A_MSIL2A.SAFE', true, false)).toBe(true);
    expect(mayBeViewed('m31.fits', true, false)).toBe(false);
  });

  test('has its kernel kept for a page that is loaded anew, as long as the kernel lives', async () => {
    const saved = new Map<string, unknown>();
    const state = {
      fetch: async (key: string) => saved.get(key),
      save: async (key: string, value: unknown) => void saved.set(key, value)
    };
    const kernels = (...running: string[]) => new KeptKernels(state as never, () => running);
    await kernels('k1').keep('k1', true);
    expect(await kernels('k1').has('k1')).toBe(true);
    await kernels('k2').keep('k2', true);
    expect(await kernels('k2').has('k1')).toBe(false);
    await kernels('k2').keep('k2', false);
    expect(await kernels('k2').has('k2')).toBe(false);
  });
});

describe('labelling a file', () => {
  let asked: string[] = [];
  let answers: Record<string, object> = {};
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://hub/',
    fetch: async input => {
      const { pathname, search } = new URL((input as Request).url);
      asked.push(search);
      return new Response(JSON.stringify(answers[pathname.split('/').at(-1) as string]));
    }
  });
  const session = (name: string, path: string | null): object => ({
    path: `astrodata/labels/${name}`,
    source: path === null ? null : { name, path, kind: 'waveforms', format: 'NumPy', state: 'ok' }
  });
  const serve = (kind: string, format: string, ...sessions: object[]): void => {
    asked = [];
    answers = { sniff: { kind, format }, labels: { sessions, warnings: [] } };
  };

  test('goes on with the labels that it has, whatever their name', async () => {
    serve('waveforms', 'NumPy', session('glitches', 'run/ecg.npz'), session('ecg', 'other.npz'));
    const cell = await labelCell('run/ecg.npz', settings, trans);
    expect(cell?.('run')).toBe(
      'import astrodata_kernel as adk\n' +
        'log = adk.labels.LabelLog("../astrodata/labels/glitches")\n' +
        'adk.Labeller(adk.open("ecg.npz"), log)'
    );
  });

  test('begins labels in a folder that no others are in', async () => {
    serve('cube', 'FITS', session('stack', 'other.fits'), session('stack-2', null));
    const cell = await labelCell('a&b/stack.fits', settings, trans);
    expect(cell?.('')).toContain('LabelLog("astrodata/labels/stack-3")');
    expect(new URLSearchParams(asked[0]).get('path')).toBe('a&b/stack.fits');
  });

  test('is not for a picture as a whole', async () => {
    serve('image', 'FITS');
    expect(await labelCell('m31.fits', settings, trans)).toBeNull();
  });
});

describe('the model of a widget', () => {
  const made = () => {
    const kernel = new FakeKernel();
    let opened = '';
    const models = new WidgetModels(kernel as never, model => (opened = model.id));
    let auto = true;
    const comm = kernel.open('w', { stretch: 'linear', view: { x: 1 } }, () => auto);
    return { kernel, models, comm, opened, hold: () => (auto = false), go: () => (auto = true) };
  };

  test('has the state that the kernel opened it with, and follows it', async () => {
    const { models, comm, opened } = made();
    expect(opened).toBe('w');
    const model = await models.find('anywidget:w');
    const heard: unknown[] = [];
    model.on('change:stretch', (_, value) => heard.push(value));
    comm.receive({ method: 'update', state: { stretch: 'log', view: { x: 1 } } });
    comm.receive({ method: 'update', state: { stretch: 'log' } });
    expect(heard).toEqual(['log']);
    expect(model.get('stretch')).toBe('log');
  });

  test('takes the echo of another page, and not that of what it said itself', async () => {
    const { models, comm } = made();
    const model = await models.find('w');
    model.set('stretch', 'sqrt');
    comm.receive({ method: 'echo_update', state: { stretch: 'linear' } }, [], 'page');
    expect(model.get('stretch')).toBe('sqrt');
    comm.receive({ method: 'echo_update', state: { stretch: 'asinh' } }, [], 'other page');
    expect(model.get('stretch')).toBe('asinh');
  });

  test('says the last of many changes while the kernel is at the first', async () => {
    const { models, comm, hold } = made();
    const model = await models.find('w');
    hold();
    for (const x of [2, 3, 4]) {
      model.set('view', { x });
      model.save_changes();
    }
    model.set('view', { x: 4 });
    model.save_changes();
    const states = () => comm.sent.map(({ data }) => data['state']);
    expect(states()).toEqual([{ view: { x: 2 } }]);
    comm.sent[0].done.resolve();
    await vi.waitFor(() => expect(states()).toEqual([{ view: { x: 2 } }, { view: { x: 4 } }]));
  });

  test('passes messages with their bytes, to those who still listen', async () => {
    const { models, comm } = made();
    const model = await models.find('w');
    const heard: unknown[] = [];
    const listener = (content: unknown, buffers: unknown): void =>
      void heard.push(content, (buffers as DataView[])[0].getUint8(1));
    model.on('msg:custom', listener as never);
    comm.receive({ method: 'custom', content: { id: '1' } }, [Uint8Array.of(7, 8).buffer]);
    model.off('msg:custom', listener as never);
    comm.receive({ method: 'custom', content: { id: '2' } }, [Uint8Array.of(7, 8).buffer]);
    expect(heard).toEqual([{ id: '1' }, 8]);
    model.send({ kind: 'tile' });
    expect(comm.sent.at(-1)?.data).toEqual({ method: 'custom', content: { kind: 'tile' } });
  });

  test('puts bytes of a state where they belong', async () => {
    const { models, comm } = made();
    const state = { table: { columns: [null] } };
    comm.receive({ method: 'update', state, buffer_paths: [['table', 'columns', 0]] }, [
      Uint8Array.of(9).buffer
    ]);
    const table = (await models.find('w')).get('table') as { columns: DataView[] };
    expect(table.columns[0].getUint8(0)).toBe(9);
  });

  test('is said to be gone when the kernel has none', async () => {
    const { models } = made();
    await expect(models.find('gone')).rejects.toThrow('no widget gone');
    // The second time too: nothing is left of the first.
    await expect(models.find('gone')).rejects.toThrow('no widget gone');
  });
});
