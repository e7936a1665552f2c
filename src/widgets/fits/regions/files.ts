/** Region files from the desktop and to it. */
import type { FitsRequests } from '../../../core/protocol';
import type { Shape } from '../../../core/regions';
import type { Requester } from '../../../core/request';
import { download } from '../../common/download';
import type { Action } from './tools';

/** Gives the regions of a file, and sentences on them. */
export async function importRegions(
  requester: Requester<FitsRequests>,
  file: File,
  signal: AbortSignal
): Promise<{ shapes: readonly Shape[]; said: string[] }> {
  const msg = { text: await file.text(), name: file.name };
  const { meta } = await requester.request('regions_read', msg, signal);
  const count = meta.shapes.length === 1 ? '1 region' : `${meta.shapes.length} regions`;
  const said = [`${count} from ${file.name}.`, ...meta.notes.map(note => `${note}.`)];
  return { shapes: meta.shapes, said };
}

/** Hands a file of all regions to the browser's downloads. */
export async function exportRegions(
  requester: Requester<FitsRequests>,
  action: Action,
  signal: AbortSignal
): Promise<void> {
  const form = action.startsWith('crtf') ? 'crtf' : 'ds9';
  const msg = { form, sky: action.endsWith('sky'), selected: false } as const;
  const { meta, buffers } = await requester.request('regions_write', msg, signal);
  download(meta.name, new Blob([buffers[0]]));
}
