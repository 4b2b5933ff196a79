/** Any stored tensor as float32: half floats widened exactly, everything else converted to the nearest float32. */
import type { Tensor } from '../tensor.ts';
import { bfloat16ToFloat32, float16ToFloat32 } from './half.ts';

/** float32 comes back as it is, without a copy; integers beyond 2^24 and float64 are rounded; `bool` gives 0 and 1. */
export function toFloat32(t: Tensor): Tensor<'float32'> {
  return { dtype: 'float32', dims: t.dims, data: float32Data(t) };
}

function float32Data({ dtype, data }: Tensor): Float32Array {
  if (dtype === 'float16') return float16ToFloat32(data as Uint16Array);
  if (dtype === 'bfloat16') return bfloat16ToFloat32(data as Uint16Array);
  if (data instanceof Float32Array) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const result = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) result[i] = Number(data[i]);
    return result;
  }
  return new Float32Array(data);
}
