/** What inference claims about a graph is what happens when it runs. The graphs are those of the gradient cases, with their gradients. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../../src/engine/graph/builder.ts';
import { float, int, ints, string } from '../../../../../src/engine/graph/ir.ts';
import type { Attribute, Graph, Shape } from '../../../../../src/engine/graph/ir.ts';
import { Program } from '../../../../../src/engine/runtime/program.ts';
import { f32 } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { uniform } from '../../../../support/random.ts';
import { gradientCases } from '../differentiate/cases/all.ts';
import { drawFeeds, dtypeOf, floatInputs, forwardGraph, withGradients } from '../differentiate/gradientCheck.ts';

describe('inferred types agree with a run of', () => {
  it.each(gradientCases.filter((test) => test.reference === undefined).map((test) => [test.name, test] as const))('%s', async (_, test) => {
    const forward = forwardGraph(test, dtypeOf(test));
    const { graph } = withGradients(forward, floatInputs(test));
    const names = graph.nodes.flatMap((node) => node.outputs).filter((name) => name !== '');
    const plain = await Program.compile(forward, { threads: 1, optimization: 'disabled' });
    const whole = await Program.compile({ ...graph, outputs: names }, { threads: 1, optimization: 'disabled' });
    for (const sizes of test.sizes ?? [{}]) {
      const feeds = drawFeeds(test, dtypeOf(test), sizes, uniform(3));
      const outputs = await plain.run(feeds);
      const all = await whole.run(new Map([...feeds, ...Array.from(outputs, ([name, value]): [string, Tensor] => [`cotangent/${name}`, value])]));
      expect(disagreements(graph, all, new Map(Object.entries(sizes)))).toEqual([]);
    }
    await plain.release();
    await whole.release();
  });
});

/** Claims that a run refutes. Symbols that no input binds are bound where they first appear. */
function disagreements(graph: Graph, values: ReadonlyMap<string, Tensor>, bound: Map<string, number>): string[] {
  const wrong: string[] = [];
  for (const [name, { dtype, dims }] of values) {
    const type = graph.types.get(name);
    if (type === undefined) continue;
    if (type.dtype !== dtype) wrong.push(`${name}: ${type.dtype} is ${dtype}`);
    type.shape?.forEach((dim, i) => {
      if (typeof dim === 'string' && !bound.has(dim)) bound.set(dim, dims[i]!);
    });
    const claimed = type.shape?.map((dim) => (typeof dim === 'number' ? dim : bound.get(dim)));
    if (claimed !== undefined && claimed.join() !== dims.join()) wrong.push(`${name}: [${type.shape!.join()}] is [${dims.join()}]`);
  }
  return wrong;
}

const window = (op: string, shape: Shape, attributes: Readonly<Record<string, Attribute>>, weight?: readonly number[]): { name: string; shape: readonly number[]; graph: Graph } => {
  const b = new GraphBuilder();
  b.input('x', 'float32', shape);
  const inputs = weight === undefined ? ['x'] : ['x', b.constant(f32(weight, new Float32Array(weight.reduce((n, d) => n * d, 1))))];
  const settings = Object.entries(attributes).map(([key, a]) => `${key}=${JSON.stringify(a.value)}`).join(' ');
  return { name: `${op} of [${shape.join()}] ${settings}`, shape: shape as number[], graph: b.build([b.node(op, inputs, { attributes })]) };
};

describe('sizes after sliding windows are those of the runtime', () => {
  const sizes = [4, 5, 6, 7];
  const strides = [1, 2, 3];
  const cases = sizes.flatMap((size) => strides.flatMap((stride) => [
    window('Conv', [1, 1, size], { strides: ints([stride]), pads: ints([1, 0]) }, [2, 1, 3]),
    window('Conv', [1, 1, size], { strides: ints([stride]), auto_pad: string('SAME_LOWER') }, [2, 1, 3]),
    window('Conv', [1, 1, size], { strides: ints([stride]), auto_pad: string('VALID'), dilations: ints([2]) }, [2, 1, 2]),
    window('ConvTranspose', [1, 2, size], { strides: ints([stride]), pads: ints([1, 0]) }, [2, 3, 3]),
    window('ConvTranspose', [1, 2, size], { strides: ints([stride]), group: int(2) }, [2, 3, 3]),
    window('MaxPool', [1, 1, size], { strides: ints([stride]), kernel_shape: ints([3]), ceil_mode: int(1), pads: ints([1, 1]) }),
    window('MaxPool', [1, 1, size], { strides: ints([stride]), kernel_shape: ints([2]), ceil_mode: int(1) }),
    window('AveragePool', [1, 1, size], { strides: ints([stride]), kernel_shape: ints([2]), ceil_mode: int(1), pads: ints([0, 1]) }),
    window('AveragePool', [1, 1, size], { strides: ints([stride]), kernel_shape: ints([3]), auto_pad: string('SAME_UPPER') }),
    window('LpPool', [1, 1, size], { strides: ints([stride]), kernel_shape: ints([3]), p: int(2) }),
  ]));
  cases.push(window('GlobalMaxPool', [2, 3, 4, 5], {}), window('LpNormalization', [2, 3], { axis: int(1) }), window('SpaceToDepth', [1, 2, 14, 7], { blocksize: int(7) }), window('DepthToSpace', [1, 98, 2, 1], { blocksize: int(7) }), window('ThresholdedRelu', [2], { alpha: float(1) }));

  it.each(cases.map((test) => [test.name, test] as const))('%s', async (_, { graph, shape }) => {
    const program = await Program.compile(graph, { threads: 1 });
    const value = (await program.run(new Map([['x', f32(shape, new Float32Array(shape.reduce((n, d) => n * d, 1)))]]))).get(graph.outputs[0]!)!;
    await program.release();
    expect(graph.types.get(graph.outputs[0]!)).toEqual({ dtype: 'float32', shape: [...value.dims] });
  });
});

describe('what does not fit is refused at build time', () => {
  it('names a kernel larger than its padded input', () => {
    expect(() => window('Conv', [1, 1, 2], {}, [1, 1, 3])).toThrowError(expect.objectContaining({ reason: 'argument', statement: 'A kernel spanning 3 does not fit into 2.', field: expect.stringContaining('Conv') }));
  });
});
