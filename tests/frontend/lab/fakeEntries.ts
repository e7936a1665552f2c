/** What a browser gives for a dropped folder: a tree whose leaves are texts. */
export type Tree = { readonly [name: string]: string | Tree };

/** Made once: tests of many files would spend their time on this. */
const NOTHING = new File([], 'nothing');

export function folder(name: string, tree: Tree): FileSystemDirectoryEntry {
  const entries = Object.entries(tree).map(([inner, value]) =>
    typeof value === 'string' ? file(inner, value) : folder(inner, value)
  );
  return {
    name,
    isDirectory: true,
    isFile: false,
    createReader: () => {
      let at = 0;
      return {
        // A hundred at a time, as Chromium does.
        readEntries: (take: (some: unknown[]) => void) => take(entries.slice(at, (at += 100)))
      };
    }
  } as unknown as FileSystemDirectoryEntry;
}

function file(name: string, text: string): FileSystemFileEntry {
  return {
    name,
    isDirectory: false,
    isFile: true,
    file: (take: (file: File) => void) =>
      take(text === '' ? NOTHING : new File([text], name, { lastModified: 3 }))
  } as unknown as FileSystemFileEntry;
}
