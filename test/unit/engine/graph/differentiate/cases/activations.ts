/** Gradient cases of functions of one element. */
import { float, int } from '../../../../../../src/engine/graph/ir.ts';
import type { Attribute } from '../../../../../../src/engine/graph/ir.ts';
import type { GradientCase } from '../gradientCheck.ts';
import { inside, nonZero, positive } from './draw.ts';

const sizes = [{ n: 2 }, { n: 1 }];
type Draw = (random: () => number) => number;

function unary(op: string, draw: Draw, attributes: Readonly<Record<string, Attribute>> = {}): GradientCase {
  const settings = Object.keys(attributes).length === 0 ? '' : ` with ${Object.keys(attributes).join(' and ')}`;
  return { name: `${op}${settings}`, inputs: { x: { shape: ['n', 6], draw } }, sizes, build: (b) => b.node(op, ['x'], { attributes }) };
}

/** The runtime has no float64 kernel: the gradient in float32 is compared with differences of the function in float64. */
function against(op: string, f: (x: number) => number, draw: Draw, attributes: Readonly<Record<string, Attribute>> = {}): GradientCase {
  return { ...unary(op, draw, attributes), dtype: 'float32', reference: (inputs) => Array.from(inputs.get('x')!.data as Float64Array, f) };
}

const wide: Draw = (random) => 8 * random() - 4;
/** Wide, but no nearer than 0.01 to a kink at ±3, 0 or 1. */
const smooth: Draw = (random) => {
  const x = wide(random);
  return [-3, -2.5, 0, 1, 2.5, 3].some((kink) => Math.abs(x - kink) < 0.01) ? x + 0.05 : x;
};

/** The error function by its Maclaurin series, exact to float64 for |x| < 3. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

export const activationCases: readonly GradientCase[] = [
  unary('Exp', inside), unary('Log', positive), unary('Sqrt', positive), unary('Reciprocal', nonZero), unary('Abs', nonZero),
  unary('Sin', wide), unary('Cos', wide), unary('Tanh', inside), unary('Sigmoid', wide), unary('Softplus', wide), unary('Softsign', nonZero),
  unary('Relu', nonZero), unary('LeakyRelu', nonZero), unary('LeakyRelu', nonZero, { alpha: float(0.25) }),
  unary('Elu', nonZero), unary('Elu', nonZero, { alpha: float(0.5) }), unary('Selu', nonZero), unary('Selu', nonZero, { alpha: float(1.5), gamma: float(0.75) }),
  unary('ThresholdedRelu', smooth), unary('HardSigmoid', smooth), unary('HardSigmoid', smooth, { alpha: float(0.125), beta: float(0.5) }), unary('HardSwish', smooth), unary('Mish', wide),
  against('Erf', erf, (random) => 3 * random() - 1.5), against('Tan', Math.tan, inside), against('Asin', Math.asin, inside), against('Acos', Math.acos, inside), against('Atan', Math.atan, wide),
  against('Sinh', Math.sinh, inside), against('Cosh', Math.cosh, nonZero), against('Asinh', Math.asinh, wide), against('Acosh', Math.acosh, (random) => 1.5 + random()), against('Atanh', Math.atanh, inside),
  against('Celu', (x) => (x > 0 ? x : 0.5 * Math.expm1(x / 0.5)), nonZero, { alpha: float(0.5) }),
  { name: 'PRelu', inputs: { x: { shape: ['n', 3], draw: nonZero }, slope: { shape: [3], draw: positive } }, sizes, build: (b) => b.node('PRelu', ['x', 'slope']) },
  { name: 'Dropout at inference', inputs: { x: { shape: ['n', 3] } }, sizes, build: (b) => b.node('Dropout', ['x']) },
  ...[-1, 0, 1].flatMap((axis) => ['Softmax', 'LogSoftmax'].map((op): GradientCase => ({
    name: `${op} over axis ${axis}`, inputs: { x: { shape: ['n', 2, 3] } }, sizes, build: (b) => b.node(op, ['x'], { attributes: { axis: int(axis) } }),
  }))),
  {
    name: 'Softmax with a masked position', inputs: { x: { shape: ['n', 3] }, keep: { shape: [3], integers: (i) => (i === 1 ? 0 : 1) } }, sizes,
    build: (b, dtype) => b.softmax(b.where(b.cast('keep', 'bool'), 'x', b.scalar(-Infinity, dtype))),
  },
  {
    name: 'Cross-entropy of labels', inputs: { x: { shape: ['n', 4] }, label: { shape: ['n', 1], integers: (i) => (3 * i + 1) % 4 } }, sizes,
    build: (b) => b.unary('Neg', b.node('ReduceMean', [b.node('GatherElements', [b.node('LogSoftmax', ['x']), 'label'], { attributes: { axis: int(1) } })], { attributes: { keepdims: int(0) } })),
  },
];
