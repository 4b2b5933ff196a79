/** Backward rules of reductions. Their gradients stay compact: size 1 along the reduced axes. */
import { int, intAttribute, intsAttribute } from '../../ir.ts';
import type { Attribute } from '../../ir.ts';
import { normalAxis } from '../../shape.ts';
import { constantIntegers, countAlong, divideByCount, number, scale } from '../emit.ts';
import type { BackwardContext, BackwardRule } from '../rule.ts';

/** `g` and `y` keep the reduced axes with size 1. */
type ReductionSlope = (c: BackwardContext, g: string, x: string, y: string, axes: readonly number[]) => string;

export const reductionRules: ReadonlyMap<string, BackwardRule> = new Map<string, BackwardRule>([
  ['ReduceSum', over((_, g) => g)],
  ['ReduceMean', over(({ b }, g, x, _, axes) => divideByCount(b, g, countAlong(b, x, axes)))],
  ['ReduceMax', over(extremum)],
  ['ReduceMin', over(extremum)],
  ['ReduceL1', over(({ b }, g, x) => b.mul(b.unary('Sign', x), g))],
  // At the origin, where the norm has no gradient, 0 is taken.
  ['ReduceL2', over(({ b }, g, x, y) => b.mul(x, b.where(b.node('Equal', [y, number(b, 0, y)]), number(b, 0, y), b.div(g, y))))],
  ['ReduceSumSquare', over(({ b }, g, x) => b.mul(x, scale(b, g, 2)))],
  ['ReduceLogSum', over(({ b }, g, _, y) => b.div(g, b.unary('Exp', y)))],
  ['ReduceLogSumExp', over(({ b }, g, x, y) => b.mul(b.unary('Exp', b.sub(x, y)), g))],
  ['ReduceProd', over(product)],
  ['Softmax', (c) => {
    const { b } = c;
    const y = c.outputs[0]!;
    const g = c.gradient(0)!;
    return [b.mul(y, b.sub(g, b.reduceSum(b.mul(g, y), [intAttribute(c.node, 'axis', -1)], true)))];
  }],
  ['LogSoftmax', (c) => {
    const { b } = c;
    const g = c.gradient(0)!;
    return [b.sub(g, b.mul(b.unary('Exp', c.outputs[0]!), b.reduceSum(g, [intAttribute(c.node, 'axis', -1)], true)))];
  }],
]);

function over(slope: ReductionSlope): BackwardRule {
  return (c) => {
    const { b } = c;
    const x = c.inputs[0]!;
    const rank = b.shapeOf(x).length;
    const axes = reducedAxes(c, rank);
    const keep = intAttribute(c.node, 'keepdims', 1) === 1 || axes.length === 0;
    const kept = (name: string): string => (keep ? name : b.unsqueeze(name, axes));
    return [slope(c, kept(c.gradient(0)!), x, kept(c.outputs[0]!), axes)];
  };
}

function reducedAxes(c: BackwardContext, rank: number): number[] {
  const input = c.inputs[1] ?? '';
  const given = input === '' ? (intsAttribute(c.node, 'axes') ?? []) : constantIntegers(c.b, input, 'axes');
  if (given.length > 0) return given.map((axis) => normalAxis(axis, rank)).sort((p, q) => p - q);
  if (intAttribute(c.node, 'noop_with_empty_axes', 0) === 1) return [];
  return Array.from({ length: rank }, (_, i) => i);
}

/** Elements that tie for the extremum share its gradient equally. */
function extremum({ b }: BackwardContext, g: string, x: string, y: string, axes: readonly number[]): string {
  if (axes.length === 0) return g;
  const hits = b.cast(b.node('Equal', [x, y]), b.dtypeOf(x));
  return b.mul(hits, b.div(g, b.reduceSum(hits, axes, true)));
}

/** The product of all other elements, also where some are zero: the product of the non-zero ones, or 0 if another one is zero. */
function product({ b }: BackwardContext, g: string, x: string, _: string, axes: readonly number[]): string {
  if (axes.length === 0) return g;
  const [zero, one] = [number(b, 0, x), number(b, 1, x)];
  const isZero = b.node('Equal', [x, zero]);
  const nonZero = b.where(isZero, one, x);
  const keep: Readonly<Record<string, Attribute>> = { keepdims: int(1) };
  const rest = b.node('ReduceProd', [nonZero, b.vector(axes)], { attributes: keep });
  const zeros = b.reduceSum(b.cast(isZero, b.dtypeOf(x)), axes, true);
  const otherZeros = b.sub(zeros, b.cast(isZero, b.dtypeOf(x)));
  const others = b.where(b.node('Equal', [otherZeros, zero]), b.div(rest, nonZero), zero);
  return b.mul(others, g);
}
