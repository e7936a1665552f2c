/** The bundle of `astrodata_kernel.StrainViewer`, as anywidget imports it. */
import type { StrainTraits } from '../../core/strain';
import { widgetOf } from '../common/start';
import './style.css';
import { StrainView } from './view';

export default widgetOf<StrainTraits>((model, el, signal) => new StrainView(model, el, signal));
