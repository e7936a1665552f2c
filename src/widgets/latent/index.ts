/** The bundle of `astrodata_kernel.LatentExplorer`, as anywidget imports it. */
import type { LatentTraits } from '../../core/latent';
import { widgetOf } from '../common/start';
import './style.css';
import { LatentView } from './view';

export default widgetOf<LatentTraits>((model, el, signal) => new LatentView(model, el, signal));
