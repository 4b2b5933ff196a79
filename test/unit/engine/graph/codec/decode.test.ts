import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../../src/engine/graph/builder.ts';
import { decodeFile, decodeModel } from '../../../../../src/engine/graph/codec/decode.ts';
import { encodeModel } from '../../../../../src/engine/graph/codec/encode.ts';
import { NodeField, StringEntryField, TensorField } from '../../../../../src/engine/graph/codec/schema.ts';
import { float, int, ints, string } from '../../../../../src/engine/graph/ir.ts';
import type { Attribute, Graph } from '../../../../../src/engine/graph/ir.ts';
import { bytesPerElement, f32, i64, tensor, zeros } from '../../../../../src/engine/tensor.ts';
import type { DType, Tensor } from '../../../../../src/engine/tensor.ts';
import { bytesOf, initializer, input, message, model, node, output, withInitializer } from './craft.ts';
import type { Write } from './craft.ts';

const dtypes: readonly DType[] = ['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint64', 'uint32', 'uint16', 'uint8', 'bool'];

/** A tensor whose bytes all differ. */
function counted(dtype: DType, dims: readonly number[]): Tensor {
  const t = zeros(dtype, dims);
  bytesOf(t.data).forEach((_, i, bytes) => { bytes[i] = dtype === 'bool' ? i % 2 : (i * 7 + 1) % 120; });
  return t;
}

function body(name: string, captured: string, inner?: Attribute): Graph {
  const b = new GraphBuilder();
  const two = b.constant(tensor('float32', [], Float32Array.of(2)), name);
  b.append({ name: `${name}_node`, op: 'Mul', domain: '', inputs: [captured, two], outputs: [name], attributes: new Map() });
  if (inner === undefined) return b.build([name]);
  b.append({ name: `${name}_if`, op: 'If', domain: '', inputs: ['condition'], outputs: [`${name}_out`], attributes: new Map([['then_branch', inner], ['else_branch', inner]]) });
  return b.build([`${name}_out`]);
}

/** A graph with every kind of attribute, every element type, and nested bodies. */
function everything(): Graph {
  const b = new GraphBuilder();
  b.input('x', 'float32', ['batch', 4]);
  b.input('condition', 'bool', []);
  b.parameter('weights', 'float32', [4, 4]);
  for (const dtype of dtypes) b.constant(counted(dtype, [2, 3]), `constant_${dtype}`);
  b.constant(f32([2000], Array.from({ length: 2000 }, (_, i) => i)), 'long');
  b.node('Odd', ['x', ''], {
    domain: 'com.microsoft', outputs: ['odd', '', 'other'],
    attributes: {
      i: int(-5), f: float(0.5), s: string('é'), empty: string(''), is: ints([1, -2, 3]), none: ints([]),
      fs: { type: 'floats', value: [0.25, -1] }, ss: { type: 'strings', value: ['a', '', 'ü'] }, t: { type: 'tensor', value: i64([2], [7, -8]) },
    },
  });
  const inner: Attribute = { type: 'graph', value: body('inner', 'x') };
  const branches = { then_branch: { type: 'graph', value: body('yes', 'x', inner) }, else_branch: { type: 'graph', value: body('no', 'x', inner) } } as const;
  b.node('If', ['condition'], { outputs: ['chosen'], attributes: branches });
  b.matmul('chosen', 'weights', 'y');
  return b.build(['y', 'odd']);
}

describe('a graph encoded and decoded', () => {
  const original = everything();
  const bytes = encodeModel(original);
  const decoded = decodeModel(bytes, { allConstant: true });

  it('is encoded to the same bytes again', () => {
    expect(encodeModel(decoded.graph)).toEqual(bytes);
  });
  it('keeps nodes, attributes, bodies and constants', () => {
    expect(decoded.graph.nodes.map(({ op, name, inputs, outputs, domain }) => ({ op, name, inputs, outputs, domain }))).toEqual(
      original.nodes.map(({ op, name, inputs, outputs, domain }) => ({ op, name, inputs, outputs, domain })),
    );
    expect(decoded.graph.nodes.find((n) => n.op === 'Odd')!.attributes).toEqual(original.nodes.find((n) => n.op === 'Odd')!.attributes);
    expect(decoded.graph.constants).toEqual(original.constants);
    expect(decoded.graph.outputs).toEqual(original.outputs);
    expect(decoded.opsets).toEqual(new Map([['', 18], ['com.microsoft', 1]]));
  });
  it('keeps input types and symbols', () => {
    expect(decoded.graph.inputs.get('x')).toEqual({ dtype: 'float32', shape: ['batch', 4] });
    expect(decoded.graph.inputs.get('condition')).toEqual({ dtype: 'bool', shape: [] });
  });
});

describe('initializers', () => {
  const load = (bytes: Uint8Array): Tensor => {
    const { graph, weights } = decodeModel(bytes);
    return graph.constants.get('w') ?? weights.get('w')!.load();
  };
  const packed = (field: number, values: readonly (number | bigint)[]): Write => (w) => {
    for (const value of values) w.varintField(field, value);
  };

  it.each(dtypes)('hold raw %s data', (dtype) => {
    const value = counted(dtype, [3, 2]);
    const codes: Record<string, number> = { float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11, uint32: 12, uint64: 13, bfloat16: 16 };
    expect(load(withInitializer(codes[dtype]!, [3, 2], (w) => w.bytesField(TensorField.rawData, bytesOf(value.data))))).toEqual(value);
    expect(bytesOf(value.data).length).toBe(6 * bytesPerElement(dtype));
  });
  it('hold packed floats', () => {
    expect(load(withInitializer(1, [3], (w) => w.bytesField(TensorField.floatData, bytesOf(Float32Array.of(1.5, -2, 0.25)))))).toEqual(f32([3], [1.5, -2, 0.25]));
  });
  it('hold floats one field at a time', () => {
    expect(load(withInitializer(1, [2], (w) => { w.floatField(TensorField.floatData, 3); w.floatField(TensorField.floatData, -4); }))).toEqual(f32([2], [3, -4]));
  });
  it('hold packed doubles', () => {
    expect(load(withInitializer(11, [2], (w) => w.bytesField(TensorField.doubleData, bytesOf(Float64Array.of(1 / 3, -2))))).data).toEqual(Float64Array.of(1 / 3, -2));
  });
  it('hold 64-bit integers, packed or not', () => {
    const value = tensor('int64', [3], BigInt64Array.of(-1n, 2n ** 62n, 5n));
    expect(load(withInitializer(7, [3], packed(TensorField.int64Data, [-1n, 2n ** 62n, 5n])))).toEqual(value);
    expect(load(withInitializer(7, [2], (w) => w.packedVarintField(TensorField.int64Data, [-1, 5])))).toEqual(i64([2], [-1, 5]));
  });
  it.each([
    ['int32', 6, [-1, 2], Int32Array.of(-1, 2)], ['int8', 3, [-1, 2], Int8Array.of(-1, 2)], ['int16', 5, [-300, 2], Int16Array.of(-300, 2)],
    ['uint8', 2, [255, 2], Uint8Array.of(255, 2)], ['bool', 9, [1, 0], Uint8Array.of(1, 0)], ['float16', 10, [0x3c00, 0xbc00], Uint16Array.of(0x3c00, 0xbc00)],
  ] as const)('hold %s as 32-bit varints', (dtype, code, values, data) => {
    expect(load(withInitializer(code, [2], packed(TensorField.int32Data, values)))).toEqual({ dtype, dims: [2], data });
  });
  it('hold unsigned integers', () => {
    expect(load(withInitializer(13, [2], packed(TensorField.uint64Data, [2n ** 64n - 1n, 3n]))).data).toEqual(BigUint64Array.of(2n ** 64n - 1n, 3n));
    expect(load(withInitializer(12, [2], packed(TensorField.uint64Data, [4294967295, 3]))).data).toEqual(Uint32Array.of(4294967295, 3));
  });
  it('are constants when they describe shapes, and lazily read parameters when they are weights', () => {
    const { graph, weights } = decodeModel(model((g) => {
      node(g, 'Concat', ['w', 'v'], ['y']);
      initializer(g, 'w', 1, [2], (t) => t.bytesField(TensorField.rawData, bytesOf(Float32Array.of(1, 2))));
      initializer(g, 'v', 1, [2], (t) => t.bytesField(TensorField.rawData, bytesOf(Float32Array.of(3, 4))));
      initializer(g, 'axes', 7, [1], (t) => t.bytesField(TensorField.rawData, bytesOf(BigInt64Array.of(1n))));
      initializer(g, 'scale', 1, [], (t) => t.bytesField(TensorField.rawData, bytesOf(Float32Array.of(9))));
      initializer(g, 'table', 7, [2000], (t) => t.bytesField(TensorField.rawData, new Uint8Array(16000)));
      output(g, 'y');
    }));
    expect([...graph.parameters.keys()]).toEqual(['w', 'v', 'table']);
    expect([...graph.constants.keys()]).toEqual(['axes', 'scale']);
    expect(weights.get('v')!.load()).toEqual(f32([2], [3, 4]));
  });
  it('listed among the inputs, as older files do, are no inputs', () => {
    const { graph } = decodeModel(model((g) => {
      node(g, 'Identity', ['w'], ['y']);
      input(g, 'w');
      input(g, 'x');
      initializer(g, 'w', 1, [1], (t) => t.floatField(TensorField.floatData, 1));
      output(g, 'y');
    }));
    expect([...graph.inputs.keys()]).toEqual(['x']);
  });
  it('in files are read when asked for, and only if the file is still the same', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'mechanist-')), 'model.onnx');
    const bytes = withInitializer(1, [3], (w) => w.bytesField(TensorField.rawData, bytesOf(Float32Array.of(1, 2, 3))));
    writeFileSync(file, bytes);
    const stored = decodeFile(file).weights.get('w')!;
    expect(stored.load()).toEqual(f32([3], [1, 2, 3]));
    writeFileSync(file, message((w) => { w.varintField(1, 3); }));
    expect(() => stored.load()).toThrow(/changed/);
  });
});

describe('nodes', () => {
  it('without names, or with repeated ones, get unique names', () => {
    const { graph } = decodeModel(model((g) => {
      input(g, 'x');
      for (const [a, b] of [['x', 'a'], ['a', 'b'], ['b', 'y']] as const) node(g, 'Relu', [a], [b]);
      output(g, 'y');
    }));
    expect(new Set(graph.nodes.map(({ name }) => name)).size).toBe(3);
  });
  it('in the wrong order are put in order', () => {
    const { graph } = decodeModel(model((g) => {
      input(g, 'x');
      node(g, 'Exp', ['a'], ['y']);
      node(g, 'Relu', ['x'], ['a']);
      output(g, 'y');
    }));
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Relu', 'Exp']);
  });
  it('get the module path that newer exporters keep as metadata', () => {
    const scopes = (value: string): Write => (n) => n.messageField(NodeField.metadataProps, (e) => {
      e.stringField(StringEntryField.key, 'pkg.torch.onnx.name_scopes');
      e.stringField(StringEntryField.value, value);
    });
    const { graph } = decodeModel(model((g) => {
      input(g, 'x');
      node(g, 'Relu', ['x'], ['a'], scopes("['', 'model', 'model.layers.0', 'model.layers.0.mlp.fc1', 'relu']"));
      node(g, 'Exp', ['a'], ['b'], scopes("['', 'exp']"));
      node(g, 'Neg', ['b'], ['y'], scopes('nonsense'));
      output(g, 'y');
    }));
    expect(graph.nodes.map(({ name }) => name)).toEqual(['/model/layers.0/mlp/fc1/Relu_node', 'Exp_node', 'Neg_node']);
  });
});
