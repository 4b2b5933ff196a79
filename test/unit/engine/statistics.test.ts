/** Intervals, nulls and rank correlation against their definitions; golden values of the algorithms reference. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrap, bootstrapMeans, differ, meansOf, quantile, spearman, summarizeNull } from '../../../src/engine/statistics.ts';
import { normal } from '../../support/random.ts';

describe('summarizeNull', () => {
  it('counts the observation itself, so that p is never 0', () => {
    expect(summarizeNull(Float64Array.of(0.1, 0.12, 0.09, 0.2), 0.18).p).toBeCloseTo(0.4, 12);
    expect(summarizeNull(new Float64Array(50), 1)).toMatchObject({ draws: 50, p: 1 / 51, p50: 0, p99: 0 });
  });
});

describe('quantile', () => {
  it.each([[[1, 2, 3, 4], 0.5, 2.5], [[1, 2, 3, 4], 0, 1], [[1, 2, 3, 4], 1, 4], [[5], 0.3, 5], [[0, 10], 0.99, 9.9]])('of %j at %s is %s', (values, share, expected) => {
    expect(quantile(values, share)).toBeCloseTo(expected, 12);
  });
});

it('quantile of nothing is NaN', () => {
  expect(quantile([], 0.5)).toBeNaN();
});

describe('spearman', () => {
  it('is 1 for any increasing relation, −1 for any decreasing one', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 3 }), (values) => {
      expect(spearman(values, values.map((value) => value ** 3))).toBeCloseTo(1, 10);
      expect(spearman(values, values.map((value) => -Math.exp(value / 1000)))).toBeCloseTo(-1, 10);
    }));
  });

  it('gives ties their mean rank', () => {
    // Ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3.
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(0.9486832980505138, 10);
  });

  it.each([[[1, 2], [1, 2]], [[1, 1, 1], [1, 2, 3]], [[], []]])('is not defined for %j and %j', (a, b) => {
    expect(spearman(a, b)).toBeUndefined();
  });
});

describe('bootstrap', () => {
  const values = Float32Array.from(normal(200, 1));

  it('covers the mean with about the width of the normal interval, and repeats with the seed', () => {
    const mean = (drawn: ArrayLike<number>): number => Array.from(drawn).reduce((sum, i) => sum + values[i]!, 0) / drawn.length;
    const interval = bootstrap(values.length, mean, { seed: 3 });
    const observed = mean([...values.keys()]);
    expect(interval.low).toBeLessThan(observed);
    expect(interval.high).toBeGreaterThan(observed);
    const width = 2 * 1.96 / Math.sqrt(values.length);
    expect((interval.high - interval.low) / width).toBeGreaterThan(0.8);
    expect((interval.high - interval.low) / width).toBeLessThan(1.2);
    expect(bootstrap(values.length, mean, { seed: 3 })).toEqual(interval);
    expect(bootstrap(values.length, mean, { seed: 4 })).not.toEqual(interval);
  });

  it('of several means together gives each its own interval', () => {
    const rows = Array.from(values, (value) => Float32Array.of(value, 5, 10 * value));
    const { low, high } = bootstrapMeans(rows);
    const means = meansOf(rows);
    expect([low[1], high[1], means[1]]).toEqual([5, 5, 5].map((x) => expect.closeTo(x, 4)));
    expect((high[2]! - low[2]!) / (high[0]! - low[0]!)).toBeCloseTo(10, 3);
    expect(means[0]).toBeGreaterThan(low[0]!);
    expect(means[0]).toBeLessThan(high[0]!);
  });
});

it.each([[1000, 1000.005, false], [1000, 1000.02, true], [0, 5e-6, false], [0, 2e-5, true], [Number.NaN, 1, false]])('metrics of %d and %d differ: %s', (a, b, expected) => {
  expect(differ(a, b)).toBe(expected);
});
