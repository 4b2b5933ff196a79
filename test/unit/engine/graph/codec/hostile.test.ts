/** Hostile and broken files: a typed error that names the field, without large allocations. */
import { linkSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeFile, decodeModel } from '../../../../../src/engine/graph/codec/decode.ts';
import { AttributeField, AttributeType, GraphField, ModelField, NodeField, TensorField, TypeField, ValueInfoField } from '../../../../../src/engine/graph/codec/schema.ts';
import type { WireWriter } from '../../../../../src/engine/graph/codec/wire.ts';
import { failureOf } from '../../../../support/failure.ts';
import { bytesOf, external, initializer, input, message, model, node, output, withInitializer } from './craft.ts';
import type { Write } from './craft.ts';

const raw = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
const concat = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const four = bytesOf(Float32Array.of(1, 2, 3, 4));

/** If nodes inside one another. */
function nested(g: WireWriter, depth: number): void {
  node(g, 'If', ['c'], [`y${depth}`], (n) => {
    for (const branch of ['then_branch', 'else_branch']) {
      n.messageField(NodeField.attribute, (a) => {
        a.stringField(AttributeField.name, branch);
        a.varintField(AttributeField.type, AttributeType.graph);
        a.messageField(AttributeField.g, (inner) => {
          if (depth > 0 && branch === 'then_branch') nested(inner, depth - 1);
          else node(inner, 'Identity', ['c'], [`y${depth - 1}`]);
          output(inner, `y${depth - 1}`);
        });
      });
    }
  });
}

interface Row {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly reason?: 'parse' | 'unsupported' | 'memory';
  readonly field: RegExp;
}

const simple = (write: Write): Uint8Array => model((g) => {
  input(g, 'x');
  write(g);
  output(g, 'y');
});

const rows: readonly Row[] = [
  { what: 'an empty file', bytes: raw(), field: /graph/ },
  { what: 'text', bytes: new TextEncoder().encode('<!doctype html><title>404</title>'), field: /./ },
  { what: 'a length beyond the file', bytes: raw(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x00), field: /graph/ },
  { what: 'a length of 2⁶³', bytes: raw(0x3a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01), field: /graph/ },
  { what: 'a number of eleven bytes', bytes: raw(0x08, ...Array.from({ length: 10 }, () => 0x80), 0x01), field: /ir_version/ },
  { what: 'a number above 64 bits', bytes: raw(0x08, ...Array.from({ length: 9 }, () => 0xff), 0x7f), field: /ir_version/ },
  { what: 'a number cut off', bytes: raw(0x08, 0x80), field: /ir_version/ },
  { what: 'field number 0', bytes: raw(0x00, 0x01), field: /model/ },
  { what: 'a protobuf group', bytes: raw(0x0b, 0x0c), field: /model/ },
  { what: 'wire type 7', bytes: raw(0x0f, 0x01), field: /model/ },
  { what: 'a graph that is a number', bytes: message((w) => w.varintField(ModelField.graph, 5)), field: /graph/ },
  { what: 'an inner message longer than the outer', bytes: message((w) => w.bytesField(ModelField.graph, raw(0x0a, 0x7f, 0x00))), field: /^graph/ },
  { what: 'a name that is not UTF-8', bytes: message((w) => w.bytesField(ModelField.producerName, raw(0xff, 0xfe))), field: /producer_name/ },
  { what: 'bodies nested without end', bytes: model((g) => { input(g, 'c', 9); nested(g, 40); output(g, 'y40'); }), field: /node\[0\]/ },
  { what: 'local functions', bytes: message((w) => w.messageField(ModelField.functions, () => {})), reason: 'unsupported', field: /functions/ },
  { what: 'sparse initializers', bytes: simple((g) => g.messageField(GraphField.sparseInitializer, () => {})), reason: 'unsupported', field: /sparse_initializer/ },
  { what: 'an unknown domain', bytes: simple((g) => node(g, 'Evil', ['x'], ['y'], (n) => n.stringField(NodeField.domain, 'custom.ops'))), reason: 'unsupported', field: /Evil_node \(custom\.ops\.Evil\)/ },
  { what: 'sequences', bytes: simple((g) => node(g, 'SequenceConstruct', ['x'], ['y'])), reason: 'unsupported', field: /SequenceConstruct_node/ },
  { what: 'an optional input', bytes: model((g) => g.messageField(GraphField.input, (v) => { v.stringField(ValueInfoField.name, 'o'); v.messageField(ValueInfoField.type, (t) => t.messageField(TypeField.optionalType, () => {})); })), reason: 'unsupported', field: /input\[0\]/ },
  { what: 'string tensors', bytes: withInitializer(8, [1], (w) => w.stringField(TensorField.stringData, 'a')), reason: 'unsupported', field: /initializer\[0\]/ },
  { what: 'segmented tensors', bytes: withInitializer(1, [1], (w) => w.messageField(TensorField.segment, () => {})), reason: 'unsupported', field: /initializer\[0\]/ },
  { what: 'complex numbers', bytes: withInitializer(14, [1], (w) => w.bytesField(TensorField.rawData, four)), reason: 'unsupported', field: /initializer\[0\]/ },
  { what: 'an element type that does not exist', bytes: withInitializer(99, [1], (w) => w.bytesField(TensorField.rawData, four)), field: /initializer\[0\]/ },
  { what: 'fewer elements than the shape has', bytes: withInitializer(1, [5], (w) => w.bytesField(TensorField.rawData, four)), field: /initializer\[0\] \(w\)/ },
  { what: 'more elements than the shape has', bytes: withInitializer(1, [3], (w) => w.bytesField(TensorField.rawData, four)), field: /initializer\[0\] \(w\)/ },
  { what: 'fewer varints than the shape has', bytes: withInitializer(7, [3], (w) => w.packedVarintField(TensorField.int64Data, [1, 2])), field: /initializer\[0\] \(w\)/ },
  { what: 'more varints than the shape has', bytes: withInitializer(7, [2], (w) => w.packedVarintField(TensorField.int64Data, [1, 2, 3])), field: /initializer\[0\] \(w\)/ },
  { what: 'data in the wrong field', bytes: withInitializer(1, [2], (w) => w.packedVarintField(TensorField.int64Data, [1, 2])), field: /initializer\[0\] \(w\)/ },
  { what: 'a negative dimension', bytes: withInitializer(1, [-1n], (w) => w.bytesField(TensorField.rawData, four)), field: /initializer\[0\]\.dims/ },
  { what: 'a dimension of 2⁶²', bytes: withInitializer(1, [2n ** 62n], (w) => w.bytesField(TensorField.rawData, four)), field: /initializer\[0\]\.dims/ },
  { what: 'a product of dimensions that overflows', bytes: withInitializer(1, [2n ** 40n, 2n ** 40n], (w) => w.bytesField(TensorField.rawData, four)), field: /initializer\[0\] \(w\)/ },
  { what: 'hundreds of dimensions', bytes: withInitializer(1, Array.from({ length: 300 }, () => 1), (w) => w.bytesField(TensorField.rawData, four)), field: /dims|initializer/ },
  { what: 'a tensor without a name', bytes: model((g) => { g.messageField(GraphField.initializer, (t) => { t.varintField(TensorField.dataType, 1); t.floatField(TensorField.floatData, 1); }); }), field: /graph/ },
  { what: 'a tensor defined twice', bytes: model((g) => { for (let i = 0; i < 2; i++) initializer(g, 'w', 1, [1], (t) => t.floatField(TensorField.floatData, 1)); }), field: /graph/ },
  { what: 'two nodes with one output', bytes: simple((g) => { node(g, 'Relu', ['x'], ['y']); node(g, 'Exp', ['x'], ['y']); }), field: /Exp_node/ },
  { what: 'a node that overwrites an input', bytes: simple((g) => { node(g, 'Relu', ['x'], ['x']); node(g, 'Exp', ['x'], ['y']); }), field: /Relu_node/ },
  { what: 'an input that nothing defines', bytes: simple((g) => node(g, 'Add', ['x', 'ghost'], ['y'])), field: /Add_node/ },
  { what: 'an output that nothing computes', bytes: simple(() => {}), field: /output y/ },
  { what: 'a cycle', bytes: simple((g) => { node(g, 'Relu', ['b'], ['a']); node(g, 'Exp', ['a'], ['b']); node(g, 'Exp', ['b'], ['y']); }), field: /node/ },
  { what: 'a node that reads itself', bytes: simple((g) => node(g, 'Relu', ['y'], ['y'])), field: /node/ },
  { what: 'a node without an operator', bytes: simple((g) => node(g, '', ['x'], ['y'])), field: /node\[0\]/ },
  { what: 'an attribute without a value', bytes: simple((g) => node(g, 'Relu', ['x'], ['y'], (n) => n.messageField(NodeField.attribute, (a) => { a.stringField(AttributeField.name, 'q'); a.varintField(AttributeField.type, AttributeType.tensor); }))), field: /attribute\[0\]/ },
  { what: 'an attribute whose value has another type', bytes: simple((g) => node(g, 'Relu', ['x'], ['y'], (n) => n.messageField(NodeField.attribute, (a) => { a.stringField(AttributeField.name, 'q'); a.varintField(AttributeField.i, 1); a.varintField(AttributeField.type, AttributeType.float); }))), field: /attribute\[0\]/ },
  { what: 'external data in a model given as bytes', bytes: withInitializer(1, [4], external({ location: 'w.bin' })), reason: 'unsupported', field: /initializer\[0\] \(w\)/ },
];

describe('a model that is refused', () => {
  it.each(rows)('has $what', ({ bytes, reason = 'parse', field }) => {
    const error = failureOf(() => decodeModel(bytes, { file: 'evil.onnx' }));
    expect(error).toMatchObject({ reason, file: 'evil.onnx' });
    expect(error.field).toMatch(field);
  });

  it('is truncated anywhere', () => {
    const whole = simple((g) => node(g, 'Relu', ['x'], ['y']));
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      // Cut between two top-level fields it is still a model, of which the decoder may say so.
      try {
        decodeModel(cut);
      } catch (error) {
        expect(error).toMatchObject({ name: 'MechanistError' });
      }
    }
  });
});

it('unknown fields of all wire types are skipped', () => {
  const known = simple((g) => node(g, 'Relu', ['x'], ['y']));
  const unknown = message((w) => { w.varintField(900, 1); w.floatField(901, 1); w.stringField(902, 'x'); });
  const fixed64 = raw(0xb9, 0x38, 1, 2, 3, 4, 5, 6, 7, 8);
  expect(decodeModel(concat(unknown, known, fixed64)).graph.nodes).toHaveLength(1);
});

describe('external data', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-'));
  const outside = join(folder, 'outside.bin');
  const inside = join(folder, 'model');
  mkdirSync(join(inside, 'sub'), { recursive: true });
  writeFileSync(outside, four);
  writeFileSync(join(inside, 'w.bin'), concat(raw(9, 9, 9, 9), four));
  writeFileSync(join(inside, 'sub', 'w.bin'), four);
  writeFileSync(join(inside, 'twin.bin'), four);
  linkSync(join(inside, 'twin.bin'), join(inside, 'hard.bin'));
  symlinkSync(outside, join(inside, 'soft.bin'));
  symlinkSync(folder, join(inside, 'up'));
  const file = join(inside, 'model.onnx');
  const decodeWith = (entries: Readonly<Record<string, string>>): ReturnType<typeof decodeFile> => {
    writeFileSync(file, withInitializer(1, [4], external(entries)));
    return decodeFile(file);
  };

  it.each([
    ['at an offset', { location: 'w.bin', offset: '4', length: '16' }],
    ['in a sub-folder, without offset and length', { location: 'sub/w.bin' }],
  ])('is read %s', (_, entries) => {
    expect(decodeWith(entries).weights.get('w')!.load().data).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  it.each([
    ['a parent folder', { location: '../outside.bin' }],
    ['a parent folder in the middle', { location: 'sub/../../outside.bin' }],
    ['a path that is not normalised', { location: './w.bin' }],
    ['a doubled slash', { location: 'sub//w.bin' }],
    ['an absolute path', { location: outside }],
    ['a drive letter', { location: 'C:/w.bin' }],
    ['a backslash', { location: '..\\outside.bin' }],
    ['a NUL byte', { location: 'w.bin\0' }],
    ['an empty location', { location: '' }],
    ['no location', { offset: '0' }],
    ['a symbolic link', { location: 'soft.bin' }],
    ['a hard link', { location: 'hard.bin' }],
    ['a folder behind a link', { location: 'up/outside.bin' }],
    ['a folder', { location: 'sub' }],
    ['a marker of memory addresses', { location: '*/_ORT_MEM_ADDR_/*', offset: '140737488355328' }],
    ['an unknown key', { location: 'w.bin', offset: '4', callback: 'x' }],
    ['a negative offset', { location: 'w.bin', offset: '-4' }],
    ['a huge offset', { location: 'w.bin', offset: '9007199254740991' }],
    ['a giant length', { location: 'w.bin', length: '99999999999999999999' }],
    ['a length that is not the shape’s', { location: 'w.bin', length: '8' }],
    ['an end beyond the file', { location: 'w.bin', offset: '8', length: '16' }],
    ['a missing file', { location: 'none.bin' }],
  ])('is refused for %s, before anything is read', (_, entries) => {
    const error = failureOf(() => decodeWith(entries));
    expect(['parse', 'not-found']).toContain(error.reason);
    expect(error).toMatchObject({ file, field: 'graph.initializer[0] (w)' });
  });

  it('is checked again when read', () => {
    const stored = decodeWith({ location: 'w.bin', offset: '4' }).weights.get('w')!;
    writeFileSync(join(inside, 'w.bin'), four);
    expect(failureOf(() => stored.load())).toMatchObject({ reason: 'parse', field: 'graph.initializer[0] (w)' });
  });
});

it('a folder in place of a model is refused', () => {
  expect(failureOf(() => decodeFile(tmpdir()))).toMatchObject({ reason: 'parse', file: tmpdir() });
  expect(failureOf(() => decodeFile(join(tmpdir(), 'no such model.onnx')))).toMatchObject({ reason: 'not-found' });
});
