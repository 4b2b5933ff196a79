/** Rearranging elements on the way in: byte order and column-major order. */
import { stridesOf } from '../tensor.ts';
import type { TypedArray } from '../tensor.ts';

/** Reverses the bytes of each element, in place. */
export function swapBytes(bytes: Uint8Array, bytesPerElement: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytesPerElement === 2) buffer.swap16();
  else if (bytesPerElement === 4) buffer.swap32();
  else if (bytesPerElement === 8) buffer.swap64();
}

/** The elements of a column-major array of shape `dims` (rank ≥ 1, not empty) in row-major order. */
export function fromFortranOrder<T extends TypedArray>(data: T, dims: readonly number[]): T {
  const result = new (data.constructor as new (length: number) => T)(data.length);
  const strides = stridesOf(dims);
  const rows = dims[0]!;
  const rowStride = strides[0]!;
  // Walks the source in order; the first axis is the fastest one there.
  const index = Array.from(dims, () => 0);
  let target = 0;
  for (let from = 0; from < data.length; from += rows) {
    for (let row = 0, to = target; row < rows; row++, to += rowStride) result[to] = data[from + row]!;
    for (let axis = 1; axis < dims.length; axis++) {
      target += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      target -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
