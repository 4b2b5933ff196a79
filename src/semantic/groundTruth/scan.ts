/** The best single feature for every question, by exact AUROC over all features. */
import { aurocOf, classSums } from './auroc.ts';
import type { Activations } from './columns.ts';
import { classCounts, codesOf } from './variables.ts';
import type { LabelledText, LatentVariable } from './variables.ts';

export interface Choice {
  readonly feature: number;
  /** −1: the feature is low where the answer is yes (only where `Activations.signed`). */
  readonly sign: 1 | -1;
  readonly auroc: number;
}

export interface Scan {
  /** By variable, one choice per question. */
  readonly choices: ReadonlyMap<string, readonly Choice[]>;
  /** By variable: sum of each feature's values over the tokens of each class [width, classes]. */
  readonly sums: ReadonlyMap<string, Float64Array>;
}

/** Reads every feature once. Questions without positives or without negatives choose feature 0 with AUROC NaN. */
export function scan(activations: Activations, text: LabelledText, variables: readonly LatentVariable[]): Scan {
  const known = variables.map((variable) => {
    const codes = codesOf(text, variable);
    const classes = variable.classes.length;
    return {
      variable, codes,
      counts: classCounts(codes, classes),
      choices: variable.questions.map((): Choice => ({ feature: 0, sign: 1, auroc: Number.NaN })),
      sums: new Float64Array(activations.width * classes),
    };
  });
  for (let feature = 0; feature < activations.width; feature++) {
    const column = activations.column(feature);
    for (const { variable, codes, counts, choices, sums } of known) {
      const found = classSums(column, codes, counts);
      sums.set(found.values, feature * counts.length);
      variable.questions.forEach(({ classes }, q) => {
        const above = aurocOf(classes, found, counts);
        const sign = activations.signed && above < 0.5 ? -1 : 1;
        const auroc = sign === 1 ? above : 1 - above;
        if (!(auroc <= choices[q]!.auroc)) choices[q] = { feature, sign, auroc };
      });
    }
  }
  return {
    choices: new Map(known.map(({ variable, choices }) => [variable.name, choices])),
    sums: new Map(known.map(({ variable, sums }) => [variable.name, sums])),
  };
}

/** Features in descending order of |mean over positives − mean over negatives| (algorithms reference §21). */
export function byMeanDifference(sums: Float64Array, counts: Float64Array, positives: readonly number[], count: number): number[] {
  const classes = counts.length;
  const width = sums.length / classes;
  const isPositive = counts.map((_, c) => (positives.includes(c) ? 1 : 0));
  const total = (positive: number): number => counts.reduce((sum, n, c) => sum + (isPositive[c] === positive ? n : 0), 0);
  const [yes, no] = [total(1), total(0)];
  const differences = Float64Array.from({ length: width }, (_, feature) => {
    let difference = 0;
    for (let c = 0; c < classes; c++) difference += sums[feature * classes + c]! / (isPositive[c] === 1 ? yes : -no);
    return Math.abs(difference);
  });
  return Array.from({ length: width }, (_, feature) => feature).toSorted((a, b) => differences[b]! - differences[a]!).slice(0, count);
}
