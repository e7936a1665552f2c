/** How every viewer's bundle begins: anywidget's `render`, and the way to the data channel. */
import type { AnyModel, AnyWidget } from '@anywidget/types';
import type { Channel } from '../../core/request';
import { placeIn, withOwnHeight } from './detach';
import { NO_CHANNEL } from './handshake';
import type { TraitModel } from './traits';

/** Where models of other widgets are found. */
export interface Host {
  getModel(ref: string): Promise<AnyModel>;
}

/** A view that draws until its signal ends. */
export interface Startable {
  /** Greets the kernel on the data channel and shows what there is. */
  connect(channel: Channel): void;
  /** Tells what went wrong. */
  fail(error: unknown): void;
}

/**
 * Gives the widget that anywidget imports.
 *
 * @param begin - Makes a view in `el`; `rebuild` ends that view and begins anew, `host` finds other models.
 */
export function widgetOf<T extends { channel: string }>(
  begin: (
    model: TraitModel<T>,
    el: HTMLElement,
    signal: AbortSignal,
    rebuild: () => void,
    host: Host
  ) => Startable
): AnyWidget<T> {
  return {
    render: async ({ model: shared, el, host, signal }) => {
      if (signal.aborted) {
        return;
      }
      const channel = host.getModel(shared.get('channel')).then(
        found => found as AnyModel & Channel,
        () => null
      );
      const { model, height } = withOwnHeight<T>(shared);
      const place = placeIn(el, signal, height);
      const start = async () => {
        const own = new AbortController();
        const again = () => {
          own.abort();
          void start();
        };
        const view = begin(model, place, AbortSignal.any([signal, own.signal]), again, host);
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
      await start();
    }
  };
}
