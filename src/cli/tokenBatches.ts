import type { Tensor } from '../engine/tensor.ts';
import type { TokenBatch } from '../semantic/metrics/batches.ts';

/** Contexts [n, p] as batches of at most `size` documents. */
export function tokenBatches({ dims, data }: Tensor<'int64'>, size: number): TokenBatch[] {
  const [count, length] = dims as [number, number];
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => {
    const rows = Math.min(size, count - i * size);
    return { inputIds: { dtype: 'int64', dims: [rows, length], data: data.subarray(i * size * length, (i * size + rows) * length) } };
  });
}
