/**
 * Prompt pairs as a model reads them: tokens aligned one to one, answers as single tokens. Pairs of equal length form a
 * group that runs as one batch; results over groups are means over prompts.
 */
import { MechanistError } from '../errors.ts';
import type { AnswerSets, Metric } from '../metrics/parse.ts';
import type { Tokenizer } from '../models/tokenizer.ts';
import { i64 } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import type { PairDiagnostic, PromptPair, PromptText } from './pair.ts';

export interface AlignedPair extends AnswerSets {
  readonly line: number;
  readonly clean: readonly number[];
  readonly corrupted: readonly number[];
  /** Positions at which the two differ. */
  readonly differing: readonly number[];
}

export interface PairGroup {
  /** Tokens of each prompt. */
  readonly length: number;
  readonly pairs: readonly AlignedPair[];
  readonly clean: ReadonlyMap<string, Tensor>;
  readonly corrupted: ReadonlyMap<string, Tensor>;
  /** Mean logit of the answers less that of the distractors at the last position. */
  readonly metric: Metric;
}

/** What the tokens must fit into. */
export interface AlignmentTarget {
  readonly tokenizer: Tokenizer | undefined;
  /** Size of the output; ids above it are errors. */
  readonly vocabulary?: number | undefined;
  readonly context?: number | undefined;
}

/** One pair in tokens. Errors: `argument` with what is wrong and the way forward: unequal length, an answer of several tokens, equal prompts. */
export function alignPair(pair: PromptPair, target: AlignmentTarget): AlignedPair {
  const clean = tokensOf(pair.clean, target);
  const corrupted = tokensOf(pair.corrupted, target);
  if (clean.length !== corrupted.length) {
    throw new MechanistError('argument', `The clean prompt has ${clean.length} tokens, the corrupted one ${corrupted.length}.`, {
      hint: 'Patching compares position by position: choose words of equal length in tokens.',
    });
  }
  if (target.context !== undefined && clean.length > target.context) {
    throw new MechanistError('argument', `The prompts have ${clean.length} tokens; the model reads ${target.context}.`, { hint: 'Shorten them.' });
  }
  const differing = clean.flatMap((id, i) => (id === corrupted[i] ? [] : [i]));
  if (differing.length === 0) throw new MechanistError('argument', 'The two prompts are the same, so nothing can be patched.', { hint: 'Change what the answer depends on.' });
  const right = pair.answers.map((answer) => answerId(answer, target));
  const wrong = pair.distractors.map((answer) => answerId(answer, target));
  const shared = right.find((id) => wrong.includes(id));
  if (shared !== undefined) throw new MechanistError('argument', 'An answer is also a distractor.', { hint: 'The difference of their logits would be zero.' });
  return { line: pair.line, clean, corrupted, differing, right, wrong };
}

/** Pairs that align, in groups of equal length in order of their first line, and what is wrong with the others. */
export function alignPairs(pairs: readonly PromptPair[], target: AlignmentTarget): { readonly groups: readonly PairGroup[]; readonly diagnostics: readonly PairDiagnostic[] } {
  const aligned: AlignedPair[] = [];
  const diagnostics: PairDiagnostic[] = [];
  for (const pair of pairs) {
    try {
      aligned.push(alignPair(pair, target));
    } catch (error) {
      if (!MechanistError.is(error, 'argument')) throw error;
      diagnostics.push({ severity: 'error', line: pair.line, column: 1, endColumn: Number.MAX_SAFE_INTEGER, message: error.statement, hint: error.hint });
    }
  }
  return { groups: [...Map.groupBy(aligned, ({ clean }) => clean.length).values()].map(groupOf), diagnostics };
}

/** All pairs, aligned. Errors: `argument` with the line of the first that does not align; `argument` for none at all. */
export function requireAligned(pairs: readonly PromptPair[], target: AlignmentTarget, file?: string): readonly PairGroup[] {
  const { groups, diagnostics } = alignPairs(pairs, target);
  const [first] = diagnostics;
  if (first !== undefined) {
    const others = diagnostics.length === 1 ? '' : ` (${diagnostics.length - 1} other lines do not align either)`;
    throw new MechanistError('argument', `${first.message}${others}`, { file, field: `line ${first.line}`, hint: first.hint });
  }
  if (groups.length === 0) throw new MechanistError('argument', 'There are no prompt pairs.', { file });
  return groups;
}

/** One batch from pairs of equal length. */
export function groupOf(pairs: readonly AlignedPair[]): PairGroup {
  const length = pairs[0]!.clean.length;
  const batch = (ids: (pair: AlignedPair) => readonly number[]): Map<string, Tensor> => new Map([['input_ids', i64([pairs.length, length], pairs.flatMap(ids))]]);
  return {
    length, pairs, clean: batch(({ clean }) => clean), corrupted: batch(({ corrupted }) => corrupted),
    metric: { kind: 'contrast', position: -1, rows: pairs.map(({ right, wrong }) => ({ right, wrong })) },
  };
}

function tokensOf(prompt: PromptText, target: AlignmentTarget): readonly number[] {
  const ids = typeof prompt === 'string' ? needTokenizer(target).encode(prompt).ids : prompt;
  if (ids.length === 0) throw new MechanistError('argument', 'A prompt has no tokens.');
  return ids.map((id) => inVocabulary(id, target));
}

function answerId(answer: string | number, target: AlignmentTarget): number {
  if (typeof answer === 'number') return inVocabulary(answer, target);
  const tokenizer = needTokenizer(target);
  const { ids } = tokenizer.encode(answer, { addSpecialTokens: false });
  if (ids.length === 1) return ids[0]!;
  const shown = ids.map((id) => tokenizer.tokenText(id)).join(' ');
  const spaced = answer.startsWith(' ') ? answer.trimStart() : ` ${answer}`;
  const single = tokenizer.encode(spaced, { addSpecialTokens: false }).ids.length === 1;
  throw new MechanistError('argument', `The answer "${answer}" is ${ids.length} tokens (${shown}).`, {
    hint: single ? `"${spaced}" is one token.` : 'The metric reads one token: take a shorter answer, or the first token of each where they differ.',
  });
}

function needTokenizer({ tokenizer }: AlignmentTarget): Tokenizer {
  if (tokenizer === undefined) throw new MechanistError('argument', 'The model has no tokenizer, so texts cannot be read.', { hint: 'Give token ids instead of texts.' });
  return tokenizer;
}

function inVocabulary(id: number, { vocabulary }: AlignmentTarget): number {
  if (vocabulary !== undefined && id >= vocabulary) throw new MechanistError('argument', `Token ${id} is not in the vocabulary of ${vocabulary}.`);
  return id;
}
