import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, ISessionContextDialogs, showErrorMessage } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { administration } from '../administration';
import { IDataset, ILabelSession } from '../answers';
import { Api } from '../api';
import { CellDrag } from '../drag';
import { CellInserter } from '../insertCell';
import { holdsSecret } from '../places';
import { addressSource, cellSource, labelSource, openSource } from '../python';
import { CellOf } from '../runCells';
import { CommandIDs, IAstrodataPanel } from '../tokens';
import { UploadApi } from '../uploadApi';
import { Compute } from './compute';
import { datasetActions } from './datasetActions';
import { DatasetMenu } from './datasetMenu';
import { askClash } from './dialogs';
import { PanelMemory } from './memory';
import { PanelModel } from './model';
import { Presence } from './presence';
import { loadSettings, Settings } from './settings';
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
    ISessionContextDialogs,
    IStateDB
  ],
  provides: IAstrodataPanel,
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
    browser: IDefaultFileBrowser | null,
    dialogs: ISessionContextDialogs | null,
    state: IStateDB | null
  ): IAstrodataPanel => {
    const trans = (translator ?? nullTranslator).load('astrodata_lab');
    const settings = new Settings();
    const { disabledSections, uploadFolder } = administration();
    const here = (): string => browser?.model.path ?? '';
    const { contents, serverSettings } = app.serviceManager;
    const api = new Api(serverSettings, trans);
    const model = new PanelModel({
      api,
      contents,
      trans,
      disabledSections,
      folder: () => settings.uploadDirectory || uploadFolder || here(),
      onClash: (name, mayReplace) => askClash(name, mayReplace, trans),
      uploads: new UploadApi(serverSettings, trans)
    });
    const inserter = new CellInserter({
      app,
      tracker,
      dialogs,
      folder: here,
      runs: () => settings.runInsertedCell
    });
    const drag = new CellDrag(tracker, inserter);
    const tried = async (name: string, work: Promise<void>): Promise<void> => {
      try {
        await work;
      } catch (error) {
        await showErrorMessage(trans.__('Cannot open %1', name), error as Error);
      }
    };
    const open = once((dataset: IDataset) =>
      tried(
        dataset.name,
        inserter.insert(folder => cellSource(dataset, folder))
      )
    );
    const openLabels = once((session: ILabelSession) =>
      tried(
        session.name,
        inserter.insert(folder => labelSource(session, folder))
      )
    );
    const insertCell = async (cell: CellOf, run: boolean): Promise<void> => {
      try {
        const start = await inserter.insertCell(cell);
        await (run ? start() : undefined);
      } catch (error) {
        await showErrorMessage(trans.__('Cannot insert a cell'), error as Error);
      }
    };
    const copy = (text: string): void => {
      Clipboard.copyToSystem(text);
      model.announce(trans.__('Copied %1.', text));
    };
    const copyCode = (dataset: IDataset): void => copy(openSource(dataset.name));
    const memory = new PanelMemory();
    const { commands } = app;
    const actions = datasetActions({
      work: model.work,
      trans,
      open,
      copy,
      copyCode,
      reveal: browser && (path => reveal(commands, browser, path))
    });
    const find = (name: string): IDataset | undefined =>
      model.datasets.find(dataset => dataset.name === name);
    const menu = new DatasetMenu({ commands, trans, actions, find });
    const { executed } = NotebookActions;
    const widget = new AstrodataPanel({
      api,
      compute: disabledSections.includes('compute')
        ? undefined
        : new Compute({ tracker, executed, presence: new Presence() }),
      memory,
      model,
      trans,
      thumbnailSize: () => settings.thumbnailSize,
      onOpen: dataset => void open(dataset),
      onOpenLabels: session => void openLabels(session),
      onMenu: (dataset, place, done) => menu.open(dataset, place, done),
      onCopyCode: copyCode,
      // Not waited for: a pipeline may take hours, and others may be begun meanwhile.
      onInsert: (cell, run) => void insertCell(cell, run),
      onCancelRun: run => void model.cancelRun(run),
      onAddresses: async addresses => {
        for (const address of addresses) {
          if (holdsSecret(address)) {
            model.refuseAddress(address);
          } else {
            await insertCell(() => addressSource(address), true);
          }
        }
      },
      onAskPlace: () => void commands.execute(CommandIDs.addPath),
      onCopy: copy,
      onPress: (dragged, press) => drag.watch(dragged, press)
    });

    // Lab asks the server as well, and notices sooner than a panel that rests.
    app.serviceManager.connectionFailure.connect(() => void model.server.look());
    settings.changed.connect(() => widget.update());
    // Also the restored one, which may come late: uploads of the page before this one went there.
    browser?.model.pathChanged.connect(() => void model.imports.findInterrupted());
    // A cell may have added to the catalogue.
    NotebookActions.executed.connect(() => widget.refreshIfSeen());
    NotebookActions.executionScheduled.connect(() => widget.expectRuns());
    void app.restored.then(() => model.start());
    void (state && app.restored.then(() => memory.follow(state)));
    void (registry && loadSettings(registry, trans).then(loaded => settings.follow(loaded)));
    app.shell.add(widget, 'left', { rank: 150 });
    restorer?.add(widget, widget.id);
    return { model, widget, insert: cell => insertCell(cell, true) };
  }
};

/** Show a file in the file browser, selected. */
async function reveal(
  commands: JupyterFrontEnd['commands'],
  browser: IDefaultFileBrowser,
  path: string
): Promise<void> {
  await commands.execute('filebrowser:go-to-path', { path });
  // That selects too, but before the browser is seen, when it has no rows yet.
  await browser.selectItemByName(PathExt.basename(path));
}

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
