import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { Message, MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { IDataset, ILabelSession, IRun } from '../answers';
import { Api } from '../api';
import { IDraggable } from '../drag';
import { DropTarget } from '../drop';
import { panelIcon } from '../icons';
import { PasteTarget } from '../paste';
import { placesIn } from '../places';
import { CellOf } from '../runCells';
import { Compute } from './compute';
import { PanelMemory, SectionId } from './memory';
import { PanelModel } from './model';
import { Memory } from './section';
import { formButtonIn, stopIn } from './stops';
import { IPanelViewProps, PanelView } from './view';

export interface IPanelOptions {
  readonly compute?: Compute;
  readonly model: PanelModel;
  readonly memory: PanelMemory;
  readonly api: Api;
  readonly trans: TranslationBundle;
  readonly thumbnailSize: () => number;
  readonly onOpen: (dataset: IDataset) => void;
  readonly onOpenLabels: (session: ILabelSession) => void;
  readonly onInsert: (cell: CellOf, run: boolean) => void;
  readonly onCancelRun: (run: IRun) => void;
  /** Open files elsewhere, each in a cell of its own. */
  readonly onAddresses: (addresses: readonly string[]) => Promise<void>;
  /** Ask for a path or an address, and add that. */
  readonly onAskPlace: () => void;
  readonly onCopy: (text: string) => void;
  readonly onMenu: IPanelViewProps['onMenu'];
  readonly onCopyCode: (dataset: IDataset) => void;
  readonly onPress: (dragged: IDraggable, press: MouseEvent) => void;
}

/** The panel in the left area. */
export class AstrodataPanel extends ReactWidget {
  constructor(private readonly _options: IPanelOptions) {
    super();
    this.id = 'astrodata-lab-panel';
    this.addClass('jp-astrodata-lab-panel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'AstroData');
    this.title.icon = panelIcon;
    this.title.caption = 'AstroData';
  }

  /** What the panel shows may be old: look again, if anyone sees it. */
  refreshIfSeen(): void {
    if (this.isVisible) {
      this._options.model.refreshSoon();
    }
  }

  /** A cell runs, perhaps a pipeline: look for new runs, if anyone sees them. */
  expectRuns(): void {
    if (this._isSeen()) {
      this._options.model.runs.expect();
    }
  }

  /** Ask for files of this computer, or for a folder, as the buttons above the list do. */
  chooseFiles(what: 'files' | 'folder'): void {
    this.node.querySelector<HTMLElement>(`input[data-adds="${what}"]`)?.click();
  }

  /** Take the keyboard to the heading of a section, which is opened, or to the first heading. */
  async goTo(section?: SectionId): Promise<void> {
    if (section !== undefined) {
      this._options.memory.setOpen(section, true);
    }
    // The palette gives the keyboard back to the notebook when its command has been called: one message
    // activates the notebook, and that one sends another to what is in it.
    await Promise.resolve();
    await messagesSent();
    await messagesSent();
    const stop = stopIn(this.node, section);
    stop?.scrollIntoView({ block: 'nearest' });
    stop?.focus();
  }

  /** Go to a section and show the form that the button beside its heading has, where it has one now. */
  async openForm(section: SectionId): Promise<void> {
    await this.goTo(section);
    const button = formButtonIn(this.node, section);
    button?.focus();
    button?.click();
  }

  /** Add files of the server by their paths, and addresses elsewhere as cells: one a line. */
  async addPlaces(text: string): Promise<void> {
    const { paths, addresses } = placesIn(text);
    await Promise.all([this._options.model.addPaths(paths), this._options.onAddresses(addresses)]);
  }

  override dispose(): void {
    Signal.clearData(this);
    this._options.compute?.dispose();
    this._options.model.dispose();
    super.dispose();
  }

  handleEvent(): void {
    this._options.model.seen = this._isSeen();
    this.refreshIfSeen();
  }

  protected override render(): JSX.Element {
    const { api, memory, model, thumbnailSize, ...rest } = this._options;
    return (
      <Memory.Provider value={memory}>
        <UseSignal signal={model.changed}>
          {() => (
            <PanelView
              {...rest}
              model={model}
              hovered={this._hovered}
              thumbnailSize={thumbnailSize()}
              thumbnailUrl={dataset => pictureOf(api, dataset, thumbnailSize())}
              onHeader={(path, cards, signal) => api.header(path, cards, signal)}
              onFiles={files => void model.imports.addChosen(files)}
            />
          )}
        </UseSignal>
      </Memory.Provider>
    );
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    const { model } = this._options;
    this._drop = new DropTarget(this.node, {
      dropped: dropped => void model.imports.add(dropped),
      paths: paths => void model.addPaths(paths),
      hover: over => this._setHovered(over)
    });
    this._paste = new PasteTarget(this.node, {
      files: files => void model.imports.add(files),
      places: text => void this.addPlaces(text)
    });
    window.addEventListener('focus', this);
    document.addEventListener('visibilitychange', this);
    model.seen = this._isSeen();
  }

  protected override onBeforeDetach(message: Message): void {
    window.removeEventListener('focus', this);
    document.removeEventListener('visibilitychange', this);
    this._drop?.dispose();
    this._paste?.dispose();
    super.onBeforeDetach(message);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._options.model.seen = this._isSeen();
    this._options.model.refreshSoon();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._options.model.seen = false;
  }

  private _isSeen(): boolean {
    return this.isVisible && !document.hidden;
  }

  private _setHovered(over: boolean): void {
    if (over !== this._hovered) {
      this._hovered = over;
      this.update();
    }
  }

  private _drop: DropTarget | null = null;
  private _paste: PasteTarget | null = null;
  private _hovered = false;
}

/** Wait until the messages to widgets that are under way have come. */
function messagesSent(): Promise<void> {
  return new Promise(resolve => {
    const last = { processMessage: () => resolve() };
    MessageLoop.postMessage(last, new Message('astrodata-lab:last'));
  });
}

/** Twice the size in CSS pixels, for screens that have them. */
function pictureOf(api: Api, dataset: IDataset, side: number): string | null {
  if (dataset.path === null || dataset.state === 'missing') {
    return null;
  }
  return api.thumbnailUrl(
    dataset.path,
    2 * side,
    `${dataset.size}-${dataset.mtime}-${dataset.state}`
  );
}
