/** Keeps plain keys inside a viewer: JupyterLab would take them for its own. */

/** Whether a key is pressed by itself, or with Shift: with others it is the browser's, or JupyterLab's. */
export function isPlain({
  ctrlKey,
  metaKey,
  altKey
}: Pick<KeyboardEvent, 'ctrlKey' | 'metaKey' | 'altKey'>): boolean {
  return !(ctrlKey || metaKey || altKey);
}

const MARK = 'data-lm-suppress-shortcuts';

/**
 * Marks a viewer, so that arrows do not move between cells and "0 0" does not restart the kernel.
 *
 * The focused element is marked as well: JupyterLab's selectors end in `:focus`, which fits that element
 * before any mark on what is around it is seen, and a slider would lose its arrows.
 *
 * Enter in an input does not reach JupyterLab at all: having seen it in a cell it takes back the line break
 * that follows (`beforeinput`), and with it the `change` by which the browser says that a number was given.
 */
export function keepKeys(root: HTMLElement): void {
  let focused: Element | null = null;
  const keep = (event?: KeyboardEvent) => {
    // Those with Ctrl, Alt or Cmd stay JupyterLab's, or Ctrl+S would no longer save.
    const plain = !event || isPlain(event);
    root.toggleAttribute(MARK, plain);
    focused?.toggleAttribute(MARK, plain);
  };
  keep();
  root.addEventListener('focusin', event => {
    focused = event.target as Element;
    keep();
  });
  root.addEventListener('focusout', () => {
    focused?.removeAttribute(MARK);
    focused = null;
    keep();
  });
  root.addEventListener('keydown', event => {
    keep(event);
    if (
      event.key === 'Enter' &&
      event.target instanceof HTMLInputElement &&
      root.hasAttribute(MARK)
    ) {
      event.stopPropagation();
    }
  });
  root.addEventListener('keyup', keep);
}
