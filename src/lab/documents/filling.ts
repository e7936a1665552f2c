/** Lets a viewer fill its tab: it is as high as its trait says, which is made for a notebook. */
import { OwnHeight } from '../../core/detach';

/** CSS pixels. */
const LOWEST = 120;
const NEAR = 2;

/**
 * Keep a viewer as high as the place that it is in.
 *
 * Its height is that of one picture or panel, and a viewer may have several below each other: what a change of it
 * does to the whole is measured.
 *
 * @param signal - Ends it.
 */
export function fill(
  place: HTMLElement,
  root: HTMLElement,
  own: OwnHeight,
  signal: AbortSignal
): void {
  if (own.get() === undefined) {
    return;
  }
  let panels = 1;
  const settle = (): void => {
    // A first step tells how many panels there are, a second one is right.
    for (let step = 0; step < 2; step++) {
      const missing = place.clientHeight - root.offsetHeight;
      const height = own.get() as number;
      const wanted = Math.max(LOWEST, Math.floor(height + missing / panels));
      if (place.clientHeight === 0 || Math.abs(missing) <= NEAR || wanted === height) {
        break;
      }
      const before = root.offsetHeight;
      own.set(wanted);
      panels = Math.max(1, Math.round((root.offsetHeight - before) / (wanted - height)));
    }
  };
  const observer = new ResizeObserver(settle);
  // Toolbars wrap, and panels open and close.
  [place, root].forEach(one => observer.observe(one));
  signal.addEventListener('abort', () => observer.disconnect(), { once: true });
}
