/** The Python of documents. It is what a person would write in a cell: `viewer` is there for who joins the kernel. */
import { PathExt } from '@jupyterlab/coreutils';

import { cellSource } from '../python';
import { CellOf } from '../runCells';

/** Gives the viewer that is there already. */
export const AGAIN = 'viewer';

/** Ends the viewer that is there, before another one is opened in its place. */
export const CLOSE = 'viewer.close()';

/** The code of the viewer, cut at its paths: see `widgets/documents.py`. */
export const PARTS =
  'from astrodata_kernel.widgets.documents import code_parts\nprint(code_parts(viewer))';

/** Gives the code that opens the viewer of a file, in a kernel that runs in `folder`. */
export function openCode(path: string, folder: string): string {
  const [imports, call] = cellSource({ name: path, path }, folder).split('\n');
  return `${imports}\nviewer = ${call}\nviewer`;
}

/**
 * Gives the cell that shows the same as a viewer.
 *
 * @param printed - What `PARTS` printed in the kernel of the viewer.
 * @param here - Where that kernel runs.
 * @returns null where the viewer knows no code.
 */
export function cellOf(printed: string, here: string): CellOf | null {
  const { pieces, sources } = JSON.parse(printed) as { pieces: string[]; sources: string[] };
  if (pieces.length === 0) {
    return null;
  }
  return folder => {
    const places = sources.map(source =>
      JSON.stringify(
        isWhole(source) ? source : PathExt.relative(folder, PathExt.join(here, source))
      )
    );
    const call = pieces.map((piece, i) => piece + (places[i] ?? '')).join('');
    return `import astrodata_kernel as adk\n${call}`;
  };
}

function isWhole(source: string): boolean {
  return source.startsWith('/') || /^\w+:/.test(source);
}
