/** The keys of the panel. */
import type { Key } from '../shared/components/keyHelp.ts';
import { t } from '../shared/strings.ts';
import type { Works } from './works.ts';

export function keys(): Key[] {
  return [
    { keys: ['1', '…', '7'], does: t('go to a tab') }, { keys: ['←', '→', '↑', '↓'], does: t('move through cells, tokens, heads, nodes') }, { keys: ['Enter'], does: t('open what is under the keyboard') },
    { keys: ['Space'], does: t('pin: a cell to a finding, a node to the subgraph') }, { keys: ['[', ']'], does: t('one layer down or up') }, { keys: ['/'], does: t('search in the graph, or go to the prompt') }, { keys: ['?'], does: t('this list') },
  ];
}

/** One layer up or down in the tab that is open. */
export function stepLayer({ inquiry, lens, attention }: Works, step: 1 | -1): void {
  const layers = inquiry.session.model?.layers ?? 0;
  const within = (value: number, count: number): number => Math.min(count - 1, Math.max(0, value + step));
  switch (inquiry.place.tab) {
    case 'attention': attention.chooseHead(within(inquiry.place.attention.layer, layers), inquiry.place.attention.head); return;
    case 'lens': {
      const grid = lens.grid.value;
      if (grid === undefined) return;
      const { hook, position } = lens.cell ?? { hook: grid.hooks.length - 1, position: grid.tokens.length - 1 };
      lens.cell = { hook: within(hook, grid.hooks.length), position };
      inquiry.requestUpdate();
      return;
    }
    case 'overview': case 'patching': case 'circuit': case 'graph': case 'compare': return;
  }
}
