/** Another theme has other colours, which canvases do not follow by themselves. */

/** Calls back whenever the page has another theme, until `signal` ends it. */
export function followTheme(changed: () => void, signal: AbortSignal): void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ['data-jp-theme-light', 'data-jp-theme-name', 'class']
  });
  signal.addEventListener('abort', () => observer.disconnect());
}

/** Gives a CSS variable of a widget, for canvases, which know none. */
export function themed(element: Element, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim() || '#888';
}
