import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

/** WCAG 2.2, levels A and AA. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/**
 * What axe finds against elements of ours that keeps somebody from using them, a line each.
 *
 * @param roots - Selectors of elements that are looked at, with all that is in them.
 * @param contrast - Whether contrast alone is looked at, which is what another theme changes.
 */
export async function barriers(
  page: Page,
  roots: readonly string[],
  contrast = false
): Promise<string[]> {
  // JupyterLab's body has no height of its own and hides what sticks out: to axe all that is in it would be hidden.
  await page.addStyleTag({ content: 'body { min-height: 100vh }' });
  const axe = new AxeBuilder({ page }).setLegacyMode();
  roots.forEach(root => axe.include(root));
  const { passes, violations } = await (
    contrast ? axe.withRules(['color-contrast']) : axe.withTags(RULES)
  ).analyze();
  const read = passes.find(({ id }) => id === 'color-contrast')?.nodes ?? [];
  if (!read.some(({ any }) => any[0]?.data?.contrastRatio)) {
    throw new Error(`axe has seen no text in ${roots.join(', ')}`);
  }
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, any, all, none }) => {
        const [why] = [...any, ...all, ...none];
        return `${id}: ${html.slice(0, 160)}: ${why?.message ?? ''}`;
      })
    );
}
