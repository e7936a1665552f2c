/**
 * Viewers in notebooks whose kernel no longer has them. Jupyter's widgets say "Error displaying widget: model not
 * found" in their place; here it is said what that means, and what to do.
 */
import type { CodeCell } from '@jupyterlab/cells';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { IOutputModel } from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';

import { PROTOCOL } from '../../core/protocol';
import { VERSION } from '../../core/version';

/** What Jupyter's widgets write; they do not translate it. */
const LOST = 'Error displaying widget';
/** The class that they give to the place where they write it. */
const PLACE = 'jupyter-widgets';
/** Under which our viewers say who made them; `kernel/astrodata_kernel/widgets/base.py` has it too. */
const MARK = 'astrodata_lab';

/** Explain the lost viewers of a notebook, those that are there and those that come; gives what ends it. */
export function explainLostViewers(panel: NotebookPanel, trans: TranslationBundle): () => void {
  const look = (place: Node): void => {
    if (
      place instanceof HTMLElement &&
      place.classList.contains(PLACE) &&
      place.childElementCount === 0 &&
      place.textContent?.startsWith(LOST)
    ) {
      explain(panel, place, trans);
    }
  };
  const observer = new MutationObserver(records => records.forEach(({ target }) => look(target)));
  observer.observe(panel.content.node, { childList: true, subtree: true });
  panel.content.node.querySelectorAll(`.${PLACE}`).forEach(look);
  return () => observer.disconnect();
}

function explain(panel: NotebookPanel, place: HTMLElement, trans: TranslationBundle): void {
  const found = cellAt(panel, place);
  const made = found && (found.output.metadata[MARK] as { version?: unknown; protocol?: unknown });
  if (!found || !made) {
    return; // somebody else's widget
  }
  const said = document.createElement('p');
  said.textContent =
    made.protocol === PROTOCOL
      ? trans.__('The kernel that made this viewer has ended or was restarted. Run the cell again.')
      : trans.__(
          'This viewer was made by AstroData Lab %1, this page has %2. Run the cell again.',
          String(made.version).slice(0, 40),
          VERSION
        );
  const again = document.createElement('button');
  again.type = 'button';
  again.className = 'jp-Button jp-mod-styled jp-mod-accept';
  again.textContent = trans.__('Run the cell');
  again.addEventListener('click', () => {
    void NotebookActions.runCells(panel.content, [found.cell], panel.sessionContext);
  });
  const node = document.createElement('div');
  node.className = 'jp-astrodata-lab-lost';
  node.setAttribute('role', 'status');
  node.append(said, again);
  place.replaceChildren(node);
}

/** The cell in which an element lies, and the output that it shows. */
function cellAt(
  panel: NotebookPanel,
  place: HTMLElement
): { readonly cell: (typeof panel.content.widgets)[0]; readonly output: IOutputModel } | null {
  const cell = panel.content.widgets.find(({ node }) => node.contains(place));
  if (cell?.model.type !== 'code') {
    return null;
  }
  const { widgets, model } = (cell as CodeCell).outputArea;
  const index = widgets.findIndex(({ node }) => node.contains(place));
  return index < 0 || index >= model.length ? null : { cell, output: model.get(index) };
}
