import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../../src/engine/graph/builder.ts';
import { addCotangentInput, differentiate } from '../../../../../src/engine/graph/differentiate/differentiate.ts';
import type { DifferentiateOptions } from '../../../../../src/engine/graph/differentiate/differentiate.ts';
import { zeroRule } from '../../../../../src/engine/graph/differentiate/rule.ts';
import { producers } from '../../../../../src/engine/graph/ir.ts';
import type { Graph } from '../../../../../src/engine/graph/ir.ts';
import { prune } from '../../../../../src/engine/graph/prune.ts';
import { splice } from '../../../../../src/engine/graph/splice.ts';
import { Program } from '../../../../../src/engine/runtime/program.ts';
import { f32, f64, numbersOf } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { normal } from '../../../../support/random.ts';
import { gradientError, relativeError } from './gradientCheck.ts';

/** Gradients of a graph, as numbers, and the shapes they came in. */
async function gradientsOf(graph: Graph, options: DifferentiateOptions, feeds: readonly (readonly [string, Tensor])[]): Promise<Map<string, Tensor>> {
  const { graph: backward, gradients } = differentiate(graph, options);
  return run({ ...backward, outputs: [...gradients.values()] }, feeds).then((values) => new Map(Array.from(gradients, ([name, gradient]) => [name, values.get(gradient)!])));
}

async function run(graph: Graph, feeds: readonly (readonly [string, Tensor])[]): Promise<Map<string, Tensor>> {
  const program = await Program.compile(graph, { threads: 1 });
  try {
    return await program.run(new Map(feeds));
  } finally {
    await program.release();
  }
}

const numbers = (t: Tensor | undefined): number[] => Array.from(numbersOf(t!));

/** x → a = x·x → c = exp(a) ; y = c + a, z = sum of x. */
function branching(): Graph {
  const b = new GraphBuilder();
  b.input('x', 'float64', ['n']);
  b.mul('x', 'x', 'a');
  b.unary('Exp', 'a', 'c');
  b.add('c', 'a', 'y');
  b.reduceSum('x', [0], false, 'z');
  return b.build(['y', 'z']);
}

const x = f64([3], [0.5, -1, 0.25]);
const onX = [['x', x]] as const;
const values = [0.5, -1, 0.25];

describe('differentiate', () => {
  it('adds up what arrives along several paths', async () => {
    const gradients = await gradientsOf(branching(), { seeds: new Map([['y', 'ones']]), wrt: ['x', 'a', 'c', 'y'] }, onX);
    expect(relativeError(numbers(gradients.get('x')), values.map((v) => 2 * v * (Math.exp(v * v) + 1)))).toBeLessThan(1e-12);
    expect(relativeError(numbers(gradients.get('a')), values.map((v) => Math.exp(v * v) + 1))).toBeLessThan(1e-12);
    expect(numbers(gradients.get('c'))).toEqual([1, 1, 1]);
    expect(numbers(gradients.get('y'))).toEqual([1, 1, 1]);
  });

  it('adds up several seeds', async () => {
    const gradients = await gradientsOf(branching(), { seeds: new Map([['a', 'ones'], ['z', 'ones']]), wrt: ['x'] }, onX);
    expect(numbers(gradients.get('x'))).toEqual(values.map((v) => 2 * v + 1));
  });

  it('takes a tensor of the graph as cotangent', async () => {
    const gradients = await gradientsOf(branching(), { seeds: new Map([['a', 'c']]), wrt: ['x', 'a'] }, onX);
    expect(relativeError(numbers(gradients.get('x')), values.map((v) => 2 * v * Math.exp(v * v)))).toBeLessThan(1e-12);
  });

  it('lets no gradient pass a stopped tensor, whose own gradient is still there', async () => {
    const gradients = await gradientsOf(branching(), { seeds: new Map([['y', 'ones']]), wrt: ['x', 'c'], stop: new Set(['c']) }, onX);
    expect(numbers(gradients.get('x'))).toEqual(values.map((v) => 2 * v));
    expect(numbers(gradients.get('c'))).toEqual([1, 1, 1]);
  });

  it('gives zeros of the right shape for what no seed depends on', async () => {
    const gradients = await gradientsOf(branching(), { seeds: new Map([['z', 'ones']]), wrt: ['c', 'y', 'x'] }, onX);
    expect(gradients.get('c')).toMatchObject({ dtype: 'float64', dims: [3], data: new Float64Array(3) });
    expect(numbers(gradients.get('x'))).toEqual([1, 1, 1]);
  });

  it('names gradients after their tensors, one name each', () => {
    const { gradients } = differentiate(branching(), { seeds: new Map([['y', 'ones']]), wrt: ['x', 'c', 'y'] });
    expect([...gradients.values()]).toEqual(['grad/x', 'grad/c', 'grad/y']);
  });

  it('keeps the outputs and the nodes of the given graph', () => {
    const graph = branching();
    const { graph: backward } = differentiate(graph, { seeds: new Map([['y', 'ones']]), wrt: ['x'] });
    expect(backward.outputs).toEqual(graph.outputs);
    expect(backward.nodes).toEqual(expect.arrayContaining([...graph.nodes]));
  });

  it('emits nothing for a path that leads to no wanted tensor', () => {
    const b = new GraphBuilder();
    b.input('x', 'float64', ['n', 3]);
    b.parameter('w', 'float64', [3, 3]);
    b.parameter('u', 'float64', [3, 3]);
    b.matmul('x', 'w', 'hidden');
    b.matmul('hidden', 'u', 'y');
    const injected = addCotangentInput(b.build(['y']), 'y');
    const { graph, gradients } = differentiate(injected.graph, { seeds: new Map([['y', injected.cotangent]]), wrt: ['hidden'] });
    expect(prune(graph, [gradients.get('hidden')!]).nodes.map((node) => node.op)).toEqual(['Transpose', 'MatMul']);
    expect(graph.nodes.filter((node) => node.op === 'MatMul')).toHaveLength(3);
  });

  it('gives integer indices and comparisons no gradient and lets everything else pass', async () => {
    const b = new GraphBuilder();
    b.input('x', 'float64', ['n']);
    const mask = b.cast(b.node('Greater', ['x', b.scalar(0, 'float64')]), 'float64');
    b.mul('x', mask, 'y');
    expect(numbers((await gradientsOf(b.build(['y']), { seeds: new Map([['y', 'ones']]), wrt: ['x'] }, onX)).get('x'))).toEqual([1, 0, 1]);
  });

  it('works at a tensor with a replaced value', async () => {
    const spliced = splice(branching(), 'a', (b, a) => b.mul(a, b.scalar(3, 'float64')));
    const gradients = await gradientsOf(spliced, { seeds: new Map([['y', 'ones']]), wrt: ['x', 'a'] }, onX);
    expect(relativeError(numbers(gradients.get('x')), values.map((v) => 6 * v * (Math.exp(3 * v * v) + 1)))).toBeLessThan(1e-12);
    expect(relativeError(numbers(gradients.get('a')), values.map((v) => Math.exp(3 * v * v) + 1))).toBeLessThan(1e-12);
  });

  it('differentiates in float32 too', async () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['n', 2]);
    b.reduceMean(b.unary('Tanh', 'x'), [0, 1], false, 'y');
    const gradient = (await gradientsOf(b.build(['y']), { seeds: new Map([['y', 'ones']]), wrt: ['x'] }, [['x', f32([2, 2], [0.1, -0.4, 0.3, 2])]])).get('x')!;
    expect(gradient.dtype).toBe('float32');
    expect(relativeError(numbers(gradient), [0.1, -0.4, 0.3, 2].map((v) => (1 - Math.tanh(v) ** 2) / 4))).toBeLessThan(1e-6);
  });
});

describe('cotangent injection', () => {
  const model = (): Graph => {
    const b = new GraphBuilder();
    b.input('x', 'float64', ['n', 4]);
    b.parameter('w', 'float64', [4, 3]);
    b.softmax(b.matmul('x', 'w', 'hidden'), -1, 'y');
    return b.build(['y']);
  };
  const w = f64([4, 3], normal(12, 1));
  const row = normal(4, 2);

  it('computes many vector-Jacobian products at once, equal to those computed one by one', async () => {
    const cotangents = [normal(3, 3), normal(3, 4), normal(3, 5)];
    const injected = addCotangentInput(model(), 'y');
    const options = { seeds: new Map([['y', injected.cotangent]]), wrt: ['x', 'hidden'] };
    const batched = await gradientsOf(injected.graph, options, [['x', f64([3, 4], cotangents.flatMap(() => row))], ['w', w], [injected.cotangent, f64([3, 3], cotangents.flat())]]);
    for (const [i, cotangent] of cotangents.entries()) {
      const single = await gradientsOf(injected.graph, options, [['x', f64([1, 4], row)], ['w', w], [injected.cotangent, f64([1, 3], cotangent)]]);
      expect(relativeError(numbers(batched.get('x')).slice(4 * i, 4 * i + 4), numbers(single.get('x')))).toBeLessThan(1e-14);
      expect(relativeError(numbers(batched.get('hidden')).slice(3 * i, 3 * i + 3), numbers(single.get('hidden')))).toBeLessThan(1e-14);
    }
  });

  it('gives a row of the Jacobian for a unit cotangent', async () => {
    const injected = addCotangentInput(model(), 'y', 'unit');
    const options = { seeds: new Map([['y', 'unit']]), wrt: ['hidden'] };
    const hidden = (await run({ ...model(), outputs: ['y'] }, [['x', f64([1, 4], row)], ['w', w]])).get('y')!;
    const [p0, p1, p2] = numbers(hidden) as [number, number, number];
    const jacobianRow = (await gradientsOf(injected.graph, options, [['x', f64([1, 4], row)], ['w', w], ['unit', f64([1, 3], [0, 1, 0])]])).get('hidden');
    expect(relativeError(numbers(jacobianRow), [-p1 * p0, p1 - p1 * p1, -p1 * p2])).toBeLessThan(1e-12);
  });
});

describe('overrides', () => {
  const relu = (): Graph => {
    const b = new GraphBuilder();
    b.input('x', 'float64', ['n']);
    b.append({ name: 'first', op: 'Relu', domain: '', inputs: ['x'], outputs: ['a'], attributes: new Map() });
    b.append({ name: 'second', op: 'Relu', domain: '', inputs: ['a'], outputs: ['y'], attributes: new Map() });
    return b.build(['y']);
  };

  it('replace the rule of one node by name', async () => {
    const overrides = new Map([['first', ({ b, gradient }: Parameters<typeof zeroRule>[0]): string[] => [b.mul(gradient(0)!, b.scalar(10, 'float64'))]]]);
    const gradients = await gradientsOf(relu(), { seeds: new Map([['y', 'ones']]), wrt: ['x', 'a'], overrides }, onX);
    expect(numbers(gradients.get('a'))).toEqual([1, 0, 1]);
    expect(numbers(gradients.get('x'))).toEqual([10, 0, 10]);
  });

  it('can cut the graph or open what is constant', async () => {
    const cut = await gradientsOf(relu(), { seeds: new Map([['y', 'ones']]), wrt: ['x'], overrides: (node) => (node.name === 'second' ? zeroRule : undefined) }, onX);
    expect(numbers(cut.get('x'))).toEqual([0, 0, 0]);
    const b = new GraphBuilder();
    b.input('x', 'float64', ['n']);
    b.unary('Sign', 'x', 'y');
    const through = await gradientsOf(b.build(['y']), { seeds: new Map([['y', 'ones']]), wrt: ['x'], overrides: (node) => (node.op === 'Sign' ? (c) => [c.gradient(0)] : undefined) }, onX);
    expect(numbers(through.get('x'))).toEqual([1, 1, 1]);
  });
});

describe('second order', () => {
  it.each([
    ['Tanh', (b: GraphBuilder) => b.unary('Tanh', 'x')],
    ['Softmax', (b: GraphBuilder) => b.softmax('x')],
    ['layer norm', (b: GraphBuilder) => b.node('LayerNormalization', ['x', b.constant(f64([3], [1, 2, 0.5]))])],
    ['MatMul', (b: GraphBuilder) => b.matmul(b.unary('Exp', 'x'), b.transpose('x', [1, 0]))],
    ['Gather', (b: GraphBuilder) => b.mul(b.gather('x', b.vector([0, 0, 1])), b.gather('x', b.vector([1, 0, 1])))],
    ['ReduceMean', (b: GraphBuilder) => b.node('Pow', [b.sub('x', b.reduceMean('x', [1], true)), b.scalar(3, 'float64')])],
  ])('the gradient of a gradient of %s agrees with finite differences', async (name, build) => {
    const error = await gradientError({
      name,
      inputs: { x: { shape: ['n', 3] } },
      sizes: [{ n: 2 }],
      build,
      transform: (graph) => {
        const first = differentiate(graph, { seeds: new Map([[graph.outputs[0]!, 'ones']]), wrt: ['x'] });
        const b = new GraphBuilder(first.graph);
        // The gradient itself may be constant (as that of the sum of a softmax is); the product with the output is not.
        return b.build([b.reduceSum(b.mul(first.gradients.get('x')!, b.add('x', first.gradients.get('x')!)), [0, 1], false), graph.outputs[0]!]);
      },
    });
    expect(error).toBeLessThanOrEqual(1e-6);
  });
});

describe('what cannot be differentiated', () => {
  it('is refused by operator and node, at build time', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['n', 2]);
    b.append({ name: 'the inverse', op: 'Det', domain: '', inputs: ['x'], outputs: ['y'], attributes: new Map() });
    b.append({ name: 'foreign', op: 'FusedGelu', domain: 'com.example', inputs: ['x'], outputs: ['z'], attributes: new Map() });
    b.setType('y', { dtype: 'float32', shape: ['n'] });
    b.setType('z', { dtype: 'float32', shape: ['n', 2] });
    const graph = b.build(['y', 'z']);
    const of = (seed: string) => () => differentiate(graph, { seeds: new Map([[seed, 'ones']]), wrt: ['x'] });
    expect(of('y')).toThrowError(expect.objectContaining({ reason: 'unsupported', field: 'node the inverse (Det)', statement: 'No backward rule for Det.' }));
    expect(of('z')).toThrowError(expect.objectContaining({ reason: 'unsupported', field: 'node foreign (com.example.FusedGelu)' }));
    expect(() => differentiate(graph, { seeds: new Map([['x', 'ones']]), wrt: ['x'] })).not.toThrow();
  });

  it('names the node whose rank is not known', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['n', 2]);
    b.append({ name: 'odd', op: 'Unknown', domain: 'com.example', inputs: [], outputs: ['u'], attributes: new Map() });
    b.setType('u', { dtype: 'float32', shape: undefined });
    b.append({ name: 'sum', op: 'Add', domain: '', inputs: ['x', 'u'], outputs: ['y'], attributes: new Map() });
    expect(() => differentiate(b.build(['y']), { seeds: new Map([['y', 'ones']]), wrt: ['x'] })).toThrowError(expect.objectContaining({ reason: 'argument', field: expect.stringContaining('node sum (Add)') }));
  });

  it.each([['seed', { seeds: new Map([['nowhere', 'ones']]), wrt: ['x'] }], ['wanted tensor', { seeds: new Map([['y', 'ones']]), wrt: ['nowhere'] }], ['cotangent', { seeds: new Map([['y', 'nowhere']]), wrt: ['x'] }]])(
    'an unknown %s is named', (_, options) => {
      expect(() => differentiate(branching(), options)).toThrowError(expect.objectContaining({ reason: 'argument', field: 'tensor nowhere' }));
    });

  it('integers have no gradient', () => {
    const b = new GraphBuilder();
    b.input('ids', 'int64', ['n']);
    b.parameter('table', 'float32', [5, 2]);
    b.gather('table', 'ids', 0, 'y');
    expect(() => differentiate(b.build(['y']), { seeds: new Map([['y', 'ones']]), wrt: ['ids'] })).toThrowError(expect.objectContaining({ reason: 'argument', field: 'tensor ids' }));
  });
});

describe('economy of the emitted graph', () => {
  it('multiplies weights once per use, without expanding or selecting', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['batch', 'pos', 8]);
    b.parameter('w', 'float32', [8, 4]);
    b.parameter('c', 'float32', [4]);
    const centered = b.sub('x', b.reduceMean('x', [-1], true));
    const scale = b.unary('Sqrt', b.reduceMean(b.mul(centered, centered), [-1], true));
    b.add(b.matmul(b.div(centered, scale), 'w'), 'c', 'y');
    const { graph, gradients } = differentiate(b.build(['y']), { seeds: new Map([['y', 'ones']]), wrt: ['x', 'w', 'c'] });
    const added = prune(graph, [...gradients.values()]).nodes.filter((node) => !b.build().nodes.some((old) => old.name === node.name)).map((node) => node.op);
    expect(added.filter((op) => op === 'MatMul')).toHaveLength(2);
    expect(added.filter((op) => ['Expand', 'Where', 'NonZero'].includes(op))).toEqual([]);
    expect(producers(graph).has('grad/w')).toBe(true);
  });
});
