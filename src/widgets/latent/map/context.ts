/** What every part of the map works with. */
import type { LatentMeta, LatentRequests, LatentTraits } from '../../../core/latent';
import { isAbort, type Requester } from '../../../core/request';
import type { Traits } from '../../common/traits';
import type { Chosen } from '../chosen';
import type { Cloud } from '../cloud';

export interface MapHooks {
  failed(error: unknown, retry?: () => void): void;
  /** Work began or ended. */
  changed(): void;
}

export interface Context {
  readonly facts: LatentMeta;
  readonly requester: Requester<LatentRequests>;
  readonly traits: Traits<LatentTraits>;
  readonly cloud: Cloud;
  readonly chosen: Chosen;
  readonly hooks: MapHooks;
  readonly signal: AbortSignal;
}

/** Asks the kernel, tells what failed, and goes on with what came. */
export function ask<K extends keyof LatentRequests & string>(
  { requester, hooks, signal }: Context,
  kind: K,
  msg: LatentRequests[K]['msg'],
  then: (meta: LatentRequests[K]['meta']) => void = () => undefined
): void {
  requester.request(kind, msg, signal).then(
    ({ meta }) => then(meta),
    (error: unknown) => tell(hooks, error)
  );
}

/** Tells what failed, unless it was given up. */
export function tell(hooks: MapHooks, error: unknown): void {
  if (!isAbort(error)) {
    hooks.failed(error);
  }
}
