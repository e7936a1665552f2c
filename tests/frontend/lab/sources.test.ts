// @vitest-environment jsdom
import './browser';

import { describe, expect, test } from 'vitest';

import {
  MAX_FILES,
  sourceOfFile,
  sourceOfFolder,
  sourcesOfChosen,
  TooManyFiles
} from '../../../src/lab/sources';
import { folder } from './fakeEntries';

const textOf = async (blob: Blob): Promise<string> =>
  Buffer.from(await blob.arrayBuffer()).toString();
const none = new AbortController().signal;

test('a file is a run of its own bytes', async () => {
  const source = sourceOfFile(new File(['abc'], 'm13.fits', { lastModified: 5 }));
  expect(source).toMatchObject({ name: 'm13.fits', folder: false, files: [['', 3]], modified: 5 });
  expect(await textOf(source.bytes)).toBe('abc');
});

describe('a folder', () => {
  test('is one run of the bytes of its files, in the order of their paths', async () => {
    const entry = folder('scene.SAFE', {
      'z.xml': 'z',
      GRANULE: { b: { 'x.jp2': 'xx' }, a: { 'y.jp2': 'y' } },
      empty: {}
    });
    const source = await sourceOfFolder(entry, none);
    expect(source).toMatchObject({ name: 'scene.SAFE', folder: true, modified: 3, leftOut: 0 });
    expect(source.files).toEqual([
      ['GRANULE/a/y.jp2', 1],
      ['GRANULE/b/x.jp2', 2],
      ['z.xml', 1]
    ]);
    expect(await textOf(source.bytes)).toBe('yxxz');
  });

  test('of a thousand files is read to its end', async () => {
    const files = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`${n}`, 'x']));
    expect((await sourceOfFolder(folder('many', files), none)).files).toHaveLength(1000);
  });

  test('keeps the hidden files of Zarr, and counts others that it leaves out', async () => {
    const entry = folder('a.zarr', {
      '.zarray': '{}',
      '.DS_Store': 'x',
      '.git': { config: 'x' },
      'Thumbs.db': 'x',
      '0.0': 'data'
    });
    const source = await sourceOfFolder(entry, none);
    expect(source.files.map(([path]) => path)).toEqual(['.zarray', '0.0']);
    expect(source.leftOut).toBe(3);
  });

  test('that is too large or too deep is refused', async () => {
    const many = Object.fromEntries(Array.from({ length: MAX_FILES + 1 }, (_, n) => [`${n}`, '']));
    await expect(sourceOfFolder(folder('many', many), none)).rejects.toThrow(TooManyFiles);
    let deep: Record<string, unknown> = { x: 'x' };
    for (let depth = 0; depth < 40; depth++) {
      deep = { d: deep };
    }
    await expect(sourceOfFolder(folder('deep', deep as never), none)).rejects.toThrow(TooManyFiles);
  });

  test('is no longer read when the person gives up', async () => {
    const entry = folder('scene', { a: 'a' });
    await expect(sourceOfFolder(entry, AbortSignal.abort())).rejects.toThrow();
  });
});

test('files of a folder that was chosen are one source, and others their own', () => {
  const chosen = (path: string): File =>
    Object.defineProperty(new File(['x'], path.split('/').pop()!), 'webkitRelativePath', {
      value: path.includes('/') ? path : ''
    });
  const files = ['scene/b', 'scene/a/x', 'scene/.hidden', 'm13.fits'].map(chosen);
  const [file, scene] = sourcesOfChosen(files);
  expect(file).toMatchObject({ name: 'm13.fits', folder: false });
  expect(scene).toMatchObject({ name: 'scene', folder: true, leftOut: 1 });
  expect(scene.files.map(([path]) => path)).toEqual(['a/x', 'b']);
});
