import { ILabShell, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';

import { IAstrodataPanel } from './tokens';

const SEEN = 'astrodata-lab:seen';

/** Shows the panel once to a person who has not seen it yet; from then on the layout restorer decides. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'astrodata-lab:first-start',
  description: 'Shows the AstroData panel once to a person who has not seen it yet.',
  autoStart: true,
  requires: [IAstrodataPanel, IStateDB],
  optional: [ILabShell],
  activate: (
    app: JupyterFrontEnd,
    { widget }: IAstrodataPanel,
    state: IStateDB,
    shell: ILabShell | null
  ): void => {
    void Promise.all([app.restored, state.fetch(SEEN)]).then(async ([, seen]) => {
      if (!seen) {
        shell?.activateById(widget.id);
        await state.save(SEEN, true);
      }
    });
  }
};

export default plugin;
