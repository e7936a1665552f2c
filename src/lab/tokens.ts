import { Token } from '@lumino/coreutils';

import { AstrodataPanel } from './panel/widget';
import { PanelModel } from './panel/model';

/** What other plugins may do with the panel. */
export interface IAstrodataPanel {
  readonly model: PanelModel;
  readonly widget: AstrodataPanel;
}

export const IAstrodataPanel = new Token<IAstrodataPanel>(
  'astrodata-lab:IAstrodataPanel',
  'The AstroData panel: its datasets, and ways to add to them.'
);

export const CommandIDs = {
  show: 'astrodata-lab:show-panel',
  refresh: 'astrodata-lab:refresh',
  addPath: 'astrodata-lab:add-path',
  addSelected: 'astrodata-lab:add-selected'
} as const;
