/**
 * The Python that the panel writes about runs, pipelines and models: a cell each, for a notebook whose
 * kernel runs in `folder`.
 *
 * Which workspace a kernel takes by itself depends on where it runs: these name that of the panel. A JSON
 * text is a Python literal too, whatever a name holds.
 */
import { PathExt } from '@jupyterlab/coreutils';

import { IModel, IModelVersion, IPipeline, IRun, IRunDetails } from './answers';

const IMPORT = 'import astrodata_kernel as adk';
const STORE = 'astrodata/mlflow.db';

/** The alias of the version that one takes. */
const CHAMPION = 'champion';

/** Makes the source of a cell. */
export type CellOf = (folder: string) => string;

/** Runs a pipeline with those parameters that are not as they are by default. */
export function runPipeline(
  pipeline: Pick<IPipeline, 'path' | 'parameters'>,
  typed: Readonly<Record<string, string>>
): CellOf {
  const chosen = pipeline.parameters
    .filter(({ name, text }) => (typed[name] ?? text) !== text)
    .map(({ name, is_text }) => [name, is_text ? quoted(typed[name]) : valueOf(typed[name])]);
  return folder =>
    `${IMPORT}\nadk.pipeline.Pipeline.from_yaml(${quoted(from(folder, pipeline.path))})` +
    `.run(${options(folder, chosen)})`;
}

/** Does a run again with its parameters; null for one that cannot be written as a cell. */
export function runAgain(run: Pick<IRunDetails, 'again' | 'parameters'>): CellOf | null {
  const { again, parameters } = run;
  if (again === null || parameters === null) {
    return null;
  }
  const chosen = parameters.map(({ name, python }) => [name, python]);
  return folder => {
    const path = quoted(from(folder, again.path));
    const source = again.source === null ? null : from(folder, again.source);
    // Text has its relative paths start from the notebook's folder, as the pipeline that was made there had;
    // one that was read from a file had them start from there.
    const base = source === null ? '' : `, base=${quoted(PathExt.dirname(source) || '.')}`;
    const [lines, yaml] = again.copy
      ? [['from pathlib import Path', IMPORT], `Path(${path}).read_text("utf-8")${base}`]
      : [[IMPORT], path];
    const call = `adk.pipeline.Pipeline.from_yaml(${yaml}).run(${options(folder, chosen)})`;
    return [...(source === null ? [] : [changedSince(source, again.copy)]), ...lines, call].join(
      '\n'
    );
  };
}

/** Says in the cell that a file is not what was run; quoted, so that no name of a file leaves the comment. */
function changedSince(source: string, copy: boolean): string {
  const change = `# ${quoted(source)} is not as it was when this was run:`;
  return copy
    ? `${change} this is the run's own copy of it.`
    : `${change} this runs it as it is now.`;
}

/** Opens a run: its steps, what they gave and its notes. */
export function openRun(run: Pick<IRun, 'id'>): CellOf {
  return folder =>
    `${IMPORT}\nrun = adk.pipeline.Run.of(${quoted(run.id)}, ${quoted(root(folder))})\nrun`;
}

/** Draws what a run used and made. */
export function runLineage(run: Pick<IRun, 'id'>): CellOf {
  return folder =>
    `${IMPORT}\nadk.pipeline.Run.of(${quoted(run.id)}, ${quoted(root(folder))}).lineage()`;
}

/** Shows runs beside each other; all of them have a run in MLflow. */
export function compareRuns(runs: readonly Pick<IRun, 'mlflow'>[]): CellOf {
  const known = runs.flatMap(({ mlflow }) => (mlflow === null ? [] : [mlflow]));
  const names = known.map(({ run }) => quoted(run)).join(', ');
  return folder => {
    const store = tracker(folder, known[0]?.file ?? null);
    return `${IMPORT}\nadk.tracking.compare([${names}]${store ? `, tracker=${store}` : ''})`;
  };
}

/** Says how to start MLflow's own pages for a store in a file. */
export function openStore(file: string): CellOf {
  return folder =>
    [
      '# Starts a web server, which runs until you interrupt it; it needs the whole of MLflow (pip install mlflow).',
      '# The cell is yours to run: on a shared machine anybody who is on it can read from such a server.',
      `!mlflow ui --backend-store-uri ${shellQuoted(`sqlite:///${from(folder, file)}`)}`
    ].join('\n');
}

/** Draws what a model came from. */
export function modelLineage(hash: string): CellOf {
  return folder => `${IMPORT}\nadk.lineage.Store(${quoted(root(folder))}).back(${quoted(hash)})`;
}

/** Loads the champion of a model, or else its newest version; null for one without versions. */
export function openModel({ name, versions }: Pick<IModel, 'name' | 'versions'>): CellOf | null {
  const one = versions.find(({ aliases }) => aliases.includes(CHAMPION)) ?? versions.at(0);
  return one === undefined ? null : loadModel(name, one);
}

/** Loads a version of a model, by an alias that it has. */
export function loadModel(
  name: string,
  { aliases, version }: Pick<IModelVersion, 'aliases' | 'version'>
): CellOf {
  const which = aliases.includes(CHAMPION) ? CHAMPION : (aliases.at(0) ?? version);
  return folder =>
    `${IMPORT}\nmodel = adk.tracking.Registry(${tracker(folder, STORE)})` +
    `.load(${quoted(name)}, ${typeof which === 'number' ? which : quoted(which)})\nmodel`;
}

/** What somebody typed as Python: numbers, lists and words for nothing and for truth, and else a text. */
export function valueOf(typed: string): string {
  const text = typed.trim();
  if (/^-?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][+-]?[0-9]+)?$/.test(text)) {
    return text;
  }
  if (/^(true|True|false|False|null|None)$/.test(text)) {
    return { true: 'True', false: 'False', null: 'None' }[text] ?? text;
  }
  if (/^[[{]/.test(text)) {
    try {
      // As Python writes them first, as JSON does second.
      return literal(JSON.parse(text.includes('"') ? text : text.replaceAll("'", '"')));
    } catch {
      // no list: a text, which the pipeline may refuse in its own words
    }
  }
  return quoted(typed);
}

function literal(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(literal).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([key, one]) => `${quoted(key)}: ${literal(one)}`);
    return `{${pairs.join(', ')}}`;
  }
  return typeof value === 'string' ? quoted(value) : valueOf(JSON.stringify(value));
}

/** The workspace, and parameters by name; names that are none of Python's go into a mapping. */
function options(folder: string, chosen: readonly string[][]): string {
  const plain = chosen.filter(([name]) => isName(name)).map(([name, value]) => `${name}=${value}`);
  const others = chosen
    .filter(([name]) => !isName(name))
    .map(([name, value]) => `${quoted(name)}: ${value}`);
  const mapped = others.length > 0 ? [`**{${others.join(', ')}}`] : [];
  return [`workspace=${quoted(root(folder))}`, ...plain, ...mapped].join(', ');
}

const KEYWORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for ' +
    'from global if import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' ')
);

function isName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.has(name);
}

/** The tracker of a store in a file, where the kernel might take another one. */
function tracker(folder: string, file: string | null): string {
  if (file === null || (file === STORE && folder === '')) {
    return '';
  }
  return `adk.tracking.Tracker(${quoted(`sqlite:///${from(folder, file)}`)})`;
}

function from(folder: string, path: string): string {
  return path.startsWith('/') ? path : PathExt.relative(folder, path);
}

function root(folder: string): string {
  return folder === '' ? '.' : PathExt.relative(folder, '');
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** One word for the shell; IPython would put its own variables where it sees braces or a dollar. */
function shellQuoted(text: string): string {
  const line = text.replace(/[\r\n]/g, ' ');
  const word = line.replaceAll('{', '{{').replaceAll('}', '}}').replaceAll('$', '$$$$');
  return /^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
