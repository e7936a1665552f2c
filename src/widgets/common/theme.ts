/** Another theme has other colours, which canvases do not follow by themselves. */

/**
 * Calls back whenever the page has another theme, until `signal` ends it.
 *
 * In the frame after: as it changes its theme JupyterLab takes all it shows from the page for a moment, in
 * which canvases have no size to be painted at.
 */
export function followTheme(changed: () => void, signal: AbortSignal): void {
  let due = 0;
  const observer = new MutationObserver(() => {
    due ||= requestAnimationFrame(() => {
      due = 0;
      changed();
    });
  });
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ['data-jp-theme-light', 'data-jp-theme-name', 'class']
  });
  signal.addEventListener('abort', () => {
    observer.disconnect();
    cancelAnimationFrame(due);
  });
}

/** Gives a CSS variable of a widget, for canvases, which know none. */
export function themed(element: Element, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim() || '#888';
}
