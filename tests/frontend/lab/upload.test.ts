// @vitest-environment jsdom
import './browser';

import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';

import { CHUNK_SIZE, ClashAnswer, IUploaded, upload } from '../../../src/lab/upload';
import { FakeContents } from './fakeContents';

let contents: FakeContents;
let controller: AbortController;
let fractions: number[];

beforeEach(() => {
  contents = new FakeContents();
  controller = new AbortController();
  fractions = [];
});

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 256);
}

function send(
  bytes: Uint8Array<ArrayBuffer>,
  name = 'm13.fits',
  answer: ClashAnswer = 'cancel',
  folder = 'data'
): Promise<IUploaded | null> {
  return upload({
    contents,
    file: new File([bytes], name),
    folder,
    signal: controller.signal,
    progress: fraction => fractions.push(fraction),
    onClash: async () => answer
  });
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('upload', () => {
  test.each([0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 2 * CHUNK_SIZE, 2.5 * CHUNK_SIZE])(
    'sends %d bytes unchanged, and tells their size and hash',
    async size => {
      const bytes = bytesOf(size);
      expect(await send(bytes)).toEqual({ path: 'data/m13.fits', size, sha256: sha256(bytes) });
      expect([...contents.files.keys()]).toEqual(['data/m13.fits']);
      expect(Buffer.compare(contents.files.get('data/m13.fits')!, bytes)).toBe(0);
    }
  );

  test('numbers the chunks from one, and the last is minus one', async () => {
    await send(bytesOf(3 * CHUNK_SIZE));
    expect(contents.chunks).toEqual([1, 2, -1]);
  });

  test('sends a file of one chunk as a whole', async () => {
    await send(bytesOf(CHUNK_SIZE));
    expect(contents.chunks).toEqual([undefined]);
  });

  test('tells progress from 0 to 1', async () => {
    await send(bytesOf(4 * CHUNK_SIZE));
    expect(fractions).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });

  test('goes to the root folder when there is no other', async () => {
    expect((await send(bytesOf(3), 'a.fits', 'cancel', ''))?.path).toBe('a.fits');
  });

  test.each(["it's <b>bold</b>".replace('/', ''), 'a b.fits', '%2e%2e', 'ünï☉.fits'])(
    'keeps the name %s',
    async name => {
      expect((await send(bytesOf(3), name))?.path).toBe(`data/${name}`);
    }
  );
});

describe('cancel', () => {
  test('leaves nothing behind, and sends nothing more', async () => {
    contents.beforeSave = () => {
      if (contents.chunks.length === 1) {
        controller.abort();
      }
    };
    expect(await send(bytesOf(5 * CHUNK_SIZE))).toBeNull();
    expect(contents.chunks).toEqual([1, 2]);
    expect(contents.files.size).toBe(0);
  });

  test('with the last chunk under way leaves nothing behind', async () => {
    contents.beforeSave = () => controller.abort();
    expect(await send(bytesOf(10))).toBeNull();
    expect(contents.files.size).toBe(0);
  });

  test('keeps the file that was to be replaced', async () => {
    contents.files.set('data/m13.fits', bytesOf(5));
    contents.beforeSave = () => controller.abort();
    expect(await send(bytesOf(10), 'm13.fits', 'replace')).toBeNull();
    expect(contents.files.get('data/m13.fits')).toEqual(bytesOf(5));
  });
});

describe('a failure', () => {
  test('removes what was sent and gives its reason', async () => {
    contents.beforeSave = () => {
      if (contents.chunks.length === 2) {
        throw new Error('disk full');
      }
    };
    await expect(send(bytesOf(4 * CHUNK_SIZE))).rejects.toThrow('disk full');
    expect(contents.files.size).toBe(0);
  });

  test('to replace says where the upload is', async () => {
    contents.files.set('data/m13.fits', bytesOf(5));
    contents.delete = async () => {
      throw new Error('no trash here.');
    };
    await expect(send(bytesOf(10), 'm13.fits', 'replace')).rejects.toThrow(
      /no trash here\. What was uploaded is kept as data\/m13\.fits\.\w+\.part\./
    );
    expect(contents.files.get('data/m13.fits')).toEqual(bytesOf(5));
  });

  test('to look into the folder is no free name', async () => {
    contents.get = async () => {
      throw new Error('no permission');
    };
    await expect(send(bytesOf(10))).rejects.toThrow('no permission');
    expect(contents.files.size).toBe(0);
  });
});

describe('a name that is taken', () => {
  beforeEach(() => contents.files.set('data/m13.fits', bytesOf(5)));

  test('is asked about, and cancel changes nothing', async () => {
    expect(await send(bytesOf(10))).toBeNull();
    expect([...contents.files.values()]).toEqual([bytesOf(5)]);
  });

  test('can be replaced', async () => {
    await send(bytesOf(10), 'm13.fits', 'replace');
    expect([...contents.files.entries()]).toEqual([['data/m13.fits', bytesOf(10)]]);
  });

  test.each([
    ['m13.fits', 'm13-2.fits'],
    ['m13.fits.gz', 'm13-2.fits.gz'],
    ['2mass.k.fits', '2mass.k-2.fits'],
    ['README', 'README-2']
  ])('keeps both: %s beside %s', async (name, second) => {
    contents.files.set(`data/${name}`, bytesOf(5));
    expect((await send(bytesOf(10), name, 'keep-both'))?.path).toBe(`data/${second}`);
    expect(contents.files.get(`data/${name}`)).toEqual(bytesOf(5));
  });

  test('keeps three', async () => {
    await send(bytesOf(10), 'm13.fits', 'keep-both');
    expect((await send(bytesOf(10), 'm13.fits', 'keep-both'))?.path).toBe('data/m13-3.fits');
  });

  test('of a folder is never replaced', async () => {
    contents.get = vi.fn(async path => ({ path, type: 'directory' }) as never);
    const onClash = vi.fn(async () => 'cancel' as const);
    const file = new File([bytesOf(3)], 'folder');
    const { signal } = controller;
    await upload({ contents, file, folder: '', signal, progress: () => undefined, onClash });
    expect(onClash).toHaveBeenCalledWith('folder', false);
  });
});
