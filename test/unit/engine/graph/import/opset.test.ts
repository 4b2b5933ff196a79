/** Operators of older and newer operator sets: what onnxruntime makes of the original must equal what we make of the imported graph. */
import { describe, expect, it } from 'vitest';
import { normalizeOpset } from '../../../../../src/engine/graph/import/opset.ts';
import { float, int, ints, string } from '../../../../../src/engine/graph/ir.ts';
import type { Attribute } from '../../../../../src/engine/graph/ir.ts';
import { elementCount, f32, i64, tensor } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { failureOf } from '../../../../support/failure.ts';
import { expectSame, graphOf, node } from './againstRuntime.ts';

const x = f32([2, 3, 4], Array.from({ length: 24 }, (_, i) => Math.sin(7.3 * i) * 2));
const image = f32([1, 2, 4, 4], Array.from({ length: 32 }, (_, i) => Math.cos(3.1 * i)));
const one = f32([2, 1, 4], Array.from({ length: 8 }, (_, i) => i - 3));
const floats = (value: readonly number[]): Attribute => ({ type: 'floats', value });

interface Row {
  readonly opset: number;
  readonly op: string;
  readonly what: string;
  readonly inputs?: Readonly<Record<string, Tensor>>;
  readonly names?: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly outputs?: readonly string[];
}

const rows: readonly Row[] = [
  ...['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceL2', 'ReduceLogSumExp', 'ReduceSumSquare'].map((op): Row => ({ opset: 12, op, what: 'axes as attribute', attributes: { axes: ints([1, 2]), keepdims: int(0) } })),
  { opset: 13, op: 'ReduceMean', what: 'axes still an attribute', attributes: { axes: ints([-1]) } },
  { opset: 11, op: 'ReduceSum', what: 'all axes', attributes: { keepdims: int(1) } },
  { opset: 12, op: 'Squeeze', what: 'axes as attribute', inputs: { x: one }, attributes: { axes: ints([1]) } },
  { opset: 12, op: 'Unsqueeze', what: 'axes as attribute', attributes: { axes: ints([0, 4]) } },
  { opset: 12, op: 'Split', what: 'sizes as attribute', attributes: { axis: int(1), split: ints([1, 2]) }, outputs: ['a', 'b'] },
  { opset: 12, op: 'Split', what: 'equal parts', attributes: { axis: int(2) }, outputs: ['a', 'b'] },
  { opset: 13, op: 'Split', what: 'sizes as input', names: ['x', 's'], constants: { s: i64([2], [3, 1]) }, attributes: { axis: int(2) }, outputs: ['a', 'b'] },
  { opset: 9, op: 'Slice', what: 'bounds as attributes', attributes: { starts: ints([1, 0]), ends: ints([Number.MAX_SAFE_INTEGER, -1]), axes: ints([1, 2]) } },
  { opset: 9, op: 'Slice', what: 'bounds without axes', attributes: { starts: ints([0, 1]), ends: ints([1, 3]) } },
  { opset: 13, op: 'Slice', what: 'an end at the largest int64', names: ['x', 's', 'e', 'a'], constants: { s: i64([1], [1]), e: tensor('int64', [1], BigInt64Array.of(2n ** 63n - 1n)), a: i64([1], [2]) } },
  { opset: 10, op: 'Pad', what: 'pads and value as attributes', attributes: { pads: ints([0, 1, 0, 0, 0, 2]), value: float(-1.5) } },
  { opset: 10, op: 'Pad', what: 'reflected', attributes: { pads: ints([0, 1, 0, 0, 0, 2]), mode: string('reflect') } },
  { opset: 10, op: 'Clip', what: 'bounds as attributes', attributes: { min: float(-0.5), max: float(0.5) } },
  { opset: 10, op: 'Clip', what: 'one bound', attributes: { max: float(0.25) } },
  { opset: 10, op: 'Dropout', what: 'in inference', attributes: { ratio: float(0.5) } },
  { opset: 13, op: 'Dropout', what: 'with a ratio input', names: ['x', 'r'], constants: { r: tensor('float32', [], Float32Array.of(0.5)) } },
  { opset: 9, op: 'TopK', what: 'k as attribute', attributes: { k: int(2), axis: int(1) }, outputs: ['v', 'i'] },
  { opset: 10, op: 'TopK', what: 'k as input', names: ['x', 'k'], constants: { k: i64([1], [2]) }, attributes: { axis: int(-1) }, outputs: ['v', 'i'] },
  { opset: 7, op: 'Upsample', what: 'scales as attribute', inputs: { x: image }, attributes: { scales: floats([1, 1, 2, 2]), mode: string('nearest') } },
  { opset: 9, op: 'Upsample', what: 'scales as input, linear', inputs: { x: image }, names: ['x', 's'], constants: { s: f32([4], [1, 1, 2, 3]) }, attributes: { mode: string('linear') } },
  { opset: 10, op: 'Resize', what: 'scales only', inputs: { x: image }, names: ['x', 's'], constants: { s: f32([4], [1, 1, 2, 2]) }, attributes: { mode: string('linear') } },
  { opset: 11, op: 'Resize', what: 'sizes with empty scales', inputs: { x: image }, names: ['x', 'r', 's', 'z'], constants: { r: f32([0], []), s: f32([0], []), z: i64([4], [1, 2, 6, 6]) }, attributes: { mode: string('linear') } },
  { opset: 12, op: 'Softmax', what: 'over the axes from 1 on', attributes: { axis: int(1) } },
  { opset: 12, op: 'Softmax', what: 'with the old default axis' },
  { opset: 12, op: 'Softmax', what: 'over the last axis', attributes: { axis: int(2) } },
  { opset: 11, op: 'LogSoftmax', what: 'over the axes from 1 on', attributes: { axis: int(1) } },
  { opset: 13, op: 'Softmax', what: 'over one axis', attributes: { axis: int(1) } },
  { opset: 8, op: 'BatchNormalization', what: 'of operator set 8', inputs: { x: image }, names: ['x', 's', 'b', 'm', 'v'], constants: { s: f32([2], [1, 2]), b: f32([2], [0, 1]), m: f32([2], [0.1, -0.2]), v: f32([2], [0.5, 2]) }, attributes: { epsilon: float(1e-3) } },
  { opset: 15, op: 'BatchNormalization', what: 'of operator set 15', inputs: { x: image }, names: ['x', 's', 'b', 'm', 'v'], constants: { s: f32([2], [1, 2]), b: f32([2], [0, 1]), m: f32([2], [0.1, -0.2]), v: f32([2], [0.5, 2]) }, attributes: { momentum: float(0.9) } },
  { opset: 9, op: 'Scatter', what: 'under its old name', names: ['x', 'i', 'u'], constants: { i: i64([1, 1, 4], [0, 1, 0, 1]), u: f32([1, 1, 4], [9, 8, 7, 6]) }, attributes: { axis: int(0) } },
  { opset: 20, op: 'Gelu', what: 'exact' },
  { opset: 20, op: 'Gelu', what: 'approximate', attributes: { approximate: string('tanh') } },
  { opset: 19, op: 'AveragePool', what: 'of operator set 19', inputs: { x: image }, attributes: { kernel_shape: ints([2, 2]), dilations: ints([1, 1]) } },
  { opset: 19, op: 'Cast', what: 'with saturation', attributes: { to: int(7), saturate: int(1) } },
  { opset: 17, op: 'LayerNormalization', what: 'as one operator', names: ['x', 'g'], constants: { g: f32([4], [1, 2, 3, 4]) }, attributes: { axis: int(-1) } },
  { opset: 7, op: 'Add', what: 'with broadcasting', names: ['x', 'c'], constants: { c: f32([4], [1, 2, 3, 4]) } },
];

describe('normalised operators', () => {
  it.each(rows)('$op of operator set $opset, $what', async ({ opset, op, inputs = { x }, names, attributes = {}, constants = {}, outputs = ['y'] }) => {
    await expectSame({ nodes: [node(op, names ?? Object.keys(inputs), outputs, attributes)], feeds: inputs, constants, outputs, opset });
  });

  it('a softmax over several axes whose rank is not known', async () => {
    const nodes = [node('Reshape', ['x', 't'], ['r']), node('Softmax', ['r'], ['y'], { axis: int(1) })];
    await expectSame({ nodes, feeds: { x, t: i64([3], [2, 2, 6]) }, outputs: ['y'], opset: 11 });
  });
});

describe('refusals', () => {
  const refused = (op: string, attributes: Readonly<Record<string, Attribute>>, version: number, outputs: readonly string[] = ['y']): ReturnType<typeof failureOf> =>
    failureOf(() => normalizeOpset(graphOf({ nodes: [node(op, ['x'], outputs, attributes)], feeds: { x }, outputs: [outputs[0]!] }), version));

  it.each([6, 21, 0])('operator set %i', (version) => {
    expect(refused('Relu', {}, version)).toMatchObject({ reason: 'unsupported', field: 'opset_import' });
  });
  it.each([
    ['BatchNormalization', { training_mode: int(1) }, 15],
    ['BatchNormalization', { spatial: int(0) }, 8],
    ['Pad', { mode: string('wrap') }, 19],
    ['AveragePool', { dilations: ints([2, 2]) }, 19],
    ['Resize', { coordinate_transformation_mode: string('half_pixel_symmetric') }, 19],
    ['DeformConv', {}, 19],
  ] as const)('%s %j of operator set %i, naming the node', (op, attributes: Readonly<Record<string, Attribute>>, version) => {
    expect(refused(op, attributes, version)).toMatchObject({ reason: 'unsupported', field: `node /layer/${op} (${op})` });
  });
  it('a missing input, naming the node', () => {
    const graph = graphOf({ nodes: [node('Upsample', ['x'], ['y'], {})], feeds: { x: f32([elementCount([1])], [1]) }, outputs: ['y'] });
    expect(failureOf(() => normalizeOpset(graph, 9))).toMatchObject({ reason: 'parse', field: 'node /layer/Upsample (Upsample)' });
  });
});
