/** The bundle of `astrodata_kernel.FitsViewer`, as anywidget imports it. */
import type { AnyModel, AnyWidget, Render } from '@anywidget/types';
import type { FitsTraits } from '../../core/protocol';
import type { Channel } from '../../core/request';
import { NO_CHANNEL } from './handshake';
import './style.css';
import { FitsView } from './view';

const render: Render<FitsTraits> = async ({ model, el, host, signal }) => {
  const channel = host.getModel(model.get('channel')).then(
    found => found as AnyModel & Channel,
    () => null
  );
  const begin = async () => {
    const own = new AbortController();
    const view = new FitsView(model, el, AbortSignal.any([signal, own.signal]), () => {
      own.abort();
      void begin();
    });
    const found = await channel;
    if (signal.aborted || own.signal.aborted) {
      return;
    }
    if (found) {
      view.connect(found);
    } else {
      view.fail(NO_CHANNEL);
    }
  };
  if (!signal.aborted) {
    await begin();
  }
};

const widget: AnyWidget<FitsTraits> = { render };
export default widget;
