import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memorySource } from '../../../../src/engine/formats/byteSource.ts';
import type { ByteSource } from '../../../../src/engine/formats/byteSource.ts';
import { openSafetensors } from '../../../../src/engine/formats/safetensors.ts';
import { encodeSafetensors, writeSafetensors } from '../../../../src/engine/formats/safetensorsWriter.ts';
import { bytesPerElement, elementCount, f32, i64, typedArrayOver } from '../../../../src/engine/tensor.ts';
import type { DType, Tensor } from '../../../../src/engine/tensor.ts';
import { safetensorsBytes } from '../../../support/containers.ts';
import { failureOf } from '../../../support/failure.ts';

const fixtures = fileURLToPath(new URL('../../../fixtures/formats', import.meta.url));

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'safetensors-')); });
afterEach(() => { rmSync(folder, { recursive: true }); });

const dtypes: readonly DType[] = ['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint64', 'uint32', 'uint16', 'uint8', 'bool'];

const anyTensor: fc.Arbitrary<Tensor> = fc.tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(3), { maxLength: 8 })).chain(([dtype, dims]) => {
  const length = elementCount(dims) * bytesPerElement(dtype);
  return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes): Tensor => ({ dtype, dims, data: typedArrayOver(dtype, bytes.slice()) }));
});

const anyName = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((name) => name !== '__metadata__');

/** Raw bits, so that every NaN counts. */
function bits({ dtype, dims, data }: Tensor): unknown {
  return { dtype, dims, bytes: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex') };
}

describe('writing and reading back', () => {
  test('returns every name, type, shape, bit and metadata', () => {
    const names = fc.oneof(anyName, fc.constantFrom('__proto__', 'constructor', '', '0'));
    const tensors = fc.uniqueArray(fc.tuple(names, anyTensor), { selector: ([name]) => name, maxLength: 6 });
    fc.assert(fc.property(tensors, fc.dictionary(anyName, anyName), (entries, metadata) => {
      const file = openSafetensors(memorySource(encodeSafetensors(entries, { metadata })));
      expect(new Set(file.names())).toEqual(new Set(entries.map(([name]) => name)));
      for (const [name, value] of entries) {
        expect(bits(file.read(name))).toEqual(bits(value));
        expect(file.info(name)).toMatchObject({ dtype: value.dtype, dims: value.dims });
        expect(file.info(name).begin % bytesPerElement(value.dtype)).toBe(0);
      }
      expect(file.metadata).toEqual(new Map(Object.entries(metadata)));
    }), { seed: 1, numRuns: 300 });
  });

  test('gives the bytes of the reference implementation', () => {
    const entries: [string, Tensor][] = [['ü', f32([0, 4], [])], ['b.weight', f32([2, 3, 4], Array.from({ length: 24 }, (_, i) => i))], ['a', f32([2], [1, -2])]];
    const expected = readFileSync(join(fixtures, 'reference.safetensors'));
    expect(Buffer.from(encodeSafetensors(entries, { metadata: { format: 'pt' } })).equals(expected)).toBe(true);
  });

  test('a file on disk has the same bytes, replaces the old one and leaves nothing beside it', () => {
    const file = join(folder, 'a.safetensors');
    const tensors = new Map<string, Tensor>([['x', i64([2], [1, 2])], ['y', f32([], [3])]]);
    writeFileSync(file, 'old');
    writeSafetensors(file, tensors, { metadata: [['k', 'v']] });
    expect(readFileSync(file)).toEqual(Buffer.from(encodeSafetensors(tensors, { metadata: { k: 'v' } })));
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
  });

  test('a failed write keeps the old file', () => {
    const file = join(folder, 'a.safetensors');
    writeFileSync(file, 'old');
    const tensors: [string, Tensor][] = [['x', f32([1], [1])], ['x', f32([1], [2])]];
    expect(failureOf(() => writeSafetensors(file, tensors))).toMatchObject({ reason: 'argument', field: 'tensor x' });
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
    expect(failureOf(() => writeSafetensors(join(folder, 'no', 'a.safetensors'), []))).toMatchObject({ reason: 'not-found' });
    expect(failureOf(() => writeSafetensors(folder, [])).reason).toBe('argument');
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
  });

  test.each([['__metadata__', f32([1], [1])], ['\ud800', f32([1], [1])], ['short', { dtype: 'float32', dims: [2], data: new Float32Array(1) }]] as const)('refuses to write %j', (name, value) => {
    expect(failureOf(() => encodeSafetensors([[name, value]]))).toMatchObject({ reason: 'argument', field: `tensor ${name}` });
  });
});

describe('reading', () => {
  test('takes the header and then one read per tensor, from the file', () => {
    const file = join(folder, 'a.safetensors');
    writeSafetensors(file, [['x', f32([1000], new Float32Array(1000).fill(2))], ['y', f32([1], [1])]]);
    const reads: [number, number][] = [];
    const memory = memorySource(readFileSync(file), file);
    const counted: ByteSource = { ...memory, read: (offset, length) => { reads.push([offset, length]); return memory.read(offset, length); } };
    const source = openSafetensors(counted);
    expect(reads.length).toBe(2);
    const { data } = source.readFloat32('x');
    expect(reads.slice(2)).toEqual([[source.info('x').begin, 4000]]);
    expect(data.buffer.byteLength).toBe(4000);
  });

  test('widens every stored type to float32', () => {
    const stored: [string, number[], string][] = [
      ['F16', [0x00, 0x3c, 0x00, 0xc0], '[1,-2]'], ['BF16', [0x80, 0x3f, 0x00, 0xc0], '[1,-2]'], ['F8_E4M3', [0x38, 0xc0], '[1,-2]'], ['F8_E5M2', [0x3c, 0xc0], '[1,-2]'],
      ['I8', [1, 0xfe], '[1,-2]'], ['U8', [1, 0xfe], '[1,254]'], ['BOOL', [1, 0], '[1,0]'], ['I64', [...new Uint8Array(BigInt64Array.of(1n, -2n).buffer)], '[1,-2]'],
      ['F64', [...new Uint8Array(Float64Array.of(1, -2).buffer)], '[1,-2]'], ['F32', [...new Uint8Array(Float32Array.of(1, -2).buffer)], '[1,-2]'],
    ];
    for (const [dtype, bytes, expected] of stored) {
      const file = openSafetensors(memorySource(safetensorsBytes(`{"x":{"dtype":"${dtype}","shape":[2],"data_offsets":[0,${bytes.length}]}}`, Uint8Array.from(bytes))));
      const value = file.readFloat32('x');
      expect([dtype, value.dtype, JSON.stringify([...value.data])]).toEqual([dtype, 'float32', expected]);
    }
  });

  test('keeps the stored type when asked, 8-bit floats apart', () => {
    const file = openSafetensors(memorySource(safetensorsBytes('{"x":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"y":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[2,3]}}', Uint8Array.of(0, 0x3c, 0x3c))));
    expect(file.read('x')).toEqual({ dtype: 'float16', dims: [1], data: Uint16Array.of(0x3c00) });
    expect(file.info('y').dtype).toBe('float8_e5m2');
    expect(file.read('y')).toEqual({ dtype: 'float32', dims: [1], data: Float32Array.of(1) });
  });

  test('misaligned data is read correctly', () => {
    const data = new Uint8Array(5);
    data.set(new Uint8Array(Float32Array.of(1.5).buffer), 1);
    const file = openSafetensors(memorySource(safetensorsBytes('{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"F32","shape":[],"data_offsets":[1,5]}}', data)));
    expect(file.readFloat32('y')).toEqual(f32([], [1.5]));
  });

  test('a tensor or file that is not there is named', () => {
    expect(failureOf(() => openSafetensors(join(folder, 'no.safetensors')))).toMatchObject({ reason: 'not-found', file: join(folder, 'no.safetensors') });
    const file = openSafetensors(memorySource(encodeSafetensors([]), 'f'));
    expect(failureOf(() => file.read('constructor'))).toMatchObject({ reason: 'not-found', file: 'f', field: 'tensor constructor' });
  });

  test('a folder, a device and a file that shrinks are refused', () => {
    expect(failureOf(() => openSafetensors(folder))).toMatchObject({ reason: 'parse', file: folder });
    if (process.platform !== 'win32') expect(failureOf(() => openSafetensors('/dev/zero'))).toMatchObject({ reason: 'parse', file: '/dev/zero' });
    const file = join(folder, 'a.safetensors');
    writeSafetensors(file, [['x', f32([4], [1, 2, 3, 4])]]);
    const source = openSafetensors(file);
    writeFileSync(file, 'short');
    expect(failureOf(() => source.read('x'))).toMatchObject({ reason: 'parse', file });
    source.close();
    expect(failureOf(() => source.read('x'))).toMatchObject({ reason: 'argument', file });
  });
});
