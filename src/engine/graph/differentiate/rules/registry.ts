/** The backward rule of every operator of the standard set that has one. */
import type { Node } from '../../ir.ts';
import { zeroRule } from '../rule.ts';
import type { BackwardRule } from '../rule.ts';
import { activationRules } from './activations.ts';
import { convolutionRules } from './convolution.ts';
import { elementwiseRules } from './elementwise.ts';
import { indexingRules } from './indexing.ts';
import { layoutRules } from './layout.ts';
import { linearRules } from './linear.ts';
import { normalizationRules } from './normalization.ts';
import { poolingRules } from './pooling.ts';
import { reductionRules } from './reduction.ts';
import { resizeRules } from './resize.ts';

/** Operators whose outputs do not change with small changes of their inputs, or that read only shapes. */
const constantOperators = [
  'Shape', 'Size', 'ConstantOfShape', 'Constant', 'Range', 'EyeLike', 'NonZero', 'IsNaN', 'IsInf',
  'Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'Not', 'And', 'Or', 'Xor',
  'ArgMax', 'ArgMin', 'Hardmax', 'Sign', 'Floor', 'Ceil', 'Round',
  'RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike', 'Bernoulli', 'Multinomial',
];

const differentiable: ReadonlyMap<string, BackwardRule> = new Map([
  ...elementwiseRules, ...activationRules, ...reductionRules, ...linearRules, ...layoutRules, ...indexingRules, ...normalizationRules,
  ...convolutionRules, ...poolingRules, ...resizeRules,
]);

const rules: ReadonlyMap<string, BackwardRule> = new Map([
  ...constantOperators.map((op): [string, BackwardRule] => [op, zeroRule]), ...differentiable,
]);

/** The rule of a node's operator, or undefined: then no gradient can pass through it. */
export function ruleFor(node: Node): BackwardRule | undefined {
  return node.domain === '' ? rules.get(node.op) : undefined;
}

/** Names of the operators through which gradients flow. */
export function differentiableOperators(): string[] {
  return [...differentiable.keys()];
}
