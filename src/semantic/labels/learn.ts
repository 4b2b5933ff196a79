/**
 * Learning a rule for a feature from where it fires: no language model, only counts. For every place (the token, those
 * before it, what came recently) tokens are ranked by how often the feature fires there, and the set of best F1 is
 * taken; further conditions are added while they improve it, then a second alternative for what is not covered yet.
 * Beside it stands a rule about whole passages: the tokens that mark windows with the feature. Of the two, and of how
 * many tokens must fulfil it, what tells windows of the same evidence best is kept.
 */
import type { Evidence } from './evidence.ts';
import { testItems } from './items.ts';
import type { TestItem } from './items.ts';
import { recentReach } from './rule.ts';
import type { Condition, Rule } from './rule.ts';
import { balanced, countFulfilled } from './score.ts';

/** Shares of firing from which a token belongs to a set. */
const shares = [0.9, 0.7, 0.5, 0.35, 0.2, 0.1];
const firstPlaces = [0, 1, 2] as const;
const morePlaces = [0, 1, 2, 3, 'recent'] as const;
/** What a further condition or alternative must add to F1. */
const worthwhile = { condition: 0.03, alternative: 0.04 } as const;
const mostConditions = 3;
const mostAlternatives = 2;
/** Added to the occurrences of a token, so that one seen once does not count as certain. */
const doubt = 0.5;
/** Tokens of a set; the most frequent ones are kept. */
const mostIds = 32;

/** Tokens of a passage that may be asked for, and how often a token must come more often in passages with the feature. */
const leasts = [1, 2, 3, 4, 6, 8, 12, 16];
const passageOdds = [4, 2, 1.3];
const mostPassageIds = 32;
const seeds = { learning: [101, 102, 103, 104, 105], choosing: [7, 8, 9] } as const;
/** A later candidate must be better by this much. */
const simpler = 0.01;

/** What a row is to the alternative that is being learned. */
const state = { quiet: 0, covered: 1, wanted: 2 } as const;

interface Found {
  readonly condition: Condition;
  readonly rows: readonly number[];
  readonly f1: number;
}

export class RuleLearner {
  private readonly evidence: Evidence;
  /** Rows that count, by token id at each first place. */
  private readonly index: ReadonlyMap<Condition['at'], ReadonlyMap<number, readonly number[]>>;
  /** State of every row of the corpus, for the feature at hand. */
  private readonly states: Uint8Array;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
    this.index = new Map(firstPlaces.map((at) => [at, indexOf(evidence, at)]));
    this.states = new Uint8Array(evidence.corpus.ids.length);
  }

  /** The rule that tells windows of the evidence best, or undefined when the feature never fires. */
  learn(feature: number): Rule | undefined {
    const tokens = this.learnTokens(feature);
    if (tokens === undefined) return undefined;
    const items = this.windows(feature, seeds.choosing, 1);
    if (items.length === 0) return { alternatives: tokens.alternatives, least: 1 };
    const truth = items.map(({ positive }) => positive);
    let best: { rule: Rule; accuracy: number } | undefined;
    for (const alternatives of [tokens.alternatives, ...this.passageRules(feature)]) {
      const counts = countFulfilled(alternatives, items, this.evidence.corpus);
      for (const least of leasts) {
        const accuracy = balanced(counts.map((count) => (count >= least ? 1 : 0)), truth);
        if (best === undefined || accuracy > best.accuracy + simpler) best = { rule: { alternatives, least }, accuracy };
      }
    }
    return best?.rule;
  }

  /** Sets of tokens that occur in windows with the feature more often than in those without it. */
  private passageRules(feature: number): Rule['alternatives'][] {
    const items = this.windows(feature, seeds.learning, 0);
    const counts = new Map<number, { with: number; without: number }>();
    let [present, absent] = [0, 0];
    for (const { positive, from, to } of items) {
      if (positive) present++;
      else absent++;
      for (const id of new Set(this.evidence.corpus.ids.subarray(from, to))) {
        const entry = counts.get(id) ?? { with: 0, without: 0 };
        if (positive) entry.with++;
        else entry.without++;
        counts.set(id, entry);
      }
    }
    const ranked = [...counts].map(([id, entry]) => ({ id, gain: entry.with / present - entry.without / absent, odds: (entry.with + doubt) / present / ((entry.without + doubt) / absent) }));
    return passageOdds.flatMap((odds) => {
      const ids = ranked.filter((entry) => entry.odds >= odds && entry.gain > 0).toSorted((a, b) => b.gain - a.gain || a.id - b.id).slice(0, mostPassageIds).map(({ id }) => id);
      return ids.length === 0 ? [] : [[[{ at: 0, ids } as const]]];
    });
  }

  /** Windows to learn from are of the even contexts, windows to choose by of the odd ones. */
  private windows(feature: number, drawn: readonly number[], parity: 0 | 1): TestItem[] {
    const { contextLength } = this.evidence.corpus;
    return drawn.flatMap((seed) => testItems(this.evidence, feature, seed) ?? []).filter(({ from }) => Math.floor(from / contextLength) % 2 === parity);
  }

  /** The alternatives of best F1 for single tokens, or undefined when the feature never fires. */
  learnTokens(feature: number): { readonly alternatives: Rule['alternatives']; readonly f1: number } | undefined {
    const { rows } = this.evidence.entries(feature);
    if (rows.length === 0) return undefined;
    for (const row of rows) this.states[row] = state.wanted;
    const rule: Condition[][] = [];
    const covered = new Set<number>();
    let f1 = 0;
    for (let i = 0; i < mostAlternatives; i++) {
      const found = this.alternative(rows.filter((row) => this.states[row] === state.wanted), rows);
      if (found === undefined) break;
      const better = f1Of(new Set([...covered, ...found.rows]), new Set(rows));
      if (i > 0 && better < f1 + worthwhile.alternative) break;
      rule.push(found.conditions);
      f1 = better;
      for (const row of found.rows) {
        covered.add(row);
        if (this.states[row] === state.wanted) this.states[row] = state.covered;
      }
    }
    for (const row of rows) this.states[row] = state.quiet;
    return { alternatives: rule, f1 };
  }

  /** One conjunction for the rows that are wanted. Those that are active but covered already count neither way. */
  private alternative(wanted: Uint32Array, active: Uint32Array): { conditions: Condition[]; rows: readonly number[] } | undefined {
    let best: Found | undefined;
    for (const at of firstPlaces) best = better(best, this.bestSet(at, this.index.get(at)!, wanted, active, wanted.length));
    if (best === undefined) return undefined;
    const conditions = [best.condition];
    let { rows, f1 } = best;
    while (conditions.length < mostConditions) {
      const [matched, fired] = [rows.filter((row) => this.states[row] === state.wanted), rows.filter((row) => this.states[row] !== state.quiet)];
      let next: Found | undefined;
      for (const at of morePlaces) {
        if (!conditions.some((condition) => condition.at === at)) next = better(next, this.bestSet(at, this.local(at, rows), matched, fired, wanted.length));
      }
      if (next === undefined || next.f1 < f1 + worthwhile.condition) break;
      conditions.push(next.condition);
      ({ rows, f1 } = next);
    }
    return { conditions, rows };
  }

  /** The set of tokens at a place that gives the best F1 for `total` wanted rows. `index` has all rows by token, `wanted` and `active` those of them that fire. */
  private bestSet(at: Condition['at'], index: ReadonlyMap<number, readonly number[]>, wanted: Iterable<number>, active: Iterable<number>, total: number): Found | undefined {
    const counts = new Map<number, { hits: number; active: number }>();
    const each = (rows: Iterable<number>, key: 'hits' | 'active'): void => {
      for (const row of rows) {
        for (const id of this.tokensAt(at, row)) {
          const entry = counts.get(id);
          if (entry !== undefined) entry[key]++;
          else if (key === 'hits') counts.set(id, { hits: 1, active: 0 });
        }
      }
    };
    each(wanted, 'hits');
    each(active, 'active');
    const ranked = [...counts].map(([id, { hits, active: fired }]) => {
      const alarms = (index.get(id)?.length ?? 0) - fired;
      return { id, hits, alarms, share: hits / (hits + alarms + doubt) };
    });
    let best: { ids: number[]; f1: number } | undefined;
    for (const share of shares) {
      const chosen = ranked.filter((entry) => entry.share >= share).toSorted((a, b) => b.hits - a.hits || a.id - b.id).slice(0, mostIds);
      if (chosen.length === 0) continue;
      const ids = chosen.map(({ id }) => id);
      let [hits, alarms] = [0, 0];
      // Tokens exclude each other at one place, but several may have come recently.
      if (at === 'recent') {
        for (const row of rowsOf(index, ids, true)) {
          if (this.states[row] === state.wanted) hits++;
          else if (this.states[row] === state.quiet) alarms++;
        }
      } else for (const entry of chosen) [hits, alarms] = [hits + entry.hits, alarms + entry.alarms];
      const f1 = (2 * hits) / (hits + alarms + total);
      if (best === undefined || f1 > best.f1) best = { ids, f1 };
    }
    return best === undefined ? undefined : { condition: { at, ids: best.ids }, rows: rowsOf(index, best.ids, at === 'recent'), f1: best.f1 };
  }

  /** Rows by token at a place, of the given rows only. */
  private local(at: Condition['at'], rows: readonly number[]): Map<number, number[]> {
    const index = new Map<number, number[]>();
    for (const row of rows) for (const id of this.tokensAt(at, row)) push(index, id, row);
    return index;
  }

  private tokensAt(at: Condition['at'], row: number): Iterable<number> {
    const { ids, contextLength } = this.evidence.corpus;
    const start = row - (row % contextLength);
    if (at !== 'recent') return row - at >= start ? [ids[row - at]!] : [];
    return new Set(ids.subarray(Math.max(start, row - recentReach), row));
  }
}

function better(a: Found | undefined, b: Found | undefined): Found | undefined {
  return a === undefined || (b !== undefined && b.f1 > a.f1) ? b : a;
}

function rowsOf(index: ReadonlyMap<number, readonly number[]>, ids: readonly number[], overlapping: boolean): number[] {
  const rows = ids.flatMap((id) => index.get(id) ?? []);
  return overlapping ? [...new Set(rows)] : rows;
}

/** F1 of a set of rows for the active ones. */
function f1Of(rows: ReadonlySet<number>, active: ReadonlySet<number>): number {
  let hit = 0;
  for (const row of rows) if (active.has(row)) hit++;
  return (2 * hit) / (rows.size + active.size);
}

function indexOf({ corpus, counted }: Evidence, at: 0 | 1 | 2): Map<number, number[]> {
  const index = new Map<number, number[]>();
  counted.forEach((one, row) => {
    if (one === 1 && row % corpus.contextLength >= at) push(index, corpus.ids[row - at]!, row);
  });
  return index;
}

function push(index: Map<number, number[]>, id: number, row: number): void {
  const rows = index.get(id);
  if (rows === undefined) index.set(id, [row]);
  else rows.push(row);
}
