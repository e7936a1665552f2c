// @vitest-environment jsdom
import './browser';

import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

import { cellSource, labelSource, pythonKernel } from '../../../src/lab/python';

const HOSTILE = [
  'plain.fits',
  'with space.fits',
  "it's.fits",
  'say "hi".fits',
  'back\\slash.fits',
  'trailing\\',
  '<b>bold.fits',
  '<img src=x onerror=alert(1)>.fits',
  'line\nbreak.fits',
  'carriage\rreturn\ttab.fits',
  'bell\u0007.fits',
  'separators\u2028\u2029.fits',
  '"); import os; os.system("true") #.fits',
  "'''.fits",
  '{braces} %s $HOME.fits',
  'ünï→☉ 🔭.fits'
];

/** What Python reads the places of log and data in a cell as. */
function placesByPython(sources: string[]): [string, string][] {
  const program = `
import ast, json, sys
out = []
for source in json.load(sys.stdin):
    tree = ast.parse(source)
    assert len(tree.body) == 3, source
    log, labeller = tree.body[1].value, tree.body[2].value
    assert ast.unparse(log.func) == "adk.labels.LabelLog", source
    assert ast.unparse(labeller.func) == "adk.Labeller" and len(labeller.args) == 2, source
    out.append([ast.literal_eval(log.args[0]), ast.literal_eval(labeller.args[0].args[0])])
print(json.dumps(out))`;
  const input = JSON.stringify(sources);
  return JSON.parse(execFileSync('python3', ['-c', program], { input, encoding: 'utf8' }));
}

/** What Python reads the literals in a cell as. */
function readByPython(sources: string[]): string[] {
  const program = `
import ast, json, sys
out = []
for source in json.load(sys.stdin):
    tree = ast.parse(source)
    assert len(tree.body) == 2, source
    call = tree.body[1].value
    assert ast.unparse(call.func) == "adk.view" and len(call.args) == 1, source
    arg = call.args[0]
    out.append(ast.literal_eval(arg.slice if isinstance(arg, ast.Subscript) else arg))
print(json.dumps(out))`;
  const input = JSON.stringify(sources);
  return JSON.parse(execFileSync('python3', ['-c', program], { input, encoding: 'utf8' }));
}

describe('the inserted cell', () => {
  test('opens the file by its path from the folder of the notebook', () => {
    const at = (path: string, folder: string): string => cellSource({ name: 'm13', path }, folder);
    expect(at('m13.fits', '')).toBe('import astrodata_kernel as adk\nadk.view("m13.fits")');
    expect(at('data/m13.fits', '')).toContain('adk.view("data/m13.fits")');
    expect(at('data/m13.fits', 'data')).toContain('adk.view("m13.fits")');
    expect(at('m13.fits', 'work/today')).toContain('adk.view("../../m13.fits")');
    expect(at('data/m13.fits', 'work')).toContain('adk.view("../data/m13.fits")');
  });

  test('opens a file outside of the root by its name in the catalogue', () => {
    expect(cellSource({ name: 'm13', path: null }, 'work')).toContain(
      'adk.view(adk.Catalog()["m13"])'
    );
  });

  test('holds any file name as data, never as code', () => {
    expect(readByPython(HOSTILE.map(path => cellSource({ name: 'x', path }, '')))).toEqual(HOSTILE);
    const named = HOSTILE.map(name => cellSource({ name, path: null }, ''));
    expect(readByPython(named)).toEqual(HOSTILE);
  });

  test('is of two lines whatever the name holds', () => {
    for (const path of HOSTILE) {
      expect(cellSource({ name: 'x', path }, '').split('\n')).toHaveLength(2);
    }
  });
});

describe('the cell of a label session', () => {
  const source = {
    name: 'ecg',
    path: 'data/ecg.npz',
    kind: 'waveforms',
    format: 'NumPy',
    state: 'ok'
  } as const;
  const path = 'astrodata/labels/ecg';

  test('opens its log and its data set by their paths from the folder of the notebook', () => {
    expect(labelSource({ path, source }, '')).toBe(
      'import astrodata_kernel as adk\n' +
        'log = adk.labels.LabelLog("astrodata/labels/ecg")\n' +
        'adk.Labeller(adk.open("data/ecg.npz"), log)'
    );
    const below = labelSource({ path, source }, 'work/today');
    expect(below).toContain('LabelLog("../../astrodata/labels/ecg")');
    expect(below).toContain('adk.open("../../data/ecg.npz")');
  });

  test('takes an array for what its rows are', () => {
    const of = (kind: string, format: string): string =>
      labelSource({ path, source: { ...source, kind, format } }, '')
        .split('\n')
        .at(-1)!;
    expect(of('cube', 'FITS')).toBe('adk.Labeller(adk.open("data/ecg.npz"), log)');
    expect(of('image', 'NumPy')).toContain('adk.open("data/ecg.npz", kind="waveforms")');
    expect(of('table', 'CSV')).toContain('adk.open("data/ecg.npz").table.read().to_pandas()');
  });

  test('opens a file outside of the root by its name in the catalogue', () => {
    expect(labelSource({ path, source: { ...source, path: null } }, '')).toContain(
      'adk.open(adk.Catalog()["ecg"])'
    );
  });

  test('shows the table of labels where it is not known what was labelled', () => {
    const table =
      'import astrodata_kernel as adk\nadk.labels.LabelLog("astrodata/labels/ecg").table()';
    expect(labelSource({ path, source: null }, '')).toBe(table);
    expect(labelSource({ path, source: { ...source, kind: 'image', format: 'FITS' } }, '')).toBe(
      table
    );
    expect(labelSource({ path, source: { ...source, kind: HOSTILE[7] } }, '')).toBe(table);
  });

  test('holds any name of a folder or a file as data, never as code', () => {
    const sources = HOSTILE.map(name =>
      labelSource({ path: `labels/${name}`, source: { ...source, path: name } }, '')
    );
    expect(placesByPython(sources)).toEqual(HOSTILE.map(name => [`labels/${name}`, name]));
  });
});

describe('the kernel of a new notebook', () => {
  const spec = (name: string, language: string): never => ({ name, language }) as never;
  const specs = (fallback: string): never =>
    ({
      default: fallback,
      kernelspecs: { ir: spec('ir', 'R'), gpu: spec('gpu', 'python'), py: spec('py', 'Python') }
    }) as never;

  test('is the default one if it speaks Python', () => {
    expect(pythonKernel(specs('py'))).toBe('py');
  });

  test('is the first that speaks Python otherwise', () => {
    expect(pythonKernel(specs('ir'))).toBe('gpu');
    expect(pythonKernel(specs('gone'))).toBe('gpu');
  });

  test('is left to JupyterLab when there is none', () => {
    expect(pythonKernel(null)).toBeUndefined();
  });
});
