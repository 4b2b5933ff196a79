/** Backward rules of functions of one element, written in terms of the output wherever that saves work. */
import { MechanistError } from '../../../errors.ts';
import { floatAttribute } from '../../ir.ts';
import { number, scale, sumTo } from '../emit.ts';
import type { BackwardContext, BackwardRule } from '../rule.ts';
import { when } from './elementwise.ts';

/** A step of backward computation: `g` may be compact, `x` and `y` are the node's input and output. */
type Slope = (o: Ops, g: string, x: string, y: string) => string;

export const activationRules: ReadonlyMap<string, BackwardRule> = new Map<string, BackwardRule>([
  ['Exp', from((o, g, _, y) => o.mul(g, y))],
  ['Log', from((o, g, x) => o.div(g, x))],
  ['Sqrt', from((o, g, _, y) => o.div(o.times(g, 0.5), y))],
  ['Reciprocal', from((o, g, _, y) => o.neg(o.mul(o.mul(y, y), g)))],
  ['Abs', from((o, g, x) => o.mul(g, o.unary('Sign', x)))],
  ['Erf', from((o, g, x) => o.mul(g, o.times(o.unary('Exp', o.neg(o.mul(x, x))), 2 / Math.sqrt(Math.PI))))],
  ['Sin', from((o, g, x) => o.mul(g, o.unary('Cos', x)))],
  ['Cos', from((o, g, x) => o.neg(o.mul(g, o.unary('Sin', x))))],
  ['Tan', from((o, g, _, y) => o.mul(g, o.plus(o.mul(y, y), 1)))],
  ['Asin', from((o, g, x) => o.div(g, o.unary('Sqrt', o.minus(1, o.mul(x, x)))))],
  ['Acos', from((o, g, x) => o.neg(o.div(g, o.unary('Sqrt', o.minus(1, o.mul(x, x))))))],
  ['Atan', from((o, g, x) => o.div(g, o.plus(o.mul(x, x), 1)))],
  ['Sinh', from((o, g, x) => o.mul(g, o.unary('Cosh', x)))],
  ['Cosh', from((o, g, x) => o.mul(g, o.unary('Sinh', x)))],
  ['Asinh', from((o, g, x) => o.div(g, o.unary('Sqrt', o.plus(o.mul(x, x), 1))))],
  ['Acosh', from((o, g, x) => o.div(g, o.unary('Sqrt', o.plus(o.mul(x, x), -1))))],
  ['Atanh', from((o, g, x) => o.div(g, o.minus(1, o.mul(x, x))))],
  ['Tanh', from((o, g, _, y) => o.mul(g, o.minus(1, o.mul(y, y))))],
  ['Sigmoid', from((o, g, _, y) => o.mul(g, o.mul(y, o.minus(1, y))))],
  ['Softplus', from((o, g, x) => o.mul(g, o.unary('Sigmoid', x)))],
  ['Softsign', from((o, g, x) => {
    const denominator = o.plus(o.unary('Abs', x), 1);
    return o.div(g, o.mul(denominator, denominator));
  })],
  // The output of Relu is positive exactly where its slope is 1.
  ['Relu', from((o, g, _, y) => o.mul(g, o.unary('Sign', y)))],
  ['LeakyRelu', from((o, g, x) => o.positive(x, g, o.times(g, o.attribute('alpha', 0.01))))],
  ['Elu', from((o, g, x, y) => o.positive(x, g, o.mul(g, o.plus(y, o.attribute('alpha', 1)))))],
  ['Celu', from((o, g, x) => o.positive(x, g, o.mul(g, o.unary('Exp', o.times(o.negativePart(x), 1 / o.attribute('alpha', 1))))))],
  ['Selu', from((o, g, x, y) => {
    const gamma = o.attribute('gamma', 1.05070102214813232421875);
    const alpha = o.attribute('alpha', 1.67326319217681884765625);
    return o.positive(x, o.times(g, gamma), o.mul(g, o.plus(y, gamma * alpha)));
  })],
  ['ThresholdedRelu', from((o, g, x) => o.mul(g, o.indicator('Greater', x, o.attribute('alpha', 1))))],
  ['HardSigmoid', from((o, g, _, y) => o.times(o.mul(o.mul(g, o.indicator('Greater', y, 0)), o.indicator('Less', y, 1)), o.attribute('alpha', 0.2)))],
  ['HardSwish', from((o, g, x) => {
    const middle = o.plus(o.times(x, 1 / 3), 0.5);
    const slope = o.b.where(o.b.node('Less', [x, o.number(-3)]), o.number(0), o.b.where(o.b.node('Greater', [x, o.number(3)]), o.number(1), middle));
    return o.mul(g, slope);
  })],
  ['Mish', from((o, g, x) => {
    const t = o.unary('Tanh', o.unary('Softplus', x));
    const slope = o.mul(o.mul(x, o.minus(1, o.mul(t, t))), o.unary('Sigmoid', x));
    return o.mul(g, o.b.add(t, slope));
  })],
  ['PRelu', (c) => {
    const { b } = c;
    const [x, slope] = [c.inputs[0]!, c.inputs[1]!];
    const g = c.gradient(0)!;
    const isNegative = b.node('Less', [x, number(b, 0, x)]);
    return [
      when(c, 0, () => b.where(isNegative, b.mul(g, slope), g)),
      when(c, 1, () => sumTo(b, b.where(isNegative, b.mul(g, x), number(b, 0, x)), slope)),
    ];
  }],
  ['Dropout', (c) => {
    const mode = c.inputs[2] ?? '';
    if (mode !== '' && c.b.constantOf(mode)?.data[0] !== 0) throw new MechanistError('unsupported', 'Dropout in training mode has no gradient.');
    return [c.compactGradient(0)];
  }],
]);

function from(slope: Slope): BackwardRule {
  return (c) => [slope(new Ops(c), c.compactGradient(0)!, c.inputs[0]!, c.outputs[0]!)];
}

/** Arithmetic in the type of the node's input. */
class Ops {
  readonly b: BackwardContext['b'];
  private readonly c: BackwardContext;

  constructor(c: BackwardContext) {
    this.b = c.b;
    this.c = c;
  }

  attribute(name: string, fallback: number): number { return floatAttribute(this.c.node, name, fallback); }
  number(value: number): string { return number(this.b, value, this.c.inputs[0]!); }
  mul(a: string, b: string): string { return this.b.mul(a, b); }
  div(a: string, b: string): string { return this.b.div(a, b); }
  neg(a: string): string { return this.b.unary('Neg', a); }
  unary(op: string, a: string): string { return this.b.unary(op, a); }
  times(a: string, factor: number): string { return scale(this.b, a, factor); }
  plus(a: string, value: number): string { return this.b.add(a, this.number(value)); }
  minus(value: number, a: string): string { return this.b.sub(this.number(value), a); }
  positive(x: string, yes: string, no: string): string { return this.b.where(this.b.node('Greater', [x, this.number(0)]), yes, no); }
  indicator(op: string, x: string, bound: number): string { return this.b.cast(this.b.node(op, [x, this.number(bound)]), this.b.dtypeOf(x)); }
  negativePart(x: string): string { return this.b.node('Min', [x, this.number(0)]); }
}
