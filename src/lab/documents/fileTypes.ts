/** The files that open as a document: by the ending, since JupyterLab decides before anybody reads a byte. */
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { TranslationBundle } from '@jupyterlab/translation';

import { kindIcon } from '../icons';

/** Name of the widget factory, as "Open With" tells it and as layouts keep it. */
export const FACTORY = 'AstroData';

/** Endings that are not ours alone: another extension's viewer stays the default for them. */
export const SHARED_TYPE = 'astrodata-hdf5';

const TYPES = [
  {
    name: 'astrodata-fits',
    kind: 'image',
    mimeTypes: ['application/fits', 'image/fits'],
    extensions: ['.fits', '.fit', '.fts', '.fz', '.fits.gz', '.fit.gz', '.fts.gz', '.fits.fz']
  },
  {
    name: 'astrodata-numpy',
    kind: 'waveforms',
    mimeTypes: ['application/x-npy', 'application/x-npz'],
    extensions: ['.npz', '.npy']
  },
  {
    name: 'astrodata-scene',
    kind: 'image',
    mimeTypes: ['image/tiff', 'image/jp2'],
    extensions: ['.tif', '.tiff', '.jp2']
  },
  {
    name: SHARED_TYPE,
    kind: 'strain',
    mimeTypes: ['application/x-hdf5'],
    extensions: ['.h5', '.hdf5', '.hdf']
  }
];

/** Folders that are one data set. */
const FOLDERS = ['.safe'];

/** Gives the file types, for JupyterLab's registry. */
export function fileTypes(trans: TranslationBundle): DocumentRegistry.IFileType[] {
  const titles: Record<string, string> = {
    'astrodata-fits': trans.__('FITS'),
    'astrodata-numpy': trans.__('NumPy arrays'),
    'astrodata-scene': trans.__('Satellite scene'),
    [SHARED_TYPE]: trans.__('HDF5')
  };
  return TYPES.map(({ name, kind, mimeTypes, extensions }) => ({
    name,
    displayName: titles[name],
    mimeTypes,
    extensions,
    icon: kindIcon(kind),
    contentType: 'file',
    fileFormat: 'base64'
  }));
}

/** Gives the kind whose icon stands for a file of this name. */
export function kindOf(path: string): string {
  return TYPES.find(({ extensions }) => endsWith(path, extensions))?.kind ?? 'file';
}

/**
 * Tells whether a file or folder may be a data set.
 *
 * @param known - Whether JupyterLab knows files of this name: what it does not know may be anything, and
 * the kernel tells by the content.
 */
export function mayBeViewed(path: string, isFolder: boolean, known: boolean): boolean {
  if (isFolder) {
    return endsWith(path, FOLDERS);
  }
  return !known || TYPES.some(({ extensions }) => endsWith(path, extensions));
}

function endsWith(path: string, endings: readonly string[]): boolean {
  const name = path.toLowerCase();
  return endings.some(ending => name.endsWith(ending));
}
