/** Backward rules of arithmetic on elements, with broadcasting. Activation functions are in activations.ts. */
import { elementCount } from '../../../tensor.ts';
import { intAttribute } from '../../ir.ts';
import { number, scale, sumTo } from '../emit.ts';
import type { BackwardContext, BackwardRule } from '../rule.ts';

export const elementwiseRules: ReadonlyMap<string, BackwardRule> = new Map<string, BackwardRule>([
  ['Add', (c) => c.inputs.map((x, i) => when(c, i, () => sumTo(c.b, c.gradient(0)!, x)))],
  ['Sum', (c) => c.inputs.map((x, i) => when(c, i, () => sumTo(c.b, c.gradient(0)!, x)))],
  ['Mean', (c) => {
    const g = scale(c.b, c.gradient(0)!, 1 / c.inputs.length);
    return c.inputs.map((x, i) => when(c, i, () => sumTo(c.b, g, x)));
  }],
  ['Sub', (c) => [
    when(c, 0, () => sumTo(c.b, c.gradient(0)!, c.inputs[0]!)),
    when(c, 1, () => c.b.unary('Neg', sumTo(c.b, c.gradient(0)!, c.inputs[1]!))),
  ]],
  ['Mul', (c) => [0, 1].map((i) => when(c, i, () => sumTo(c.b, fullProduct(c, c.inputs[1 - i]!), c.inputs[i]!)))],
  ['Div', (c) => [
    when(c, 0, () => sumTo(c.b, c.b.div(c.gradient(0)!, c.inputs[1]!), c.inputs[0]!)),
    when(c, 1, () => {
      const along = sumTo(c.b, c.b.mul(c.compactGradient(0)!, c.outputs[0]!), c.inputs[1]!);
      return c.b.unary('Neg', c.b.div(along, c.inputs[1]!));
    }),
  ]],
  ['Pow', (c) => [when(c, 0, () => sumTo(c.b, powerBase(c), c.inputs[0]!)), when(c, 1, () => sumTo(c.b, powerExponent(c), c.inputs[1]!))]],
  ['Neg', (c) => [c.b.unary('Neg', c.compactGradient(0)!)]],
  ['Max', extremum],
  ['Min', extremum],
  ['Where', (c) => {
    const zero = number(c.b, 0, c.outputs[0]!);
    return [
      undefined,
      when(c, 1, () => sumTo(c.b, c.b.where(c.inputs[0]!, c.gradient(0)!, zero), c.inputs[1]!)),
      when(c, 2, () => sumTo(c.b, c.b.where(c.inputs[0]!, zero, c.gradient(0)!), c.inputs[2]!)),
    ];
  }],
  ['Clip', clip],
  ['Mod', (c) => [
    when(c, 0, () => sumTo(c.b, c.gradient(0)!, c.inputs[0]!)),
    when(c, 1, () => {
      // y = a − b·q with a whole quotient q, which is recovered from y: the two kinds of remainder round it differently.
      const quotient = c.b.unary('Round', c.b.div(c.b.sub(c.inputs[0]!, c.outputs[0]!), c.inputs[1]!));
      return c.b.unary('Neg', sumTo(c.b, c.b.mul(c.gradient(0)!, quotient), c.inputs[1]!));
    }),
  ]],
  ['Identity', (c) => [c.compactGradient(0)]],
  ['Cast', (c) => [c.b.cast(c.compactGradient(0)!, c.b.dtypeOf(c.inputs[0]!))]],
  ['CastLike', (c) => [c.b.cast(c.compactGradient(0)!, c.b.dtypeOf(c.inputs[0]!))]],
  ['CumSum', (c) => [c.b.node('CumSum', [c.gradient(0)!, c.inputs[1]!], {
    attributes: {
      exclusive: { type: 'int', value: intAttribute(c.node, 'exclusive', 0) },
      reverse: { type: 'int', value: 1 - intAttribute(c.node, 'reverse', 0) },
    },
  })]],
]);

/** Computes the gradient of input `i` only where it is wanted. */
export function when(c: BackwardContext, i: number, compute: () => string): string | undefined {
  return c.wants(i) ? compute() : undefined;
}

/** Gradient times `factor`; expanded first only if the product would not have the output's size. */
function fullProduct(c: BackwardContext, factor: string): string {
  const shape = c.b.typeOf(factor)?.shape;
  const out = c.b.typeOf(c.outputs[0]!)?.shape;
  const isFull = shape !== undefined && out !== undefined && shape.length === out.length && shape.every((dim, i) => dim === out[i]);
  return c.b.mul(isFull ? c.compactGradient(0)! : c.gradient(0)!, factor);
}

/** The value of a constant exponent that is the same for all elements. */
function constantExponent(c: BackwardContext): number | undefined {
  const value = c.b.constantOf(c.inputs[1]!);
  return value === undefined || elementCount(value.dims) !== 1 ? undefined : Number(value.data[0]);
}

function powerBase(c: BackwardContext): string {
  const { b } = c;
  const [x, exponent] = [c.inputs[0]!, c.inputs[1]!];
  const e = constantExponent(c);
  if (e === 1) return c.gradient(0)!;
  if (e === 2) return fullProduct(c, scale(b, x, 2));
  if (e === 3) return fullProduct(c, b.mul(scale(b, x, 3), x));
  if (e !== undefined) return fullProduct(c, scale(b, b.node('Pow', [x, number(b, e - 1, x)]), e));
  const p = b.cast(exponent, b.dtypeOf(x));
  const slope = b.mul(p, b.node('Pow', [x, b.sub(p, number(b, 1, x))]));
  // 0 · 0^(−1) would be undefined, but x^0 is constant.
  return b.mul(c.gradient(0)!, b.where(b.node('Equal', [p, number(b, 0, x)]), number(b, 0, x), slope));
}

function powerExponent(c: BackwardContext): string {
  const { b } = c;
  const x = c.inputs[0]!;
  const logarithm = b.where(b.node('Equal', [x, number(b, 0, x)]), number(b, 0, x), b.unary('Log', x));
  return b.cast(b.mul(c.gradient(0)!, b.mul(c.outputs[0]!, logarithm)), b.dtypeOf(c.inputs[1]!));
}

/** Elements that tie for the extremum share its gradient equally. */
function extremum(c: BackwardContext): readonly (string | undefined)[] {
  const { b } = c;
  const y = c.outputs[0]!;
  if (c.inputs.length === 1) return [c.compactGradient(0)];
  const hits = c.inputs.map((x) => b.cast(b.node('Equal', [x, y]), b.dtypeOf(y)));
  const share = b.div(c.gradient(0)!, hits.reduce((sum, hit) => b.add(sum, hit)));
  return c.inputs.map((x, i) => when(c, i, () => sumTo(b, b.mul(share, hits[i]!), x)));
}

/** Inside the bounds, ends included, the gradient belongs to the input, outside to the bound. */
function clip(c: BackwardContext): readonly (string | undefined)[] {
  const { b } = c;
  const [x, low, high] = [c.inputs[0]!, c.inputs[1] ?? '', c.inputs[2] ?? ''];
  const g = c.gradient(0)!;
  const zero = number(b, 0, x);
  const below = low === '' ? undefined : b.node('Less', [x, low]);
  const above = high === '' ? undefined : b.node('Greater', [x, high]);
  const through = [below, above].reduce((rest: string, outside) => (outside === undefined ? rest : b.where(outside, zero, rest)), g);
  return [
    through,
    when(c, 1, () => sumTo(b, b.where(below!, g, zero), low)),
    when(c, 2, () => sumTo(b, b.where(above!, g, zero), high)),
  ];
}
