/**
 * Keeps plain keys inside a viewer: JupyterLab would take them for its own, arrows move between cells,
 * "0 0" restarts the kernel. Those with Ctrl, Alt or Cmd stay Lab's, or Ctrl+S would no longer save.
 */
export function keepKeys(root: HTMLElement): void {
  const keep = (event?: KeyboardEvent) =>
    root.toggleAttribute(
      'data-lm-suppress-shortcuts',
      !(event && (event.ctrlKey || event.metaKey || event.altKey))
    );
  keep();
  root.addEventListener('keydown', keep);
  root.addEventListener('keyup', keep);
  root.addEventListener('focusout', () => keep());
}
