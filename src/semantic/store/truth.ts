/** How well a feature tells the latent variables of a labelled corpus, beside what shuffled labels would give. */
import { notApplicable } from '../groundTruth/variables.ts';
import { aurocOf, classSums } from '../groundTruth/auroc.ts';
import { classCounts } from '../groundTruth/variables.ts';
import type { Column } from '../groundTruth/columns.ts';
import type { LatentVariable } from '../groundTruth/variables.ts';
import type { Corpus } from './corpus.ts';
import type { Entries } from './entries.ts';

export interface TruthScore {
  readonly variable: number;
  readonly question: number;
  readonly auroc: number;
  /** Expected when the labels are shuffled within each context. */
  readonly shuffled: number;
}

/** AUROC from which ground truth is said to identify a feature. */
export const identifiedFrom = 0.9;

/** Scores kept of a feature. */
export const truthsKept = 3;

interface Known {
  readonly variable: LatentVariable;
  readonly codes: Uint8Array;
  readonly counts: Float64Array;
}

export class TruthScorer {
  private readonly known: readonly Known[];
  private readonly contextLength: number;

  /** `counted`: 1 for the rows of the corpus that count. */
  constructor({ variables, codes, contextLength }: Corpus, counted: Uint8Array) {
    this.contextLength = contextLength;
    this.known = variables.map((variable) => {
      const kept = codes.get(variable.name)!.map((code, row) => (counted[row] === 1 ? code : notApplicable));
      return { variable, codes: kept, counts: classCounts(kept, variable.classes.length) };
    });
  }

  /** The questions a feature answers best, best first, with an AUROC above chance. `order` as `descending`. */
  best(entries: Entries, order: Uint32Array): TruthScore[] {
    const column: Column = { rows: Int32Array.from(order, (i) => entries.rows[i]!), values: Float32Array.from(order, (i) => entries.values[i]!) };
    const scores: Omit<TruthScore, 'shuffled'>[] = [];
    this.known.forEach(({ variable: { questions }, codes, counts }, variable) => {
      const sums = classSums(column, codes, counts);
      questions.forEach(({ classes }, question) => {
        const auroc = aurocOf(classes, sums, counts);
        if (auroc > 0.5) scores.push({ variable, question, auroc });
      });
    });
    return scores.toSorted((a, b) => b.auroc - a.auroc).slice(0, truthsKept).map((score) => ({ ...score, shuffled: this.shuffled(column, score.variable, score.question) }));
  }

  /** Exchanging labels within contexts gives each positive the mean rank of its context: the expectation needs no draws. */
  private shuffled({ rows, values }: Column, variable: number, question: number): number {
    const { variable: { questions }, codes, counts } = this.known[variable]!;
    const classes = new Set(questions[question]!.classes);
    const contexts = Math.ceil(codes.length / this.contextLength);
    const [tokens, positives, ranks, fired] = Array.from({ length: 4 }, () => new Float64Array(contexts)) as [Float64Array, Float64Array, Float64Array, Float64Array];
    codes.forEach((code, row) => {
      if (code === notApplicable) return;
      const context = Math.floor(row / this.contextLength);
      tokens[context]!++;
      if (classes.has(code)) positives[context]!++;
    });
    const total = counts.reduce((a, b) => a + b, 0);
    const positive = positives.reduce((a, b) => a + b, 0);
    let seen = 0;
    for (let start = 0; start < rows.length;) {
      let end = start;
      let size = 0;
      for (; end < rows.length && values[end] === values[start]; end++) if (codes[rows[end]!] !== notApplicable) size++;
      for (let i = start; i < end; i++) {
        if (codes[rows[i]!] === notApplicable) continue;
        const context = Math.floor(rows[i]! / this.contextLength);
        // Ascending midrank of the block of equal values.
        ranks[context]! += total - seen - (size - 1) / 2;
        fired[context]!++;
      }
      seen += size;
      start = end;
    }
    const zeroRank = (total - seen + 1) / 2;
    let sum = 0;
    for (let context = 0; context < contexts; context++) {
      if (tokens[context]! > 0) sum += (positives[context]! / tokens[context]!) * (ranks[context]! + (tokens[context]! - fired[context]!) * zeroRank);
    }
    return (sum - (positive * (positive + 1)) / 2) / (positive * (total - positive));
  }
}
