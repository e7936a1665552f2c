/** The bundle of `astrodata_kernel.TableViewer`, as anywidget imports it. */
import type { TableTraits } from '../../core/table';
import { widgetOf } from '../common/start';
import './style.css';
import { TableView } from './view';

export default widgetOf<TableTraits>(
  (model, el, signal, rebuild) => new TableView(model, el, signal, rebuild)
);
