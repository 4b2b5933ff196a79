/** Labels for a dictionary's features from statistics alone: learned on the harvested contexts, scored on the held-out ones. */
import { throwIfCancelled } from '../../engine/errors.ts';
import { Random } from '../../engine/random.ts';
import { aurocOf, classSums } from '../groundTruth/auroc.ts';
import { classCounts, notApplicable } from '../groundTruth/variables.ts';
import { descending } from '../store/entries.ts';
import type { Evidence } from './evidence.ts';
import { testItems } from './items.ts';
import type { FeatureLabel } from './labelFile.ts';
import { RuleLearner } from './learn.ts';
import { describeRule, writeRule } from './rule.ts';
import type { Rule } from './rule.ts';
import { judgeByRule, scoreLabel } from './score.ts';

export interface AutoLabel {
  readonly feature: number;
  readonly label: FeatureLabel;
}

/** Features that fire less often on the harvested contexts get no label. */
export const fewestFirings = 20;
/** Labels of other features that each label is compared with. */
export const wrongLabels = 5;

/**
 * Yields the number of features done; features without enough examples are left out of the result. `pool`: features whose
 * rules serve as wrong labels, drawn at random (all of `features` when it is left out).
 */
export function* autoLabels(fit: Evidence, heldOut: Evidence, features: readonly number[], tokenText: (id: number) => string, seed: number, signal?: AbortSignal, pool: readonly number[] = features): Generator<number, AutoLabel[]> {
  const learner = new RuleLearner(fit);
  const rules = new Map<number, Rule>();
  const ruleOf = (feature: number): Rule | undefined => {
    if (fit.entries(feature).rows.length < fewestFirings) return undefined;
    let rule = rules.get(feature);
    if (rule === undefined) {
      rule = learner.learn(feature)?.rule;
      if (rule !== undefined) rules.set(feature, rule);
    }
    return rule;
  };
  const labels: AutoLabel[] = [];
  for (const [i, feature] of features.entries()) {
    throwIfCancelled(signal);
    if (i % 16 === 0) yield i;
    const rule = ruleOf(feature);
    const items = rule === undefined ? undefined : testItems(heldOut, feature, seed);
    if (rule === undefined || items === undefined) continue;
    const random = new Random(seed + feature);
    const wrong: Rule[] = [];
    for (let tries = 0; tries < 10 * wrongLabels && wrong.length < wrongLabels; tries++) {
      const other = pool[random.integer(pool.length)]!;
      const found = other === feature ? undefined : ruleOf(other);
      if (found !== undefined) wrong.push(found);
    }
    const { corpus } = heldOut;
    labels.push({
      feature,
      label: {
        label: describeRule(rule, tokenText), author: 'statistics', rule: writeRule(rule),
        score: scoreLabel(items, judgeByRule(rule, items, corpus), wrong.map((other) => judgeByRule(other, items, corpus)), seed),
      },
    });
  }
  return labels;
}

/** AUROC of a feature for a question on the contexts of the evidence; NaN where one side is empty. */
export function heldOutAuroc({ corpus, counted, entries }: Evidence, feature: number, variable: number, question: number): number {
  const { name, classes, questions } = corpus.variables[variable]!;
  const codes = corpus.codes.get(name)!.map((code, row) => (counted[row] === 1 ? code : notApplicable));
  const counts = classCounts(codes, classes.length);
  const own = entries(feature);
  const order = descending(own);
  const sums = classSums({ rows: Int32Array.from(order, (i) => own.rows[i]!), values: Float32Array.from(order, (i) => own.values[i]!) }, codes, counts);
  return aurocOf(questions[question]!.classes, sums, counts);
}
