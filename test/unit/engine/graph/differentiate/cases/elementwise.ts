/** Gradient cases of arithmetic on elements. */
import type { GraphBuilder } from '../../../../../../src/engine/graph/builder.ts';
import { int } from '../../../../../../src/engine/graph/ir.ts';
import { f64 } from '../../../../../../src/engine/tensor.ts';
import type { Shape } from '../../../../../../src/engine/graph/ir.ts';
import type { GradientCase, InputSpec, Sizes } from '../gradientCheck.ts';
import { distinct, nonZero, positive } from './draw.ts';

/** Pairs of shapes that broadcast, decided by symbols, by sizes, or only at run time. */
const broadcasts: readonly (readonly [string, Shape, Shape, readonly Sizes[]])[] = [
  ['equal symbols', ['n', 3], ['n', 3], [{ n: 2 }, { n: 1 }]],
  ['a missing axis', ['n', 3], [3], [{ n: 2 }, { n: 4 }]],
  ['fixed sizes of 1', ['n', 1, 3], [1, 2, 1], [{ n: 2 }]],
  ['a scalar', ['n', 2], [], [{ n: 3 }]],
  ['different symbols', ['n', 'm'], ['k', 'm'], [{ n: 2, m: 2, k: 2 }, { n: 3, m: 2, k: 1 }, { n: 1, m: 3, k: 2 }]],
  ['a symbol against a size', ['n', 2], [3, 1, 'm'], [{ n: 2, m: 2 }, { n: 1, m: 1 }]],
];

function binary(op: string, a: Pick<InputSpec, 'draw'> = {}, b: Pick<InputSpec, 'draw'> = {}): GradientCase[] {
  return broadcasts.map(([what, left, right, sizes]): GradientCase => ({
    name: `${op} with ${what}`,
    inputs: { a: { shape: left, ...a }, b: { shape: right, ...b } },
    sizes,
    build: (g) => g.node(op, ['a', 'b']),
  }));
}

const apart = (offset: number): Pick<InputSpec, 'draw'> => ({ draw: (random, i) => distinct(random, i) + offset });
const one = { x: { shape: ['n', 3] } };
const sizes = [{ n: 2 }, { n: 1 }];
const power = (name: string, exponent: number, draw: (random: () => number) => number): GradientCase => ({
  name: `Pow to the constant ${name}`, inputs: { x: { shape: ['n', 3], draw } }, sizes, build: (b, dtype) => b.node('Pow', ['x', b.scalar(exponent, dtype)]),
});

const bounded = (name: string, bounds: (b: GraphBuilder) => string[]): GradientCase => ({
  name: `Clip ${name}`, inputs: { x: { shape: ['n', 4], draw: distinct } }, sizes, build: (b) => b.node('Clip', ['x', ...bounds(b)]),
});

export const elementwiseCases: readonly GradientCase[] = [
  ...binary('Add'), ...binary('Sub'), ...binary('Mul'), ...binary('Div', {}, { draw: nonZero }), ...binary('Sum'),
  ...binary('Pow', { draw: positive }), ...binary('Max', apart(0), apart(0.01)), ...binary('Min', apart(0), apart(0.01)),
  { name: 'Sum of three', inputs: { a: { shape: ['n', 3] }, b: { shape: [3] }, c: { shape: ['n', 1] } }, sizes, build: (b) => b.node('Sum', ['a', 'b', 'c']) },
  { name: 'Max of three', inputs: { a: { shape: ['n', 3], ...apart(0) }, b: { shape: [3], ...apart(0.013) }, c: { shape: ['n', 1], ...apart(0.007) } }, sizes, build: (b) => b.node('Max', ['a', 'b', 'c']) },
  { name: 'Mean of three', mode: 'integers', inputs: { a: { shape: ['n', 3] }, b: { shape: [3] }, c: { shape: ['n', 1] }, d: { shape: [] } }, sizes, build: (b) => b.node('Mean', ['a', 'b', 'c', 'd']) },
  power('1', 1, nonZero), power('2', 2, nonZero), power('3', 3, nonZero), power('0.5', 0.5, positive), power('−1', -1, nonZero), power('0', 0, nonZero),
  { name: 'Pow to an integer exponent tensor', inputs: { x: { shape: [3, 2], draw: nonZero } }, build: (b) => b.node('Pow', ['x', b.constant(f64([2], [2, 0]))]) },
  { name: 'Neg', inputs: one, sizes, build: (b) => b.unary('Neg', 'x') },
  { name: 'Identity', inputs: one, sizes, build: (b) => b.identity('x') },
  { name: 'Cast to float64 and back', mode: 'integers', inputs: one, sizes, build: (b) => b.cast(b.mul(b.cast('x', 'float64'), b.scalar(3, 'float64')), 'float32') },
  { name: 'CastLike', inputs: { x: { shape: ['n', 3] }, y: { shape: [1] } }, sizes, build: (b) => b.mul(b.node('CastLike', ['x', 'y']), 'y') },
  { name: 'Where', inputs: { a: { shape: ['n', 3] }, b: { shape: [3] }, c: { shape: [3], integers: (i) => i % 2 } }, sizes, build: (b) => b.where(b.cast('c', 'bool'), 'a', 'b') },
  { name: 'Where with a repeated condition', inputs: { a: { shape: [] }, b: { shape: ['n', 1] }, c: { shape: ['n', 3], integers: (i) => i % 2 } }, sizes, build: (b) => b.where(b.cast('c', 'bool'), 'a', 'b') },
  bounded('on both sides', (b) => [b.scalar(-0.35, 'float64'), b.scalar(0.45, 'float64')]),
  bounded('from below', (b) => [b.scalar(-0.35, 'float64')]),
  bounded('from above', (b) => ['', b.scalar(0.45, 'float64')]),
  { name: 'Clip with bounds that have gradients', inputs: { x: { shape: ['n', 4], draw: distinct }, low: { shape: [], draw: () => -0.35 }, high: { shape: [], draw: () => 0.45 } }, sizes, build: (b) => b.node('Clip', ['x', 'low', 'high']) },
  { name: 'Mod', inputs: { a: { shape: ['n', 3], draw: (r) => 5 * r() + 0.3 }, b: { shape: [3], draw: (_, i) => 0.71 + i } }, sizes, build: (b) => b.node('Mod', ['a', 'b'], { attributes: { fmod: int(1) } }) },
  ...[[0, 0], [1, 0], [0, 1], [1, 1]].map(([exclusive, reverse]): GradientCase => ({
    name: `CumSum exclusive=${exclusive} reverse=${reverse}`, inputs: { x: { shape: [2, 'n'] } }, sizes: [{ n: 4 }],
    build: (b) => b.node('CumSum', ['x', b.scalar(1, 'int64')], { attributes: { exclusive: int(exclusive!), reverse: int(reverse!) } }),
  })),
];
