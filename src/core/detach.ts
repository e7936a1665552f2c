/** How a view asks to be moved elsewhere in the page: the event, and what it tells whoever can move it. */

export const DETACH = 'astrodata:detach';

/** The class of the button that asks. It is seen only where somebody listens. */
export const DETACH_BUTTON = 'astrodata-detach';

/** What the event carries once it has passed the place of its view. */
export interface Detachable {
  /** Holds all of the view, which goes on wherever it stands in the page. */
  readonly place: HTMLElement;
  /** Ends with the view: its cell ran again, or its notebook was closed. */
  readonly signal: AbortSignal;
  readonly height: OwnHeight;
}

/** The height of one view in CSS pixels, apart from that of its widget, which other views show too. */
export interface OwnHeight {
  get(): number | undefined;
  /** @param pixels - null for that of the widget. */
  set(pixels: number | null): void;
}
