import { transposed as transposedValues } from '../../models/families/weightLayout.ts';
import type { Tensor } from '../../tensor.ts';

/** Transpose of a matrix. */
export function transposed({ dims, data }: Tensor<'float32'>): Tensor<'float32'> {
  const [rows, columns] = dims as [number, number];
  return { dtype: 'float32', dims: [columns, rows], data: transposedValues(data, rows, columns) };
}
