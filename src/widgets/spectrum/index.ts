/** The bundle of `astrodata_kernel.SpectrumViewer`, as anywidget imports it. */
import type { SpectrumTraits } from '../../core/spectrum';
import { widgetOf } from '../common/start';
import './style.css';
import { SpectrumView } from './view';

export default widgetOf<SpectrumTraits>((model, el, signal) => new SpectrumView(model, el, signal));
