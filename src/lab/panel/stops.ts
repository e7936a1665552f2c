/**
 * Where the arrow keys go in the panel: from heading to heading, and between them to the one row of each
 * list that the Tab key comes to.
 */
const HEADING = '.jp-astrodata-lab-toggle';
const ROW = '.jp-astrodata-lab-open[tabindex="0"]';

/** The headings of the panel that an element lies in, and these with the rows among them. */
export function stopsOf(element: Element): { headings: HTMLElement[]; all: HTMLElement[] } {
  const panel = element.closest('.jp-astrodata-lab-body');
  const find = (what: string): HTMLElement[] => [
    ...(panel?.querySelectorAll<HTMLElement>(what) ?? [])
  ];
  return { headings: find(HEADING), all: find(`${HEADING}, ${ROW}`) };
}

/** Go from a heading or row to the next one, or the one before it, if there is one. */
export function goFrom(stop: HTMLElement, step: 1 | -1): void {
  const { all } = stopsOf(stop);
  all[all.indexOf(stop) + step]?.focus();
}

/** The heading that something is under. */
export function headingOf(element: Element): HTMLElement | null {
  return element.closest('section')?.querySelector<HTMLElement>(HEADING) ?? null;
}
