/**
 * Numerical integration over [0, 1]: where to evaluate and how much each value counts.
 *
 * The rules and their names are those of captum, so that results compare. Its trapezoid rule divides by the number of
 * points instead of the number of intervals, so that its weights add up to (n − 1)/n.
 */
import { MechanistError } from '../engine/errors.ts';

export type QuadratureRule = 'gauss_legendre' | 'riemann_left' | 'riemann_middle' | 'riemann_right' | 'riemann_trapezoid';

export interface Quadrature {
  readonly points: readonly number[];
  readonly weights: readonly number[];
}

/** `count` points and weights. Errors: `argument` for fewer points than the rule needs. */
export function quadrature(rule: QuadratureRule, count: number): Quadrature {
  const least = rule === 'riemann_trapezoid' ? 2 : 1;
  if (!Number.isSafeInteger(count) || count < least) {
    throw new MechanistError('argument', `The rule ${rule} needs at least ${least} steps, not ${count}.`, { field: 'steps' });
  }
  const each = Array.from({ length: count }, (_, i) => i);
  const even = each.map(() => 1 / count);
  switch (rule) {
    case 'gauss_legendre': return gaussLegendre(count);
    case 'riemann_left': return { points: each.map((i) => i / count), weights: even };
    case 'riemann_middle': return { points: each.map((i) => (i + 0.5) / count), weights: even };
    case 'riemann_right': return { points: each.map((i) => (i + 1) / count), weights: even };
    case 'riemann_trapezoid': return {
      points: each.map((i) => i / (count - 1)),
      weights: even.map((weight, i) => (i === 0 || i === count - 1 ? weight / 2 : weight)),
    };
  }
}

/** The zeros of the Legendre polynomial, by Newton's method from Chebyshev points, moved from [−1, 1] to [0, 1]. */
function gaussLegendre(count: number): Quadrature {
  const points: number[] = [];
  const weights: number[] = [];
  for (let i = count - 1; i >= 0; i--) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let change = 1; Math.abs(change) > 1e-15; x -= change) {
      const { value, derivative } = legendre(count, x);
      slope = derivative;
      change = value / derivative;
    }
    points.push((x + 1) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { points, weights };
}

function legendre(degree: number, x: number): { value: number; derivative: number } {
  let [before, value] = [0, 1];
  for (let n = 1; n <= degree; n++) [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n];
  return { value, derivative: (degree * (x * value - before)) / (x * x - 1) };
}
