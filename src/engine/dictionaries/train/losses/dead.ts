/**
 * The auxiliary loss of the topk family: dead latents are asked to reconstruct what the living ones left over,
 * `α ‖e − ê‖² / ‖e − ē‖²` with `e` detached (algorithms reference §15; Gao et al. 2024, A.2).
 */
import type { GraphBuilder } from '../../../graph/builder.ts';
import { int } from '../../../graph/ir.ts';
import { scatterOnes } from '../../encode.ts';

/** The weighted loss of an estimate of `residual`, both [n, d]; `residual` is a constant. */
export function appendAuxiliaryLoss(b: GraphBuilder, estimate: string, residual: string, weight: number, name: string): string {
  const error = b.sub(estimate, residual);
  const deviation = b.sub(residual, b.reduceMean(residual, [0], true));
  const total = (values: string): string => b.reduceSum(b.mul(values, values), [0, 1], false);
  return b.mul(b.div(total(error), total(deviation)), b.scalar(weight), name);
}

/** Activations [n, F] of the `count` dead latents with the largest pre-activations `hidden`; all others are 0. `dead` [F] is 1 or 0. */
export function appendDeadActivations(b: GraphBuilder, hidden: string, dead: string, count: number): string {
  const ranked = b.where(b.node('Greater', [dead, b.scalar(0)]), hidden, b.scalar(-1e9));
  const [, indices] = b.nodeMany('TopK', [ranked, b.vector([count])], { outputs: 2, attributes: { axis: int(-1), sorted: int(0) } });
  return b.mul(b.unary('Relu', hidden), b.mul(scatterOnes(b, hidden, indices!), dead));
}

/** 1 when any latent is dead. */
export function appendAnyDead(b: GraphBuilder, dead: string): string {
  return b.node('ReduceMax', [dead, b.vector([0])], { attributes: { keepdims: int(0) } });
}
