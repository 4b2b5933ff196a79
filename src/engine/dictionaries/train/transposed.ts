import type { Tensor } from '../../tensor.ts';

/** Transpose of a matrix. */
export function transposed({ dims, data }: Tensor<'float32'>): Tensor<'float32'> {
  const [rows, columns] = dims as [number, number];
  const out = new Float32Array(data.length);
  // Blocks keep both sides in cache.
  const block = 32;
  for (let r0 = 0; r0 < rows; r0 += block) {
    for (let c0 = 0; c0 < columns; c0 += block) {
      for (let r = r0; r < Math.min(rows, r0 + block); r++) {
        for (let c = c0; c < Math.min(columns, c0 + block); c++) out[c * rows + r] = data[r * columns + c]!;
      }
    }
  }
  return { dtype: 'float32', dims: [columns, rows], data: out };
}
