import { IDisposable } from '@lumino/disposable';

export interface IPasteHandlers {
  files(files: File[]): void;
  /** A text with paths and addresses. */
  places(text: string): void;
}

/** Takes what is pasted into one node, unless it is pasted into a field of it. */
export class PasteTarget implements IDisposable {
  constructor(
    private readonly _node: HTMLElement,
    private readonly _handlers: IPasteHandlers
  ) {
    _node.addEventListener('paste', this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._node.removeEventListener('paste', this);
  }

  handleEvent(event: ClipboardEvent): void {
    const field = (event.target as Element | null)?.closest?.('input, textarea, [contenteditable]');
    const data = event.clipboardData;
    if (field || !data) {
      return;
    }
    const files = Array.from(data.files);
    const text = data.getData('text/plain').trim();
    if (files.length > 0) {
      this._handlers.files(files);
    } else if (text !== '') {
      this._handlers.places(text);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private _isDisposed = false;
}
