/** Principal directions of activations, by Jacobi rotations of their covariance. */

/** Columns are directions [d, d], row-major, in descending order of variance; `mean` [d]. */
export interface Principal {
  readonly mean: Float64Array;
  readonly directions: Float64Array;
  readonly variances: Float64Array;
}

const sweeps = 30;

/** Of token-major activations [rows, d]. */
export function principalDirections(data: Float32Array, d: number): Principal {
  const rows = data.length / d;
  const mean = new Float64Array(d);
  for (let i = 0; i < data.length; i++) mean[i % d]! += data[i]! / rows;
  const covariance = new Float64Array(d * d);
  const centred = new Float64Array(d);
  for (let row = 0; row < rows; row++) {
    for (let a = 0; a < d; a++) centred[a] = data[row * d + a]! - mean[a]!;
    for (let a = 0; a < d; a++) {
      const scaled = centred[a]! / rows;
      for (let b = 0; b <= a; b++) covariance[a * d + b]! += scaled * centred[b]!;
    }
  }
  for (let a = 0; a < d; a++) for (let b = a + 1; b < d; b++) covariance[a * d + b] = covariance[b * d + a]!;
  const vectors = diagonalize(covariance, d);
  const order = Array.from({ length: d }, (_, i) => i).toSorted((a, b) => covariance[b * d + b]! - covariance[a * d + a]!);
  return {
    mean,
    directions: Float64Array.from({ length: d * d }, (_, i) => vectors[Math.floor(i / d) * d + order[i % d]!]!),
    variances: Float64Array.from(order, (i) => covariance[i * d + i]!),
  };
}

/** Coordinates [rows, d] of activations along the directions. */
export function project({ mean, directions }: Principal, data: Float32Array): Float32Array {
  const d = mean.length;
  const result = new Float32Array(data.length);
  const sums = new Float64Array(d);
  for (let at = 0; at < data.length; at += d) {
    sums.fill(0);
    for (let a = 0; a < d; a++) {
      const value = data[at + a]! - mean[a]!;
      for (let j = 0; j < d; j++) sums[j]! += value * directions[a * d + j]!;
    }
    result.set(sums, at);
  }
  return result;
}

/** Makes the symmetric matrix `a` [d, d] diagonal in place and returns its eigenvectors as columns. */
function diagonalize(a: Float64Array, d: number): Float64Array {
  const vectors = new Float64Array(d * d);
  for (let i = 0; i < d; i++) vectors[i * d + i] = 1;
  const total = a.reduce((sum, value) => sum + value * value, 0);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let off = 0;
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) off += a[p * d + q]! ** 2;
    if (off <= 1e-24 * total) break;
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) rotate(a, vectors, d, p, q);
  }
  return vectors;
}

function rotate(a: Float64Array, vectors: Float64Array, d: number, p: number, q: number): void {
  const apq = a[p * d + q]!;
  if (apq === 0) return;
  const theta = (a[q * d + q]! - a[p * d + p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let i = 0; i < d; i++) {
    const [x, y] = [a[i * d + p]!, a[i * d + q]!];
    a[i * d + p] = c * x - s * y;
    a[i * d + q] = s * x + c * y;
  }
  for (let i = 0; i < d; i++) {
    const [x, y] = [a[p * d + i]!, a[q * d + i]!];
    a[p * d + i] = c * x - s * y;
    a[q * d + i] = s * x + c * y;
  }
  for (let i = 0; i < d; i++) {
    const [x, y] = [vectors[i * d + p]!, vectors[i * d + q]!];
    vectors[i * d + p] = c * x - s * y;
    vectors[i * d + q] = s * x + c * y;
  }
}
