import { readFileSync } from 'node:fs';
import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { shapeText, sizeText } from '../../../src/lab/format';
import { VERSION } from '../../../src/core/version';

const trans = nullTranslator.load('astrodata_lab');

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [1045440, '1.05 MB'],
  [1.6e9, '1.60 GB'],
  [2.5e15, '2.50 PB']
])('%d bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test.each([
  ['image', [720, 721], '721 × 720'],
  ['cube', [53, 105, 110], '110 × 105 × 53'],
  ['spectrum', [4646], '4646'],
  ['waveforms', [293, 406], '293 traces × 406'],
  ['table', [4876, 11], '4876 × 11'],
  ['image', [], '']
])('the shape of a %s, %j, is told as %s', (kind, shape, text) => {
  expect(shapeText({ kind, shape }, trans)).toBe(text);
});

test('this front end has the version of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(VERSION).toBe(version);
});
