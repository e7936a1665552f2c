import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IAstrodataPanel } from '../tokens';
import { adviceOnNoWidgets } from './advice';
import { KernelHandshake } from './kernels';
import { explainLostViewers } from './lostViewers';

/** Without them no widget is drawn in a notebook. */
const DRAWING = ['anywidget:plugin', '@jupyter-widgets/jupyterlab-manager:plugin'];

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'astrodata-lab:handshake',
  description: 'Tells what to do where the halves of AstroData Lab do not fit.',
  autoStart: true,
  requires: [INotebookTracker, IAstrodataPanel],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    { model }: IAstrodataPanel,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('astrodata_lab');
    const { executed } = NotebookActions;
    const kernels = new KernelHandshake({ tracker, executed, trans });
    kernels.changed.connect(() => model.advise('kernel', kernels.advice));
    void app.restored.then(() => {
      if (!DRAWING.every(id => app.hasPlugin(id))) {
        model.advise('widgets', adviceOnNoWidgets(model.greeting, trans));
      }
    });
    tracker.widgetAdded.connect((_, panel) => {
      const stop = explainLostViewers(panel, trans);
      panel.disposed.connect(stop);
    });
  }
};

export default plugin;
