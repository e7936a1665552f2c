/** The bundle of `astrodata_kernel.FitsViewer`, as anywidget imports it. */
import type { FitsTraits } from '../../core/protocol';
import { widgetOf } from '../common/start';
import './style.css';
import { FitsView } from './view';

export default widgetOf<FitsTraits>(
  (model, el, signal, rebuild) => new FitsView(model, el, signal, rebuild)
);
