/** Prompt pairs: two prompts that differ in what is studied, and the answers that tell them apart. */

/** A text, or token ids where a model has no tokenizer. */
export type PromptText = string | readonly number[];

export interface PromptPair {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly clean: PromptText;
  readonly corrupted: PromptText;
  /** What is right after the clean prompt, one token each; a number is a token id. At least one. */
  readonly answers: readonly (string | number)[];
  /** What is wrong there. May be none: the metric is then the logit of the answers alone. */
  readonly distractors: readonly (string | number)[];
}

/** The keys of a line. The second names are those of sparse feature circuits (formats reference §9). */
export const pairKeys = {
  clean: ['clean', 'clean_prefix'],
  corrupted: ['corrupted', 'patch_prefix'],
  answers: ['answers', 'answer', 'clean_answer'],
  distractors: ['distractors', 'distractor', 'patch_answer'],
} as const;

/** Keys that are allowed and not read here. */
export const passedOver: readonly string[] = ['case', 'label', 'comment'];

export interface PairDiagnostic {
  readonly severity: 'error' | 'warning';
  /** From 1; the end column is exclusive. */
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  readonly message: string;
  readonly hint: string | undefined;
}
