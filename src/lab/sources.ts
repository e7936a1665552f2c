/**
 * What a person gives from the desktop, as a run of bytes each: a file, or a folder with all that is in it.
 */

/** As many as the server takes: astrodata_lab/upload_routes.py. */
export const MAX_FILES = 20_000;
const MAX_DEPTH = 32;

/** Hidden files without which a folder is no Zarr array. */
const KEPT = ['.zarray', '.zattrs', '.zgroup', '.zmetadata'];
/** What file managers put into folders. */
const LITTER = ['Thumbs.db', 'desktop.ini', '__MACOSX'];

/** What is dropped: folders have no bytes of their own. */
export type Dropped = File | FileSystemDirectoryEntry;

/** One file or folder that becomes one dataset. */
export interface ISource {
  readonly name: string;
  readonly folder: boolean;
  /** Path in the folder, empty for a file, and bytes. */
  readonly files: readonly (readonly [path: string, size: number])[];
  /** All files, one behind the other; nothing is read before it is sliced. */
  readonly bytes: Blob;
  /** When the newest was changed, in milliseconds since 1970. */
  readonly modified: number;
  /** Hidden files that stay where they are. */
  readonly leftOut: number;
}

export class TooManyFiles extends Error {}

export function sourceOfFile(file: File): ISource {
  const { name, size, lastModified: modified } = file;
  return { name, folder: false, files: [['', size]], bytes: file, modified, leftOut: 0 };
}

/**
 * Read what is in a folder, to all depths.
 *
 * @throws TooManyFiles - There are more, or they lie deeper, than an upload takes.
 */
export async function sourceOfFolder(
  entry: FileSystemDirectoryEntry,
  signal: AbortSignal
): Promise<ISource> {
  const found: [string, File][] = [];
  let leftOut = 0;
  const walk = async (
    folder: FileSystemDirectoryEntry,
    path: string,
    depth: number
  ): Promise<void> => {
    for (const one of await entriesOf(folder)) {
      signal.throwIfAborted();
      if (isLeftOut(one.name)) {
        leftOut += 1;
      } else if (one.isDirectory) {
        if (depth === MAX_DEPTH) {
          throw new TooManyFiles();
        }
        await walk(one as FileSystemDirectoryEntry, `${path}${one.name}/`, depth + 1);
      } else {
        found.push([path + one.name, await fileOf(one as FileSystemFileEntry)]);
        if (found.length > MAX_FILES) {
          throw new TooManyFiles();
        }
      }
    }
  };
  await walk(entry, '', 1);
  return folderOf(entry.name, found, leftOut);
}

/** What a person chose: files, or the files of one folder, which the browser gives without the folder. */
export function sourcesOfChosen(files: readonly File[]): ISource[] {
  const folders = new Map<string, [string, File][]>();
  const left = new Map<string, number>();
  const sources: ISource[] = [];
  for (const file of files) {
    const [name, ...inside] = file.webkitRelativePath?.split('/') ?? [];
    if (inside.length === 0) {
      sources.push(sourceOfFile(file));
    } else if (inside.some(isLeftOut)) {
      left.set(name, (left.get(name) ?? 0) + 1);
    } else {
      folders.set(name, [...(folders.get(name) ?? []), [inside.join('/'), file]]);
    }
  }
  for (const [name, found] of folders) {
    if (found.length > MAX_FILES) {
      throw new TooManyFiles();
    }
    sources.push(folderOf(name, found, left.get(name) ?? 0));
  }
  return sources;
}

function folderOf(name: string, found: [string, File][], leftOut: number): ISource {
  // In one order, whatever that of the file system: the same folder goes on with what was sent of it.
  found.sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    name,
    folder: true,
    files: found.map(([path, file]) => [path, file.size]),
    bytes: new Blob(found.map(([, file]) => file)),
    modified: found.reduce((newest, [, file]) => Math.max(newest, file.lastModified), 0),
    leftOut
  };
}

function isLeftOut(name: string): boolean {
  return LITTER.includes(name) || (name.startsWith('.') && !KEPT.includes(name));
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // A hundred at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject)
    );
    if (some.length === 0) {
      return all;
    }
    all.push(...some);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
