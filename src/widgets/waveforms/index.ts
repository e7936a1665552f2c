/** The bundle of `astrodata_kernel.WaveformViewer`, as anywidget imports it. */
import type { WaveformTraits } from '../../core/waveforms';
import { widgetOf } from '../common/start';
import './style.css';
import { WaveformView } from './view';

export default widgetOf<WaveformTraits>((model, el, signal) => new WaveformView(model, el, signal));
