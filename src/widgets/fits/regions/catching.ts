/** What the regions take before anybody else: keys with Ctrl, and double clicks. */

export interface CatchHooks {
  /** A key with Ctrl on the picture; true when it was the regions'. */
  key(event: KeyboardEvent): boolean;
  /** A double click on the picture; true when it was the regions'. */
  double(event: MouseEvent): boolean;
}

/**
 * Takes keys with Ctrl before JupyterLab, which would undo in the notebook and select its cells, and double
 * clicks on regions before the picture comes closer.
 *
 * @param overlay - Lies over the picture that it is about.
 */
export function catchEvents(overlay: Element, hooks: CatchHooks, signal: AbortSignal): void {
  const options = { capture: true, signal };
  const isMine = ({ target }: Event) =>
    target instanceof HTMLCanvasElement && !!overlay.parentElement?.contains(target);
  const take = (event: Event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  window.addEventListener(
    'keydown',
    event => {
      if ((event.ctrlKey || event.metaKey) && isMine(event) && hooks.key(event)) {
        take(event);
      }
    },
    options
  );
  window.addEventListener(
    'dblclick',
    event => {
      if (isMine(event) && hooks.double(event)) {
        take(event);
      }
    },
    options
  );
}
