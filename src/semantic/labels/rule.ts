/**
 * A label from statistics is a rule about tokens that can be evaluated on any text: a few alternatives, each a
 * conjunction of conditions on the token itself, on those right before it, or on what occurs shortly before it. A
 * passage is said to have the feature when enough of its tokens fulfil the rule.
 */
import { MechanistError } from '../../engine/errors.ts';
import { parseJson, isJsonMap } from '../../engine/formats/json.ts';

export interface Condition {
  /** How many tokens before: 0 is the token itself; `recent`: anywhere in the 16 before it. */
  readonly at: 0 | 1 | 2 | 3 | 'recent';
  /** Token ids, one of which must be there; the most frequent first. */
  readonly ids: readonly number[];
}

export interface Rule {
  /** Each is a list of conditions that must all hold. */
  readonly alternatives: readonly (readonly Condition[])[];
  /** Tokens of a passage that must fulfil it. */
  readonly least: number;
}

/** Tokens that `recent` looks back. */
export const recentReach = 16;

/** Whether a token fulfils the rule; contexts have `contextLength` tokens, and nothing before their start is looked at. */
export function holds(alternatives: Rule['alternatives'], ids: Uint32Array, row: number, contextLength: number): boolean {
  return alternatives.some((conditions) => conditions.every((condition) => conditionHolds(condition, ids, row, contextLength)));
}

function conditionHolds({ at, ids: wanted }: Condition, ids: Uint32Array, row: number, contextLength: number): boolean {
  const start = row - (row % contextLength);
  if (at !== 'recent') return row - at >= start && includes(wanted, ids[row - at]!);
  for (let r = Math.max(start, row - recentReach); r < row; r++) if (includes(wanted, ids[r]!)) return true;
  return false;
}

/** The rule in words: `on “·Mary”, “·John” after “·and”`. */
export function describeRule(rule: Rule, tokenText: (id: number) => string): string {
  const told = rule.alternatives.map((conditions) => conditions.toSorted((a, b) => order(a) - order(b)).map(({ at, ids }) => `${places[at]} ${listed(ids, tokenText)}`).join(' ')).join('; or ');
  return rule.least > 1 ? `${rule.least} or more in a passage: ${told}` : told;
}

export function writeRule(rule: Rule): string {
  return JSON.stringify([rule.least, ...rule.alternatives.map((conditions) => conditions.map(({ at, ids }) => [at, ids]))]);
}

/** Errors: `parse`. */
export function readRule(text: string): Rule {
  const malformed = new MechanistError('parse', 'This is not a rule about tokens.', { field: 'rule' });
  const json = parseJson(text, { maxBytes: 1e5, maxDepth: 6 });
  if (!Array.isArray(json)) throw malformed;
  const [least, ...alternatives] = json as readonly unknown[];
  if (!Number.isInteger(least) || (least as number) < 1) throw malformed;
  const read = alternatives.map((conditions) => {
    if (!Array.isArray(conditions)) throw malformed;
    return conditions.map((condition): Condition => {
      if (!Array.isArray(condition) || isJsonMap(condition) || condition.length !== 2) throw malformed;
      const [at, ids] = condition as readonly unknown[];
      if (!Object.hasOwn(places, String(at)) || !Array.isArray(ids) || !ids.every((id) => Number.isInteger(id) && id >= 0)) throw malformed;
      return { at: at as Condition['at'], ids: ids as number[] };
    });
  });
  return { alternatives: read, least: least as number };
}

const places: Readonly<Record<Condition['at'], string>> = { 0: 'on', 1: 'after', 2: 'two after', 3: 'three after', recent: 'with, shortly before,' };
const shownIds = 4;

function order({ at }: Condition): number {
  return at === 'recent' ? 9 : at;
}

function listed(ids: readonly number[], tokenText: (id: number) => string): string {
  const named = ids.slice(0, shownIds).map((id) => `“${tokenText(id)}”`).join(', ');
  return ids.length > shownIds ? `${named} … (${ids.length} tokens)` : named;
}

const sets = new WeakMap<readonly number[], ReadonlySet<number>>();

function includes(ids: readonly number[], id: number): boolean {
  let set = sets.get(ids);
  if (set === undefined) sets.set(ids, (set = new Set(ids)));
  return set.has(id);
}
