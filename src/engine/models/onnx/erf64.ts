/**
 * The error function in float64, for which the runtime has no kernel, from operators that have one. Smooth, so that its
 * derivative can be checked by finite differences. Costs `pointCount` values per element: meant for small models.
 */
import type { GraphBuilder } from '../../graph/builder.ts';
import { f64 } from '../../tensor.ts';

const pointCount = 32;
/** Beyond this, erf is ±1 and its derivative 0, to float64 precision. */
const limit = 6;

/**
 * erf(x) = 2x/√π · ∫₀¹ exp(−x²t²) dt by Gauss–Legendre quadrature: absolute error below 1e-14.
 * x is float64 of known rank.
 */
export function erf64(b: GraphBuilder, x: string): string {
  const { points, weights } = unitInterval(pointCount);
  const bounded = b.node('Clip', [x, b.scalar(-limit, 'float64'), b.scalar(limit, 'float64')]);
  const square = b.unsqueeze(b.mul(bounded, bounded), [b.shapeOf(x).length]);
  const heights = b.unary('Exp', b.mul(square, b.constant(f64([pointCount], points.map((t) => -t * t)), 'erf_points')));
  const scaled = weights.map((w) => 2 * w / Math.sqrt(Math.PI));
  return b.mul(b.reduceSum(b.mul(heights, b.constant(f64([pointCount], scaled), 'erf_weights')), [-1], false), bounded);
}

/** Gauss–Legendre points and weights on [0, 1]: roots of the Legendre polynomial by Newton's method. */
function unitInterval(count: number): { points: number[]; weights: number[] } {
  const points: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    let x = Math.cos(Math.PI * (i + 0.75) / (count + 0.5));
    let slope = 0;
    for (let step = 0; step < 50; step++) {
      let [before, value] = [1, x];
      for (let n = 2; n <= count; n++) [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n];
      slope = count * (x * value - before) / (x * x - 1);
      const change = value / slope;
      x -= change;
      if (Math.abs(change) < 1e-16) break;
    }
    points.push((x + 1) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { points, weights };
}
