/** One feature and one question, arranged by context: what thresholds, intervals and shuffles are computed from. */
import type { Column } from './columns.ts';
import { notApplicable } from './variables.ts';
import type { Question } from './variables.ts';

export interface Ranking {
  readonly contexts: number;
  /** Applicable tokens with a non-zero value, in descending order: value, context, whether positive. */
  readonly values: Float32Array;
  readonly context: Int32Array;
  readonly positive: Uint8Array;
  /** Applicable tokens with value zero, by context. */
  readonly zeroPositive: Float64Array;
  readonly zeroNegative: Float64Array;
}

/** Ranks the tokens of a question. `positions` are the tokens of a context. */
export function rankingOf({ rows, values }: Column, question: Question, codes: Uint8Array, positions: number): Ranking {
  const contexts = codes.length / positions;
  const isPositive = new Uint8Array(256);
  for (const c of question.classes) isPositive[c] = 1;
  const [zeroPositive, zeroNegative] = [new Float64Array(contexts), new Float64Array(contexts)];
  codes.forEach((code, row) => {
    if (code !== notApplicable) (isPositive[code] === 1 ? zeroPositive : zeroNegative)[Math.floor(row / positions)]!++;
  });
  const kept: number[] = [];
  rows.forEach((row, i) => {
    if (codes[row] !== notApplicable) kept.push(i);
  });
  const context = Int32Array.from(kept, (i) => Math.floor(rows[i]! / positions));
  const positive = Uint8Array.from(kept, (i) => isPositive[codes[rows[i]!]!]!);
  positive.forEach((yes, i) => { (yes === 1 ? zeroPositive : zeroNegative)[context[i]!]!--; });
  return { contexts, values: Float32Array.from(kept, (i) => values[i]!), context, positive, zeroPositive, zeroNegative };
}

/** AUROC where each context counts `weights[context]` times. */
export function weightedAuroc(ranking: Ranking, weights: Float64Array): number {
  const { values, context, positive } = ranking;
  let [above, concordant, negatives] = [0, 0, 0];
  let zerosSeen = false;
  const block = (blockPositive: number, blockNegative: number): void => {
    concordant += blockNegative * (above + blockPositive / 2);
    above += blockPositive;
    negatives += blockNegative;
  };
  const seeZeros = (): void => {
    block(weighted(ranking.zeroPositive, weights), weighted(ranking.zeroNegative, weights));
    zerosSeen = true;
  };
  for (let start = 0; start < values.length;) {
    const value = values[start]!;
    if (value < 0 && !zerosSeen) seeZeros();
    let [blockPositive, blockNegative] = [0, 0];
    let end = start;
    for (; end < values.length && values[end] === value; end++) {
      const weight = weights[context[end]!]!;
      if (positive[end] === 1) blockPositive += weight;
      else blockNegative += weight;
    }
    block(blockPositive, blockNegative);
    start = end;
  }
  if (!zerosSeen) seeZeros();
  return above === 0 || negatives === 0 ? Number.NaN : concordant / (above * negatives);
}

/** Outcomes of the rule "positive from `threshold` upwards", by context. */
export interface Outcomes {
  readonly truePositive: Float64Array;
  readonly falsePositive: Float64Array;
  readonly positive: Float64Array;
}

export function outcomesAt(ranking: Ranking, threshold: number): Outcomes {
  const { contexts, values, context, positive, zeroPositive, zeroNegative } = ranking;
  const truePositive = threshold <= 0 ? zeroPositive.slice() : new Float64Array(contexts);
  const falsePositive = threshold <= 0 ? zeroNegative.slice() : new Float64Array(contexts);
  const total = zeroPositive.slice();
  values.forEach((value, i) => {
    const yes = positive[i] === 1;
    if (yes) total[context[i]!]!++;
    if (value >= threshold) (yes ? truePositive : falsePositive)[context[i]!]!++;
  });
  return { truePositive, falsePositive, positive: total };
}

/** F1 = 2 TP / (TP + FP + P), where each context counts `weights[context]` times; NaN without positives. */
export function weightedF1({ truePositive, falsePositive, positive }: Outcomes, weights: Float64Array): number {
  const actual = weighted(positive, weights);
  const hits = weighted(truePositive, weights);
  return actual === 0 ? Number.NaN : (2 * hits) / (hits + weighted(falsePositive, weights) + actual);
}

/** The threshold of highest F1, half-way to the next value below it so that it carries over to other text. */
export function bestThreshold({ values, positive, zeroPositive, zeroNegative }: Ranking): number {
  const zeroYes = sum(zeroPositive);
  const actual = zeroYes + positive.reduce((a, b) => a + b, 0);
  let [hits, alarms, best, threshold] = [0, 0, -1, Number.POSITIVE_INFINITY];
  let zerosSeen = false;
  const consider = (value: number, below: number): void => {
    const f1 = (2 * hits) / (hits + alarms + actual);
    if (f1 <= best) return;
    best = f1;
    threshold = (value + below) / 2;
  };
  const seeZeros = (below: number): void => {
    hits += zeroYes;
    alarms += sum(zeroNegative);
    zerosSeen = true;
    consider(0, below);
  };
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < 0 && !zerosSeen) seeZeros(value);
    if (positive[i] === 1) hits++;
    else alarms++;
    const next = values[i + 1];
    if (next !== value) consider(value, next === undefined || (value > 0 && next < 0) ? (value > 0 ? 0 : value) : next);
  }
  if (!zerosSeen) seeZeros(0);
  return threshold;
}

function weighted(counts: Float64Array, weights: Float64Array): number {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i]! * weights[i]!;
  return total;
}

function sum(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}
