import { afterEach, describe, expect, test, vi } from 'vitest';

import { BLOCK, BlockHash } from '../../../src/lab/hashing';
import { blockHash } from './fakeUploads';

const DATA = Uint8Array.from({ length: 3 * BLOCK + 17 }, (_, at) => (31 * at + (at >> 8)) % 256);

/** The same as in tests/server/test_uploads.py. */
const HASH = '835c4f2f6bbfe1255aac118d3eadbe209ec770d02b4c93c0beba6e9ec2f03609';

afterEach(() => vi.unstubAllGlobals());

describe.each(['with the SHA-256 of the browser', 'on a page that is given none'])(
  'the hash by blocks %s',
  where => {
    test.each([BLOCK, 2 * BLOCK, 8 * BLOCK])('is that of the server, by %d bytes', async step => {
      if (where.endsWith('none')) {
        vi.stubGlobal('crypto', {});
      }
      let hash = new BlockHash();
      for (let start = 0; start < DATA.length; start += step) {
        hash = await hash.with(DATA.slice(start, start + step));
      }
      expect(hash.hex).toBe(HASH);
      // What is behind a block that was not whole begins with that one.
      const more = await hash.with(DATA.slice(3 * BLOCK - BLOCK));
      const twice = new Uint8Array([...DATA.subarray(0, 3 * BLOCK), ...DATA.subarray(2 * BLOCK)]);
      expect(more.hex).toBe(blockHash(twice));
    });
  }
);

test('a hash stays as it is when one goes on from it', async () => {
  const first = await new BlockHash().with(DATA.slice(0, BLOCK));
  const before = first.hex;
  await first.with(DATA.slice(BLOCK));
  expect(first.hex).toBe(before);
});
