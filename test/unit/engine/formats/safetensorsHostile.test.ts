import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { memorySource } from '../../../../src/engine/formats/byteSource.ts';
import type { ByteSource } from '../../../../src/engine/formats/byteSource.ts';
import { openSafetensors } from '../../../../src/engine/formats/safetensors.ts';
import { storedBytes } from '../../../../src/engine/formats/safetensorsHeader.ts';
import { elementCount } from '../../../../src/engine/tensor.ts';
import { safetensorsBytes } from '../../../support/containers.ts';
import { failureOf } from '../../../support/failure.ts';

const header = (members: string): string => `{${members}}`;
const one = ({ dtype = '"F32"', shape = '[1]', offsets = '[0,4]', more = '' }: { dtype?: string; shape?: string; offsets?: string; more?: string } = {}): string =>
  header(`"a":{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}${more}}`);
const two = (a: string, b: string): string => header(`"a":{"dtype":"U8","shape":[2],"data_offsets":${a}},"b":{"dtype":"U8","shape":[2],"data_offsets":${b}}`);

describe('hostile files', () => {
  const data = (length: number): Uint8Array => new Uint8Array(length);
  test.each<[string, Uint8Array, string, string]>([
    ['empty', data(0), 'parse', 'header length'],
    ['shorter than the length field', data(7), 'parse', 'header length'],
    ['invalid header length: beyond the file', safetensorsBytes(one(), data(4), 1000n), 'parse', 'header length'],
    ['oversized header length: beyond 2^53', safetensorsBytes(one(), data(4), 2n ** 64n - 1n), 'parse', 'header length'],
    ['a header length of zero', safetensorsBytes(''), 'parse', 'header'],
    ['a header that is not JSON', safetensorsBytes('{nonsense}'), 'parse', 'header'],
    ['a header that is not an object', safetensorsBytes('[]'), 'parse', 'header'],
    ['white space before the header', safetensorsBytes(` ${one()}`, data(4)), 'parse', 'header'],
    ['a second document in the padding', safetensorsBytes(`${one()}{}`, data(4)), 'parse', 'header'],
    ['NUL padding', safetensorsBytes(`${one()}\0`, data(4)), 'parse', 'header'],
    ['a name that is not UTF-8', safetensorsBytes(Buffer.from('{"\xff":[]}', 'latin1')), 'parse', 'header'],
    ['deep nesting', safetensorsBytes(`{"a":${'['.repeat(1e5)}`), 'parse', 'header › a'],
    ['duplicate tensors', safetensorsBytes(header('"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}')), 'parse', 'header › a'],
    ['duplicate keys in a tensor', safetensorsBytes(one({ more: ',"shape":[1]' }), data(4)), 'parse', 'header › a › shape'],
    ['an unknown key', safetensorsBytes(one({ more: ',"x":1' }), data(4)), 'parse', 'tensor a'],
    ['a tensor that is not an object', safetensorsBytes('{"a":1}'), 'parse', 'tensor a'],
    ['a missing storage type', safetensorsBytes(header('"a":{"shape":[0],"data_offsets":[0,0]}')), 'parse', 'tensor a › dtype'],
    ['an unknown storage type', safetensorsBytes(one({ dtype: '"F33"' }), data(4)), 'parse', 'tensor a › dtype'],
    ['a storage type from the prototype', safetensorsBytes(one({ dtype: '"constructor"' }), data(4)), 'parse', 'tensor a › dtype'],
    ['a storage type without a tensor type', safetensorsBytes(one({ dtype: '"F4"' }), data(4)), 'unsupported', 'tensor a › dtype'],
    ['rank above 8', safetensorsBytes(one({ shape: `[${'1,'.repeat(8)}1]` }), data(4)), 'parse', 'tensor a › shape'],
    ['negative dimensions', safetensorsBytes(one({ shape: '[-1]' }), data(4)), 'parse', 'header › a › shape'],
    ['fractional dimensions', safetensorsBytes(one({ shape: '[1.5]' }), data(4)), 'parse', 'header › a › shape'],
    ['dimensions that are not safe integers', safetensorsBytes(one({ shape: '[9007199254740993]' }), data(4)), 'parse', 'tensor a › shape'],
    ['dimensions that overflow', safetensorsBytes(one({ shape: '[4294967296,4294967296]' }), data(4)), 'parse', 'tensor a › shape'],
    ['dimensions that overflow to zero', safetensorsBytes(one({ shape: '[9007199254740991,4096,0]', offsets: '[0,0]' })), 'parse', 'tensor a › shape'],
    ['an array-like shape', safetensorsBytes(one({ shape: '{"length":1}' }), data(4)), 'parse', 'tensor a › shape'],
    ['negative offsets', safetensorsBytes(one({ offsets: '[-4,0]' }), data(4)), 'parse', 'header › a › data_offsets'],
    ['reversed offsets', safetensorsBytes(one({ offsets: '[4,0]' }), data(4)), 'parse', 'tensor a › data_offsets'],
    ['one offset', safetensorsBytes(one({ offsets: '[0]' }), data(4)), 'parse', 'tensor a › data_offsets'],
    ['offsets that are strings', safetensorsBytes(one({ offsets: '["0","4"]' }), data(4)), 'parse', 'tensor a › data_offsets'],
    ['offsets that do not match the shape', safetensorsBytes(one({ shape: '[2]' }), data(4)), 'parse', 'tensor a › data_offsets'],
    ['an incomplete buffer', safetensorsBytes(one(), data(3)), 'parse', 'tensor a › data_offsets'],
    ['a hole at the start', safetensorsBytes(one({ offsets: '[1,5]' }), data(5)), 'parse', 'tensor a › data_offsets'],
    ['a hole between tensors', safetensorsBytes(two('[0,2]', '[3,5]'), data(5)), 'parse', 'tensor b › data_offsets'],
    ['overlapping tensors', safetensorsBytes(two('[0,2]', '[1,3]'), data(3)), 'parse', 'tensor b › data_offsets'],
    ['two tensors in one range', safetensorsBytes(two('[0,2]', '[0,2]'), data(2)), 'parse', 'tensor b › data_offsets'],
    ['trailing bytes', safetensorsBytes(one(), data(5)), 'parse', 'data'],
    ['metadata that is not an object', safetensorsBytes('{"__metadata__":[]}'), 'parse', '__metadata__'],
    ['metadata values that are not strings', safetensorsBytes('{"__metadata__":{"k":{}}}'), 'parse', '__metadata__ › k'],
  ])('%s', (_, bytes, reason, field) => {
    expect(failureOf(() => openSafetensors(memorySource(bytes, 'x.safetensors')))).toMatchObject({ reason, file: 'x.safetensors', field });
  });

  test('a header above the limit is refused before it is read', () => {
    const reads: number[] = [];
    const huge: ByteSource = {
      file: 'x.safetensors', size: 2 ** 40, close() {},
      read(_, length) {
        reads.push(length);
        const bytes = new Uint8Array(length);
        new DataView(bytes.buffer).setBigUint64(0, 2n ** 32n, true);
        return bytes;
      },
    };
    expect(failureOf(() => openSafetensors(huge))).toMatchObject({ reason: 'memory', file: 'x.safetensors', field: 'header length' });
    expect(reads).toEqual([8]);
  });

  test('more tensors than allowed are refused', () => {
    const member = (i: number): string => `"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`;
    const bytes = (count: number): Uint8Array => safetensorsBytes(header(Array.from({ length: count }, (_, i) => member(i)).join(',')));
    expect(openSafetensors(memorySource(bytes(200_000))).tensors.size).toBe(200_000);
    expect(failureOf(() => openSafetensors(memorySource(bytes(200_001), 'x')))).toMatchObject({ reason: 'memory', file: 'x', field: 'header' });
    expect(failureOf(() => openSafetensors(memorySource(bytes(4), 'x'), { maxTensors: 3 }))).toMatchObject({ reason: 'memory', field: 'header' });
  });

  test('a header full of tiny objects or arrays stays within memory', () => {
    for (const item of ['{},', '[],', '{"":{}},']) {
      const text = `{"a":[${item.repeat(Math.floor((2 ** 24 - 100) / item.length))}0]}`;
      expect(failureOf(() => openSafetensors(memorySource(safetensorsBytes(text), 'x')))).toMatchObject({ file: 'x' });
    }
  });

  test('a tensor above the memory limit is refused before it is allocated, its widened copy counted', () => {
    const source = memorySource(safetensorsBytes(one({ dtype: '"F16"', shape: '[2]' }), new Uint8Array(4)), 'x');
    expect(openSafetensors(source, { maxTensorBytes: 12 }).readFloat32('a').data.length).toBe(2);
    expect(failureOf(() => openSafetensors(source, { maxTensorBytes: 11 }).readFloat32('a'))).toMatchObject({ reason: 'memory', file: 'x', field: 'tensor a' });
    expect(failureOf(() => openSafetensors(source, { maxTensorBytes: 3 }).read('a'))).toMatchObject({ reason: 'memory', file: 'x', field: 'tensor a' });
  });

  test('a terabyte of sparse file is refused, not allocated', () => {
    const text = one({ dtype: '"U8"', shape: `[${2 ** 43}]`, offsets: `[0,${2 ** 43}]` });
    const start = safetensorsBytes(text);
    const source: ByteSource = { ...memorySource(start, 'x'), size: start.length + 2 ** 43 };
    expect(failureOf(() => openSafetensors(source).read('a'))).toMatchObject({ reason: 'memory', file: 'x', field: 'tensor a' });
  });
});

test('whatever a well-formed header says, an accepted file is covered exactly and everything else is a typed error', () => {
  const size = fc.oneof(fc.nat(4), fc.constantFrom(8, 2 ** 32, 2 ** 53 - 1));
  const tensorOf = fc.record({
    dtype: fc.constantFrom('U8', 'BF16', 'F32', 'X'), shape: fc.array(size, { maxLength: 3 }), data_offsets: fc.tuple(size, size),
  }, { requiredKeys: ['dtype', 'shape'] });
  let accepted = 0;
  fc.assert(fc.property(fc.dictionary(fc.constantFrom('a', 'b', '__metadata__', '__proto__'), tensorOf, { maxKeys: 2 }), fc.nat(12), (tensors, length) => {
    try {
      const file = openSafetensors(memorySource(safetensorsBytes(JSON.stringify(tensors), new Uint8Array(length))));
      const total = [...file.tensors.values()].reduce((sum, { dtype, dims }) => sum + storedBytes(dtype) * elementCount(dims), 0);
      for (const name of file.names()) expect(file.read(name).data.length).toBe(elementCount(file.info(name).dims));
      expect(total).toBe(length);
      accepted++;
    } catch (error) {
      if (!MechanistError.is(error)) throw error;
    }
  }), { seed: 3, numRuns: 20_000 });
  expect(accepted).toBeGreaterThan(100);
});

describe('against the reference implementation', () => {
  /** The format description forbids these; the reference implementation lets them pass. */
  const stricter = new Set(['duplicate tensor', 'starts with a space']);
  const cases = JSON.parse(readFileSync(new URL('../../../fixtures/formats/verdicts.json', import.meta.url), 'utf8')) as { name: string; accepted: boolean; base64: string }[];

  test.each(cases)('"$name" has the same verdict', ({ name, accepted, base64 }) => {
    const open = (): unknown => openSafetensors(memorySource(Buffer.from(base64, 'base64')));
    if (accepted && !stricter.has(name)) expect(open()).toBeDefined();
    else failureOf(open);
  });
});
