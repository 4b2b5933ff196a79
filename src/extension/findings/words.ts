/** Names of grades, states and statuses for people. Pure. */
import type { Status, VerificationState } from '../../notes/format/schema.ts';
import { gradeNames } from '../../notes/grade/rules.ts';
import type { Grade } from '../../notes/grade/rules.ts';
import type { Translate } from '../translate.ts';

/** For hovers and trees: `causal · confirmed`. */
export function badgeOf({ grade, state }: { readonly grade: Grade; readonly state: VerificationState | undefined }, t: Translate): string {
  return state === undefined ? t(gradeNames[grade]) : `${t(gradeNames[grade])} · ${stateName(state, t)}`;
}

export function stateName(state: VerificationState, t: Translate): string {
  switch (state) {
    case 'confirmed': return t('confirmed');
    case 'drifted': return t('drifted');
    case 'contradicted': return t('contradicted');
    case 'not-runnable': return t('not runnable');
  }
}

export function statusName(status: Status, t: Translate): string {
  switch (status) {
    case 'open': return t('Open');
    case 'accepted': return t('Accepted');
    case 'refuted': return t('Refuted');
    case 'withdrawn': return t('Withdrawn');
  }
}
