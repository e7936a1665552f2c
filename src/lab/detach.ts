/** Moves viewers out of the outputs of notebooks into tabs, and back. */
import { ILabShell, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { undoIcon } from '@jupyterlab/ui-components';

import { DETACH, Detachable } from '../core/detach';
import { CATEGORY } from './commands';
import { DetachedView, seenButton } from './detachedView';

/** Shows the buttons of the viewers within. */
const LISTENS = 'jp-mod-astrodataDetach';

const DETACH_VIEW = 'astrodata-lab:detach-view';
const BRING_BACK = 'astrodata-lab:bring-view-back';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'astrodata-lab:detach',
  description: 'Moves viewers out of the outputs of notebooks into tabs, and back.',
  autoStart: true,
  requires: [INotebookTracker],
  // Not required: Notebook 7 has no main area for tabs, and would tell of a plugin that failed.
  optional: [ILabShell, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    shell: ILabShell | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): void => {
    if (!shell) {
      return;
    }
    const trans = (translator ?? nullTranslator).load('astrodata_lab');
    addCommands(app, shell, notebooks, trans);
    for (const command of [DETACH_VIEW, BRING_BACK]) {
      palette?.addItem({ command, category: CATEGORY });
    }
    const follow = (panel: NotebookPanel): void => {
      let last: DetachedView | null = null;
      panel.node.classList.add(LISTENS);
      panel.node.addEventListener(DETACH, event => {
        const { detail: view } = event as CustomEvent<Detachable>;
        const activate = (id: string): void => shell.activateById(id);
        const tab = new DetachedView({ view, panel, trans, activate });
        // Beside the notebook once: each further split would leave less of both.
        const beside = last && !last.isDisposed ? last : null;
        shell.add(tab, 'main', {
          ref: beside?.id ?? panel.id,
          mode: beside ? 'tab-after' : 'split-right'
        });
        activate(tab.id);
        last = tab;
      });
    };
    notebooks.forEach(follow);
    notebooks.widgetAdded.connect((_, panel) => follow(panel));
  }
};

function addCommands(
  { commands }: JupyterFrontEnd,
  shell: ILabShell,
  notebooks: INotebookTracker,
  trans: TranslationBundle
): void {
  const button = (): HTMLElement | undefined =>
    notebooks.activeCell ? seenButton(notebooks.activeCell.node) : undefined;
  commands.addCommand(DETACH_VIEW, {
    label: trans.__('Detach the Viewer of the Cell into a Tab'),
    isEnabled: () => shell.currentWidget === notebooks.currentWidget && button() !== undefined,
    execute: () => button()?.click()
  });
  const current = (): DetachedView | null =>
    shell.currentWidget instanceof DetachedView ? shell.currentWidget : null;
  commands.addCommand(BRING_BACK, {
    label: trans.__('Bring the Viewer Back into Its Notebook'),
    caption: trans.__('Close the tab and show the viewer below its cell'),
    icon: undoIcon,
    isEnabled: () => current() !== null,
    execute: () => current()?.bringBack()
  });
}

export default plugin;
