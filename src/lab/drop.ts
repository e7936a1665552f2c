import { Drag } from '@lumino/dragdrop';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';

import { Dropped } from './sources';

/** Paths that are dragged out of JupyterLab's file browser. */
const CONTENTS_MIME = 'application/x-jupyter-icontents';

const NATIVE = ['dragenter', 'dragover', 'dragleave', 'drop'] as const;
const LUMINO = ['lm-dragenter', 'lm-dragover', 'lm-dragleave', 'lm-drop'] as const;

export interface IDropHandlers {
  /** Files and folders from the desktop. */
  dropped(dropped: Dropped[]): void;
  /** Paths from the file browser. */
  paths(paths: string[]): void;
  /** Something that can be dropped is over the node, or no longer. */
  hover(over: boolean): void;
}

/** Takes drops on one node, and on nothing else of the page. */
export class DropTarget implements IDisposable {
  constructor(
    private readonly _node: HTMLElement,
    private readonly _handlers: IDropHandlers
  ) {
    for (const type of [...NATIVE, ...LUMINO]) {
      _node.addEventListener(type, this);
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    for (const type of [...NATIVE, ...LUMINO]) {
      this._node.removeEventListener(type, this);
    }
  }

  handleEvent(event: Event): void {
    if (event.type.startsWith('lm-')) {
      this._lumino(event as Drag.Event);
    } else {
      this._native(event as DragEvent);
    }
  }

  private _native(event: DragEvent): void {
    const data = event.dataTransfer;
    if (!data || !carriesFiles(event)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (event.type === 'drop') {
      this._handlers.hover(false);
      this._handlers.dropped(droppedOf(data));
      return;
    }
    data.dropEffect = 'copy';
    this._hover(event);
  }

  private _lumino(event: Drag.Event): void {
    if (!carriesFiles(event)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    // The file browser offers to move only; here nothing moves.
    event.dropAction = event.proposedAction;
    if (event.type === 'lm-drop') {
      this._handlers.hover(false);
      this._handlers.paths([...(event.mimeData.getData(CONTENTS_MIME) as string[])]);
      return;
    }
    this._hover(event);
  }

  private _hover(event: DragEvent): void {
    const leaves =
      event.type.endsWith('dragleave') && !this._node.contains(event.relatedTarget as Node | null);
    this._handlers.hover(!leaves);
  }

  private _isDisposed = false;
}

/** Call `open` when something that can be dropped on a panel comes over its tab in a side bar. */
export function openOnDragOverTab(panelId: string, open: () => void): IDisposable {
  const onEnter = (event: Event): void => {
    const tab = (event.target as Element | null)?.closest?.('.lm-TabBar-tab');
    if (tab?.getAttribute('data-id') === panelId && carriesFiles(event)) {
      open();
    }
  };
  const types = ['dragenter', 'lm-dragenter'];
  types.forEach(type => document.addEventListener(type, onEnter, true));
  return new DisposableDelegate(() =>
    types.forEach(type => document.removeEventListener(type, onEnter, true))
  );
}

function carriesFiles(event: Event): boolean {
  return !event.type.startsWith('lm-')
    ? Array.from((event as DragEvent).dataTransfer?.types ?? []).includes('Files')
    : (event as Drag.Event).mimeData.hasData(CONTENTS_MIME);
}

/** A folder comes as a file without content: the browser tells them apart during the drop only. */
function droppedOf(data: DataTransfer): Dropped[] {
  const folders = Array.from(data.items ?? [])
    .map(item => item.webkitGetAsEntry?.() ?? null)
    .filter((entry): entry is FileSystemDirectoryEntry => entry?.isDirectory ?? false);
  const names = folders.map(({ name }) => name);
  return [...Array.from(data.files).filter(file => !names.includes(file.name)), ...folders];
}
