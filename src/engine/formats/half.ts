/**
 * Conversions between float32 and the narrow floats: float16, bfloat16 and the two 8-bit formats of the Open Compute
 * Project (OFP8: E4M3FN has no infinities, E5M2 follows IEEE). Widening is exact; narrowing rounds to nearest, ties to
 * even. Bits only: no tensors, no files.
 */

/** float16 bits → float32. */
export function float16ToFloat32(bits: Uint16Array): Float32Array<ArrayBuffer> {
  return lookUp(bits, (float16Table ??= tableOf(2 ** 16, float16Bits)));
}

/** bfloat16 bits → float32. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const result = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) result[i] = bits[i]! << 16;
  return new Float32Array(result.buffer);
}

/** float8 E4M3FN bits → float32. */
export function float8E4M3ToFloat32(bits: Uint8Array): Float32Array<ArrayBuffer> {
  return lookUp(bits, (float8E4M3Table ??= tableOf(2 ** 8, float8E4M3Bits)));
}

/** float8 E5M2 bits → float32. */
export function float8E5M2ToFloat32(bits: Uint8Array): Float32Array<ArrayBuffer> {
  // E5M2 is the upper half of a float16.
  return lookUp(bits, (float8E5M2Table ??= tableOf(2 ** 8, (b) => float16Bits(b << 8))));
}

/** float32 → float16 bits. Beyond ±65,520 becomes infinite; NaN stays NaN. */
export function float32ToFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const words = bitsOf(values);
  const result = new Uint16Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    if (magnitude >= 0x7f800000) result[i] = sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
    else if (magnitude >= 0x477ff000) result[i] = sign | 0x7c00;
    else if (magnitude >= 0x38800000) result[i] = sign | roundedShift(magnitude - 0x38000000, 13);
    else if (magnitude <= 0x33000000) result[i] = sign;
    else result[i] = sign | roundedShift((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >>> 23));
  }
  return result;
}

/** float32 → bfloat16 bits. NaN stays NaN. */
export function float32ToBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const words = bitsOf(values);
  const result = new Uint16Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    result[i] = (word & 0x7fffffff) > 0x7f800000 ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return result;
}

let float16Table: Uint32Array | undefined;
let float8E4M3Table: Uint32Array | undefined;
let float8E5M2Table: Uint32Array | undefined;

function tableOf(size: number, wordOf: (bits: number) => number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, bits) => wordOf(bits));
}

function lookUp(bits: Uint8Array | Uint16Array, table: Uint32Array): Float32Array<ArrayBuffer> {
  const result = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) result[i] = table[bits[i]!]!;
  return new Float32Array(result.buffer);
}

/** The float32 word of one float16. */
function float16Bits(bits: number): number {
  const exponent = (bits >>> 10) & 31;
  if (exponent === 31) return ((bits & 0x8000) << 16) | 0x7f800000 | ((bits & 0x3ff) << 13);
  return wordOf(bits >>> 15, exponent, bits & 0x3ff, 10, 15);
}

/** The float32 word of one float8 E4M3FN: all ones is NaN, every other pattern is finite. */
function float8E4M3Bits(bits: number): number {
  if ((bits & 0x7f) === 0x7f) return ((bits & 0x80) << 24) | 0x7fc00000;
  return wordOf(bits >>> 7, (bits >>> 3) & 15, bits & 7, 3, 7);
}

/** The float32 word of a finite number given by its fields. */
function wordOf(sign: number, exponent: number, fraction: number, fractionBits: number, bias: number): number {
  const scale = 2 ** (Math.max(exponent, 1) - bias - fractionBits);
  const magnitude = (exponent === 0 ? fraction : fraction + 2 ** fractionBits) * scale;
  scratch[0] = sign === 0 ? magnitude : -magnitude;
  return scratchWords[0]!;
}

const scratch = new Float32Array(1);
const scratchWords = new Uint32Array(scratch.buffer);

/** `value / 2^shift` to the nearest integer, ties to even. */
function roundedShift(value: number, shift: number): number {
  return (value + (1 << (shift - 1)) - 1 + ((value >>> shift) & 1)) >>> shift;
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
