import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { openOnDragOverTab } from './drop';
import { IAstrodataPanel } from './tokens';

/**
 * Brings the panel to the front while files are dragged over its tab.
 *
 * The file browser and the panel share the left area, where one of them is seen at a time: without this
 * nothing could be dragged from the one to the other.
 */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'astrodata-lab:drag-to-tab',
  description: 'Brings the AstroData panel to the front while files are dragged over its tab.',
  autoStart: true,
  requires: [IAstrodataPanel],
  activate: (app: JupyterFrontEnd, { widget }: IAstrodataPanel): void => {
    openOnDragOverTab(widget.id, () => app.shell.activateById(widget.id));
  }
};

export default plugin;
