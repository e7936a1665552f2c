/** The cell that labels a file: with the session that it has, or with a new one. */
import { PathExt, URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { ILabelSession } from '../answers';
import { Api } from '../api';
import { requestAPI } from '../requests';
import { hasEvents, labelSource } from '../python';
import { CellOf } from '../runCells';

const FOLDER = 'astrodata/labels';

/** What the server says of a file. */
interface IFacts {
  readonly kind: string;
  readonly format: string;
}

/**
 * Give the cell for a file, null for one without events: a picture as a whole has no label.
 *
 * @throws ApiError for a file that cannot be read.
 */
export async function labelCell(
  path: string,
  settings: ServerConnection.ISettings,
  trans: TranslationBundle
): Promise<CellOf | null> {
  const route = 'sniff' + URLExt.objectToQueryString({ path });
  const [{ kind, format }, { sessions }] = await Promise.all([
    requestAPI<IFacts>(route, {}, settings, trans),
    new Api(settings, trans).labels()
  ]);
  const known = sessions.find(({ source }) => source?.path === path);
  const source = { name: PathExt.basename(path), path, kind, format, state: 'ok' as const };
  if (!known && !hasEvents(source)) {
    return null;
  }
  const session = known ?? { path: newFolder(path, sessions), source };
  return folder => labelSource(session, folder);
}

/** Where the labels of a file go that has none: a folder that is not another one's. */
function newFolder(path: string, sessions: readonly ILabelSession[]): string {
  const stem = PathExt.basename(path).split('.')[0] || 'labels';
  const taken = new Set(sessions.map(session => session.path));
  let folder = `${FOLDER}/${stem}`;
  for (let number = 2; taken.has(folder); number++) {
    folder = `${FOLDER}/${stem}-${number}`;
  }
  return folder;
}
