/** From logits to what is shown of them. */
import { MechanistError } from '../../engine/errors.ts';
import { numbersOf } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';

/** Log-probabilities of each position of the first row of logits [b,p,v]. Errors: `argument` for logits of another rank. */
export function logProbabilities(logits: Tensor): Float64Array[] {
  const [, positions, vocabulary] = logits.dims;
  if (logits.dims.length !== 3 || positions === undefined || vocabulary === undefined) {
    throw new MechanistError('argument', `A trace needs a language model; the logits of this one have shape [${logits.dims.join(', ')}].`);
  }
  const values = numbersOf(logits);
  return Array.from({ length: positions }, (_, position) => {
    const row = Float64Array.from({ length: vocabulary }, (__, token) => values[position * vocabulary + token]!);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const normaliser = largest + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
    return row.map((logit) => logit - normaliser);
  });
}

/** The `count` likeliest tokens, likeliest first. */
export function topOf(row: Float64Array, count: number): { id: number; logProbability: number }[] {
  return Array.from(row, (logProbability, id) => ({ id, logProbability }))
    .toSorted((a, b) => b.logProbability - a.logProbability)
    .slice(0, count);
}
