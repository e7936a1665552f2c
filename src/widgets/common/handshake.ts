/** What to tell a person whose two halves do not speak the same protocol. */
import { PROTOCOL, type HelloMeta } from '../../core/protocol';

const REMEDY =
  'run "pip install -U astrodata-lab" in the kernel\'s environment, then restart the kernel and run ' +
  'the cell again.';

/** Gives what is wrong and what to do, or null when both halves agree. */
export function mismatch(hello: HelloMeta, ours = PROTOCOL): string | null {
  if (hello.protocol === ours) {
    return null;
  }
  const kernel = `astrodata-lab ${hello.version} in the kernel (protocol ${hello.protocol})`;
  return hello.protocol < ours
    ? `${kernel} is older than this viewer (protocol ${ours}): ${REMEDY}`
    : `This viewer (protocol ${ours}) is older than ${kernel}: ${REMEDY}`;
}

/** What to tell when the widget's private data channel cannot be reached. */
export const NO_CHANNEL =
  'The viewer cannot reach its data in the kernel: run the cell again. If that does not help, ' +
  REMEDY;
