import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16, float8E4M3ToFloat32, float8E5M2ToFloat32 } from '../../../../src/engine/formats/half.ts';
import { uniform } from '../../../support/random.ts';

const all16 = Uint16Array.from({ length: 65536 }, (_, i) => i);
const all8 = Uint8Array.from({ length: 256 }, (_, i) => i);

/** A value from sign, exponent and fraction, as IEEE 754 defines it. */
function decode(bits: number, exponentBits: number, fractionBits: number): number {
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = bits >>> (exponentBits + fractionBits) === 1 ? -1 : 1;
  const exponent = (bits >>> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

/** The finite pattern nearest to a value, even on ties, by search over all of them; beyond the largest, the next step is infinity. */
function nearest(value: number, exponentBits: number, fractionBits: number): number {
  const sign = Object.is(Math.sign(value), -0) || value < 0 ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  const infinity = (2 ** exponentBits - 1) * 2 ** fractionBits;
  const valueOf = (bits: number): number => (bits === infinity ? 2 ** (2 ** (exponentBits - 1)) : decode(bits, exponentBits, fractionBits));
  let low = 0;
  let high = infinity;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (valueOf(middle) <= magnitude) low = middle;
    else high = middle;
  }
  if (magnitude >= valueOf(infinity)) return sign | infinity;
  const below = magnitude - valueOf(low);
  const above = valueOf(high) - magnitude;
  return sign | (below < above || (below === above && low % 2 === 0) ? low : high);
}

describe('widening', () => {
  test('every float16 has the value IEEE 754 gives it', () => {
    const values = float16ToFloat32(all16);
    expect([...all16].filter((bits) => !Object.is(values[bits], Math.fround(decode(bits, 5, 10))))).toEqual([]);
  });

  test('every bfloat16 is the upper half of its float32', () => {
    const values = bfloat16ToFloat32(all16);
    expect([...all16].filter((bits) => !Object.is(values[bits], decode(bits, 8, 7)))).toEqual([]);
  });

  test.each([['e4m3fn', float8E4M3ToFloat32], ['e5m2', float8E5M2ToFloat32]] as const)('every float8 %s has the value of the reference implementation', (name, widen) => {
    const reference = (JSON.parse(readFileSync(new URL('../../../fixtures/formats/float8.json', import.meta.url), 'utf8')) as Record<string, number[]>)[name]!;
    const expected = new Float32Array(Uint32Array.from(reference).buffer);
    const values = widen(all8);
    expect(values.filter(Number.isNaN).length).toBe(name === 'e4m3fn' ? 2 : 6);
    expect([...all8].filter((bits) => !Object.is(values[bits], expected[bits]))).toEqual([]);
  });

  test('views at odd offsets and empty arrays are read as they are', () => {
    expect([...float16ToFloat32(Uint16Array.of(0, 0x3c00, 0xc000).subarray(1))]).toEqual([1, -2]);
    expect(float16ToFloat32(new Uint16Array(0)).length).toBe(0);
  });
});

describe.each([['float16', float32ToFloat16, float16ToFloat32, 5, 10], ['bfloat16', float32ToBfloat16, bfloat16ToFloat32, 8, 7]] as const)('narrowing to %s', (_, narrow, widen, exponentBits, fractionBits) => {
  test('undoes widening for every pattern', () => {
    const back = narrow(widen(all16));
    const numbers = all16.filter((bits) => !Number.isNaN(decode(bits, exponentBits, fractionBits)));
    expect(numbers.filter((bits) => back[bits] !== bits)).toEqual(new Uint16Array(0));
  });

  test('rounds to nearest, ties to even, at and around every boundary', () => {
    const infinity = (2 ** exponentBits - 1) * 2 ** fractionBits;
    const words: number[] = [];
    const scratch = new Float32Array(1);
    const word = new Uint32Array(scratch.buffer);
    for (let bits = 0; bits < infinity; bits += 7) {
      const next = bits + 1 === infinity ? 2 ** (2 ** (exponentBits - 1)) : decode(bits + 1, exponentBits, fractionBits);
      scratch[0] = decode(bits, exponentBits, fractionBits) / 2 + next / 2;
      words.push(word[0]! - 1, word[0]!, word[0]! + 1);
    }
    const values = new Float32Array(Uint32Array.from(words).buffer).filter((value) => !Number.isNaN(value));
    const result = narrow(values);
    expect([...values].filter((value, i) => result[i] !== nearest(value, exponentBits, fractionBits))).toEqual([]);
  });

  test('rounds random numbers of every magnitude', () => {
    const next = uniform(1);
    const values = new Float32Array(Uint32Array.from({ length: 20_000 }, () => next() * 2 ** 32).buffer).filter(Number.isFinite);
    const result = narrow(values);
    expect([...values].filter((value, i) => result[i] !== nearest(value, exponentBits, fractionBits))).toEqual([]);
  });

  test('keeps NaN, infinities and the sign of zero', () => {
    const [nan, high, low, zero, quiet] = widen(narrow(new Float32Array(Uint32Array.of(0x7f800001, 0x7f800000, 0xff800000, 0x80000000, 0xffc12345).buffer)));
    expect([nan, high, low, zero, quiet]).toEqual([NaN, Infinity, -Infinity, -0, NaN]);
  });
});
