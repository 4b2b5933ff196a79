/** From a program's results to what is shown of a position. */
import type { Tokenizer } from '../../engine/models/tokenizer.ts';
import { numbersOf } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Prediction } from '../../protocol/methods.ts';

/** The last axis at one position of a result [1,p,k]. */
export function rowOf({ dtype, dims, data }: Tensor, position: number): number[] {
  const width = dims.at(-1)!;
  const row = data.slice(position * width, (position + 1) * width);
  return Array.from(numbersOf({ dtype, dims: [width], data: row }));
}

export function predictionsOf(tokenizer: Tokenizer, ids: readonly number[], logProbabilities: readonly number[]): Prediction[] {
  return ids.map((id, i) => ({ token: tokenText(tokenizer, id), id, probability: Math.exp(logProbabilities[i]!) }));
}

/** Models may have more rows than their tokenizer has tokens. */
export function tokenText(tokenizer: Tokenizer, id: number): string {
  return id < tokenizer.vocabSize ? tokenizer.tokenText(id) : `#${id}`;
}

/** Each position's following token; the last one, whose result nobody reads, has its own. */
export function nextTokens(ids: readonly number[]): number[] {
  return [...ids.slice(1), ids.at(-1)!];
}
