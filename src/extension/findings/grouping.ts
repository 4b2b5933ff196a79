/** Findings in groups for the tree. Pure. */
import { gradeNames, grades } from '../../notes/grade/rules.ts';
import { findingKinds, statuses } from '../../notes/format/schema.ts';
import type { FindingKind } from '../../notes/format/schema.ts';
import type { FindingEntry } from '../../notes/noteIndex.ts';
import { describeTarget, parseSubject } from '../../notes/subjects.ts';
import type { Translate } from '../translate.ts';
import { statusName } from './words.ts';

export const groupings = ['kind', 'grade', 'status', 'subject', 'model'] as const;
export type Grouping = (typeof groupings)[number];

export interface FindingGroup {
  readonly name: string;
  readonly entries: readonly FindingEntry[];
}

/** Groups that hold something, in a fixed order; a finding with several subjects or models stands under each. */
export function groupsOf(entries: readonly FindingEntry[], grouping: Grouping, t: Translate): FindingGroup[] {
  const sorted = entries.toSorted((a, b) => (a.finding.title < b.finding.title ? -1 : 1));
  const pick = <K>(keys: readonly K[], keyOf: (entry: FindingEntry) => K, nameOf: (key: K) => string): FindingGroup[] =>
    keys.map((key) => ({ name: nameOf(key), entries: sorted.filter((entry) => keyOf(entry) === key) })).filter((group) => group.entries.length > 0);
  switch (grouping) {
    case 'kind': return pick(findingKinds, ({ finding }) => finding.kind, (kind) => kindName(kind, t));
    case 'grade': return pick(grades.toReversed(), ({ grade }) => grade, (grade) => t(gradeNames[grade]));
    case 'status': return pick(statuses, ({ finding }) => finding.status, (status) => statusName(status, t));
    case 'subject': return byKeys(sorted, ({ finding }) => finding.subjects, (uri) => describeTarget(parseSubject(uri), t), t('no subject'));
    case 'model': return byKeys(sorted, ({ finding }) => finding.evidence.flatMap(({ models }) => models.map(({ id }) => id)), (id) => id, t('no model'));
  }
}

function byKeys(entries: readonly FindingEntry[], keysOf: (entry: FindingEntry) => readonly string[], nameOf: (key: string) => string, none: string): FindingGroup[] {
  const groups = new Map<string, Set<FindingEntry>>();
  for (const entry of entries) for (const key of new Set(keysOf(entry))) groups.set(key, (groups.get(key) ?? new Set()).add(entry));
  const without = entries.filter((entry) => keysOf(entry).length === 0);
  const named = [...groups].map(([key, members]) => ({ name: nameOf(key), entries: [...members] })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return without.length === 0 ? named : [...named, { name: none, entries: without }];
}

function kindName(kind: FindingKind, t: Translate): string {
  switch (kind) {
    case 'behavioral': return t('Behavioral');
    case 'semantic': return t('Semantic');
    case 'algorithmic': return t('Algorithmic');
    case 'unified': return t('Unified');
  }
}
