/** Gradient cases of matrix products and reductions. */
import { float, int, ints, string } from '../../../../../../src/engine/graph/ir.ts';
import type { Shape } from '../../../../../../src/engine/graph/ir.ts';
import type { GradientCase, Sizes } from '../gradientCheck.ts';
import { distinct, nonZero, positive } from './draw.ts';

const matmul = (what: string, a: Shape, w: Shape, sizes: readonly Sizes[] = [{}]): GradientCase => ({
  name: `MatMul of ${what}`, inputs: { a: { shape: a }, w: { shape: w } }, sizes, build: (b) => b.matmul('a', 'w'),
});

const gemm = (transA: number, transB: number, bias: Shape | undefined): GradientCase => ({
  name: `Gemm transA=${transA} transB=${transB} with ${bias === undefined ? 'no bias' : `bias [${bias.join()}]`}`,
  inputs: { a: { shape: transA === 0 ? ['n', 3] : [3, 'n'] }, w: { shape: transB === 0 ? [3, 2] : [2, 3] }, ...(bias === undefined ? {} : { c: { shape: bias } }) },
  sizes: [{ n: 2 }, { n: 1 }],
  build: (b) => b.node('Gemm', ['a', 'w', ...(bias === undefined ? [] : ['c'])], { attributes: { alpha: float(0.5), beta: float(1.5), transA: int(transA), transB: int(transB) } }),
});

const einsum = (equation: string, ...shapes: Shape[]): GradientCase => ({
  name: `Einsum ${equation}`, inputs: Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { shape }])), sizes: [{ n: 2 }],
  build: (b) => b.node('Einsum', shapes.map((_, i) => `x${i}`), { attributes: { equation: string(equation) } }),
});

function reduction(op: string, draw: (random: () => number, index: number) => number): GradientCase[] {
  return [
    { name: `${op} over the last axis, kept`, inputs: { x: { shape: ['n', 2, 3], draw } }, sizes: [{ n: 2 }, { n: 1 }], build: (b) => b.node(op, ['x', b.vector([-1])]) },
    { name: `${op} over two axes, dropped`, inputs: { x: { shape: ['n', 2, 3], draw } }, sizes: [{ n: 2 }], build: (b) => b.node(op, ['x', b.vector([2, 0])], { attributes: { keepdims: int(0) } }) },
    { name: `${op} over everything`, inputs: { x: { shape: ['n', 3], draw } }, sizes: [{ n: 2 }], build: (b) => b.node(op, ['x'], { attributes: { keepdims: int(0) } }) },
    { name: `${op} over nothing`, inputs: { x: { shape: ['n', 3], draw: positive } }, sizes: [{ n: 2 }], build: (b) => b.node(op, ['x'], { attributes: { noop_with_empty_axes: int(1) } }) },
    { name: `${op} feeding what it was made of`, inputs: { x: { shape: ['n', 3], draw } }, sizes: [{ n: 2 }], build: (b) => b.mul('x', b.node(op, ['x', b.vector([1])])) },
  ];
}

export const linearCases: readonly GradientCase[] = [
  matmul('matrices', ['n', 3], [3, 2], [{ n: 2 }, { n: 1 }]),
  matmul('a batch and a matrix', ['n', 'm', 3], [3, 2], [{ n: 2, m: 2 }]),
  matmul('a batch and a matrix of unknown width', ['n', 2, 'd'], ['d', 2], [{ n: 2, d: 3 }]),
  matmul('a matrix and a batch', [2, 3], ['n', 3, 2], [{ n: 2 }]),
  matmul('two batches', ['n', 'm', 3], ['n', 3, 'm'], [{ n: 2, m: 2 }]),
  matmul('batches that broadcast by size', ['n', 1, 2, 3], [2, 3, 2], [{ n: 2 }]),
  matmul('batches that broadcast at run time', ['n', 2, 3], ['m', 3, 2], [{ n: 2, m: 1 }, { n: 1, m: 2 }, { n: 2, m: 2 }]),
  matmul('a vector and a matrix', [3], [3, 2]),
  matmul('a matrix and a vector', ['n', 3], [3], [{ n: 2 }]),
  matmul('a batch and a vector', ['n', 2, 3], [3], [{ n: 2 }]),
  matmul('a vector and a batch', [3], ['n', 3, 2], [{ n: 2 }]),
  matmul('two vectors', [3], [3]),
  ...[[0, 0], [0, 1], [1, 0], [1, 1]].map(([p, q]) => gemm(p!, q!, [2])), gemm(0, 1, undefined), gemm(0, 0, ['n', 1]), gemm(0, 0, []),
  einsum('ij,jk->ik', ['n', 3], [3, 2]), einsum('bqhd,bkhd->bhqk', ['n', 2, 1, 3], ['n', 2, 1, 3]), einsum('bij->bj', ['n', 3, 2]),
  einsum('ij,kj->i', ['n', 3], [2, 3]), einsum('i,j', [2], [3]), einsum('bi,ij,bj->b', ['n', 2], [2, 3], ['n', 3]),
  ...['ReduceSum', 'ReduceMean', 'ReduceSumSquare', 'ReduceLogSumExp'].flatMap((op) => reduction(op, (random) => 2 * random() - 1)),
  ...['ReduceL1', 'ReduceL2', 'ReduceProd'].flatMap((op) => reduction(op, nonZero)),
  ...reduction('ReduceLogSum', positive).filter((test) => !test.name.includes('nothing')),
  ...['ReduceMax', 'ReduceMin'].flatMap((op) => reduction(op, distinct)),
  { name: 'ReduceProd with one zero', inputs: { x: { shape: [2, 3], draw: (_, i) => (i === 1 ? 0 : 0.3 + i) } }, build: (b) => b.node('ReduceProd', ['x', b.vector([1])]) },
  { name: 'ReduceProd with two zeros', inputs: { x: { shape: [2, 3], draw: (_, i) => (i < 2 ? 0 : 0.3 + i) } }, build: (b) => b.node('ReduceProd', ['x', b.vector([1])]) },
  { name: 'ReduceMean over an unknown size', inputs: { x: { shape: ['n', 'm', 2] } }, sizes: [{ n: 2, m: 3 }], build: (b) => b.reduceMean('x', [0, 1], false) },
  { name: 'ReduceSum with axes as an attribute', inputs: { x: { shape: ['n', 3] } }, sizes: [{ n: 2 }], build: (b) => b.node('Transpose', [b.reduceSum('x', [1], true)], { attributes: { perm: ints([1, 0]) } }) },
];
