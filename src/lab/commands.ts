import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';

import { panelIcon } from './icons';
import { CommandIDs, IAstrodataPanel } from './tokens';

const CATEGORY = 'AstroData';

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
    addCommands(app, panel, browsers, trans);
    for (const command of [CommandIDs.show, CommandIDs.refresh, CommandIDs.addPath]) {
      palette?.addItem({ command, category: CATEGORY });
    }
  }
};

function addCommands(
  app: JupyterFrontEnd,
  { model, widget }: IAstrodataPanel,
  browsers: IFileBrowserFactory | null,
  trans: TranslationBundle
): void {
  const { commands } = app;
  const show = (): void => app.shell.activateById(widget.id);
  commands.addCommand(CommandIDs.show, {
    label: trans.__('Show the AstroData Panel'),
    icon: panelIcon,
    execute: show
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh the AstroData Panel'),
    execute: () => model.refresh()
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
  commands.addCommand(CommandIDs.addSelected, {
    label: trans.__('Add to AstroData'),
    icon: panelIcon,
    execute: async () => {
      const selected = browsers?.tracker.currentWidget?.selectedItems() ?? [];
      const paths = Array.from(selected, item => item.path);
      show();
      await model.addPaths(paths);
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
