/** What a finding has to know to run a measurement of this view again. Pure. */
import { plainToken } from '../question/answerText.ts';
import type { Question } from '../question/question.ts';

/** The prompt pairs of the question: the file by its path, or the one pair as a line of such a file. */
export function pairInputs({ text, corrupted, target, distractor, pairs }: Question): Record<string, unknown> {
  if (pairs?.all === true) return { pairs: pairs.path };
  return { pair: { clean: text, corrupted, answers: target === undefined ? [] : [plainToken(target.token)], distractors: distractor === undefined ? [] : [plainToken(distractor.token)] } };
}

/** The answer in a claim. */
export function answerName({ target }: Question): string {
  return target === undefined ? '' : plainToken(target.token).trim();
}
