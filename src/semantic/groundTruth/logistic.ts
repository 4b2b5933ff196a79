/** L2-regularised logistic regression by Newton's method: exact for the few hundred inputs of a probe. */
import { resultOf } from '../../engine/steps.ts';

/** Row-major inputs [n, d] with a yes/no label per row. */
export interface Examples {
  readonly d: number;
  readonly x: Float64Array;
  readonly y: Uint8Array;
}

export interface Logistic {
  readonly weights: Float64Array;
  readonly bias: number;
}

const iterations = 40;
const tolerance = 1e-7;

/**
 * Minimises mean log-loss + λ/2 ‖w‖²; the bias is free. Starts from `start` if given. With λ > 0 the minimum exists
 * and is unique also for separable data.
 */
export function fitLogistic(examples: Examples, lambda: number, start?: Logistic): Logistic {
  return resultOf(logisticSteps(examples, lambda, start));
}

/** As `fitLogistic`, one step of Newton's method at a time: each costs n d² / 2 + d³ / 6 multiplications. */
export function* logisticSteps({ d, x, y }: Examples, lambda: number, start?: Logistic): Generator<void, Logistic> {
  const n = y.length;
  const size = d + 1;
  // The bias is the last coefficient.
  let beta = new Float64Array(size);
  if (start !== undefined) {
    beta.set(start.weights);
    beta[d] = start.bias;
  }
  let loss = objective(beta, x, y, d, lambda);
  for (let iteration = 0; iteration < iterations; iteration++) {
    yield;
    const gradient = new Float64Array(size);
    const hessian = new Float64Array(size * size);
    for (let i = 0; i < n; i++) {
      const at = i * d;
      const p = sigmoid(margin(beta, x, at, d));
      const error = (p - y[i]!) / n;
      const curvature = (p * (1 - p)) / n;
      for (let a = 0; a < d; a++) {
        const xa = x[at + a]!;
        gradient[a]! += error * xa;
        const scaled = curvature * xa;
        if (scaled === 0) continue;
        const row = a * size;
        for (let b = 0; b <= a; b++) hessian[row + b]! += scaled * x[at + b]!;
      }
      gradient[d]! += error;
      const row = d * size;
      for (let b = 0; b < d; b++) hessian[row + b]! += curvature * x[at + b]!;
      hessian[row + d]! += curvature;
    }
    for (let a = 0; a < d; a++) {
      gradient[a]! += lambda * beta[a]!;
      hessian[a * size + a]! += lambda;
    }
    // Keeps the matrix positive definite when every probability has saturated.
    hessian[d * size + d]! += 1e-12;
    if (gradient.every((g) => Math.abs(g) < tolerance)) break;
    const step = solvePositive(hessian, gradient, size);
    let scale = 1;
    let next = beta;
    let nextLoss = loss;
    for (; scale > 1e-6; scale /= 2) {
      next = beta.map((value, i) => value - scale * step[i]!);
      nextLoss = objective(next, x, y, d, lambda);
      if (nextLoss <= loss) break;
    }
    if (scale <= 1e-6) break;
    const gain = loss - nextLoss;
    [beta, loss] = [next, nextLoss];
    if (gain < 1e-10) break;
  }
  return { weights: beta.slice(0, d), bias: beta[d]! };
}

/** Log-odds of each row of `x` [n, d]. */
export function logOdds({ weights, bias }: Logistic, x: Float64Array): Float64Array {
  const d = weights.length;
  return Float64Array.from({ length: x.length / d }, (_, i) => {
    let sum = bias;
    for (let a = 0; a < d; a++) sum += weights[a]! * x[i * d + a]!;
    return sum;
  });
}

/** Mean log-loss of log-odds for labels. */
export function logLoss(odds: Float64Array, y: Uint8Array): number {
  return odds.reduce((sum, z, i) => sum + softplus(y[i] === 1 ? -z : z), 0) / y.length;
}

function objective(beta: Float64Array, x: Float64Array, y: Uint8Array, d: number, lambda: number): number {
  let loss = 0;
  for (let i = 0; i < y.length; i++) {
    const z = margin(beta, x, i * d, d);
    loss += softplus(y[i] === 1 ? -z : z);
  }
  let norm = 0;
  for (let a = 0; a < d; a++) norm += beta[a]! * beta[a]!;
  return loss / y.length + (lambda / 2) * norm;
}

function margin(beta: Float64Array, x: Float64Array, at: number, d: number): number {
  let z = beta[d]!;
  for (let a = 0; a < d; a++) z += beta[a]! * x[at + a]!;
  return z;
}

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

function softplus(z: number): number {
  return z > 0 ? z + Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z));
}

/** Solves A s = g for symmetric positive definite A [size, size], lower triangle given, by Cholesky in place. */
function solvePositive(a: Float64Array, g: Float64Array, size: number): Float64Array {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * size + k]! * a[j * size + k]!;
      a[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-14)) : sum / a[j * size + j]!;
    }
  }
  const s = g.slice();
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) s[i]! -= a[i * size + k]! * s[k]!;
    s[i]! /= a[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) s[i]! -= a[k * size + i]! * s[k]!;
    s[i]! /= a[i * size + i]!;
  }
  return s;
}
