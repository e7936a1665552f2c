import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { Contents } from '@jupyterlab/services';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { administration } from './administration';
import { stopCluster } from './computeCells';
import { mayBeViewed } from './documents/fileTypes';
import { panelIcon } from './icons';
import { SectionId, SECTIONS } from './panel/memory';
import { CommandIDs, IAstrodataPanel } from './tokens';

/** Under which the palette lists all that is ours. */
export const CATEGORY = 'AstroData';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'astrodata-lab:commands',
  description: 'The commands of the AstroData panel, and their places in the palette and menus.',
  autoStart: true,
  requires: [IAstrodataPanel],
  optional: [ICommandPalette, IFileBrowserFactory, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    panel: IAstrodataPanel,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('astrodata_lab');
    const { disabledSections } = administration();
    const sections = SECTIONS.filter(section => !disabledSections.includes(section));
    addCommands(app, panel, trans);
    addSectionCommands(app, panel, sections, trans);
    addBrowserCommand(app, panel, browsers, trans);
    const listed: [string, ReadonlyJSONObject?][] = [
      [CommandIDs.show],
      [CommandIDs.refresh],
      [CommandIDs.addFiles],
      [CommandIDs.addFolder],
      [CommandIDs.addPath],
      [CommandIDs.undo],
      ...sections.map((section): [string, ReadonlyJSONObject] => [CommandIDs.section, { section }]),
      [CommandIDs.runPipeline],
      [CommandIDs.startCluster],
      [CommandIDs.stopCluster]
    ];
    for (const [command, args] of listed) {
      if (app.commands.hasCommand(command)) {
        palette?.addItem({ command, args, category: CATEGORY });
      }
    }
  }
};

/** Add what concerns the panel and its datasets as a whole. */
function addCommands(
  { commands, shell }: JupyterFrontEnd,
  { model, widget }: IAstrodataPanel,
  trans: TranslationBundle
): void {
  const show = (): void => shell.activateById(widget.id);
  const hasServer = (): boolean => model.status !== 'no-server';
  commands.addCommand(CommandIDs.show, {
    label: trans.__('Show the AstroData Panel'),
    icon: panelIcon,
    execute: async () => {
      show();
      await widget.goTo();
    }
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh the AstroData Panel'),
    execute: () => model.refresh()
  });
  commands.addCommand(CommandIDs.addFiles, {
    label: trans.__('Add Files from This Computer…'),
    isEnabled: hasServer,
    execute: () => {
      show();
      widget.chooseFiles('files');
    }
  });
  commands.addCommand(CommandIDs.addFolder, {
    label: trans.__('Add a Folder from This Computer…'),
    isEnabled: hasServer,
    execute: () => {
      show();
      widget.chooseFiles('folder');
    }
  });
  commands.addCommand(CommandIDs.addPath, {
    label: trans.__('Add Dataset from Path or Address…'),
    execute: async args => {
      const place = typeof args['path'] === 'string' ? args['path'] : await askPlace(trans);
      if (place) {
        show();
        await widget.addPlaces(place);
      }
    }
  });
  commands.addCommand(CommandIDs.undo, {
    label: trans.__('Bring Back the Removed Dataset'),
    isEnabled: () => model.work.removed.length > 0,
    execute: () => model.work.undo()
  });
}

/** Add what concerns the sections that there are. */
function addSectionCommands(
  { commands, shell }: JupyterFrontEnd,
  { insert, widget }: IAstrodataPanel,
  sections: readonly SectionId[],
  trans: TranslationBundle
): void {
  const labels: Record<SectionId, string> = {
    datasets: trans.__('Show Datasets'),
    compute: trans.__('Show Compute'),
    runs: trans.__('Show Runs'),
    models: trans.__('Show Models'),
    labels: trans.__('Show Labels')
  };
  const sectionOf = (args: ReadonlyPartialJSONObject): SectionId | undefined =>
    sections.find(section => section === args['section']);
  commands.addCommand(CommandIDs.section, {
    label: args => labels[sectionOf(args) ?? 'datasets'],
    isEnabled: args => sectionOf(args) !== undefined,
    execute: async args => {
      shell.activateById(widget.id);
      await widget.goTo(sectionOf(args));
    }
  });
  const addForm = (section: SectionId, id: string, label: string): void => {
    commands.addCommand(id, {
      label,
      execute: async () => {
        shell.activateById(widget.id);
        await widget.openForm(section);
      }
    });
  };
  if (sections.includes('runs')) {
    addForm('runs', CommandIDs.runPipeline, trans.__('Run Pipeline…'));
  }
  if (sections.includes('compute')) {
    addForm('compute', CommandIDs.startCluster, trans.__('Start Cluster…'));
    commands.addCommand(CommandIDs.stopCluster, {
      label: trans.__('Stop Cluster'),
      execute: () => insert(stopCluster)
    });
  }
}

/** Add what the file browser's context menu has. */
function addBrowserCommand(
  { commands, shell }: JupyterFrontEnd,
  { model, widget }: IAstrodataPanel,
  browsers: IFileBrowserFactory | null,
  trans: TranslationBundle
): void {
  const selected = (): Contents.IModel[] =>
    Array.from(browsers?.tracker.currentWidget?.selectedItems() ?? []);
  commands.addCommand(CommandIDs.addSelected, {
    label: trans.__('Add to AstroData'),
    icon: panelIcon,
    // Any file may be one, whatever its name; of folders only products are.
    isVisible: () =>
      selected().every(({ path, type }) => type !== 'directory' || mayBeViewed(path, true, true)),
    execute: async () => {
      shell.activateById(widget.id);
      await model.addPaths(selected().map(({ path }) => path));
    }
  });
}

async function askPlace(trans: TranslationBundle): Promise<string> {
  const { value } = await InputDialog.getText({
    title: trans.__('Add a Dataset'),
    label: trans.__(
      'Path of a file or folder, from the folder that the server shows, or an address elsewhere:'
    ),
    placeholder: 'survey/m31.fits',
    okLabel: trans.__('Add')
  });
  return (value ?? '').trim();
}

export default plugin;
