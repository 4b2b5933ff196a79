/** Applies the rules: from a finding to its grade, with the reasons and what would raise it. */
import type { Approach, Evidence, Finding, VerificationState } from '../format/schema.ts';
import { cautions, grades, measureRules, methodRules, rashomonShare, requirements } from './rules.ts';
import type { Facet, Grade } from './rules.ts';
import { english } from '../say.ts';
import type { Say } from '../say.ts';

export interface Assessment {
  readonly grade: Grade;
  readonly facets: ReadonlySet<Facet>;
  readonly reasons: readonly string[];
  /** What the next grade asks and the evidence does not show. */
  readonly raise: readonly string[];
  /** Facets that would raise it. */
  readonly lacking: readonly Facet[];
  readonly cautions: readonly string[];
}

/** `say`: for the sentences. */
export function assess(finding: Finding, say: Say = english): Assessment {
  const usable = finding.evidence.filter((record) => !discredited(record));
  const facets = new Set(usable.flatMap(facetsOf));
  const used = new Set<Approach>(usable.flatMap(({ method }) => methodRules[methodName(method)]?.approach ?? []));
  if (finding.approach !== undefined) used.add(finding.approach);
  const reasons: string[] = [];
  let grade: Grade = 'none';
  let raise: string[] = [];
  let lacking: readonly Facet[] = [];
  for (const level of grades.slice(1)) {
    const asked = requirements.filter((rule) => rule.grade === level && (rule.approaches === undefined || rule.approaches.some((approach) => used.has(approach))));
    const missing = asked.filter(({ anyOf }) => !anyOf.some((facet) => facets.has(facet)));
    reasons.push(...asked.filter((rule) => !missing.includes(rule)).map(({ met }) => say(met)));
    if (missing.length > 0) {
      raise = missing.map((rule) => say(rule.missing));
      lacking = missing.flatMap(({ anyOf }) => anyOf);
      break;
    }
    grade = level;
  }
  const ignored = finding.evidence.length - usable.length;
  if (ignored > 0) reasons.push(ignored === 1 ? say('One record does not count: contradicted or not runnable when last tried.') : say('{0} records do not count: contradicted or not runnable when last tried.', ignored));
  const withoutNull = usable.filter(({ method, control }) => control === undefined && methodRules[methodName(method)]?.shows.includes('causal') === true);
  if (withoutNull.length > 0) raise.unshift(say('Give {0} a null: an effect without one shows nothing.', withoutNull.map(({ id }) => id).join(', ')));
  return {
    grade, facets, reasons, raise, lacking,
    cautions: cautions.filter(({ when }) => (when.has === undefined || facets.has(when.has)) && (when.lacks === undefined || !facets.has(when.lacks)) && (when.approach === undefined || used.has(when.approach)))
      .map(({ text }) => say(text)),
  };
}

/** What one record shows. */
export function facetsOf(record: Evidence): Facet[] {
  const rule = methodRules[methodName(record.method)];
  const facets: Facet[] = ['observed'];
  if (rule !== undefined) {
    for (const facet of rule.shows) if (shown(facet, record, rule.neutral, rule.least ?? 0)) facets.push(facet);
  }
  for (const { measure, facet, least } of measureRules) if ((record.measures[measure] ?? -Infinity) >= least) facets.push(facet);
  const other = record.measures['rashomon'];
  if (other !== undefined) {
    facets.push('alternatives-tried');
    if (other < rashomonShare * record.value) facets.push('unique');
  }
  return facets;
}

/** Whether the value lies farther from the value of no effect than the control does, intervals included. */
function beatsControl(record: Pick<Evidence, 'value' | 'interval' | 'control'>, neutral: number): boolean {
  if (record.control === undefined) return false;
  const [weakest] = strengths(record.value, record.interval, neutral);
  const [, strongest] = strengths(record.control.value, record.control.interval, neutral);
  return weakest > strongest;
}

/** Whether the value, with its interval, differs from the value of no effect. */
function beatsChance(record: Pick<Evidence, 'value' | 'interval'>, neutral: number): boolean {
  return strengths(record.value, record.interval, neutral)[0] > 0;
}

export function methodName(method: string): string {
  return method.slice(0, method.lastIndexOf('@'));
}

/** What the last re-run of a record gave. */
export function lastState(record: Evidence): VerificationState | undefined {
  return record.history.at(-1)?.state;
}

function discredited(record: Evidence): boolean {
  const state = lastState(record);
  return state === 'contradicted' || state === 'not-runnable';
}

function shown(facet: Facet, record: Evidence, neutral: number, least: number): boolean {
  switch (facet) {
    case 'observed': return true;
    case 'decodable': return beatsChance(record, neutral) && record.value > neutral;
    // An intervention without which behaviour improves joins nothing.
    case 'necessary': case 'unifying': return beatsControl(record, neutral) && record.value > neutral;
    case 'sufficient': return beatsControl(record, neutral) && record.value - neutral >= least;
    default: return beatsControl(record, neutral);
  }
}

/** Least and greatest distance of an interval from `neutral`; zero at least when it contains it. */
function strengths(value: number, interval: readonly [number, number] | undefined, neutral: number): [number, number] {
  const [low, high] = interval ?? [value, value];
  const ends = [Math.abs(low - neutral), Math.abs(high - neutral)];
  return [low <= neutral && neutral <= high ? 0 : Math.min(...ends), Math.max(...ends)];
}
