/** Draws a widget of the kernel by the bundle that the kernel gives, as anywidget does in a notebook. */
import { WidgetModel, WidgetModels } from './widgetModels';

/** What a bundle exports. */
interface IBundle {
  readonly default: {
    render(context: {
      model: WidgetModel;
      el: HTMLElement;
      signal: AbortSignal;
      host: { getModel(reference: string): Promise<WidgetModel> };
    }): unknown;
  };
}

/**
 * Draw a widget in an element, and give the element of its own within.
 *
 * @param signal - Ends the view.
 */
export async function render(
  model: WidgetModel,
  models: WidgetModels,
  el: HTMLElement,
  signal: AbortSignal
): Promise<HTMLElement> {
  const style = document.createElement('style');
  style.textContent = String(model.get('_css') ?? '');
  const url = URL.createObjectURL(
    new Blob([String(model.get('_esm'))], { type: 'text/javascript' })
  );
  let bundle: IBundle;
  try {
    bundle = (await import(/* webpackIgnore: true */ url)) as IBundle;
  } finally {
    URL.revokeObjectURL(url);
  }
  const root = document.createElement('div');
  if (signal.aborted) {
    return root;
  }
  el.replaceChildren(style, root);
  await bundle.default.render({
    model,
    el: root,
    signal,
    host: { getModel: reference => models.find(reference) }
  });
  return root;
}
