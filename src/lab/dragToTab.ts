import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { IAstrodataPanel } from './tokens';

/**
 * Brings the panel to the front while something is dragged over its tab.
 *
 * The file browser and the panel share the left area, where one of them is seen at a time: without this
 * nothing could be dragged from the one to the other.
 */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'astrodata-lab:drag-to-tab',
  description: 'Brings the AstroData panel to the front while something is dragged over its tab.',
  autoStart: true,
  requires: [IAstrodataPanel],
  activate: (app: JupyterFrontEnd, { widget }: IAstrodataPanel): void => {
    const bring = (event: Event): void => {
      const over = event.target instanceof Element ? event.target.closest('[data-id]') : null;
      if (over?.getAttribute('data-id') === widget.id && !widget.isVisible) {
        app.shell.activateById(widget.id);
      }
    };
    for (const type of ['lm-dragenter', 'dragenter']) {
      document.body.addEventListener(type, bring);
    }
  }
};

export default plugin;
