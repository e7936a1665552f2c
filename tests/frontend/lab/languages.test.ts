// @vitest-environment jsdom
import './browser';

import { readFileSync } from 'node:fs';
import { TranslationManager } from '@jupyterlab/translation';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';

import {
  catalogueOf,
  catalogues,
  formsOf,
  keyOf,
  readPo,
  textsOfCode,
  textsOfPanel,
  writePo
} from '../../../tools/languages.mjs';
import { loadSettings } from '../../../src/lab/panel/settings';

type Panel = Awaited<ReturnType<typeof textsOfPanel>>;

let panel: Panel;

beforeAll(async () => {
  panel = await textsOfPanel();
});

/** What stands for a value in a text, sorted. */
const places = (text: string): string[] => [...new Set(text.match(/%\d/g))].sort();

test('all that the panel says can be translated', () => {
  expect(panel.faults).toEqual([]);
  expect(panel.texts.length).toBeGreaterThan(250);
});

describe.each(catalogues())('the catalogue of %s', (language, file) => {
  const content = readFileSync(file, 'utf8');
  const po = readPo(content);

  test('has each text of the code, and no others', () => {
    const wanted = panel.texts.map(keyOf);
    const known = po.entries.map(keyOf);
    expect(wanted.filter(key => !known.includes(key))).toEqual([]);
    expect(known.filter(key => !wanted.includes(key))).toEqual([]);
    expect(new Set(known).size).toBe(known.length);
  });

  test('translates each text in all its forms, and leaves no value out', () => {
    const wrong = po.entries.filter(({ text, plural, translations }) => {
      const forms = plural === null ? [text] : Array<string>(formsOf(po.head)).fill(plural);
      return (
        translations.length !== forms.length ||
        translations.some((said, i) => {
          const wanted = [forms[i], i === 0 ? text : forms[i]].map(one => `${places(one)}`);
          return !said.trim() || !wanted.includes(`${places(said)}`);
        })
      );
    });
    expect(wrong.map(keyOf)).toEqual([]);
  });

  test('is written as the tool writes it', () => {
    const files = new Map(panel.texts.map(text => [keyOf(text), text.files]));
    const entries = po.entries.map(entry => ({ ...entry, files: files.get(keyOf(entry)) ?? [] }));
    expect(writePo({ ...po, entries })).toBe(content);
  });

  test('is found by JupyterLab, whatever the context and the number', async () => {
    const data = { astrodata_lab: catalogueOf(po, '1.0') };
    const manager = new TranslationManager('', '', undefined, {
      fetch: async () => ({ data, message: '' })
    } as never);
    await manager.fetch(language);
    const trans = manager.load('astrodata_lab');
    // Each value stands for itself, but for the number of things, which chooses the form.
    const [first, ...others] = Array.from({ length: 9 }, (_, i) => `%${i + 1}`);
    for (const { context, text, plural, translations } of po.entries) {
      if (plural !== null) {
        const said = (number: number): string => trans._n(text, plural, number, ...others);
        const [one, ...more] = translations;
        expect(said(1)).toBe(one.replace(first, '1'));
        expect(more.map(form => form.replace(first, '2'))).toContain(said(2));
      } else {
        const found =
          context === null
            ? trans.__(text, first, ...others)
            : trans._p(context, text, first, ...others);
        expect(found).toBe(translations[0]);
      }
    }
  });
});

test('the settings are shown in the language of the page, and their values stay', async () => {
  const trans = { _p: (context: string, text: string) => `${context}: ${text}` };
  let fetch: (plugin: object) => object = plugin => plugin;
  const registry = {
    transform: (_: string, given: { fetch: typeof fetch }) => (fetch = given.fetch),
    load: async () => ({})
  };
  await loadSettings(registry as never, trans as never);
  // A registry takes one transform for a plugin, and says so by an error.
  registry.transform = () => {
    throw new Error('has one already');
  };
  await loadSettings(registry as never, trans as never);
  const schema = {
    title: 'T',
    type: 'object',
    'jupyter.lab.menus': { context: [] },
    properties: { size: { title: 'S', description: 'D', default: 4 }, bare: { type: 'string' } }
  };
  expect(fetch({ id: 'panel', schema, raw: '{}' })).toEqual({
    id: 'panel',
    raw: '{}',
    schema: {
      ...schema,
      title: 'schema: T',
      properties: {
        size: { title: 'settings: S', description: 'settings: D', default: 4 },
        bare: { type: 'string' }
      }
    }
  });
});

describe('the search for texts', () => {
  const search = (source: string): { texts: string[]; faults: string[] } => {
    const { texts, faults } = textsOfCode(ts, 'a.tsx', source);
    return { texts: texts.map(keyOf), faults };
  };

  test('finds those over several lines, put together, with a number, and in a context', () => {
    const source = `
      this._trans.__(
        'one ' +
          'two', 3);
      props.trans._n('%1 row', '%1 rows', n);
      trans?._p('menu', 'three');
      other.call('not this');`;
    expect(search(source)).toEqual({
      texts: ['one two', '%1 row', 'menu\u0004three'],
      faults: []
    });
  });

  test.each([
    ['trans.__(`${name} is here`)', 'put together'],
    ['trans.__(name)', 'put together'],
    ['<p>Hello there</p>', 'Hello there'],
    ['<p>{"Hello"}</p>', 'Hello'],
    ['<a title="Hello" />', 'Hello'],
    ['<a aria-label={"Hello"} />', 'Hello'],
    ['node.textContent = "Hello"', 'Hello'],
    ['node.setAttribute("aria-label", "Hello")', 'Hello']
  ])('tells of what nobody could translate: %s', (source, told) => {
    expect(search(source).faults.join()).toContain(told);
  });

  test('lets pass what is the same in every language', () => {
    const source = '<a title="AstroData" className="Hello">{3} · <b>{trans.__("Hello")}</b></a>';
    expect(search(source)).toEqual({ texts: ['Hello'], faults: [] });
  });
});
