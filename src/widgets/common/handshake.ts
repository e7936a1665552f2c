/** What to tell a person whose two halves do not speak the same protocol. */
import { environmentIn, installCommand, KERNEL } from '../../core/environment';
import { PROTOCOL, type HelloMeta } from '../../core/protocol';

/** What is wrong, with the line of a shell that mends it. */
export class Remedied extends Error {
  constructor(
    message: string,
    readonly command: string
  ) {
    super(message);
    this.name = 'Remedied';
  }
}

/** Gives what is wrong and what to do, or null when both halves agree. */
export function mismatch(hello: HelloMeta, ours = PROTOCOL): Remedied | null {
  if (hello.protocol === ours) {
    return null;
  }
  const kernel = `astrodata-lab ${hello.version} in the kernel (protocol ${hello.protocol})`;
  const which =
    hello.protocol < ours
      ? `${kernel} is older than this viewer (protocol ${ours})`
      : `This viewer (protocol ${ours}) is older than ${kernel}`;
  // A viewer comes from the files beside its kernel: they were changed while it ran, or a notebook kept it.
  return new Remedied(
    `${which}. Restart the kernel and run the cell again; if that does not help, run this in a terminal before:`,
    installCommand(environmentIn(hello), [KERNEL])
  );
}

/** What to tell when the widget's private data channel cannot be reached. */
export const NO_CHANNEL =
  'The viewer cannot reach its data in the kernel, which was restarted or has ended: run the cell again.';
