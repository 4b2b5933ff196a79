/** Checks that would raise a finding's grade: a method and one of its subjects, which the method can be run on. */
import type { Finding } from '../format/schema.ts';
import { parseSubject } from '../subjects.ts';
import { assess } from './grade.ts';
import { checksFor } from './rules.ts';

export interface MissingCheck {
  readonly method: string;
  readonly subject: string;
}

/** Each method once, for the first subject of its kind. */
export function raisingChecks(finding: Finding): MissingCheck[] {
  const found = new Map<string, MissingCheck>();
  for (const facet of assess(finding).lacking) {
    for (const subject of finding.subjects) {
      const method = checksFor[facet]?.[parseSubject(subject).kind];
      if (method !== undefined && !found.has(method)) found.set(method, { method, subject });
    }
  }
  return [...found.values()];
}
