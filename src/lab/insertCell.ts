/**
 * The way from the panel to a kernel: a cell that the person sees, keeps and may run again.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { INotebookTracker, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { Contents } from '@jupyterlab/services';

import { pythonKernel } from './python';
import { CellOf } from './runCells';

export interface ICellInserterOptions {
  readonly app: JupyterFrontEnd;
  readonly tracker: INotebookTracker;
  readonly dialogs: ISessionContextDialogs | null;
  /** The folder where a new notebook goes. */
  readonly folder: () => string;
  /** Whether an inserted cell is run at once. */
  readonly runs: () => boolean;
}

export class CellInserter {
  constructor(private readonly _options: ICellInserterOptions) {}

  /** Insert a cell and run it to its end. */
  async insert(cell: CellOf): Promise<void> {
    const panel = await this._put(cell);
    await this.run(panel);
    // The picture comes below the cell: without this it is below the page too.
    await panel.content.scrollToItem(panel.content.activeCellIndex, 'start');
  }

  /**
   * Insert a cell, and give what runs it, if the settings say so: that cell, whichever the person has gone
   * to meanwhile.
   */
  async insertCell(source: CellOf): Promise<() => Promise<void>> {
    const panel = await this._put(source);
    const notebook = panel.content;
    const cell = notebook.activeCell!;
    await notebook.scrollToItem(notebook.activeCellIndex, 'start');
    return async () => {
      const { dialogs, runs } = this._options;
      await panel.sessionContext.ready;
      if (runs() && !cell.isDisposed) {
        await NotebookActions.runCells(
          notebook,
          [cell],
          panel.sessionContext,
          dialogs ?? undefined
        );
      }
    };
  }

  /** The Python for one notebook. */
  source(cell: CellOf, panel: NotebookPanel | null): string {
    return cell(this._folderOf(panel));
  }

  /** Insert a cell below the active one, in a new notebook if there is none. */
  private async _put(cellOf: CellOf): Promise<NotebookPanel> {
    const panel = this._current() ?? (await this._create());
    await panel.context.ready;
    this._options.app.shell.activateById(panel.id);
    const notebook = panel.content;
    const source = this.source(cellOf, panel);
    const cells = notebook.model!.sharedModel;
    const active = notebook.activeCell;
    if (active?.model.type === 'code' && active.model.sharedModel.getSource().trim() === '') {
      active.model.sharedModel.setSource(source);
    } else {
      const index = notebook.activeCellIndex + 1;
      cells.insertCell(index, { cell_type: 'code', source });
      notebook.activeCellIndex = index;
    }
    notebook.deselectAll();
    return panel;
  }

  /** Run the active cell, if the settings say so. */
  async run(panel: NotebookPanel): Promise<void> {
    if (!this._options.runs()) {
      return;
    }
    await panel.sessionContext.ready;
    await NotebookActions.run(
      panel.content,
      panel.sessionContext,
      this._options.dialogs ?? undefined
    );
  }

  /** Where the kernel of a notebook runs. */
  private _folderOf(panel: NotebookPanel | null): string {
    const contents: Contents.IManager = this._options.app.serviceManager.contents;
    return PathExt.dirname(panel === null ? '' : contents.localPath(panel.context.path));
  }

  /** The notebook that the person used last, if it speaks Python. */
  private _current(): NotebookPanel | null {
    const panel = this._options.tracker.currentWidget;
    const language = panel?.model?.defaultKernelLanguage;
    return !language || language.toLowerCase() === 'python' ? panel : null;
  }

  private async _create(): Promise<NotebookPanel> {
    const { app, folder } = this._options;
    await app.serviceManager.kernelspecs.ready;
    return (await app.commands.execute('notebook:create-new', {
      cwd: folder(),
      kernelName: pythonKernel(app.serviceManager.kernelspecs.specs)
    })) as NotebookPanel;
  }
}
