import { describe, expect, it } from 'vitest';
import { quadrature } from '../../../src/behavioral/quadrature.ts';
import type { QuadratureRule } from '../../../src/behavioral/quadrature.ts';

function integrate(rule: QuadratureRule, count: number, f: (x: number) => number): number {
  const { points, weights } = quadrature(rule, count);
  return points.reduce((sum, x, i) => sum + weights[i]! * f(x), 0);
}

describe('quadrature', () => {
  // Integrated gradients of x² from 0 to 1 integrate 2x.
  it.each([[5, 0.8, 1, 1.2], [10, 0.9, 1, 1.1], [30, 0.9667, 1, 1.0333]])('integrates 2x with %i points as the Riemann sums do', (count, left, middle, right) => {
    expect(integrate('riemann_left', count, (x) => 2 * x)).toBeCloseTo(left, 4);
    expect(integrate('riemann_middle', count, (x) => 2 * x)).toBeCloseTo(middle, 12);
    expect(integrate('riemann_right', count, (x) => 2 * x)).toBeCloseTo(right, 4);
  });

  it.each([1, 2, 3, 16, 50, 101])('Gauss–Legendre with %i points is exact for polynomials up to degree 2n − 1', (count) => {
    for (const degree of [0, 1, count - 1, 2 * count - 1]) expect(integrate('gauss_legendre', count, (x) => x ** degree)).toBeCloseTo(1 / (degree + 1), 12);
  });

  it('lists points in rising order', () => {
    const { points } = quadrature('gauss_legendre', 20);
    expect([...points].sort((a, b) => a - b)).toEqual(points);
  });

  it("has the weights of captum's trapezoid rule", () => {
    expect(quadrature('riemann_trapezoid', 4)).toEqual({ points: [0, 1 / 3, 2 / 3, 1], weights: [0.125, 0.25, 0.25, 0.125] });
  });

  it.each([['gauss_legendre', 0], ['riemann_left', 1.5], ['riemann_trapezoid', 1]] as const)('refuses %s with %d points', (rule, count) => {
    expect(() => quadrature(rule, count)).toThrowError(expect.objectContaining({ reason: 'argument', field: 'steps' }));
  });
});
