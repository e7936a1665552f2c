/** Takes what is seen away: as a file, or as code on the clipboard. */
import type { FitsRequests, SaveFormat } from '../../core/protocol';
import type { Requester } from '../../core/request';
import { copyText } from '../common/clipboard';
import { download } from '../common/download';

export type Wish = SaveFormat | 'copy';

/** @param box - Left, bottom, right and top of what is seen, in array pixels. */
export async function save(
  requester: Requester<FitsRequests>,
  what: Wish,
  box: readonly [number, number, number, number],
  signal: AbortSignal
): Promise<void> {
  const msg = { what: what === 'copy' ? ('py' as const) : what, box };
  const { meta, buffers } = await requester.request('save', msg, signal);
  if (what !== 'copy') {
    download(meta.name, new Blob([buffers[0]]));
  } else if (!(await copyText(new TextDecoder().decode(buffers[0])))) {
    throw new Error('The browser does not let the page copy: print(viewer.code()) shows the code.');
  }
}
