import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memorySource } from '../../../../src/engine/formats/byteSource.ts';
import { openNpz } from '../../../../src/engine/formats/npz.ts';
import { numbersOf } from '../../../../src/engine/tensor.ts';
import type { DType } from '../../../../src/engine/tensor.ts';
import { npyOf, zipBytes } from '../../../support/containers.ts';
import { failureOf } from '../../../support/failure.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../../../fixtures/formats/${name}`, import.meta.url));
const ramp = Array.from({ length: 24 }, (_, i) => i);

describe.each(['arrays.npz', 'deflated.npz'])('%s, written by NumPy', (name) => {
  test('gives every kind of number with its shape', () => {
    const kinds: readonly (readonly [string, DType])[] = [['f4', 'float32'], ['f8', 'float64'], ['i1', 'int8'], ['i2', 'int16'], ['i4', 'int32'], ['i8', 'int64'], ['u1', 'uint8'], ['u2', 'uint16'], ['u4', 'uint32'], ['u8', 'uint64']];
    const file = openNpz(fixture(name));
    for (const [kind, dtype] of kinds) {
      const value = file.read(kind);
      expect([kind, value.dtype, value.dims, Array.from(numbersOf(value))]).toEqual([kind, dtype, [2, 3, 4], ramp.map((i) => i % 7)]);
    }
    expect([...file.readFloat32('f2').data]).toEqual(ramp.map((i) => i % 7));
    file.close();
  });

  test('gives scalars, empty arrays, column-major and big-endian ones', () => {
    const file = openNpz(fixture(name));
    expect(file.read('scalar')).toEqual({ dtype: 'float32', dims: [], data: Float32Array.of(2.5) });
    expect(file.read('empty')).toEqual({ dtype: 'float32', dims: [0, 3], data: new Float32Array(0) });
    expect(file.read('fortran')).toEqual({ dtype: 'float64', dims: [2, 3, 4], data: Float64Array.from(ramp) });
    expect(file.read('big_endian')).toEqual({ dtype: 'int32', dims: [2, 3, 4], data: Int32Array.from(ramp) });
    expect(file.readFloat32('big_half')).toEqual({ dtype: 'float32', dims: [3, 4], data: Float32Array.from(ramp.slice(0, 12)) });
    expect(file.read('flags')).toEqual({ dtype: 'bool', dims: [3], data: Uint8Array.of(1, 0, 1) });
    file.close();
  });
});

test('both archives hold the same arrays', () => {
  const stored = openNpz(fixture('arrays.npz'));
  const deflated = openNpz(fixture('deflated.npz'));
  expect([...deflated.names()]).toEqual([...stored.names()]);
  for (const name of stored.names()) {
    expect(deflated.info(name)).toEqual(stored.info(name));
    expect(deflated.read(name)).toEqual(stored.read(name));
  }
});

test('an archive survives the round trip, stored, deflated or with 64-bit sizes', () => {
  const arrays = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z_]{1,8}$/), fc.array(fc.float({ noNaN: true }), { maxLength: 50 })), { selector: ([name]) => name, maxLength: 5 });
  fc.assert(fc.property(arrays, fc.boolean(), fc.boolean(), (entries, deflate, zip64) => {
    const parts = entries.map(([name, values]) => ({ name: `${name}.npy`, content: npyOf([values.length], values), deflate, zip64 }));
    const file = openNpz(memorySource(zipBytes(parts)));
    expect([...file.names()]).toEqual(entries.map(([name]) => name));
    for (const [name, values] of entries) expect(file.read(name)).toEqual({ dtype: 'float32', dims: [values.length], data: Float32Array.from(values) });
  }), { seed: 1, numRuns: 200 });
});

test('a large deflated array is inflated in several pieces', () => {
  const values = Float32Array.from({ length: 18e6 }, (_, i) => Math.fround(i * 0.37) % 1000);
  const file = openNpz(memorySource(zipBytes([{ name: 'x.npy', content: npyOf([values.length], values), deflate: true }])));
  expect(Buffer.compare(Buffer.from(file.readFloat32('x').data.buffer, file.readFloat32('x').data.byteOffset, values.byteLength), Buffer.from(values.buffer))).toBe(0);
});

test('an array that is missing, damaged or too large is named', () => {
  const content = npyOf([2], [1, 2]);
  const file = openNpz(memorySource(zipBytes([{ name: 'good.npy', content }, { name: 'bad.npy', content, crc: 1 }, { name: 'worse.npy', content, deflate: true, crc: 1 }]), 'a.npz'));
  expect(file.read('good').data).toEqual(Float32Array.of(1, 2));
  expect(failureOf(() => file.read('bad'))).toMatchObject({ reason: 'parse', file: 'a.npz', field: 'bad.npy' });
  expect(failureOf(() => file.read('worse'))).toMatchObject({ reason: 'parse', file: 'a.npz', field: 'worse.npy' });
  expect(failureOf(() => file.info('none'))).toMatchObject({ reason: 'not-found', file: 'a.npz', field: 'none' });
  const narrow = openNpz(memorySource(zipBytes([{ name: 'x.npy', content }]), 'a.npz'), { maxTensorBytes: 7 });
  expect(failureOf(() => narrow.read('x'))).toMatchObject({ reason: 'memory', file: 'a.npz', field: 'x' });
});

test('an entry that is not an array is refused, a folder is passed over', () => {
  expect(failureOf(() => openNpz(memorySource(zipBytes([{ name: 'code.py', content: new Uint8Array(3) }]), 'a.npz')))).toMatchObject({ reason: 'parse', file: 'a.npz', field: 'code.py' });
  const file = openNpz(memorySource(zipBytes([{ name: 'd/', content: new Uint8Array(0), mode: 0o040755 }, { name: 'd/x.npy', content: npyOf([1], [1]) }])));
  expect([...file.names()]).toEqual(['d/x']);
});

test('closing lets go of the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'npz-'));
  try {
    copyFileSync(fixture('arrays.npz'), join(folder, 'a.npz'));
    const file = openNpz(join(folder, 'a.npz'));
    file.close();
    expect(failureOf(() => file.read('f4')).reason).toBe('argument');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
