/** What an attribution graph explains: next tokens at the last position, or differences of them. */
import { MechanistError } from '../../engine/errors.ts';

export type TargetChoice =
  /** The smallest set of likeliest tokens whose probabilities reach `mass`, at most `most`. */
  | { readonly kind: 'top'; readonly mass?: number; readonly most?: number }
  | { readonly kind: 'tokens'; readonly ids: readonly number[] }
  /** One target: logit of `target` minus logit of `distractor`. Its weight is the probability of `target`. */
  | { readonly kind: 'difference'; readonly target: number; readonly distractor: number };

export interface LogitTarget {
  /** Vocabulary index, or a virtual one from the vocabulary's size on for what is not one token. */
  readonly id: number;
  readonly probability: number;
  /** Weights over the vocabulary whose demeaned sum is the target. */
  readonly weights: ReadonlyMap<number, number>;
}

/** The targets in the logits [v] of the last position. Errors: `argument` for a token that does not exist or settings outside their range. */
export function logitTargets(logits: Float32Array, choice: TargetChoice): LogitTarget[] {
  const probabilities = softmax(logits);
  const known = (id: number): number => {
    if (!Number.isInteger(id) || id < 0 || id >= logits.length) throw new MechanistError('argument', `There is no token ${id}; the vocabulary has ${logits.length}.`, { field: 'target' });
    return id;
  };
  switch (choice.kind) {
    case 'top': return likeliest(probabilities, choice.mass ?? 0.95, choice.most ?? 10).map((id) => ({ id, probability: probabilities[id]!, weights: new Map([[id, 1]]) }));
    case 'tokens': return [...new Set(choice.ids)].map((id) => ({ id: known(id), probability: probabilities[id]!, weights: new Map([[id, 1]]) }));
    case 'difference': {
      const { target, distractor } = choice;
      if (target === distractor) throw new MechanistError('argument', 'A difference needs two different tokens.', { field: 'target' });
      return [{ id: logits.length, probability: probabilities[known(target)]!, weights: new Map([[target, 1], [known(distractor), -1]]) }];
    }
  }
}

function likeliest(probabilities: Float64Array, mass: number, most: number): number[] {
  if (!(mass > 0 && mass <= 1) || !Number.isInteger(most) || most < 1) {
    throw new MechanistError('argument', 'Logit targets are chosen by a probability mass above 0 and up to 1, and a number of at least 1.', { field: 'target' });
  }
  const ranked = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]!).slice(0, most);
  let sum = 0;
  const reached = ranked.findIndex((id) => (sum += probabilities[id]!) >= mass);
  return reached < 0 ? ranked : ranked.slice(0, reached + 1);
}

export function softmax(logits: Float32Array): Float64Array {
  let largest = -Infinity;
  for (const logit of logits) largest = Math.max(largest, logit);
  const exponentials = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}
