/**
 * Exact AUROC of one feature for all classes of a variable in a single pass, ties counted half (Mann–Whitney):
 * the rank sums of classes add up, so every question about the classes follows from them.
 */
import type { Column } from './columns.ts';
import { notApplicable } from './variables.ts';

/** What one pass finds out about a feature and a variable. */
export interface ClassSums {
  /** Sum of the midranks of the tokens of each class among all tokens of the variable, rank 1 being the largest value. */
  readonly ranks: Float64Array;
  /** Sum of the feature's values over the tokens of each class. */
  readonly values: Float64Array;
}

/** Sums over the tokens of each class; `counts` are the tokens of each class. */
export function classSums({ rows, values }: Column, codes: Uint8Array, counts: Float64Array): ClassSums {
  const ranks = new Float64Array(counts.length);
  const sums = new Float64Array(counts.length);
  const zeros = counts.slice();
  for (const row of rows) {
    const code = codes[row]!;
    if (code !== notApplicable) zeros[code]!--;
  }
  const zeroTotal = zeros.reduce((a, b) => a + b, 0);
  let seen = 0;
  let zerosSeen = false;
  const seeZeros = (): void => {
    const midrank = seen + (zeroTotal + 1) / 2;
    for (let c = 0; c < zeros.length; c++) ranks[c]! += zeros[c]! * midrank;
    seen += zeroTotal;
    zerosSeen = true;
  };
  for (let start = 0; start < rows.length;) {
    const value = values[start]!;
    if (value < 0 && !zerosSeen) seeZeros();
    let end = start;
    let size = 0;
    for (; end < rows.length && values[end] === value; end++) if (codes[rows[end]!] !== notApplicable) size++;
    if (size > 0) {
      const midrank = seen + (size + 1) / 2;
      for (let i = start; i < end; i++) {
        const code = codes[rows[i]!]!;
        if (code === notApplicable) continue;
        ranks[code]! += midrank;
        sums[code]! += value;
      }
      seen += size;
    }
    start = end;
  }
  if (!zerosSeen) seeZeros();
  return { ranks, values: sums };
}

/** AUROC of the tokens of `classes` against all others; NaN when either is empty. */
export function aurocOf(classes: readonly number[], { ranks }: ClassSums, counts: Float64Array): number {
  let [positive, rankSum] = [0, 0];
  for (const c of classes) {
    positive += counts[c]!;
    rankSum += ranks[c]!;
  }
  const negative = counts.reduce((a, b) => a + b, 0) - positive;
  if (positive === 0 || negative === 0) return Number.NaN;
  return (positive * negative + (positive * (positive + 1)) / 2 - rankSum) / (positive * negative);
}

/** AUROC of scores [n] for yes/no labels [n]; NaN when either is empty. */
export function aurocOfScores(column: Column, positive: Uint8Array): number {
  let count = 0;
  for (const value of positive) count += value;
  const counts = Float64Array.of(positive.length - count, count);
  return aurocOf([1], classSums(column, positive, counts), counts);
}

/** 95 % interval of an AUROC from its standard error (Hanley & McNeil 1982), cut at 0 and 1. */
export function aurocInterval(auroc: number, positive: number, negative: number): readonly [number, number] {
  const [q1, q2] = [auroc / (2 - auroc), (2 * auroc ** 2) / (1 + auroc)];
  const variance = (auroc * (1 - auroc) + (positive - 1) * (q1 - auroc ** 2) + (negative - 1) * (q2 - auroc ** 2)) / (positive * negative);
  const half = 1.96 * Math.sqrt(Math.max(0, variance));
  return [Math.max(0, auroc - half), Math.min(1, auroc + half)];
}
