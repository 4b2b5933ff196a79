/** What a finding has to know to run a measurement of this view again. Pure. */
import type { Inquiry } from '../inquiry.ts';
import { plainToken } from '../../../src/protocol/shownToken.ts';
import type { Question } from './question.ts';

/** Pairs of a data set that are measured. */
const measured = 200;

interface Pair {
  readonly clean: string;
  readonly corrupted: string;
  readonly answers: readonly string[];
  readonly distractors: readonly string[];
}

/** The prompt pairs that were measured, as lines of a pair file: the note holds them itself. `file`: the pairs of the question's file. */
export function pairInputs({ text, corrupted, target, distractor, pairs }: Question, file: readonly Pair[]): Record<string, unknown> {
  const used: readonly Pair[] = pairs?.all === true ? file : [{
    clean: text, corrupted, answers: target === undefined ? [] : [plainToken(target.token)], distractors: distractor === undefined ? [] : [plainToken(distractor.token)],
  }];
  return { pairs: pairText(used) };
}

/** Pairs as lines of a pair file. */
export function pairText(pairs: readonly Pair[]): string {
  return pairs.slice(0, measured).map(({ clean, corrupted, answers, distractors }) => JSON.stringify({ clean, corrupted, answers, distractors })).join('\n');
}

/** What the runs were asked for: a data set has its own answers. */
export function measuredMetric({ metric, pairs }: Question): Question['metric'] {
  return pairs?.all === true ? 'logit_diff' : metric;
}

/** The open dictionary, for evidence about its features. */
export function usedDictionary({ session: { dictionary } }: Inquiry): { id: string; hash: string }[] {
  return dictionary === undefined ? [] : [{ id: dictionary.id, hash: dictionary.hash }];
}

/** The answer in a claim. */
export function answerName({ target }: Question): string {
  return target === undefined ? '' : plainToken(target.token).trim();
}
