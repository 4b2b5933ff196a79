/**
 * A label by a language model, as a conversation that somebody else carries: given the answers so far, either the next
 * questions or the label with the judge's answers. First the label is asked for, then the same model judges held-out
 * passages by that label and by another feature's.
 */
import { MechanistError } from '../../engine/errors.ts';
import { explainPrompt, judgePrompts, perQuestion, readJudged, readWritten } from './prompts.ts';

export interface WritingTests {
  /** Activating examples, for whoever writes the label. */
  readonly examples: readonly string[];
  /** Held-out passages, unmarked and marked. */
  readonly detection: readonly string[];
  readonly fuzzing: readonly string[];
  /** The label of another feature. */
  readonly wrong: string;
}

export type WritingStep =
  /** Questions to answer next; `of` is how many there are in all. */
  | { readonly kind: 'ask'; readonly stage: 'label' | 'judge'; readonly prompts: readonly string[]; readonly of: number }
  /** 0…1 per question: detection of every passage, then fuzzing. `unanswered`: questions whose answer could not be read, which count as chance. */
  | { readonly kind: 'done'; readonly label: string; readonly answers: { readonly label: readonly number[]; readonly wrong: readonly number[] }; readonly unanswered: number };

/** Share of questions that may stay unanswered. */
const mostUnanswered = 0.25;

/** `given`: the label is known and only judged. `replies`: answers to all questions so far, in their order. Errors: `parse` for a model that does not answer as asked. */
export function writingStep({ examples, detection, fuzzing, wrong }: WritingTests, given: string | undefined, replies: readonly string[]): WritingStep {
  const questions = 4 * Math.ceil(detection.length / perQuestion);
  const of = questions + (given === undefined ? 1 : 0);
  if (given === undefined && replies.length === 0) return { kind: 'ask', stage: 'label', prompts: [explainPrompt(examples)], of };
  const label = given ?? readWritten(replies[0]!);
  const judged = given === undefined ? replies.slice(1) : replies;
  if (judged.length === 0) {
    return { kind: 'ask', stage: 'judge', prompts: [label, wrong].flatMap((text) => [...judgePrompts('detection', text, detection), ...judgePrompts('fuzzing', text, fuzzing)]), of };
  }
  if (judged.length !== questions) throw new MechanistError('argument', `Expected ${of} answers, got ${replies.length}.`, { field: 'replies' });
  let unanswered = 0;
  const read = judged.map((reply, i) => {
    const count = Math.min(perQuestion, detection.length - (i % (questions / 4)) * perQuestion);
    const found = readJudged(reply, count);
    if (found === undefined) unanswered++;
    return found ?? new Array<number>(count).fill(0.5);
  });
  if (unanswered > mostUnanswered * questions) {
    throw new MechanistError('parse', `The language model answered ${unanswered} of ${questions} questions in another form than asked, so the label cannot be scored.`, { hint: 'Choose a more capable model.' });
  }
  return { kind: 'done', label, answers: { label: read.slice(0, questions / 2).flat(), wrong: read.slice(questions / 2).flat() }, unanswered };
}
