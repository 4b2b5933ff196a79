/** Random rotations of a head's output directions: the null of composition scores. */
import type { Random } from '../../engine/random.ts';
import type { Tensor } from '../../engine/tensor.ts';

/** Lower-triangular factors C with C Cᵀ = W Wᵀ of each head's W [heads, dh, d]: [heads, dh, dh]. */
export function choleskyRows({ dims, data }: Tensor<'float32'>): Tensor<'float32'> {
  const [heads, rows, width] = dims as [number, number, number];
  const result = new Float32Array(heads * rows * rows);
  for (let head = 0; head < heads; head++) {
    const row = (i: number): Float32Array => data.subarray((head * rows + i) * width, (head * rows + i + 1) * width);
    const factor = new Float64Array(rows * rows);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j <= i; j++) {
        let rest = dot(row(i), row(j));
        for (let k = 0; k < j; k++) rest -= factor[i * rows + k]! * factor[j * rows + k]!;
        const pivot = factor[j * rows + j]!;
        // Rows that depend on earlier ones have no direction of their own.
        factor[i * rows + j] = i === j ? Math.sqrt(Math.max(0, rest)) : pivot > 0 ? rest / pivot : 0;
      }
    }
    result.set(factor, head * rows * rows);
  }
  return { dtype: 'float32', dims: [heads, rows, rows], data: result };
}

/** C times a frame of dh random orthonormal vectors of width d, drawn for each head: [heads, dh, d] with the spectrum of the original. */
export function randomFrames({ dims, data }: Tensor<'float32'>, width: number, random: Random): Tensor<'float32'> {
  const [heads, rows] = dims as [number, number, number];
  const result = new Float32Array(heads * rows * width);
  for (let head = 0; head < heads; head++) {
    const frame = orthonormal(rows, width, random);
    for (let i = 0; i < rows; i++) {
      const target = result.subarray((head * rows + i) * width, (head * rows + i + 1) * width);
      for (let k = 0; k <= i; k++) {
        const factor = data[(head * rows + i) * rows + k]!;
        const vector = frame[k]!;
        for (let c = 0; c < width; c++) target[c]! += factor * vector[c]!;
      }
    }
  }
  return { dtype: 'float32', dims: [heads, rows, width], data: result };
}

/** Gram–Schmidt on normal draws. */
function orthonormal(count: number, width: number, random: Random): Float64Array[] {
  const frame: Float64Array[] = [];
  while (frame.length < count) {
    const vector = Float64Array.from({ length: width }, () => random.normal());
    for (const earlier of frame) {
      const along = dot(vector, earlier);
      for (let c = 0; c < width; c++) vector[c]! -= along * earlier[c]!;
    }
    const norm = Math.sqrt(dot(vector, vector));
    frame.push(vector.map((value) => value / norm));
  }
  return frame;
}

/** Σ aᵢbᵢ. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
