/**
 * The hash by which both sides of an upload compare what they have: the mirror of astrodata_lab/block_hash.py.
 *
 * It is the SHA-256 of the SHA-256s of blocks. The browser's own SHA-256 is many times as fast as one in a script
 * and keeps the page free, but takes all its bytes at once: so it takes block by block.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** Bytes of a block. */
export const BLOCK = 256 * 1024;

/** The hash of a run of bytes, from its beginning. */
export class BlockHash {
  constructor(
    private readonly _state = sha256.create(),
    /** Of the last block, where that is not whole. */
    private readonly _last: Uint8Array | null = null
  ) {}

  /** Give the hash with the next bytes, which begin with those of a last block that is not whole. */
  async with(bytes: Uint8Array<ArrayBuffer>): Promise<BlockHash> {
    const state = this._state.clone();
    const starts = Array.from({ length: Math.ceil(bytes.length / BLOCK) }, (_, i) => i * BLOCK);
    const blocks = starts.map(start => bytes.subarray(start, start + BLOCK));
    const digests = await digestsOf(blocks);
    const last = bytes.length % BLOCK > 0 ? digests.pop()! : null;
    digests.forEach(digest => state.update(digest));
    return new BlockHash(state, last);
  }

  /** The hash so far, in hexadecimal. */
  get hex(): string {
    const state = this._state.clone();
    return bytesToHex((this._last === null ? state : state.update(this._last)).digest());
  }
}

/** Hash a few bytes. */
export function hashOf(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

async function digestsOf(blocks: readonly Uint8Array<ArrayBuffer>[]): Promise<Uint8Array[]> {
  // Browsers have it for pages of https and of this machine only; a hub may be neither.
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle !== undefined) {
    const digests = await Promise.all(blocks.map(block => subtle.digest('SHA-256', block)));
    return digests.map(digest => new Uint8Array(digest));
  }
  const digests: Uint8Array[] = [];
  for (const block of blocks) {
    await breath();
    digests.push(sha256(block));
  }
  return digests;
}

/** Let the browser paint and hear; timers would make a hidden page wait a second each time. */
function breath(): Promise<void> {
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
