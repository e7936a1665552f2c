import { Token } from '@lumino/coreutils';

import { AstrodataPanel } from './panel/widget';
import { PanelModel } from './panel/model';
import { CellOf } from './runCells';

/** What other plugins may do with the panel. */
export interface IAstrodataPanel {
  readonly model: PanelModel;
  readonly widget: AstrodataPanel;
  /** Insert a cell into the notebook and run it; what goes wrong is told to the person. */
  readonly insert: (cell: CellOf) => Promise<void>;
}

export const IAstrodataPanel = new Token<IAstrodataPanel>(
  'astrodata-lab:IAstrodataPanel',
  'The AstroData panel: its datasets, and ways to add to them.'
);

export const CommandIDs = {
  show: 'astrodata-lab:show-panel',
  refresh: 'astrodata-lab:refresh',
  addFiles: 'astrodata-lab:add-files',
  addFolder: 'astrodata-lab:add-folder',
  addPath: 'astrodata-lab:add-path',
  addSelected: 'astrodata-lab:add-selected',
  undo: 'astrodata-lab:undo-remove',
  section: 'astrodata-lab:show-section',
  runPipeline: 'astrodata-lab:run-pipeline',
  startCluster: 'astrodata-lab:start-cluster',
  stopCluster: 'astrodata-lab:stop-cluster',
  newNotebook: 'astrodata-lab:new-notebook'
} as const;
