/** Small models that together show what the decoder and the import passes read. */
import { float, int, ints, string } from '../../src/engine/graph/ir.ts';
import type { Attribute, Graph } from '../../src/engine/graph/ir.ts';
import { TensorField } from '../../src/engine/graph/codec/schema.ts';
import { f32, i64, tensor, zeros } from '../../src/engine/tensor.ts';

import { bytesOf, withInitializer } from '../unit/engine/graph/codec/craft.ts';
import { contrib, encodeAt, graphOf, node } from '../unit/engine/graph/import/againstRuntime.ts';
import type { Case } from '../unit/engine/graph/import/againstRuntime.ts';

const x = zeros('float32', [2, 3, 8]);
const floats = (value: readonly number[]): Attribute => ({ type: 'floats', value });

function branch(op: string, name: string): Attribute {
  return { type: 'graph', value: graphOf({ nodes: [node(op, ['x'], [name])], feeds: {}, constants: { [`${name}_c`]: i64([1], [3]) }, outputs: [name] }) };
}

const cases: readonly (readonly [number, Case])[] = [
  [18, { nodes: [node('Relu', ['x'], ['y'])], feeds: { x }, shapes: { x: ['batch', 'pos', 8] }, outputs: ['y'] }],
  [12, {
    nodes: [
      node('Shape', ['x'], ['s']), node('Gather', ['s', 'zero'], ['b'], { axis: int(0) }), node('Unsqueeze', ['b'], ['b1'], { axes: ints([0]) }),
      node('Concat', ['b1', 'tail'], ['t'], { axis: int(0) }), node('Reshape', ['x', 't'], ['y']),
    ].map((n, i) => ({ ...n, name: `n${i}` })),
    feeds: { x }, constants: { zero: tensor('int64', [], BigInt64Array.of(0n)), tail: i64([2], [-1, 4]) }, outputs: ['y'],
  }],
  [9, { nodes: [node('Slice', ['x'], ['a'], { starts: ints([0]), ends: ints([2]), axes: ints([1]) }), node('Softmax', ['a'], ['y'], { axis: int(1) })], feeds: { x }, outputs: ['y'] }],
  [10, { nodes: [node('Pad', ['x'], ['a'], { pads: ints([0, 0, 1, 0, 0, 1]), value: float(2) }), node('Clip', ['a'], ['b'], { min: float(0) }), node('TopK', ['b', 'k'], ['y', 'i'])], feeds: { x }, constants: { k: i64([1], [1]) }, outputs: ['y'] }],
  [9, { nodes: [node('Upsample', ['x', 's'], ['y'], { mode: string('nearest') })], feeds: { x: zeros('float32', [1, 1, 2, 2]) }, constants: { s: f32([4], [1, 1, 2, 2]) }, outputs: ['y'] }],
  [13, { nodes: [node('If', ['c'], ['y'], { then_branch: branch('Exp', 'p'), else_branch: branch('Neg', 'q') })], feeds: { x }, constants: { c: tensor('bool', [1], Uint8Array.of(1)) }, outputs: ['y'] }],
  [13, { nodes: [node('If', ['use_cache_branch'], ['y'], { then_branch: branch('Exp', 'p'), else_branch: branch('Neg', 'p') })], feeds: { x, use_cache_branch: tensor('bool', [1], Uint8Array.of(1)) }, outputs: ['y'] }],
  [14, { nodes: [node('Constant', [], ['c'], { value_floats: floats([1, 2]) }), node('Constant', [], ['d'], { value: { type: 'tensor', value: f32([8], [1, 2, 3, 4, 5, 6, 7, 8]) } }), node('Mul', ['x', 'd'], ['y'])], feeds: { x }, outputs: ['y', 'c'] }],
  [17, { nodes: [contrib('SkipLayerNormalization', ['x', 'x', 'g', 'g'], ['a', '', '', 's']), contrib('FastGelu', ['a'], ['b']), contrib('FusedMatMul', ['b', 'x'], ['y'], { transB: int(1) })], feeds: { x, g: zeros('float32', [8]) }, outputs: ['y'] }],
  [17, { nodes: [contrib('MultiHeadAttention', ['x', 'x', 'x', 'b'], ['y'], { num_heads: int(2) }), contrib('Attention', ['x', 'w', 'b'], ['z'], { num_heads: int(2), qkv_hidden_sizes: ints([8, 8, 8]) })], feeds: { x, w: zeros('float32', [8, 24]), b: zeros('float32', [24]) }, outputs: ['y', 'z'] }],
  [17, {
    nodes: [contrib('GroupQueryAttention', ['x', 'k', 'k', '', '', 'n', 't', 'r', 'r'], ['y', 'pk', 'pv'], { num_heads: int(4), kv_num_heads: int(2), do_rotary: int(1), local_window_size: int(2) }), contrib('RotaryEmbedding', ['x', 'p', 'r', 'r'], ['z'])],
    feeds: { x, k: zeros('float32', [2, 3, 4]), n: zeros('int32', [2]), t: zeros('int32', [1]), r: zeros('float32', [4, 1]), p: zeros('int64', [2, 3]) }, outputs: ['y', 'z'],
  }],
  [17, { nodes: [contrib('MatMulNBits', ['x', 'w', 's', 'z'], ['y'], { K: int(8), N: int(2), bits: int(4), block_size: int(16) })], feeds: { x }, constants: { w: zeros('uint8', [2, 1, 8]), s: zeros('float32', [2]), z: zeros('uint8', [2]) }, outputs: ['y'] }],
];

/** Every storage of tensor data. */
const stored: readonly Uint8Array[] = [
  withInitializer(1, [2], (w) => w.bytesField(TensorField.floatData, bytesOf(Float32Array.of(1, 2)))),
  withInitializer(1, [2], (w) => { w.floatField(TensorField.floatData, 1); w.floatField(TensorField.floatData, 2); }),
  withInitializer(7, [3], (w) => w.packedVarintField(TensorField.int64Data, [1, -1, 300])),
  withInitializer(6, [], (w) => w.varintField(TensorField.int32Data, -7)),
  withInitializer(11, [1, 2], (w) => w.bytesField(TensorField.doubleData, bytesOf(Float64Array.of(1, 2)))),
  withInitializer(10, [2, 2], (w) => w.bytesField(TensorField.rawData, new Uint8Array(8))),
];

export function onnxSeeds(): readonly Uint8Array[] {
  return [...cases.map(([opset, test]) => encodeAt(distinctNodes(graphOf(test)), opset)), ...stored];
}

function distinctNodes(graph: Graph): Graph {
  return { ...graph, nodes: graph.nodes.map((n, i) => ({ ...n, name: `${n.name}_${i}` })) };
}
