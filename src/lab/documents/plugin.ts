import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContextDialogs, showErrorMessage, WidgetTracker } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { Contents, IDefaultDrive } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';

import { panelIcon } from '../icons';
import { CellInserter } from '../insertCell';
import { loadSettings, Settings } from '../panel/settings';
import { pythonKernel } from '../python';
import { CellOf } from '../runCells';
import { FactsOnly, PROVIDER } from './contents';
import { DataDocument, DocumentFactory } from './factory';
import { FACTORY, fileTypes, mayBeViewed, SHARED_TYPE } from './fileTypes';
import { KeptKernels } from './kept';
import { labelCell } from './labels';
import { DataModelFactory, MODEL } from './model';
import { Viewing } from './viewing';

const VIEW = 'astrodata-lab:view-selected';
const LABEL = 'astrodata-lab:label-selected';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'astrodata-lab:documents',
  description: 'Opens data files in a tab of their own, with a kernel of their own.',
  autoStart: true,
  requires: [INotebookTracker, IDefaultDrive],
  optional: [
    ILayoutRestorer,
    IStateDB,
    ISessionContextDialogs,
    IFileBrowserFactory,
    ISettingRegistry,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    drive: Contents.IDrive,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    dialogs: ISessionContextDialogs | null,
    browsers: IFileBrowserFactory | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('astrodata_lab');
    const settings = new Settings();
    void (registry && loadSettings(registry, trans).then(loaded => settings.follow(loaded)));
    /** Insert the cell of a file and run it; a new notebook goes beside the file. */
    const insert = async (path: string, cell: CellOf): Promise<void> => {
      const inserter = new CellInserter({
        app,
        tracker: notebooks,
        dialogs,
        folder: () => PathExt.dirname(path),
        runs: () => settings.runInsertedCell
      });
      const start = await inserter.insertCell(cell);
      await start();
    };
    const factory = addDocuments(app, drive, dialogs, state, trans, async (path, viewing) =>
      insert(path, await viewing.cell())
    );
    const tracker = new WidgetTracker<DataDocument>({ namespace: 'astrodata-lab-documents' });
    factory.widgetCreated.connect((_, widget) => {
      void tracker.add(widget);
      widget.context.pathChanged.connect(() => void tracker.save(widget));
    });
    void restorer?.restore(tracker, {
      command: 'docmanager:open',
      args: widget => ({ path: widget.context.path, factory: FACTORY }),
      name: widget => widget.context.path
    });
    if (browsers) {
      addCommands(app, browsers, insert, trans);
    }
  }
};

/** Make data files openable. */
function addDocuments(
  { docRegistry, restored, serviceManager }: JupyterFrontEnd,
  drive: Contents.IDrive,
  dialogs: ISessionContextDialogs | null,
  state: IStateDB | null,
  trans: TranslationBundle,
  open: (path: string, viewing: Viewing) => Promise<void>
): DocumentFactory {
  const { contents, kernels, kernelspecs } = serviceManager;
  const refusal = trans.__('AstroData shows files and never writes them.');
  const types = fileTypes(trans);
  const added = types.map(type => docRegistry.addFileType(type));
  drive.contentProviderRegistry?.register(PROVIDER, new FactsOnly(drive, refusal));
  docRegistry.addModelFactory(
    new DataModelFactory({ kernelName: () => pythonKernel(kernelspecs.specs), refusal })
  );
  const names = types.map(({ name }) => name);
  const factory = new DocumentFactory(
    {
      name: FACTORY,
      modelName: MODEL,
      fileTypes: names,
      defaultFor: names.filter(name => name !== SHARED_TYPE),
      contentProviderId: PROVIDER,
      readOnly: true,
      preferKernel: true,
      canStartKernel: true,
      shutdownOnClose: true
    },
    {
      contents,
      kept: new KeptKernels(state, () => Array.from(kernels.running(), ({ id }) => id)),
      dialogs,
      trans,
      onOpenInNotebook: (path, viewing) =>
        void open(path, viewing).catch((error: Error) =>
          showErrorMessage(trans.__('Cannot insert a cell'), error)
        )
    }
  );
  docRegistry.addWidgetFactory(factory);
  void restored.then(() => {
    // All extensions are here now: who else shows such files goes on to do so by a double click. The type
    // is added anew with its default, since the settings take back a default that is set by itself.
    const shared = names.indexOf(SHARED_TYPE);
    const others = docRegistry
      .preferredWidgetFactories(`any${types[shared].extensions[0]}`)
      .filter(({ name, fileTypes: of }) => name !== FACTORY && !of.includes('*'));
    if (others.length === 0) {
      added[shared].dispose();
      docRegistry.addFileType(types[shared], [FACTORY]);
    }
  });
  return factory;
}

/** Add what the file browser's context menu has. */
function addCommands(
  { commands, docRegistry, serviceManager }: JupyterFrontEnd,
  browsers: IFileBrowserFactory,
  insert: (path: string, cell: CellOf) => Promise<void>,
  trans: TranslationBundle
): void {
  const selected = (): Contents.IModel[] =>
    Array.from(browsers.tracker.currentWidget?.selectedItems() ?? []);
  const canView = ({ path, type }: Contents.IModel): boolean =>
    mayBeViewed(path, type === 'directory', docRegistry.getFileTypesForPath(path).length > 0);
  const all = (): boolean => selected().length > 0 && selected().every(canView);
  commands.addCommand(VIEW, {
    label: trans.__('View with AstroData'),
    icon: panelIcon,
    caption: trans.__('Open in a tab with a kernel of its own'),
    isVisible: all,
    execute: async () => {
      for (const { path } of selected()) {
        await commands.execute('docmanager:open', { path, factory: FACTORY });
      }
    }
  });
  commands.addCommand(LABEL, {
    label: trans.__('Label with AstroData'),
    caption: trans.__('Insert a cell that labels what the file holds'),
    isVisible: () => all() && selected().length === 1 && selected()[0].type !== 'directory',
    execute: async () => {
      const path = serviceManager.contents.localPath(selected()[0].path);
      try {
        const cell = await labelCell(path, serviceManager.serverSettings, trans);
        if (cell === null) {
          throw new Error(
            trans.__(
              '%1 is one picture: labels are given to traces, to pictures of a stack and to rows. Cut pieces out of it first, by adk.processing.raster.cutouts.',
              PathExt.basename(path)
            )
          );
        }
        await insert(path, cell);
      } catch (error) {
        await showErrorMessage(trans.__('Cannot label %1', PathExt.basename(path)), error as Error);
      }
    }
  });
}

export default plugin;
