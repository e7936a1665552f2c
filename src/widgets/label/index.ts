/** The bundle of `astrodata_kernel.Labeller`, as anywidget imports it. */
import type { LabelTraits } from '../../core/label';
import { widgetOf } from '../common/start';
import './style.css';
import { LabelView } from './view';

export default widgetOf<LabelTraits>((model, el, signal) => new LabelView(model, el, signal));
