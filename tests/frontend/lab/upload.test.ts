// @vitest-environment jsdom
import './browser';

import { beforeEach, describe, expect, test, vi } from 'vitest';

import { ApiError } from '../../../src/lab/requests';
import { ISource, sourceOfFile } from '../../../src/lab/sources';
import { ClashAnswer, IUploaded, MIN_CHUNK, SourceChanged, upload } from '../../../src/lab/upload';
import { away, FakeUploads, sha256 } from './fakeUploads';

let api: FakeUploads;
let controller: AbortController;
let fractions: number[];
let pauses: number[];
let states: boolean[];

beforeEach(() => {
  api = new FakeUploads();
  controller = new AbortController();
  fractions = [];
  pauses = [];
  states = [];
});

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 256);
}

const DATA = bytesOf(3 * MIN_CHUNK + 17);

function fileOf(bytes: Uint8Array<ArrayBuffer>, name = 'm13.fits'): ISource {
  return sourceOfFile(new File([bytes], name, { lastModified: 1000 }));
}

function send(
  source: ISource = fileOf(DATA),
  answer: ClashAnswer = 'cancel',
  folder = 'data'
): Promise<IUploaded | null> {
  return upload({
    api,
    source,
    folder,
    signal: controller.signal,
    progress: fraction => fractions.push(fraction),
    away: isAway => states.push(isAway),
    onClash: async () => answer,
    pause: async milliseconds => void pauses.push(milliseconds)
  });
}

const there = (): Uint8Array | undefined => api.files.get('data/m13.fits');

/** Throw once at the n-th call, from 0. */
function onceAt(count: number, error: () => Error): () => void {
  let calls = 0;
  return () => {
    if (calls++ === count) {
      throw error();
    }
  };
}

describe('upload', () => {
  test.each([0, 1, MIN_CHUNK, MIN_CHUNK + 1, 3.5 * MIN_CHUNK])(
    'sends %d bytes unchanged, and tells their size and hash',
    async size => {
      const bytes = bytesOf(size);
      expect(await send(fileOf(bytes))).toEqual({
        path: 'data/m13.fits',
        size,
        sha256: sha256(bytes)
      });
      expect(Buffer.compare(there()!, bytes)).toBe(0);
      expect(api.staged.size).toBe(0);
    }
  );

  test('tells progress from 0 to 1', async () => {
    await send();
    expect([fractions[0], fractions.at(-1)]).toEqual([0, 1]);
    expect([...fractions].sort((a, b) => a - b)).toEqual(fractions);
  });

  test('has two requests on the way, and not more', async () => {
    let [now, most] = [0, 0];
    let release = (): void => undefined;
    const full = new Promise<void>(resolve => (release = resolve));
    api.beforeAppend = async () => {
      most = Math.max(most, ++now);
      if (now === 2) {
        release();
      }
      await full;
      now -= 1;
    };
    await send();
    expect(most).toBe(2);
  });

  test('sends larger pieces where the connection is fast', async () => {
    await send(fileOf(bytesOf(8 * MIN_CHUNK)));
    expect(api.kept.length).toBeLessThan(8);
  });
});

describe('a connection that breaks', () => {
  test.each([0, 1, 2])('at piece %d is tried again, and goes on there', async piece => {
    api.beforeAppend = onceAt(piece, away);
    await send();
    expect(Buffer.compare(there()!, DATA)).toBe(0);
    expect(new Set(api.kept).size).toBe(api.kept.length);
    expect(pauses).toEqual([500]);
    expect(states).toEqual([false, true, false]);
  });

  test('when a piece has arrived and its answer has not, does not send that again', async () => {
    api.afterAppend = onceAt(1, away);
    await send();
    expect(Buffer.compare(there()!, DATA)).toBe(0);
    expect(new Set(api.kept).size).toBe(api.kept.length);
  });

  test('for long is waited for in longer and longer pauses', async () => {
    let calls = 0;
    api.beforeBegin = () => {
      if (calls++ < 5) {
        throw away();
      }
    };
    await send();
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000]);
    expect(Buffer.compare(there()!, DATA)).toBe(0);
  });

  test('for too long is told, and a later try goes on with what is there', async () => {
    api.beforeAppend = offset => {
      if (offset > 0) {
        throw away();
      }
    };
    await expect(send()).rejects.toThrow('did not answer');
    api.beforeAppend = () => undefined;
    await send();
    expect(api.kept.filter(offset => offset === 0)).toHaveLength(1);
    expect(Buffer.compare(there()!, DATA)).toBe(0);
  });

  test('with the server being started anew goes on at once', async () => {
    api.afterAppend = onceAt(0, () => {
      api.restart();
      return away();
    });
    await send();
    expect(Buffer.compare(there()!, DATA)).toBe(0);
    expect(new Set(api.kept).size).toBe(api.kept.length);
  });

  test.each([1, MIN_CHUNK - 1, MIN_CHUNK + 5])(
    'goes on behind any byte that the server has, here %d',
    async have => {
      await send();
      const begun = api.begun[0];
      const { key } = await api.begin(begun, false);
      api.staged.set(key, { facts: begun, bytes: DATA.slice(0, have) });
      api.files.clear();
      api.kept.length = 0;
      await send();
      expect(api.kept[0]).toBe(have);
      expect(Buffer.compare(there()!, DATA)).toBe(0);
    }
  );

  test('at the end asks again whether it is done', async () => {
    api.beforeFinish = onceAt(0, away);
    await send();
    expect(Buffer.compare(there()!, DATA)).toBe(0);
    expect(api.begun).toHaveLength(1);
  });
});

describe('what is wrong', () => {
  test('on the way is sent again', async () => {
    const append = api.append.bind(api);
    let first = true;
    api.append = (id, offset, bytes, ...rest) => {
      const spoiled = first ? new Blob(['x', bytes.slice(1)]) : bytes;
      first = false;
      return append(id, offset, spoiled, ...rest);
    };
    await send();
    expect(Buffer.compare(there()!, DATA)).toBe(0);
  });

  test('again and again is told, and gets no name', async () => {
    api.beforeAppend = () => {
      throw new ApiError('check-failed', 'other bytes than were sent');
    };
    await expect(send()).rejects.toThrow('other bytes than were sent');
    expect(api.begun).toHaveLength(3);
    expect(api.files.size).toBe(0);
  });

  test('with what the server has is sent from the beginning', async () => {
    await send();
    const begun = api.begun[0];
    api.files.clear();
    const key = (await api.begin(begun, false)).key;
    api.staged.set(key, { facts: begun, bytes: bytesOf(MIN_CHUNK).reverse() });
    await send();
    expect(Buffer.compare(there()!, DATA)).toBe(0);
  });

  test('with the file is told: it was changed while it was read', async () => {
    const source = fileOf(DATA);
    vi.spyOn(source.bytes, 'slice').mockImplementation(() => {
      const blob = new Blob([new Uint8Array(5)]);
      blob.arrayBuffer = () => Promise.reject(new DOMException('changed', 'NotReadableError'));
      return blob;
    });
    await expect(send(source)).rejects.toThrow(SourceChanged);
  });

  test('with the disk is told at once', async () => {
    api.beforeAppend = () => {
      throw new ApiError('no-space', 'The disk is full.');
    };
    await expect(send()).rejects.toThrow('The disk is full.');
    expect(pauses).toEqual([]);
  });
});

describe('cancel', () => {
  test.each([0, 1])('at piece %d leaves nothing behind, and sends nothing more', async piece => {
    let calls = 0;
    api.beforeAppend = () => {
      if (calls++ === piece) {
        controller.abort();
      }
    };
    expect(await send()).toBeNull();
    expect([api.staged.size, api.files.size]).toEqual([0, 0]);
    expect(calls).toBeLessThanOrEqual(piece + 2);
  });

  test('while the server is away ends the waiting', async () => {
    api.beforeBegin = () => {
      controller.abort();
      throw away();
    };
    expect(await send()).toBeNull();
    expect(pauses).toEqual([]);
  });
});

describe('a name that is taken', () => {
  beforeEach(() => void api.files.set('data/m13.fits', bytesOf(5)));

  test('is asked about, and cancel changes nothing', async () => {
    expect(await send()).toBeNull();
    expect([...api.files.values()]).toEqual([bytesOf(5)]);
    expect([api.staged.size, api.kept]).toEqual([0, []]);
  });

  test('can be replaced', async () => {
    await send(fileOf(bytesOf(10)), 'replace');
    expect([...api.files.entries()]).toEqual([['data/m13.fits', bytesOf(10)]]);
  });

  test('can be kept beside the new one', async () => {
    expect((await send(fileOf(bytesOf(10)), 'keep-both'))?.path).toBe('data/m13-2.fits');
    expect(api.files.get('data/m13.fits')).toEqual(bytesOf(5));
  });

  test('meanwhile is asked about then', async () => {
    api.files.clear();
    api.beforeFinish = () => void api.files.set('data/m13.fits', bytesOf(5));
    expect((await send(fileOf(DATA), 'keep-both'))?.path).toBe('data/m13-2.fits');
    expect(api.files.get('data/m13.fits')).toEqual(bytesOf(5));
  });

  test('by a folder is never replaced', async () => {
    api.files.set('data/scene/a.fits', bytesOf(5));
    const onClash = vi.fn(async () => 'cancel' as const);
    const source = fileOf(bytesOf(3), 'scene');
    const { signal } = controller;
    await upload({ api, source, folder: 'data', signal, progress: () => undefined, onClash });
    expect(onClash).toHaveBeenCalledWith('scene', false);
  });
});
