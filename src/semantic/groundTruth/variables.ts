/** What is scored: latent variables with one class per token, and yes/no questions about the classes. */
import { MechanistError } from '../../engine/errors.ts';
import type { Tensor } from '../../engine/tensor.ts';

/** Class of a token to which the variable does not apply; such tokens are left out of its scores. */
export const notApplicable = 255;

export interface Question {
  /** What is asked, as `= value`, `≥ value` or the value of a yes/no variable. */
  readonly name: string;
  /** Classes whose tokens are positive; tokens of all other classes are negative. */
  readonly classes: readonly number[];
}

export interface LatentVariable {
  readonly name: string;
  /** Names of the classes, at most 255. */
  readonly classes: readonly string[];
  readonly questions: readonly Question[];
}

/** Text with the class of every token for every variable. */
export interface LabelledText {
  /** int64 [contexts, positions] */
  readonly contexts: Tensor<'int64'>;
  /** By variable: class of each token [contexts · positions], or `notApplicable`. */
  readonly codes: ReadonlyMap<string, Uint8Array>;
}

/** Codes of a variable. Errors: `argument` when they are missing or of another length. */
export function codesOf(text: LabelledText, variable: LatentVariable): Uint8Array {
  const codes = text.codes.get(variable.name);
  const [contexts, positions] = text.contexts.dims as [number, number];
  if (codes?.length !== contexts * positions) {
    throw new MechanistError('argument', `Expected one class for each of ${contexts * positions} tokens.`, { field: `variable ${variable.name}` });
  }
  return codes;
}

/** Tokens of each class [classes]. */
export function classCounts(codes: Uint8Array, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (const code of codes) if (code !== notApplicable) counts[code]!++;
  return counts;
}

/** Positive and negative tokens of a question, given the tokens of each class. */
export function questionCounts(question: Question, counts: Float64Array): { positive: number; negative: number } {
  const positive = question.classes.reduce((sum, c) => sum + counts[c]!, 0);
  return { positive, negative: counts.reduce((a, b) => a + b, 0) - positive };
}
