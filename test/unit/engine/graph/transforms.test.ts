import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../src/engine/graph/builder.ts';
import type { Graph } from '../../../../src/engine/graph/ir.ts';
import { topologicalOrder } from '../../../../src/engine/graph/order.ts';
import { prune } from '../../../../src/engine/graph/prune.ts';
import { reinfer } from '../../../../src/engine/graph/reinfer.ts';
import { sliceDownstream } from '../../../../src/engine/graph/slice.ts';
import { rewire, splice } from '../../../../src/engine/graph/splice.ts';
import { Program } from '../../../../src/engine/runtime/program.ts';
import { f32 } from '../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../src/engine/tensor.ts';

/** x → hidden = x·w → a = tanh(hidden) → y = a + x ; unused = x·u */
function chain(): Graph {
  const b = new GraphBuilder();
  b.input('x', 'float32', ['batch', 3]);
  b.parameter('w', 'float32', [3, 3]);
  b.parameter('u', 'float32', [3, 2]);
  b.matmul('x', 'w', 'hidden');
  b.unary('Tanh', 'hidden', 'a');
  b.add('a', 'x', 'y');
  b.matmul('x', 'u', 'unused');
  return b.build(['y', 'unused']);
}

const feeds = new Map<string, Tensor>([
  ['x', f32([2, 3], [1, -2, 0.5, 0.25, 1, -1])],
  ['w', f32([3, 3], [0.1, 0.2, -0.3, 0.4, 0.5, 0.1, -0.2, 0.3, 0.2])],
  ['u', f32([3, 2], [1, 2, 3, 4, 5, 6])],
]);

async function run(graph: Graph, extra: [string, Tensor][] = []): Promise<Map<string, number[]>> {
  const program = await Program.compile(graph, { threads: 1 });
  const results = await program.run(new Map([...feeds, ...extra]));
  await program.release();
  return new Map([...results].map(([name, t]) => [name, Array.from(t.data as Float32Array)]));
}

describe('prune', () => {
  it('drops nodes and parameters that no output needs', () => {
    const pruned = prune(chain(), ['y']);
    expect(pruned.nodes.map((n) => n.op)).toEqual(['MatMul', 'Tanh', 'Add']);
    expect([...pruned.parameters.keys()]).toEqual(['w']);
  });

  it('names an output the graph does not have', () => {
    expect(() => prune(chain(), ['z'])).toThrowError(expect.objectContaining({ reason: 'argument', field: 'tensor z' }));
  });
});

describe('topologicalOrder', () => {
  it('keeps the given order where dependencies allow and moves late definitions forward', () => {
    const { nodes } = chain();
    expect(topologicalOrder(nodes)).toEqual([...nodes]);
    expect(topologicalOrder([...nodes].reverse()).map((n) => n.outputs[0])).toEqual(['unused', 'hidden', 'a', 'y']);
  });

  it('reports a cycle', () => {
    const [first, ...rest] = chain().nodes;
    expect(() => topologicalOrder([{ ...first!, inputs: ['y', 'w'] }, ...rest])).toThrowError(expect.objectContaining({ reason: 'parse' }));
  });
});

describe('splice', () => {
  it('makes the name denote the replaced value everywhere', async () => {
    const doubled = await run(splice({ ...chain(), outputs: ['y', 'a'] }, 'a', (b, a) => b.mul(a, b.scalar(2))));
    const plain = await run({ ...chain(), outputs: ['a'] });
    expect(doubled.get('a')).toEqual(plain.get('a')!.map((v) => Math.fround(2 * v)));
    expect(doubled.get('y')![0]).toBeCloseTo(2 * plain.get('a')![0]! + 1, 6);
  });

  it('can be applied twice to one tensor', async () => {
    const twice = splice(splice(chain(), 'a', (b, a) => b.mul(a, b.scalar(0))), 'a', (b, a) => b.add(a, b.scalar(5)));
    expect((await run({ ...twice, outputs: ['a'] })).get('a')).toEqual(Array(6).fill(5));
  });

  it('leaves the original graph untouched', () => {
    const graph = chain();
    const before = JSON.stringify([...graph.types, ...graph.nodes.map((n) => n.outputs)]);
    splice(graph, 'a', (b, a) => b.mul(a, b.scalar(2)));
    expect(JSON.stringify([...graph.types, ...graph.nodes.map((n) => n.outputs)])).toBe(before);
  });

  it('rewires consumers of a fed tensor, whose name stays with the feed', async () => {
    const result = await run(splice({ ...chain(), outputs: ['y'] }, 'x', (b, x) => b.mul(x, b.scalar(0))));
    expect(result.get('y')!.map(Math.abs)).toEqual(Array(6).fill(0));
  });

  it('rewire keeps the name for the original value', async () => {
    const rewired = rewire({ ...chain(), outputs: ['y'] }, 'a', (b, a) => b.mul(a, b.scalar(0)));
    const results = await run({ ...rewired, outputs: ['a', 'y'] });
    expect(results.get('y')).toEqual([...(feeds.get('x')!.data as Float32Array)]);
    expect(results.get('a')).not.toEqual(Array(6).fill(0));
  });
});

describe('sliceDownstream', () => {
  it('recomputes what depends on the cut and reads the rest as boundary', async () => {
    const { graph, boundary } = sliceDownstream(chain(), ['hidden'], ['y']);
    expect(boundary).toEqual(['x']);
    expect(graph.nodes.map((n) => n.op)).toEqual(['Tanh', 'Add']);
    const whole = await run({ ...chain(), outputs: ['hidden', 'y'] });
    const sliced = await run(graph, [['hidden', f32([2, 3], whole.get('hidden')!)]]);
    expect(sliced.get('y')).toEqual(whole.get('y'));
  });

  it('keeps weight-only computation inside', () => {
    const b = new GraphBuilder(chain());
    b.matmul('a', b.mul('w', 'w'), 'late');
    const { boundary, graph } = sliceDownstream(b.build(['late']), ['hidden'], ['late']);
    expect(boundary).toEqual([]);
    expect(graph.nodes.map((n) => n.op)).toEqual(['Tanh', 'Mul', 'MatMul']);
  });
});

describe('reinfer', () => {
  it('carries a changed shape downstream', () => {
    let cut = '';
    const rewired = rewire(chain(), 'hidden', (b, h) => (cut = b.slice(h, 1, 0, 1)));
    expect(reinfer(rewired, [cut]).types.get('a')?.shape).toEqual(['batch', 1]);
  });
});

describe('GraphBuilder', () => {
  it('refuses a name twice', () => {
    const b = new GraphBuilder(chain());
    expect(() => b.unary('Exp', 'x', 'a')).toThrowError(expect.objectContaining({ reason: 'argument', field: 'tensor a' }));
  });

  it('infers shapes through reshape, transpose and shape arithmetic', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['batch', 'pos', 12]);
    expect(b.shapeOf(b.reshape('x', [0, 0, 4, 3]))).toEqual(['batch', 'pos', 4, 3]);
    expect(b.shapeOf(b.reshape('x', [-1, 12]))).toHaveLength(2);
    expect(b.shapeOf(b.transpose('x', [0, 2, 1]))).toEqual(['batch', 12, 'pos']);
    const tail = b.concat([b.gather(b.shape('x'), b.vector([0])), b.vector([-1, 6])], 0);
    expect(b.shapeOf(b.node('Reshape', ['x', tail]))[2]).toBe(6);
    expect(b.shapeOf(b.matmul('x', b.transpose('x', [0, 2, 1])))).toEqual(['batch', 'pos', 'pos']);
    expect(b.shapeOf(b.reduceMean('x', [-1], true))).toEqual(['batch', 'pos', 1]);
  });

  it('names the node when shapes cannot fit', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [2, 3]);
    b.input('y', 'float32', [4]);
    expect(() => b.add('x', 'y', 'sum')).toThrowError(expect.objectContaining({ reason: 'argument', field: expect.stringContaining('sum') }));
  });
});
