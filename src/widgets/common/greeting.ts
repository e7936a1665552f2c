/** How every view begins once it has its data channel: both halves greet each other, then the kernel says what there is. */
import { isAbort, type Requester } from '../../core/request';
import type { HelloMeta } from '../../core/protocol';
import { mismatch } from './handshake';

/** The requests of a widget, of which one is the greeting. */
type Greeted<Kinds> = {
  [K in keyof Kinds]: { msg: object; meta: object };
} & { hello: { msg: Record<string, never>; meta: HelloMeta } };

export interface GreetingHooks<Facts> {
  /** Begins, and begins anew when a person tries again. */
  starting(): void;
  /** Gives what the view shows first. */
  ask(): Promise<Facts>;
  begin(facts: Facts): void;
  failed(error: unknown, retry?: () => void): void;
}

/** Greets the kernel, asks it, and begins; tells what is wrong otherwise. */
export async function greet<Kinds extends Greeted<Kinds>, Facts>(
  requester: Requester<Kinds>,
  signal: AbortSignal,
  hooks: GreetingHooks<Facts>
): Promise<void> {
  hooks.starting();
  try {
    const { meta } = await requester.request('hello', {}, signal);
    const wrong = mismatch(meta as HelloMeta);
    if (wrong) {
      hooks.failed(wrong);
      return;
    }
    hooks.begin(await hooks.ask());
  } catch (error) {
    if (!isAbort(error)) {
      hooks.failed(error, () => void greet(requester, signal, hooks));
    }
  }
}
