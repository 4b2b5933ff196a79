/** Tokens with the class of each, in contexts to fit on and contexts to score on: what every source of labels becomes. */
import { MechanistError } from '../../engine/errors.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { LatentVariable, Question } from '../groundTruth/variables.ts';

export interface LabelledContexts {
  /** int64 [contexts, positions] */
  readonly contexts: Tensor<'int64'>;
  /** Tokens of each context that belong to it, where contexts differ in length; what follows them is filling. */
  readonly lengths?: Int32Array;
  /** By variable: class of each token [contexts · positions], or `notApplicable`. */
  readonly codes: ReadonlyMap<string, Uint8Array>;
}

export interface LabelledTokens {
  /** Where the labels come from, for people. */
  readonly name: string;
  /** SHA-256 of tokens and labels. */
  readonly hash: string;
  readonly variables: readonly LatentVariable[];
  readonly train: LabelledContexts;
  readonly heldOut: LabelledContexts;
}

/** A yes/no question about a variable, by its names. */
export interface Property {
  readonly variable: string;
  readonly question: string;
}

/** Errors: `argument` naming what there is. */
export function questionOf({ variables, name }: Pick<LabelledTokens, 'variables' | 'name'>, { variable, question }: Property): Question {
  const found = variables.find((candidate) => candidate.name === variable);
  if (found === undefined) throw new MechanistError('argument', `There is no variable "${variable}" in ${name}.`, { field: 'variable', hint: `There are ${listed(variables.map((candidate) => candidate.name))}.` });
  const asked = found.questions.find((candidate) => candidate.name === question);
  if (asked === undefined) throw new MechanistError('argument', `"${question}" is no question about "${variable}".`, { field: 'question', hint: `There are ${listed(found.questions.map((candidate) => candidate.name))}.` });
  return asked;
}

function listed(names: readonly string[]): string {
  return names.slice(0, 30).map((name) => `"${name}"`).join(', ');
}
