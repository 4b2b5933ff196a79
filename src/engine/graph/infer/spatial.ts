/** Inference for convolution, pooling, normalisation over channels and resizing. */
import type { InferRule } from './rule.ts';

const keepShape = ['BatchNormalization', 'InstanceNormalization', 'GroupNormalization', 'LpNormalization'];

export const spatialRules: ReadonlyMap<string, InferRule> = new Map<string, InferRule>([
  ...keepShape.map((op): [string, InferRule] => [op, (c) => [c.type(0)]]),
]);
