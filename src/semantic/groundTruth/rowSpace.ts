/**
 * Inputs in the coordinates of an orthonormal basis of their own rows. An L2-regularised fit there is the same fit: its
 * weights lie in the span of the rows, and lengths are kept. With fewer rows than columns it is the smaller problem.
 */
import type { Examples } from './logistic.ts';

export interface RowSpace {
  /** Examples [n, r], r ≤ n the rank of the rows. */
  readonly reduced: Examples;
  /** Weights [r] as weights of the original columns [d]. */
  widened(weights: Float64Array): Float64Array;
}

/** Below this share of its length a row counts as a combination of the earlier ones. */
const dependent = 1e-9;

/** Gram–Schmidt, twice for each row so that the basis stays orthogonal; yields after each. */
export function* rowSpace({ d, x, y }: Examples): Generator<void, RowSpace> {
  const n = y.length;
  const basis: Float64Array[] = [];
  const coordinates: number[][] = [];
  for (let i = 0; i < n; i++) {
    yield;
    const rest = x.slice(i * d, (i + 1) * d);
    const length = norm(rest);
    const own = new Array<number>(basis.length).fill(0);
    for (let pass = 0; pass < 2; pass++) {
      basis.forEach((direction, k) => {
        const along = dot(rest, direction);
        own[k]! += along;
        for (let a = 0; a < d; a++) rest[a]! -= along * direction[a]!;
      });
    }
    const left = norm(rest);
    if (left > dependent * length) {
      basis.push(rest.map((value) => value / left));
      own.push(left);
    }
    coordinates.push(own);
  }
  const r = Math.max(1, basis.length);
  const z = new Float64Array(n * r);
  coordinates.forEach((own, i) => z.set(own, i * r));
  return {
    reduced: { d: r, x: z, y },
    widened(weights) {
      const wide = new Float64Array(d);
      basis.forEach((direction, k) => {
        for (let a = 0; a < d; a++) wide[a]! += weights[k]! * direction[a]!;
      });
      return wide;
    },
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}
