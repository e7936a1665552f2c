import { LabIcon } from '@jupyterlab/ui-components';

import cube from '../../style/icons/cube.svg';
import file from '../../style/icons/file.svg';
import flame from '../../style/icons/flame.svg';
import image from '../../style/icons/image.svg';
import label from '../../style/icons/label.svg';
import model from '../../style/icons/model.svg';
import panel from '../../style/icons/panel.svg';
import run from '../../style/icons/run.svg';
import spectrum from '../../style/icons/spectrum.svg';
import table from '../../style/icons/table.svg';
import waveforms from '../../style/icons/waveforms.svg';

export const panelIcon = new LabIcon({ name: 'astrodata-lab:panel', svgstr: panel });
export const flameIcon = new LabIcon({ name: 'astrodata-lab:flame', svgstr: flame });
export const labelIcon = new LabIcon({ name: 'astrodata-lab:label', svgstr: label });
export const modelIcon = new LabIcon({ name: 'astrodata-lab:model', svgstr: model });
export const runIcon = new LabIcon({ name: 'astrodata-lab:run', svgstr: run });

const KINDS: Record<string, LabIcon> = {
  cube: new LabIcon({ name: 'astrodata-lab:cube', svgstr: cube }),
  image: new LabIcon({ name: 'astrodata-lab:image', svgstr: image }),
  spectrum: new LabIcon({ name: 'astrodata-lab:spectrum', svgstr: spectrum }),
  strain: new LabIcon({ name: 'astrodata-lab:strain', svgstr: spectrum }),
  table: new LabIcon({ name: 'astrodata-lab:table', svgstr: table }),
  waveforms: new LabIcon({ name: 'astrodata-lab:waveforms', svgstr: waveforms })
};

const fileIcon = new LabIcon({ name: 'astrodata-lab:file', svgstr: file });

/** The icon that stands for a dataset without a picture. */
export function kindIcon(kind: string): LabIcon {
  return Object.hasOwn(KINDS, kind) ? KINDS[kind] : fileIcon;
}
