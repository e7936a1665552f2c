import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

import {
  compareRuns,
  loadModel,
  modelLineage,
  openModel,
  openRun,
  openStore,
  runAgain,
  runLineage,
  runPipeline,
  valueOf
} from '../../../src/lab/runCells';

const HOSTILE = [
  'plain',
  "it's",
  'say "hi"',
  'back\\slash\\',
  'line\nbreak\r\u2028',
  '"); import os; os.system("true") #',
  "'''",
  '{braces} %s $HOME `true` $(true)'
];

/** The keyword arguments, and the literals, of the last call of each source, as Python reads them. */
function readByPython(sources: string[]): { literals: unknown[]; keywords: object }[] {
  const program = `
import ast, json, sys
out = []
for source in json.load(sys.stdin):
    tree = ast.parse(source)
    call = tree.body[-1].value
    literals = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    keywords = {}
    for one in call.keywords:
        value = ast.literal_eval(one.value)
        keywords.update({one.arg: value} if one.arg else value)
    out.append({"literals": literals, "keywords": {k: repr(v) for k, v in keywords.items()}})
print(json.dumps(out))`;
  const input = JSON.stringify(sources);
  return JSON.parse(execFileSync('python3', ['-c', program], { input, encoding: 'utf8' }));
}

const parameter = (name: string, text: string, is_text = false): never =>
  ({ name, text, is_text }) as never;

describe('the cell that runs a pipeline', () => {
  const pipeline = {
    path: 'work/cardio.yaml',
    parameters: [
      parameter('seed', '0'),
      parameter('source', 'a.csv', true),
      parameter('my-rate', '1.0')
    ]
  };

  test('names the file and the workspace from the folder of the notebook', () => {
    expect(runPipeline(pipeline, {})('')).toBe(
      'import astrodata_kernel as adk\n' +
        'adk.pipeline.Pipeline.from_yaml("work/cardio.yaml").run(workspace=".")'
    );
    expect(runPipeline(pipeline, {})('work/today')).toContain(
      'from_yaml("../cardio.yaml").run(workspace="../..")'
    );
  });

  test('has the parameters that were changed, those alone, and of their types', () => {
    const typed = { seed: '3', source: '7', 'my-rate': '1.0' };
    expect(runPipeline(pipeline, typed)('')).toContain('run(workspace=".", seed=3, source="7")');
    expect(runPipeline(pipeline, { 'my-rate': '2.50' })('')).toContain('**{"my-rate": 2.50}');
  });

  test('holds whatever is typed as data, never as code', () => {
    const sources = HOSTILE.map(text => runPipeline(pipeline, { seed: text, source: text })(''));
    const read = readByPython(sources);
    expect(read.map(({ keywords }) => Object.keys(keywords))).toEqual(
      HOSTILE.map(() => ['workspace', 'seed', 'source'])
    );
    expect(
      read.map(({ literals }) => literals.filter(one => HOSTILE.includes(String(one))))
    ).toEqual(HOSTILE.map(text => [text, text]));
  });
});

test.each([
  ['3', '3'],
  [' -2.5e3 ', '-2.5e3'],
  ['1.0', '1.0'],
  ['true', 'True'],
  ['None', 'None'],
  ['[1, "a", null]', '[1, "a", None]'],
  ["['a', 'b']", '["a", "b"]'],
  ['{"a": [true]}', '{"a": [True]}'],
  ['007', '"007"'],
  ['1e', '"1e"'],
  ['[1, os.system("x")]', '"[1, os.system(\\"x\\")]"'],
  ['', '""']
])('typed %s is %s in Python', (typed, python) => {
  expect(valueOf(typed)).toBe(python);
});

describe('the cell that does a run again', () => {
  const parameters = [
    { name: 'seed', text: '3', python: '3' },
    { name: 'class', text: 'a', python: "'a'" }
  ];

  test('has the same parameters', () => {
    const again = { path: 'cardio.yaml', copy: false, source: null };
    expect(runAgain({ again, parameters })!('')).toBe(
      'import astrodata_kernel as adk\n' +
        'adk.pipeline.Pipeline.from_yaml("cardio.yaml").run(workspace=".", seed=3, **{"class": \'a\'})'
    );
  });

  test('reads the copy that the run kept as text, so that paths start from the notebook', () => {
    const again = { path: 'astrodata/runs/x/pipeline.yaml', copy: true, source: null };
    expect(runAgain({ again, parameters: [] })!('work')).toBe(
      'from pathlib import Path\nimport astrodata_kernel as adk\n' +
        'adk.pipeline.Pipeline.from_yaml(Path("../astrodata/runs/x/pipeline.yaml").read_text("utf-8"))' +
        '.run(workspace="..")'
    );
  });

  test('keeps a file outside of the root where it is', () => {
    const again = { path: '/data/cardio.yaml', copy: false, source: null };
    expect(runAgain({ again, parameters: [] })!('work')).toContain('"/data/cardio.yaml"');
  });

  test('takes the copy where the file has changed since, and says so in words that no name can leave', () => {
    const copy = { path: 'astrodata/runs/x/pipeline.yaml', copy: true };
    const again = { ...copy, source: 'work/cardio.yaml' };
    expect(runAgain({ again, parameters: [] })!('')).toBe(
      '# "work/cardio.yaml" is not as it was when this was run: this is the run\'s own copy of it.\n' +
        'from pathlib import Path\nimport astrodata_kernel as adk\n' +
        'adk.pipeline.Pipeline.from_yaml(Path("astrodata/runs/x/pipeline.yaml").read_text("utf-8"), ' +
        'base="work").run(workspace=".")'
    );
    expect(runAgain({ again, parameters: [] })!('work')).toContain('base=".").run(workspace="..")');
    const hostile = { path: 'a.yaml', copy: false, source: 'a\nimport os.yaml' };
    expect(runAgain({ again: hostile, parameters: [] })!('').split('\n')).toEqual([
      '# "a\\nimport os.yaml" is not as it was when this was run: this runs it as it is now.',
      'import astrodata_kernel as adk',
      'adk.pipeline.Pipeline.from_yaml("a.yaml").run(workspace=".")'
    ]);
  });

  test('is none where the run cannot be written down', () => {
    expect(runAgain({ again: null, parameters })).toBeNull();
    const again = { path: 'a.yaml', copy: false, source: null };
    expect(runAgain({ again, parameters: null })).toBeNull();
  });
});

test('lineage and models are asked of the workspace of the panel', () => {
  expect(runLineage({ id: 'r' })('work')).toContain('adk.pipeline.Run.of("r", "..").lineage()');
  expect(modelLineage('sha256:00')('')).toContain('adk.lineage.Store(".").back("sha256:00")');
  expect(openRun({ id: 'r' })('work')).toBe(
    'import astrodata_kernel as adk\nrun = adk.pipeline.Run.of("r", "..")\nrun'
  );
  const named = { aliases: ['best', 'champion'], version: 3 };
  expect(loadModel('line', named)('')).toContain('Registry().load("line", "champion")');
  expect(loadModel('line', { aliases: [], version: 2 })('work')).toContain(
    'Registry(adk.tracking.Tracker("sqlite:///../astrodata/mlflow.db")).load("line", 2)'
  );
});

test('a model is opened by its champion, or else by its newest version', () => {
  const version = (number: number, ...aliases: string[]): never =>
    ({ version: number, aliases }) as never;
  const sourceOf = (...versions: never[]): string | undefined =>
    openModel({ name: 'line', versions })?.('');
  expect(sourceOf(version(3), version(2, 'champion'))).toContain('.load("line", "champion")');
  expect(sourceOf(version(3, 'best'), version(2))).toContain('.load("line", "best")');
  expect(sourceOf(version(3), version(2, 'best'))).toContain('.load("line", 3)');
  expect(sourceOf()).toBeUndefined();
});

test('runs are compared by their runs in MLflow, in the store that has them', () => {
  const kept = (name: string, file: string | null): never =>
    ({ mlflow: { run: name, file, address: null } }) as never;
  const own = [kept('a', 'astrodata/mlflow.db'), kept('b', 'astrodata/mlflow.db')];
  expect(compareRuns(own)('')).toBe(
    'import astrodata_kernel as adk\nadk.tracking.compare(["a", "b"])'
  );
  expect(compareRuns(own)('work')).toContain(
    'compare(["a", "b"], tracker=adk.tracking.Tracker("sqlite:///../astrodata/mlflow.db"))'
  );
  expect(compareRuns([kept('a', null), kept('b', null)])('work')).toContain('compare(["a", "b"])');
});

describe('the command that starts the pages of MLflow', () => {
  test('is a line for the shell', () => {
    expect(openStore('astrodata/mlflow.db')('work').split('\n').at(-1)).toBe(
      '!mlflow ui --backend-store-uri sqlite:///../astrodata/mlflow.db'
    );
  });

  test('gives the shell any name as one word', () => {
    for (const name of HOSTILE.filter(one => !/[\r\n]/.test(one))) {
      const line = openStore(name)('').split('\n').at(-1)!;
      // What IPython itself makes of it: doubled signs stand for one.
      const word = line
        .split('--backend-store-uri ')[1]
        .replaceAll('{{', '{')
        .replaceAll('}}', '}')
        .replaceAll('$$', '$');
      const said = execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' });
      expect(said).toBe(`sqlite:///${name}`);
    }
  });

  test('stays on its line', () => {
    expect(openStore('a\nimport os')('').split('\n')).toHaveLength(3);
  });
});
