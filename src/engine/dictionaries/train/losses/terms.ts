/**
 * Small pieces shared by the training losses. Losses are graphs over inputs `x`, `y`, `dead`, `sparsity` and
 * parameters; where a gradient must stop, a second copy of a parameter is fed under `detached/…`.
 */
import type { GraphBuilder } from '../../../graph/builder.ts';

/** Mean over tokens of the summed squares of `values` [n, d]. */
export function appendMeanSquare(b: GraphBuilder, values: string, name?: string): string {
  return b.reduceMean(b.reduceSum(b.mul(values, values), [-1], false), [0], false, name);
}

/** 1 where `values` > `threshold`, as float32 without a gradient. */
export function appendIndicator(b: GraphBuilder, values: string, threshold: string): string {
  return b.cast(b.node('Greater', [values, threshold]), 'float32');
}

/** Norms of the rows of a decoder [F, ...rest], over all of `rest`. */
export function appendRowNorms(b: GraphBuilder, decoder: string): string {
  const axes = b.shapeOf(decoder).slice(1).map((_, i) => i + 1);
  return b.unary('Sqrt', b.reduceSum(b.mul(decoder, decoder), axes, false));
}

/** The copy of a parameter that no gradient reaches; the step feeds it the same values. */
export function detached(b: GraphBuilder, parameter: string): string {
  const name = `detached/${parameter}`;
  return b.has(name) ? name : b.input(name, b.dtypeOf(parameter), b.shapeOf(parameter));
}

/** Outputs every loss graph reports besides `loss`: `l0` [] and `fired` [F], from the activations [n, F]. */
export function appendActivity(b: GraphBuilder, acts: string): void {
  const fired = appendIndicator(b, acts, b.scalar(0));
  b.output(b.reduceMean(b.reduceSum(fired, [1], false), [0], false, 'l0'));
  b.output(b.node('ReduceMax', [fired, b.vector([0])], { attributes: { keepdims: { type: 'int', value: 0 } }, outputs: ['fired'] }));
}

/** Sum of scalars; the scalar 0 for none. */
export function appendTotal(b: GraphBuilder, terms: readonly string[], name: string): string {
  if (terms.length === 0) return b.identity(b.scalar(0), name);
  return b.identity(terms.reduce((sum, term) => b.add(sum, term)), name);
}
