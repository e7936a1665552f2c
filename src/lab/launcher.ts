import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, showErrorMessage } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { administration } from './administration';
import { Api } from './api';
import { CATEGORY } from './commands';
import { flameIcon, kindIcon, panelIcon } from './icons';
import { createNotebook } from './launcherNotebook';
import { CommandIDs } from './tokens';

/** A notebook to begin with, of `astrodata_lab/templates`. */
interface ITemplate {
  /** Of its file. */
  readonly name: string;
  readonly icon: LabIcon;
  /** On the card. */
  readonly title: string;
  /** In the palette. */
  readonly command: string;
  /** What one has when all of it has run. */
  readonly caption: string;
}

/** Cards and commands that make notebooks from templates. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'astrodata-lab:launcher',
  description: 'Makes notebooks from templates: cards in the launcher, commands in the palette.',
  autoStart: true,
  optional: [ILauncher, ICommandPalette, IDefaultFileBrowser, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null,
    translator: ITranslator | null
  ): void => {
    if (administration().disabledSections.includes('templates')) {
      return;
    }
    const trans = (translator ?? nullTranslator).load('astrodata_lab');
    const templates = templatesOf(trans);
    const api = new Api(app.serviceManager.serverSettings, trans);
    const of = (args: ReadonlyPartialJSONObject): ITemplate =>
      templates.find(({ name }) => name === args['template']) ?? templates[0];
    app.commands.addCommand(CommandIDs.newNotebook, {
      label: args => (args['isPalette'] ? of(args).command : of(args).title),
      caption: args => of(args).caption,
      icon: args => (args['isPalette'] ? undefined : of(args).icon),
      execute: async args => {
        // The launcher names its folder, the palette none.
        const folder = typeof args['cwd'] === 'string' ? args['cwd'] : browser?.model.path;
        try {
          return await createNotebook(app, api, of(args).name, folder ?? '');
        } catch (error) {
          await showErrorMessage(trans.__('Cannot create the notebook'), error as Error);
          return null;
        }
      }
    });
    templates.forEach(({ name: template }, rank) => {
      const command = CommandIDs.newNotebook;
      launcher?.add({ command, args: { template }, category: CATEGORY, rank });
      palette?.addItem({ command, args: { template, isPalette: true }, category: CATEGORY });
    });
  }
};

function templatesOf(trans: TranslationBundle): ITemplate[] {
  return [
    {
      name: 'astrodata',
      icon: panelIcon,
      title: trans.__('AstroData notebook'),
      command: trans.__('New AstroData Notebook'),
      caption: trans.__('A notebook with the toolkit loaded, and the first steps')
    },
    {
      name: 'daidream',
      icon: kindIcon('waveforms'),
      title: trans.__('DAIDREAM'),
      command: trans.__('New DAIDREAM Notebook'),
      caption: trans.__('Waveforms, an encoder, the garage that noise stays in, the latent space')
    },
    {
      name: 'burnt-area',
      icon: flameIcon,
      title: trans.__('Burnt area'),
      command: trans.__('New Burnt-Area Notebook'),
      caption: trans.__('Two dates of Sentinel-2, the map of what burnt between them, its hectares')
    },
    {
      name: 'fits',
      icon: kindIcon('image'),
      title: trans.__('FITS'),
      command: trans.__('New FITS Notebook'),
      caption: trans.__('An image, regions with their photometry, a catalogue over it')
    }
  ];
}

export default plugin;
