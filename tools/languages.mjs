// The texts of the panel in other languages.
//
//   node tools/languages.mjs update   brings each .po file in step with the texts of the code
//   node tools/languages.mjs build    writes beside each .po file the .json that JupyterLab's server gives
//
// A language is a folder astrodata_lab/locale/<language>/LC_MESSAGES. docs/languages.md tells more.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const LOCALE = join(ROOT, 'astrodata_lab', 'locale');
export const DOMAIN = 'astrodata_lab';

/** Asks for the texts of schemas, which are found in these. */
const ASKS_FOR_SCHEMAS = join('src', 'lab', 'panel', 'settings.ts');

/** What is written the same in every language: names, and what a person would type. */
const SAME = ['AstroData', '(SHA-256)', 'SHA-256'];
const CODE = /^(import |pip install |%|tcp:)/;

/** Between a context and its text, in the keys of JupyterLab's catalogues. */
const CONTEXT = '\u0004';

/** The calls of a TranslationBundle: which arguments are context, text, and text for many. */
const CALLS = {
  __: [null, 0, null],
  gettext: [null, 0, null],
  _n: [null, 0, 1],
  ngettext: [null, 0, 1],
  _p: [0, 1, null],
  pgettext: [0, 1, null],
  _np: [0, 1, 2],
  npgettext: [0, 1, 2]
};

/** What tells two texts apart. */
export const keyOf = ({ context, text }) => (context === null ? text : context + CONTEXT + text);

const filesIn = (folder, ending) =>
  readdirSync(folder, { recursive: true })
    .filter(name => ending.test(name))
    .map(name => join(folder, name))
    .sort();

// --- what the code says ------------------------------------------------------------------------------

/**
 * Gives the texts of one file of TypeScript, and what keeps a text from being translated.
 *
 * @param ts - The module `typescript`.
 */
export function textsOfCode(ts, name, source) {
  const tree = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const texts = [];
  const faults = [];
  const fault = (node, what) =>
    faults.push(`${name}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`);
  const visit = node => {
    const places = ts.isCallExpression(node) && calledOf(ts, node);
    if (places) {
      const parts = places.map(at => (at === null ? null : literalOf(ts, node.arguments[at])));
      if (parts.some((part, i) => places[i] !== null && part === null)) {
        if (name !== ASKS_FOR_SCHEMAS)
          fault(node, 'a text that is put together as the program runs cannot be translated');
      } else {
        const [context, text, plural] = parts;
        texts.push({ context, text, plural, file: name });
      }
    }
    const bare = bareText(ts, node);
    if (bare) {
      fault(node, `"${bare}" does not go through trans.__()`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { texts, faults };
}

function calledOf(ts, { expression, arguments: given }) {
  if (!ts.isPropertyAccessExpression(expression) || given.length === 0) {
    return null;
  }
  const { text } = expression.name;
  return Object.hasOwn(CALLS, text) ? CALLS[text] : null;
}

/** Gives the value of a literal, or of literals with + between them; null for all else. */
function literalOf(ts, node) {
  if (!node) {
    return null;
  }
  if (ts.isStringLiteralLike(node)) {
    return node.text;
  }
  if (ts.isParenthesizedExpression(node)) {
    return literalOf(ts, node.expression);
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [literalOf(ts, node.left), literalOf(ts, node.right)];
    return left === null || right === null ? null : left + right;
  }
  return null;
}

/** Attributes and properties of elements that people read or hear. */
const READ = [
  'title',
  'placeholder',
  'alt',
  'ariaLabel',
  'aria-label',
  'aria-description',
  'aria-roledescription',
  'textContent',
  'innerText'
];
const WORD = /\p{L}{2}/u;

/** Gives what a person would read untranslated, where the code writes a text by itself. */
function bareText(ts, node) {
  const wordy = value => {
    const text = value?.trim() ?? '';
    return WORD.test(text) && !SAME.includes(text) && !CODE.test(text) ? text : null;
  };
  if (ts.isJsxText(node)) {
    return wordy(node.text);
  }
  if (ts.isJsxAttribute(node) && READ.includes(node.name.getText()) && node.initializer) {
    const { initializer } = node;
    return wordy(
      literalOf(ts, ts.isJsxExpression(initializer) ? initializer.expression : initializer)
    );
  }
  if (ts.isJsxExpression(node) && node.expression && !ts.isJsxAttribute(node.parent)) {
    return wordy(literalOf(ts, node.expression));
  }
  if (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
    ts.isPropertyAccessExpression(node.left) &&
    READ.includes(node.left.name.text)
  ) {
    return wordy(literalOf(ts, node.right));
  }
  if (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    node.expression.name.text === 'setAttribute' &&
    READ.includes(literalOf(ts, node.arguments[0]))
  ) {
    return wordy(literalOf(ts, node.arguments[1]));
  }
  return null;
}

/** Gives the texts of a schema of settings, in the contexts that JupyterLab's server uses for them. */
export function textsOfSchema(name, schema) {
  const texts = [];
  const take = (context, { title, description }) => {
    for (const text of [title, description]) {
      if (text) {
        texts.push({ context, text, plural: null, file: name });
      }
    }
  };
  take('schema', schema);
  Object.values(schema.properties ?? {}).forEach(property => take('settings', property));
  return texts;
}

/** Gives all texts of `src/lab` and `schema`, each once, and all faults. */
export async function textsOfPanel() {
  const { default: ts } = await import('typescript');
  const texts = new Map();
  const faults = [];
  const add = found => {
    for (const text of found) {
      const known = texts.get(keyOf(text));
      if (!known) {
        texts.set(keyOf(text), { ...text, files: [text.file] });
      } else if (known.plural !== text.plural) {
        // JupyterLab's catalogues keep one of them only, and neither would be found.
        faults.push(
          `"${text.text}" is there with and without a plural, in ${known.files} and ${text.file}`
        );
      } else if (!known.files.includes(text.file)) {
        known.files.push(text.file);
      }
    }
  };
  for (const file of filesIn(join(ROOT, 'src', 'lab'), /\.tsx?$/)) {
    const found = textsOfCode(ts, relative(ROOT, file), readFileSync(file, 'utf8'));
    faults.push(...found.faults);
    add(found.texts);
  }
  for (const file of filesIn(join(ROOT, 'schema'), /\.json$/)) {
    add(textsOfSchema(relative(ROOT, file), JSON.parse(readFileSync(file, 'utf8'))));
  }
  return { texts: [...texts.values()], faults };
}

// --- .po files -----------------------------------------------------------------------------------------

/** Gives the head of a .po file, as lines `Name: value`, and its entries. */
export function readPo(content) {
  const entries = [];
  let entry = null;
  let part = null;
  for (const [number, line] of content.split('\n').entries()) {
    const found = /^(msgctxt|msgid|msgid_plural|msgstr(?:\[(\d)\])?)\s+(".*")\s*$/.exec(line);
    if (found) {
      const [, word, index, quoted] = found;
      if (word === 'msgctxt' || (word === 'msgid' && part !== 'context')) {
        entries.push((entry = { context: null, text: '', plural: null, translations: [] }));
      }
      const value = JSON.parse(quoted);
      if (word.startsWith('msgstr')) {
        part = Number(index ?? 0);
        entry.translations[part] = value;
      } else {
        part = { msgctxt: 'context', msgid: 'text', msgid_plural: 'plural' }[word];
        entry[part] = value;
      }
    } else if (/^".*"\s*$/.test(line) && entry) {
      const more = JSON.parse(line);
      if (typeof part === 'number') {
        entry.translations[part] += more;
      } else {
        entry[part] += more;
      }
    } else if (line.trim() !== '' && !line.startsWith('#')) {
      throw new Error(`line ${number + 1} of a .po file cannot be read: ${line}`);
    }
  }
  const [head, ...others] = entries;
  if (!head || head.text !== '') {
    throw new Error('a .po file begins with its head: an empty msgid');
  }
  return { head: head.translations[0].trimEnd().split('\n'), entries: others };
}

/** Gives how many forms a language has for numbers of things. */
export function formsOf(head) {
  return Number(/nplurals=(\d)/.exec(head.join('\n'))[1]);
}

/** Gives the content of a .po file. */
export function writePo({ head, entries }) {
  const said = (word, value) => `${word} ${JSON.stringify(value)}`;
  const forms = Array.from({ length: formsOf(head) }, (_, form) => form);
  const blocks = entries.map(({ context, text, plural, translations, files }) =>
    [
      ...files.map(file => `#: ${file}`),
      ...(context === null ? [] : [said('msgctxt', context)]),
      said('msgid', text),
      ...(plural === null
        ? [said('msgstr', translations[0] ?? '')]
        : [
            said('msgid_plural', plural),
            ...forms.map(form => said(`msgstr[${form}]`, translations[form] ?? ''))
          ])
    ].join('\n')
  );
  const lines = ['msgid ""', 'msgstr ""', ...head.map(line => JSON.stringify(`${line}\n`))];
  return [lines.join('\n'), ...blocks].join('\n\n') + '\n';
}

/** Gives what JupyterLab's server gives to a page: texts by their keys, each with its forms. */
export function catalogueOf({ head, entries }, version) {
  const facts = new Map(head.map(line => line.split(/:\s*/, 2)));
  const catalogue = {
    '': {
      domain: DOMAIN,
      // As the page writes it: another spelling would not be found.
      language: facts.get('Language').replace('_', '-'),
      plural_forms: facts.get('Plural-Forms'),
      version
    }
  };
  for (const entry of entries) {
    // A text without a translation is left out, and shown in English.
    if (entry.translations.every(Boolean)) {
      catalogue[keyOf(entry)] = entry.translations;
    }
  }
  return catalogue;
}

/** Gives the .po files by their languages. */
export function catalogues() {
  return readdirSync(LOCALE)
    .map(language => [language, join(LOCALE, language, 'LC_MESSAGES', `${DOMAIN}.po`)])
    .filter(([, file]) => existsSync(file));
}

async function update() {
  const { texts, faults } = await textsOfPanel();
  faults.forEach(fault => process.stderr.write(`${fault}\n`));
  for (const [language, file] of catalogues()) {
    const { head, entries } = readPo(readFileSync(file, 'utf8'));
    const known = new Map(entries.map(entry => [keyOf(entry), entry.translations]));
    const now = texts.map(text => ({ ...text, translations: known.get(keyOf(text)) ?? [] }));
    writeFileSync(file, writePo({ head, entries: now }));
    const missing = now.filter(({ translations }) => !translations.some(Boolean));
    process.stdout.write(`${language}: ${now.length} texts, ${missing.length} to be translated\n`);
  }
}

function build() {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  for (const [, file] of catalogues()) {
    const catalogue = catalogueOf(readPo(readFileSync(file, 'utf8')), version);
    writeFileSync(file.replace(/\.po$/, '.json'), JSON.stringify(catalogue));
  }
}

const [, script, command] = process.argv;
if (script && fileURLToPath(import.meta.url) === script) {
  const commands = { update, build };
  if (!Object.hasOwn(commands, command)) {
    throw new Error('node tools/languages.mjs update, or build');
  }
  await commands[command]();
}
