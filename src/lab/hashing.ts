/**
 * SHA-256 of what is read piece by piece: the browser's own takes all bytes at once, and only over https.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** Bytes between two breaths: some milliseconds. */
const SLICE = 512 * 1024;

/** The hash of a run of bytes, from its beginning. */
export class Hashing {
  constructor(private readonly _state = sha256.create()) {}

  /** Take the next bytes, and let the page live meanwhile. */
  async take(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += SLICE) {
      if (start > 0) {
        await breath();
      }
      this._state.update(bytes.subarray(start, start + SLICE));
    }
  }

  /** The hash so far, in hexadecimal. */
  get hex(): string {
    return bytesToHex(this._state.clone().digest());
  }

  copy(): Hashing {
    return new Hashing(this._state.clone());
  }
}

/** Hash a few bytes. */
export function hashOf(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
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
