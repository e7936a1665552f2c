import { SectionId } from './memory';

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

/**
 * What one can go to in a panel: the heading of a section, or the first heading.
 *
 * @param panel - An element that has the whole panel in it.
 */
export function stopIn(panel: Element, section?: SectionId): HTMLElement | null {
  const inside = section === undefined ? '' : `[data-section="${section}"] `;
  return panel.querySelector<HTMLElement>(inside + HEADING);
}

/** The button beside the heading of a section that shows a form, while it shows none. */
export function formButtonIn(panel: Element, section: SectionId): HTMLElement | null {
  return panel.querySelector<HTMLElement>(
    `[data-section="${section}"] > .jp-astrodata-lab-sectionHead > button[aria-expanded="false"]`
  );
}

/** The heading that something is under. */
export function headingOf(element: Element): HTMLElement | null {
  return element.closest('section')?.querySelector<HTMLElement>(HEADING) ?? null;
}
