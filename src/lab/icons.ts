import { LabIcon } from '@jupyterlab/ui-components';

import cube from '../../style/icons/cube.svg';
import file from '../../style/icons/file.svg';
import image from '../../style/icons/image.svg';
import panel from '../../style/icons/panel.svg';
import spectrum from '../../style/icons/spectrum.svg';
import table from '../../style/icons/table.svg';
import waveforms from '../../style/icons/waveforms.svg';

export const panelIcon = new LabIcon({ name: 'astrodata-lab:panel', svgstr: panel });

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
