import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { LabIcon } from '@jupyterlab/ui-components';
import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';

import { CellInserter } from './insertCell';
import { CellOf } from './runCells';

/** What a notebook takes as cells. */
const CELLS_MIME = 'application/vnd.jupyter.cells';

/** Pixels that the mouse moves before a press becomes a drag. */
const THRESHOLD = 5;

/** A row of the panel that becomes a cell where it is dropped. */
export interface IDraggable {
  readonly name: string;
  readonly icon: LabIcon;
  /** The Python that opens it. */
  readonly cell: CellOf;
}

/** Lets rows be dragged onto notebooks, which insert the cell by themselves. */
export class CellDrag {
  constructor(
    private readonly _tracker: INotebookTracker,
    private readonly _inserter: CellInserter
  ) {}

  /** Watch a pressed mouse; to be called with the press on a row. */
  watch(dragged: IDraggable, press: MouseEvent): void {
    if (press.button !== 0) {
      return;
    }
    const stop = (): void => {
      document.removeEventListener('mousemove', move, true);
      document.removeEventListener('mouseup', stop, true);
    };
    const move = (event: MouseEvent): void => {
      const far = Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY);
      if (far >= THRESHOLD) {
        stop();
        event.preventDefault();
        void this._start(dragged, event.clientX, event.clientY);
      }
    };
    document.addEventListener('mousemove', move, true);
    document.addEventListener('mouseup', stop, true);
  }

  private async _start(dragged: IDraggable, x: number, y: number): Promise<void> {
    const mimeData = new MimeData();
    let target: NotebookPanel | null = null;
    let before = new Set<string>();
    const aimAt = (panel: NotebookPanel | null): void => {
      target = panel;
      before = new Set(panel?.content.widgets.map(cell => cell.model.id));
      const source = this._inserter.source(dragged.cell, panel);
      const cell = { cell_type: 'code', source, metadata: {}, outputs: [], execution_count: null };
      mimeData.setData(CELLS_MIME, [cell]);
      mimeData.setData('text/plain', source);
    };
    // The path in the cell depends on the notebook's folder: it is known when the drop arrives.
    const onDrop = ({ target: node }: Event): void =>
      aimAt(this._tracker.find(panel => panel.node.contains(node as Node)) ?? null);

    aimAt(this._tracker.currentWidget);
    document.addEventListener('lm-drop', onDrop, true);
    const drag = new Drag({
      mimeData,
      dragImage: dragImage(dragged),
      supportedActions: 'copy',
      proposedAction: 'copy',
      source: this
    });
    const action = await drag.start(x, y);
    document.removeEventListener('lm-drop', onDrop, true);
    swallowClick();
    if (action !== 'none' && target !== null) {
      await this._run(target, before);
    }
  }

  /** Run the cell that the notebook made; in the middle of it another one is active now. */
  private async _run(panel: NotebookPanel, before: ReadonlySet<string>): Promise<void> {
    const notebook = panel.content;
    const index = notebook.widgets.findIndex(cell => !before.has(cell.model.id));
    if (index >= 0) {
      notebook.deselectAll();
      notebook.activeCellIndex = index;
      await this._inserter.run(panel);
    }
  }
}

/** Keep the click from the row that is let go where it was taken: it belongs to the drag. */
function swallowClick(): void {
  const swallow = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener('click', swallow, true);
  // The browser sends the click, if any, before the next task.
  setTimeout(() => document.removeEventListener('click', swallow, true));
}

function dragImage({ icon, name }: IDraggable): HTMLElement {
  const node = document.createElement('div');
  node.className = 'jp-astrodata-lab-dragImage';
  const text = document.createElement('span');
  text.textContent = name;
  node.append(icon.element({ tag: 'span' }), text);
  return node;
}
