import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memorySource } from '../../../../src/engine/formats/byteSource.ts';
import { readNpy } from '../../../../src/engine/formats/npy.ts';
import { elementCount, stridesOf } from '../../../../src/engine/tensor.ts';
import { npyBytes, npyOf } from '../../../support/containers.ts';
import { failureOf } from '../../../support/failure.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'npy-')); });
afterEach(() => { rmSync(folder, { recursive: true }); });

const literal = ({ descr = "'<f4'", order = 'False', shape = '(2, 3)', more = '' } = {}): string => `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}${more}}`;
const six = new Uint8Array(24);

describe('an array', () => {
  test('comes with its shape and elements', () => {
    writeFileSync(join(folder, 'a.npy'), npyOf([2, 2], [1, 2, 3, 4]));
    expect(readNpy(join(folder, 'a.npy'))).toEqual({ dtype: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
  });

  test('in column-major order is rearranged, whatever its rank', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }), (dims) => {
      const count = elementCount(dims);
      const columnStrides = stridesOf(dims.toReversed()).toReversed();
      const rowStrides = stridesOf(dims);
      const columnMajor = new Int16Array(count);
      for (let i = 0; i < count; i++) columnMajor[dims.reduce((at, d, axis) => at + (Math.floor(i / rowStrides[axis]!) % d) * columnStrides[axis]!, 0)] = i;
      const shape = dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
      const value = readNpy(memorySource(npyBytes(literal({ descr: "'<i2'", order: 'True', shape }), new Uint8Array(columnMajor.buffer))));
      expect(value).toEqual({ dtype: 'int16', dims, data: Int16Array.from({ length: count }, (_, i) => i) });
    }), { seed: 1, numRuns: 200 });
  });

  test('is refused before it is allocated when it is too large, and its rearranged copy counts', () => {
    expect(failureOf(() => readNpy(memorySource(npyBytes(literal(), six), 'x.npy'), { maxBytes: 23 }))).toMatchObject({ reason: 'memory', file: 'x.npy', field: 'x' });
    expect(failureOf(() => readNpy(memorySource(npyBytes(literal({ order: 'True' }), six), 'x.npy'), { maxBytes: 47 })).reason).toBe('memory');
  });
});

describe('a hostile header', () => {
  test.each<[string, Uint8Array, string]>([
    ['an expression for a shape', npyBytes(literal({ shape: "(__import__('os').system('x'), 3)" }), six), 'parse'],
    ['an object array', npyBytes(literal({ descr: "'|O'" }), six), 'unsupported'],
    ['a structured array', npyBytes(literal({ descr: "[('x', '<f4')]" }), six), 'unsupported'],
    ['complex numbers', npyBytes(literal({ descr: "'<c8'" }), six), 'unsupported'],
    ['strings', npyBytes(literal({ descr: "'<U1'" }), six), 'unsupported'],
    ['dates', npyBytes(literal({ descr: "'<M8[ns]'" }), six), 'unsupported'],
    ['raw bytes', npyBytes(literal({ descr: "'|V4'" }), six), 'unsupported'],
    ['an element type that is no type', npyBytes(literal({ descr: "'?!'" }), six), 'parse'],
    ['a shape that overflows', npyBytes(literal({ shape: '(9007199254740991, 4)' }), six), 'parse'],
    ['a dimension beyond 2^53', npyBytes(literal({ shape: '(9007199254740993,)' }), six), 'parse'],
    ['a dimension of fifty digits', npyBytes(literal({ shape: `(${'9'.repeat(50)},)` }), six), 'parse'],
    ['a negative dimension', npyBytes(literal({ shape: '(-2, 3)' }), six), 'parse'],
    ['a leading zero', npyBytes(literal({ shape: '(02, 3)' }), six), 'parse'],
    ['rank above 8', npyBytes(literal({ shape: '(1, 1, 1, 1, 1, 1, 1, 2, 3)' }), six), 'parse'],
    ['a repeated key', npyBytes(literal({ more: ", 'shape': (6,)" }), six), 'parse'],
    ['an unknown key', npyBytes(literal({ more: ", '__proto__': 1" }), six), 'parse'],
    ['text after the dictionary', npyBytes(`${literal()} or x`, six), 'parse'],
    ['data too short', npyBytes(literal(), six.subarray(1)), 'parse'],
    ['trailing bytes', npyBytes(literal(), new Uint8Array(25)), 'parse'],
    ['a header beyond the file', npyBytes(literal(), six).subarray(0, 40), 'parse'],
    ['a giant header', npyBytes(literal() + ' '.repeat(20_000), six), 'parse'],
    ['no magic', new Uint8Array(100), 'parse'],
    ['nothing', new Uint8Array(0), 'parse'],
  ])('%s', (_, bytes, reason) => {
    expect(failureOf(() => readNpy(memorySource(bytes, 'x.npy')))).toMatchObject({ reason, file: 'x.npy', field: 'x' });
  });
});

describe('against NumPy', () => {
  /** NumPy reads these types; no tensor holds them. */
  const narrower = new Set(['structured', 'complex', 'string']);
  const cases = JSON.parse(readFileSync(new URL('../../../fixtures/formats/npy_verdicts.json', import.meta.url), 'utf8')) as { name: string; loaded: { dtype: string; shape: number[] } | null; base64: string }[];

  test.each(cases)('"$name" has the same verdict and shape', ({ name, loaded, base64 }) => {
    const read = (): unknown => readNpy(memorySource(Buffer.from(base64, 'base64')));
    if (loaded === null || narrower.has(name)) failureOf(read);
    else expect(read()).toMatchObject({ dtype: 'float32', dims: loaded.shape });
  });
});
