/** Labels for a dictionary's features from statistics alone: learned on the harvested contexts, scored on the held-out ones. */
import { throwIfCancelled } from '../../engine/errors.ts';
import { Random } from '../../engine/random.ts';
import { aurocOf, classSums } from '../groundTruth/auroc.ts';
import { classCounts, notApplicable } from '../groundTruth/variables.ts';
import { descending } from '../store/entries.ts';
import type { FeatureStore } from '../store/store.ts';
import { identifiedFrom } from '../store/truth.ts';
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

/** What a summary needs to know of a label. */
export interface ScoredLabel {
  readonly feature: number;
  readonly label: { readonly score?: { readonly detection: number; readonly wrongLabel: number } };
}

/** The course of a labelling: features done, and the labels so far (the same list every time). */
export interface LabelsSoFar {
  readonly done: number;
  readonly labels: readonly AutoLabel[];
}

/** Features that fire less often on the harvested contexts get no label. */
export const fewestFirings = 20;
/** Labels of other features that each label is compared with. */
export const wrongLabels = 5;

/**
 * Yields every few features; features without enough examples are left out of the result. `pool`: features whose
 * rules serve as wrong labels, drawn at random (all of `features` when it is left out).
 */
export function* autoLabels(fit: Evidence, heldOut: Evidence, features: readonly number[], tokenText: (id: number) => string, seed: number, signal?: AbortSignal, pool: readonly number[] = features): Generator<LabelsSoFar, AutoLabel[]> {
  const learner = new RuleLearner(fit);
  const rules = new Map<number, Rule>();
  const ruleOf = (feature: number): Rule | undefined => {
    if (fit.entries(feature).rows.length < fewestFirings) return undefined;
    let rule = rules.get(feature);
    if (rule === undefined) {
      rule = learner.learn(feature);
      if (rule !== undefined) rules.set(feature, rule);
    }
    return rule;
  };
  const labels: AutoLabel[] = [];
  for (const [i, feature] of features.entries()) {
    throwIfCancelled(signal);
    if (i % 16 === 0) yield { done: i, labels };
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

export interface LabelSummary {
  readonly labelled: number;
  /** Means over the labels. */
  readonly detection: number;
  readonly wrongLabel: number;
  /** Share of labels whose detection beats their wrong-label baseline by the margin. */
  readonly passed: number;
  /** The same share of the features that ground truth identifies, on the harvested and on the held-out contexts alike; features without a label count as failed. */
  readonly identified?: { readonly features: number; readonly passed: number };
}

/** What all labels together are worth. `features`: those that were to be labelled. */
export function summarizeLabels(store: FeatureStore, heldOut: Evidence, features: readonly number[], labels: readonly ScoredLabel[], margin: number): LabelSummary {
  const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length);
  const passed = new Set(labels.filter((label) => beatsBaseline(label, margin)).map(({ feature }) => feature));
  const summary = {
    labelled: labels.length, passed: labels.length === 0 ? 0 : passed.size / labels.length,
    detection: mean(labels.map(({ label }) => label.score!.detection)), wrongLabel: mean(labels.map(({ label }) => label.score!.wrongLabel)),
  };
  if (!store.manifest.corpus.labelled) return summary;
  const identified = features.filter((feature) => {
    const [best] = store.truth(feature);
    return best !== undefined && best.auroc >= identifiedFrom && heldOutAuroc(heldOut, feature, best.variable, best.question) >= identifiedFrom;
  });
  return { ...summary, identified: { features: identified.length, passed: identified.length === 0 ? 0 : identified.filter((feature) => passed.has(feature)).length / identified.length } };
}

export function beatsBaseline({ label: { score } }: ScoredLabel, margin: number): boolean {
  return score!.detection - score!.wrongLabel >= margin;
}

/** AUROC of a feature for a question on the contexts of the evidence; NaN where one side is empty. */
function heldOutAuroc({ corpus, counted, entries }: Evidence, feature: number, variable: number, question: number): number {
  const { name, classes, questions } = corpus.variables[variable]!;
  const codes = corpus.codes.get(name)!.map((code, row) => (counted[row] === 1 ? code : notApplicable));
  const counts = classCounts(codes, classes.length);
  const own = entries(feature);
  const order = descending(own);
  const sums = classSums({ rows: Int32Array.from(order, (i) => own.rows[i]!), values: Float32Array.from(order, (i) => own.values[i]!) }, codes, counts);
  return aurocOf(questions[question]!.classes, sums, counts);
}
