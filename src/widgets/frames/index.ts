/** The bundle of `astrodata_kernel.FitsFrames`, as anywidget imports it. */
import type { FramesTraits } from '../../core/frames';
import { widgetOf } from '../common/start';
import '../fits/style.css';
import './style.css';
import { FramesView } from './view';

export default widgetOf<FramesTraits>(
  (model, el, signal, rebuild, host) => new FramesView(model, el, signal, rebuild, host)
);
