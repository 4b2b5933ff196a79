/** The keys of the semantic view, for the list that `?` shows. */
import type { Key } from '../shared/components/keyHelp.ts';
import { t } from '../shared/strings.ts';

export function semanticKeys(): Key[] {
  return [
    { keys: ['/'], does: t('search') },
    { keys: ['↑', '↓', 'PgUp', 'PgDn'], does: t('move through the features; in the map, from point to point') },
    { keys: ['Enter'], does: t('open the card') },
    { keys: ['Space'], does: t('pin to a finding; in the map, choose several, which Shift Enter lists') },
    { keys: ['[', ']'], does: t('previous and next dictionary') },
    { keys: ['m'], does: t('table or map') },
    { keys: ['d'], does: t('measures of the dictionary') },
    { keys: ['e'], does: t('edit the label') },
    { keys: ['l'], does: t('suggest a label') },
    { keys: ['p'], does: t('paint the feature in the editor') },
    { keys: ['Shift F10'], does: t('menu of what has the focus: ablate, steer, find circuits, copy link') },
    { keys: ['Esc'], does: t('back to the list') },
  ];
}
