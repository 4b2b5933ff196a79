/** What stands at the view of findings: how many are doubtful, what is searched for, that nothing matches. Knows no vscode. */
import { matches } from '../../notes/noteIndex.ts';
import type { FindingEntry } from '../../notes/noteIndex.ts';
import type { Translate } from '../translate.ts';

export interface ViewState {
  readonly badge: { readonly value: number; readonly tooltip: string } | undefined;
  readonly description: string;
  readonly message: string;
}

/** `words`: what is searched for. An empty view without a search has its own welcome. */
export function viewState(findings: readonly FindingEntry[], words: string | undefined, t: Translate): ViewState {
  const doubtful = findings.filter(({ state }) => state !== undefined && state !== 'confirmed').length;
  const none = words !== undefined && findings.length > 0 && !findings.some((entry) => matches(entry, { words }));
  return {
    badge: doubtful === 0 ? undefined : { value: doubtful, tooltip: t('findings whose evidence did not hold, or could not be run: {0}', doubtful) },
    description: words === undefined ? '' : `“${words}”`,
    message: none ? t('No finding has the words “{0}”.', words) : '',
  };
}
