/** Work in the kernel that is asked after until it is ready. */
import type { CubeRequests, NotYet } from '../../../core/cubes';
import type { Reply, Requester } from '../../../core/request';

type Ready<Meta> = Exclude<Meta, NotYet>;
type Kinds = Pick<CubeRequests, 'moment' | 'slice' | 'spectrum' | 'cube_file'>;

const PAUSE = 150;

/**
 * Gives the answer when there is one.
 *
 * @param told - Called with the share done, 0 to 1, while there is none.
 */
export async function whenReady<K extends keyof Kinds>(
  requester: Requester<CubeRequests>,
  kind: K,
  msg: Kinds[K]['msg'],
  signal: AbortSignal,
  told: (progress: number, doing: string) => void = () => undefined
): Promise<Reply<Ready<Kinds[K]['meta']>>> {
  for (;;) {
    const reply = await requester.request(kind, msg, signal);
    const { meta } = reply;
    if (meta.ready) {
      return reply as Reply<Ready<Kinds[K]['meta']>>;
    }
    told(meta.progress, meta.doing);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, PAUSE);
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          reject(new DOMException(`the ${kind} was given up`, 'AbortError'));
        },
        { once: true }
      );
    });
  }
}
