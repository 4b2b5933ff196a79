/** Scores of a label from judgements of test items: balanced accuracies, beside those of a wrong label and of shuffled truth. */
import { Random } from '../../engine/random.ts';
import type { Corpus } from '../store/corpus.ts';
import type { TestItem } from './items.ts';
import { testing } from './items.ts';
import type { LabelScore } from './labelFile.ts';
import { holds } from './rule.ts';
import type { Rule } from './rule.ts';

/** 0…1 for each item: does the label say that the feature fires here? */
export interface Judgements {
  readonly detection: readonly number[];
  readonly fuzzing: readonly number[];
}

/** A rule judges by itself: whether enough tokens of a window fulfil it, and whether at least half of the marked ones do. */
export function judgeByRule(rule: Rule, items: readonly TestItem[], { ids, contextLength }: Corpus): Judgements {
  return {
    detection: countFulfilled(rule.alternatives, items, { ids, contextLength }).map((count) => (count >= rule.least ? 1 : 0)),
    fuzzing: items.map(({ marked }) => (marked.filter((row) => holds(rule.alternatives, ids, row, contextLength)).length * 2 >= marked.length ? 1 : 0)),
  };
}

/** Tokens of each window that fulfil a rule. */
export function countFulfilled(alternatives: Rule['alternatives'], items: readonly TestItem[], { ids, contextLength }: Pick<Corpus, 'ids' | 'contextLength'>): number[] {
  return items.map(({ from, to }) => {
    let count = 0;
    for (let row = from; row < to; row++) if (holds(alternatives, ids, row, contextLength)) count++;
    return count;
  });
}

const shuffles = 20;

/** `wrong`: judgements by labels of other features, whose scores are averaged. `empty`: by no label at all. */
export function scoreLabel(items: readonly TestItem[], own: Judgements, wrong: readonly Judgements[], seed: number, empty?: Judgements): LabelScore {
  const truth = items.map(({ positive }) => positive);
  const random = new Random(seed);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const shuffled = Array.from({ length: shuffles }, () => {
    const order = random.permutation(items.length);
    return balanced(own.detection, order.map((i) => truth[i]!));
  });
  const detection = rounded(balanced(own.detection, truth));
  const byBin = Array.from({ length: testing.bins }, (_, bin) => {
    const kept = items.map((item, i) => ({ item, i })).filter(({ item }) => !item.positive || item.bin === bin);
    return kept.some(({ item }) => item.positive) ? rounded(balanced(kept.map(({ i }) => own.detection[i]!), kept.map(({ item }) => item.positive))) : noBin;
  });
  return {
    detection, fuzzing: rounded(balanced(own.fuzzing, truth)),
    wrongLabel: wrong.length === 0 ? 0.5 : rounded(mean(wrong.map((other) => balanced(other.detection, truth)))),
    fuzzingWrongLabel: wrong.length === 0 ? 0.5 : rounded(mean(wrong.map((other) => balanced(other.fuzzing, truth)))),
    shuffled: rounded(mean(shuffled)),
    ...(empty === undefined ? {} : { empty: rounded(balanced(empty.detection, truth)) }),
    byBin, examples: items.length,
  };
}

/** In place of the score of a bin without examples. */
const noBin = -1;

/** A hundred examples do not support more digits. */
function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

/** Mean of the accuracies on positives and on negatives; answers between 0 and 1 count in part. */
export function balanced(answers: readonly number[], truth: readonly boolean[]): number {
  let [hits, positives, rejections, negatives] = [0, 0, 0, 0];
  truth.forEach((positive, i) => {
    if (positive) {
      positives++;
      hits += answers[i]!;
    } else {
      negatives++;
      rejections += 1 - answers[i]!;
    }
  });
  return positives === 0 || negatives === 0 ? Number.NaN : (hits / positives + rejections / negatives) / 2;
}
