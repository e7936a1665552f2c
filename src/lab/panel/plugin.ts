import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, ISessionContextDialogs, showErrorMessage } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Api, IDataset, ILabelSession } from '../api';
import { DatasetDrag } from '../drag';
import { CellInserter } from '../insertCell';
import { CellOf } from '../runCells';
import { IAstrodataPanel } from '../tokens';
import { askClash, askRemove } from './dialogs';
import { PanelModel } from './model';
import { Settings } from './settings';
import { AstrodataPanel } from './widget';

const plugin: JupyterFrontEndPlugin<IAstrodataPanel> = {
  id: 'astrodata-lab:panel',
  description: 'The AstroData panel in the left area.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [
    ILayoutRestorer,
    ISettingRegistry,
    ITranslator,
    IDefaultFileBrowser,
    ISessionContextDialogs
  ],
  provides: IAstrodataPanel,
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
    browser: IDefaultFileBrowser | null,
    dialogs: ISessionContextDialogs | null
  ): IAstrodataPanel => {
    const trans = (translator ?? nullTranslator).load('astrodata_lab');
    const settings = new Settings();
    const here = (): string => browser?.model.path ?? '';
    const { contents, serverSettings } = app.serviceManager;
    const api = new Api(serverSettings);
    const model = new PanelModel({
      api,
      contents,
      trans,
      folder: () => settings.uploadDirectory || here(),
      onClash: (name, mayReplace) => askClash(name, mayReplace, trans)
    });
    const inserter = new CellInserter({
      app,
      tracker,
      dialogs,
      folder: here,
      runs: () => settings.runInsertedCell
    });
    const drag = new DatasetDrag(tracker, inserter);
    const tried = async (name: string, work: Promise<void>): Promise<void> => {
      try {
        await work;
      } catch (error) {
        await showErrorMessage(trans.__('Cannot open %1', name), error as Error);
      }
    };
    const open = once((dataset: IDataset) => tried(dataset.name, inserter.insert(dataset)));
    const openLabels = once((session: ILabelSession) =>
      tried(session.name, inserter.insertLabels(session))
    );
    const insertCell = async (cell: CellOf, run: boolean): Promise<void> => {
      try {
        const start = await inserter.insertCell(cell);
        await (run ? start() : undefined);
      } catch (error) {
        await showErrorMessage(trans.__('Cannot insert a cell'), error as Error);
      }
    };
    const widget = new AstrodataPanel({
      api,
      model,
      trans,
      thumbnailSize: () => settings.thumbnailSize,
      onOpen: dataset => void (drag.justDragged || open(dataset)),
      onOpenLabels: session => void openLabels(session),
      onRemove: async dataset => {
        if (await askRemove(dataset.name, trans)) {
          await model.remove(dataset.name);
        }
      },
      // Not waited for: a pipeline may take hours, and others may be begun meanwhile.
      onInsert: (cell, run) => void insertCell(cell, run),
      onCancelRun: run => void model.cancelRun(run),
      onCopy: text => {
        Clipboard.copyToSystem(text);
        model.announce(trans.__('Copied %1.', text));
      },
      onPress: (dataset, event) => drag.watch(dataset, event)
    });

    settings.changed.connect(() => widget.update());
    // A cell may have added to the catalogue.
    NotebookActions.executed.connect(() => widget.refreshIfSeen());
    NotebookActions.executionScheduled.connect(() => widget.expectRuns());
    void app.restored.then(() => model.start());
    void registry?.load(plugin.id).then(loaded => settings.follow(loaded));
    app.shell.add(widget, 'left', { rank: 150 });
    restorer?.add(widget, widget.id);
    return { model, widget };
  }
};

/** Let a second call wait for nothing and do nothing while the first runs. */
function once<T>(action: (value: T) => Promise<void>): (value: T) => Promise<void> {
  let busy = false;
  return async value => {
    if (busy) {
      return;
    }
    busy = true;
    try {
      await action(value);
    } finally {
      busy = false;
    }
  };
}

export default plugin;
