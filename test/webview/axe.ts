/** Accessibility rules on an element in happy-dom. Rules that need layout or a whole page are left to the end-to-end tests. */
import axe from 'axe-core';

const needLayoutOrPage = ['color-contrast', 'region', 'landmark-one-main', 'page-has-heading-one', 'scrollable-region-focusable', 'target-size'];

/** One line for each violation. */
export async function axeViolations(element: Element): Promise<string[]> {
  const { violations } = await axe.run(element, { rules: Object.fromEntries(needLayoutOrPage.map((rule) => [rule, { enabled: false }])) });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
}
