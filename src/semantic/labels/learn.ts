/**
 * Learning a rule for a feature from where it fires: no language model, only counts. For every place (the token, those
 * before it, what came recently) tokens are ranked by how often the feature fires there, and the set of best F1 is
 * taken; further conditions are added while they improve it, then a second alternative for what is not covered yet.
 */
import type { Evidence } from './evidence.ts';
import { recentReach } from './rule.ts';
import type { Condition, Rule } from './rule.ts';

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
const mostIds = 96;

export class RuleLearner {
  private readonly evidence: Evidence;
  /** Rows that count, by token id at each first place. */
  private readonly index: ReadonlyMap<number, Map<number, number[]>>;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
    this.index = new Map(firstPlaces.map((at) => [at, indexOf(evidence, at)]));
  }

  /** The rule of best F1 on the evidence, or undefined when the feature never fires. */
  learn(feature: number): { readonly rule: Rule; readonly f1: number } | undefined {
    const { rows } = this.evidence.entries(feature);
    if (rows.length === 0) return undefined;
    const active = new Set(rows);
    const rule: Condition[][] = [];
    let covered = new Set<number>();
    let f1 = 0;
    for (let i = 0; i < mostAlternatives; i++) {
      const open = i === 0 ? rows : rows.filter((row) => !covered.has(row));
      const found = this.alternative(open, active);
      if (found === undefined) break;
      const together = new Set([...covered, ...found.rows]);
      const better = f1Of(together, active);
      if (i > 0 && better < f1 + worthwhile.alternative) break;
      rule.push(found.conditions);
      covered = together;
      f1 = better;
    }
    return { rule, f1 };
  }

  /** One conjunction for the rows in `open`. Rows that are active but covered already count neither way. */
  private alternative(open: Uint32Array, active: ReadonlySet<number>): { conditions: Condition[]; rows: number[] } | undefined {
    let best: { condition: Condition; rows: number[]; f1: number } | undefined;
    const wanted = new Set(open);
    for (const at of firstPlaces) {
      const index = this.index.get(at)!;
      const found = this.bestSet(at, index, open, wanted, active);
      if (found !== undefined && (best === undefined || found.f1 > best.f1)) best = found;
    }
    if (best === undefined) return undefined;
    const conditions = [best.condition];
    let { rows, f1 } = best;
    while (conditions.length < mostConditions) {
      let next: { condition: Condition; rows: number[]; f1: number } | undefined;
      for (const at of morePlaces) {
        if (conditions.some((condition) => condition.at === at)) continue;
        const found = this.bestSet(at, this.local(at, rows), rows.filter((row) => wanted.has(row)), wanted, active, wanted.size);
        if (found !== undefined && (next === undefined || found.f1 > next.f1)) next = found;
      }
      if (next === undefined || next.f1 < f1 + worthwhile.condition) break;
      conditions.push(next.condition);
      ({ rows, f1 } = next);
    }
    return { conditions, rows };
  }

  /** The set of tokens at a place that gives the best F1 for `wanted` among the rows of the index. */
  private bestSet(at: Condition['at'], index: ReadonlyMap<number, readonly number[]>, hits: Iterable<number>, wanted: ReadonlySet<number>, active: ReadonlySet<number>, total = wanted.size): { condition: Condition; rows: number[]; f1: number } | undefined {
    const counts = new Map<number, number>();
    for (const row of hits) for (const id of this.tokensAt(at, row)) counts.set(id, (counts.get(id) ?? 0) + 1);
    const ranked = [...counts].map(([id, count]) => {
      const rows = index.get(id) ?? [];
      // What is active for another alternative is no false alarm.
      const alarms = rows.reduce((sum, row) => sum + (active.has(row) ? 0 : 1), 0);
      return { id, count, share: count / (count + alarms + doubt), rows };
    });
    let best: { condition: Condition; rows: number[]; f1: number } | undefined;
    for (const share of shares) {
      const chosen = ranked.filter((entry) => entry.share >= share).toSorted((a, b) => b.count - a.count || a.id - b.id).slice(0, mostIds);
      if (chosen.length === 0) continue;
      const rows = at === 'recent' ? [...new Set(chosen.flatMap((entry) => entry.rows))] : chosen.flatMap((entry) => entry.rows);
      let [hit, alarms] = [0, 0];
      for (const row of rows) {
        if (wanted.has(row)) hit++;
        else if (!active.has(row)) alarms++;
      }
      const f1 = (2 * hit) / (hit + alarms + total);
      if (best === undefined || f1 > best.f1) best = { condition: { at, ids: chosen.map(({ id }) => id) }, rows, f1 };
    }
    return best;
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
