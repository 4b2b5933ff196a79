/** Gradient cases of operators that move elements, and of reading and writing by index. */
import type { GraphBuilder } from '../../../../../../src/engine/graph/builder.ts';
import { int, ints, string } from '../../../../../../src/engine/graph/ir.ts';
import type { Attribute, Shape } from '../../../../../../src/engine/graph/ir.ts';
import { f64, i64 } from '../../../../../../src/engine/tensor.ts';
import type { GradientCase, InputSpec, Sizes } from '../gradientCheck.ts';
import { distinct } from './draw.ts';

const sizes: readonly Sizes[] = [{ n: 2, m: 3 }, { n: 1, m: 2 }];

const on = (name: string, shape: Shape, build: (b: GraphBuilder) => string | readonly string[], inputs: Readonly<Record<string, InputSpec>> = {}, at = sizes): GradientCase => ({
  name, inputs: { x: { shape }, ...inputs }, sizes: at, build,
});
const slice = (name: string, shape: Shape, starts: number[], ends: number[], axes: number[], steps?: number[]): GradientCase =>
  on(`Slice ${name}`, shape, (b) => b.node('Slice', ['x', b.vector(starts), b.vector(ends), b.vector(axes), ...(steps === undefined ? [] : [b.vector(steps)])]));
const pad = (name: string, pads: number[], mode: string, axes?: number[], at = sizes): GradientCase =>
  on(`Pad ${name}`, ['n', 4, 'm'], (b) => b.node('Pad', ['x', b.vector(pads), '', ...(axes === undefined ? [] : [b.vector(axes)])], { attributes: { mode: string(mode) } }), {}, at);
const end = 2 ** 40;

function gather(name: string, shape: Shape, axis: number, indices: Shape, integers: InputSpec['integers']): GradientCase {
  return on(`Gather ${name}`, shape, (b) => b.gather('x', 'i', axis), { i: { shape: indices, integers: integers! } });
}

function scatter(op: string, reduction: string, attributes: Readonly<Record<string, Attribute>>, indices: Shape, updates: Shape, integers: InputSpec['integers']): GradientCase {
  return on(`${op} with reduction ${reduction}`, [3, 'm'], (b) => b.node(op, ['x', 'i', 'u'], { attributes: { ...attributes, reduction: string(reduction) } }), {
    i: { shape: indices, integers: integers! }, u: { shape: updates },
  });
}

export const layoutCases: readonly GradientCase[] = [
  on('Reshape to a constant', ['n', 6], (b) => b.reshape('x', [0, 2, 3])),
  on('Reshape merging unknown axes', ['n', 'm', 2], (b) => b.reshape('x', [-1, 2])),
  on('Reshape to a computed shape', ['n', 'm', 2], (b) => b.node('Reshape', ['x', b.concat([b.slice(b.shape('x'), 0, 1, 2), b.vector([-1])], 0)])),
  on('Flatten', ['n', 2, 'm'], (b) => b.node('Flatten', ['x'])),
  on('Squeeze', ['n', 1, 'm', 1], (b) => b.squeeze('x', [1, -1])),
  on('Squeeze of all', [1, 3, 1], (b) => b.node('Squeeze', ['x'])),
  on('Unsqueeze', ['n', 2], (b) => b.unsqueeze('x', [0, -1])),
  on('Transpose', ['n', 'm', 2], (b) => b.transpose('x', [2, 0, 1])),
  on('Transpose in reverse', ['n', 'm', 2], (b) => b.node('Transpose', ['x'])),
  on('Expand', ['n', 1], (b) => b.node('Expand', ['x', b.vector([2, 1, 3])])),
  on('Expand to a computed shape', ['n', 'm'], (b) => b.node('Expand', ['x', b.concat([b.vector([2]), b.shape('y')], 0)]), { y: { shape: ['k', 'm'], integers: () => 0 } }, [{ n: 1, m: 2, k: 3 }, { n: 2, m: 2, k: 2 }]),
  on('Tile', ['n', 'm'], (b) => b.node('Tile', ['x', b.vector([2, 3])])),
  on('Concat of unknown sizes', ['n', 2], (b) => b.concat(['x', 'y', 'x'], 0), { y: { shape: ['m', 2] } }),
  on('Concat of fixed sizes', ['n', 2], (b) => b.concat(['x', 'y'], -1), { y: { shape: ['n', 3] } }),
  on('Split in equal parts', ['n', 6], (b) => b.nodeMany('Split', ['x'], { outputs: 3, attributes: { axis: int(1), num_outputs: int(3) } })),
  on('Split with a part nobody reads', ['n', 5], (b) => b.nodeMany('Split', ['x', b.vector([1, 3, 1])], { outputs: 3, attributes: { axis: int(1) } }).slice(1)),
  slice('from the front', ['n', 5], [1], [3], [1]),
  slice('of the last position', ['n', 'm', 2], [-1], [end], [1]),
  slice('counted from the end', ['n', 'm', 2], [-2], [-1], [1]),
  slice('of two axes', ['n', 'm', 5], [1, 0], [4, 1], [2, 1]),
  slice('beyond the end', ['n', 'm'], [1], [end], [0]),
  slice('with a step', ['n', 5], [0], [5], [1], [2]),
  slice('backwards', ['n', 'm', 4], [-1, 3], [-end, 0], [1, 2], [-1, -2]),
  on('Slice with computed starts', ['n', 'm'], (b) => b.node('Slice', ['x', 's', b.vector([end]), b.vector([1])]), { s: { shape: [1], integers: () => 1 } }),
  pad('with zeros', [1, 0, 2, 0, 1, 0], 'constant'),
  pad('that crops', [0, -1, 1, 0, -2, 0], 'constant'),
  pad('of one axis', [1, 2], 'constant', [1]),
  pad('reflecting', [0, 2, 1, 0, 3, 0], 'reflect'),
  pad('repeating the edge', [0, 2, 1, 0, 3, 2], 'edge'),
  on('Pad with a fill value', ['n', 2], (b) => b.node('Pad', ['x', b.vector([0, 1, 0, 2]), 'value']), { value: { shape: [] } }),
  ...[[1, 0], [0, 1], [0, -1]].map(([upper, k]) => on(`Trilu upper=${upper} k=${k}`, ['n', 3, 4], (b) => b.node('Trilu', ['x', b.scalar(k!, 'int64')], { attributes: { upper: int(upper!) } }))),
  on('SpaceToDepth', ['n', 1, 4, 2], (b) => b.node('SpaceToDepth', ['x'], { attributes: { blocksize: int(2) } })),
  ...['DCR', 'CRD'].map((mode) => on(`DepthToSpace ${mode}`, ['n', 4, 2, 1], (b) => b.node('DepthToSpace', ['x'], { attributes: { blocksize: int(2), mode: string(mode) } }))),
  gather('of rows, some repeated', [4, 2], 0, ['n', 3], (i) => [0, 3, 0, -1, 1, 3][i]!),
  gather('of columns', ['n', 4, 2], 1, ['m'], (i) => [2, 2, -4][i]!),
  gather('of columns by a matrix of indices', ['n', 4, 'm'], 1, [2, 2], (i) => [2, 0, 2, 3][i]!),
  gather('of unknown columns by a matrix of indices', ['n', 'm', 4], -1, [2, 2], (i) => [2, 0, 2, 3][i]!),
  gather('of one position', ['n', 'm', 2], 1, [], () => -1),
  gather('of one position, kept', ['n', 'm', 2], 1, [1], () => 1),
  gather('of one position with two index axes', ['n', 'm', 2], 1, [1, 1], () => 0),
  on('GatherElements', ['n', 4], (b) => b.node('GatherElements', ['x', 'i'], { attributes: { axis: int(1) } }), { i: { shape: ['n', 3], integers: (i) => [0, 0, -1, 2, 1, 2][i]! } }),
  on('GatherND of rows', [3, 'm'], (b) => b.node('GatherND', ['x', 'i']), { i: { shape: [4, 1], integers: (i) => [0, 2, 0, -1][i]! } }),
  on('GatherND of elements', [3, 'm'], (b) => b.node('GatherND', ['x', 'i']), { i: { shape: [2, 2, 2], integers: (i) => [0, 1, 2, 0, 0, 1, -1, -1][i]! } }),
  on('GatherND with batch axes', ['n', 3, 2], (b) => b.node('GatherND', ['x', 'i'], { attributes: { batch_dims: int(1) } }), { i: { shape: ['n', 2, 1], integers: (i) => [0, 2, 1, 1][i]! } }),
  scatter('ScatterElements', 'none', { axis: int(0) }, [2, 'm'], [2, 'm'], (i, { m }) => [0, 1, 2, 2, 0, 1][i < m! ? i : i - m! + 3]!),
  scatter('ScatterElements', 'add', { axis: int(0) }, [2, 'm'], [2, 'm'], () => 1),
  scatter('ScatterND', 'none', {}, [2, 1], [2, 'm'], (i) => [2, 0][i]!),
  scatter('ScatterND', 'add', {}, [3, 1], [3, 'm'], (i) => [2, 0, 2][i]!),
  { name: 'TopK', inputs: { x: { shape: ['n', 5], draw: distinct } }, sizes, build: (b) => b.nodeMany('TopK', ['x', b.vector([2])], { outputs: 2 })[0]! },
  { name: 'TopK of the smallest over axis 0', inputs: { x: { shape: [5, 'n'], draw: distinct } }, sizes, build: (b) => b.nodeMany('TopK', ['x', b.vector([3])], { outputs: 2, attributes: { axis: int(0), largest: int(0) } })[0]! },
  { name: 'Rotary rotation', inputs: { x: { shape: ['n', 4] } }, sizes, build: (b) => b.add(b.mul('x', b.constant(f64([4], [0.1, 0.2, 0.3, 0.4]))), b.concat([b.unary('Neg', b.slice('x', 1, 2)), b.slice('x', 1, 0, 2)], 1)) },
  { name: 'Heads split and merged', inputs: { x: { shape: ['n', 'm', 4] } }, sizes, build: (b) => b.reshape(b.node('Transpose', [b.reshape('x', [0, 0, 2, 2])], { attributes: { perm: ints([0, 2, 1, 3]) } }), [0, 0, -1]) },
  { name: 'Embedding table', inputs: { x: { shape: [5, 3] }, ids: { shape: ['n', 'm'], integers: (i) => (i * 2) % 5 } }, sizes, build: (b) => b.gather('x', 'ids') },
  { name: 'Gather by a constant vector', inputs: { x: { shape: ['n', 4] } }, sizes, build: (b) => b.gather('x', b.constant(i64([2], [3, 0])), 1) },
];
