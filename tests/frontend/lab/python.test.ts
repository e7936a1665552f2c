// @vitest-environment jsdom
import './browser';

import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

import { cellSource, pythonKernel } from '../../../src/lab/python';

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
