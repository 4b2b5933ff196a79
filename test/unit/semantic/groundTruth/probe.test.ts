/** Probes on data whose answer is known. */
import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../../src/engine/steps.ts';
import { fitLogistic, logOdds } from '../../../../src/semantic/groundTruth/logistic.ts';
import { featuresNeeded, firstColumns, probeAuroc, probeSteps, sampleTokens } from '../../../../src/semantic/groundTruth/probe.ts';
import { rowSpace } from '../../../../src/semantic/groundTruth/rowSpace.ts';
import type { Examples } from '../../../../src/semantic/groundTruth/logistic.ts';
import { notApplicable } from '../../../../src/semantic/groundTruth/variables.ts';
import { normal, uniform } from '../../../support/random.ts';

function examples(n: number, d: number, seed: number, label: (row: readonly number[], u: number) => boolean): Examples {
  const x = Float64Array.from(normal(n * d, seed));
  const u = uniform(seed + 1);
  return { d, x, y: Uint8Array.from({ length: n }, (_, i) => (label([...x.subarray(i * d, (i + 1) * d)], u()) ? 1 : 0)) };
}

describe('logistic regression', () => {
  test('ends where the gradient of mean log-loss + λ/2 ‖w‖² vanishes', () => {
    const { d, x, y } = examples(200, 4, 1, ([a, b], u) => u < 1 / (1 + Math.exp(-(a! - 2 * b! + 0.5))));
    const lambda = 0.05;
    const fitted = fitLogistic({ d, x, y }, lambda);
    const odds = logOdds(fitted, x);
    const error = Array.from(y, (label, i) => 1 / (1 + Math.exp(-odds[i]!)) - label);
    expect(error.reduce((a, b) => a + b, 0) / y.length).toBeCloseTo(0, 6);
    for (let a = 0; a < d; a++) {
      const gradient = error.reduce((sum, e, i) => sum + e * x[i * d + a]!, 0) / y.length + lambda * fitted.weights[a]!;
      expect(gradient).toBeCloseTo(0, 6);
    }
  });

  test('recovers the coefficients that made the labels', () => {
    const { weights, bias } = fitLogistic(examples(20_000, 2, 3, ([a, b], u) => u < 1 / (1 + Math.exp(-(1.5 * a! - b! + 0.5)))), 1e-6);
    for (const [found, made] of [[weights[0]!, 1.5], [weights[1]!, -1], [bias, 0.5]] as const) expect(Math.abs(found - made)).toBeLessThan(0.08);
  });

  test('separable data have a finite answer', () => {
    const separable = examples(100, 3, 5, ([a]) => a! > 0);
    const fitted = fitLogistic(separable, 0.001);
    expect(fitted.weights.every(Number.isFinite)).toBe(true);
    logOdds(fitted, separable.x).forEach((z, i) => {
      if (Math.abs(separable.x[3 * i]!) > 0.3) expect(z > 0).toBe(separable.y[i] === 1);
    });
  });
});

describe('probes', () => {
  const contexts = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => Math.floor(i / 10));

  test('a linear property is found on other text', () => {
    const make = (seed: number): Examples => examples(600, 10, seed, (row) => row[2]! + row[7]! > 0);
    expect(probeAuroc(make(1), contexts(600), make(2))).toBeGreaterThan(0.995);
  });

  test('labels of chance stay at chance', () => {
    const make = (seed: number): Examples => examples(2000, 10, seed, (_, u) => u < 0.5);
    expect(Math.abs(probeAuroc(make(3), contexts(2000), make(4)) - 0.5)).toBeLessThan(0.05);
  });

  test('constant inputs and inputs of any scale do no harm', () => {
    const make = (seed: number): Examples => {
      const { d, x, y } = examples(400, 3, seed, (row) => row[0]! > 0);
      return { d, y, x: x.map((value, i) => (i % 3 === 1 ? 7 : i % 3 === 0 ? 1e6 * value : 1e-6 * value)) };
    };
    expect(probeAuroc(make(5), contexts(400), make(6))).toBeGreaterThan(0.99);
  });
});

describe('number of features needed', () => {
  test('is the smallest that reaches the share above chance', () => {
    const auroc = new Map([[1, 0.6], [2, 0.8], [3, 0.93], [5, 0.99]]);
    // 95 % of 1.0 above chance is 0.975; 80 % is 0.9.
    expect(featuresNeeded(1, 0.95, [1, 2, 3, 5], (count) => auroc.get(count)!)).toBe(5);
    expect(featuresNeeded(1, 0.8, [1, 2, 3, 5], (count) => auroc.get(count)!)).toBe(3);
    expect(featuresNeeded(0.6, 0.95, [1, 2, 3, 5], (count) => auroc.get(count)!)).toBe(1);
  });

  test('is unknown where none suffices or there is nothing to find', () => {
    expect(featuresNeeded(1, 0.95, [1, 2], () => 0.9)).toBeUndefined();
    expect(featuresNeeded(0.5, 0.95, [1, 2], () => 0.9)).toBeUndefined();
    expect(featuresNeeded(Number.NaN, 0.95, [1], () => 1)).toBeUndefined();
    expect(featuresNeeded(1, 0.95, [], () => 1)).toBeUndefined();
  });

  test('equals the number of features that the property is spread over', () => {
    const make = (seed: number): Examples => examples(3000, 6, seed, (row) => row[0]! + row[1]! + row[2]! > 0);
    const [train, test_] = [make(7), make(8)];
    const groups = Int32Array.from({ length: 3000 }, (_, i) => Math.floor(i / 10));
    const needed = featuresNeeded(1, 0.95, [1, 2, 3, 4, 5, 6], (count) => probeAuroc(firstColumns(train, count), groups, firstColumns(test_, count)));
    expect(needed).toBe(3);
  });
});

test('samples draw applicable tokens once, up to the limit of each answer', () => {
  const codes = Uint8Array.from({ length: 200 }, (_, i) => (i % 4 === 0 ? notApplicable : i % 10 === 1 ? 1 : 0));
  const { rows, y, context } = sampleTokens({ name: 'yes', classes: [1] }, codes, 20, 30, 4);
  expect(new Set(rows).size).toBe(rows.length);
  expect(y.filter((yes) => yes === 1)).toHaveLength(Math.min(30, codes.filter((code) => code === 1).length));
  expect(y.filter((yes) => yes === 0)).toHaveLength(30);
  rows.forEach((row, i) => {
    expect(codes[row]).toBe(y[i]);
    expect(context[i]).toBe(Math.floor(row / 20));
  });
  expect(sampleTokens({ name: 'yes', classes: [1] }, codes, 20, 30, 4).rows).toEqual(rows);
});

describe('with fewer examples than dimensions', () => {
  const { d, x, y } = examples(40, 90, 17, ([a, b], u) => u < 1 / (1 + Math.exp(-(2 * a! - b!))));
  // Rows that repeat, as the first token of every text does.
  for (const [to, from] of [[5, 3], [9, 3]] as const) x.set(x.subarray(from * d, (from + 1) * d), to * d);

  test('the fit among combinations of the examples is the fit among all dimensions', () => {
    const space = resultOf(rowSpace({ d, x, y }));
    expect(space.reduced.d).toBe(38);
    for (const [i, j] of [[0, 1], [3, 5], [7, 7], [2, 39]] as const) {
      const inner = (values: Float64Array, width: number): number => Array.from({ length: width }).reduce<number>((sum, _, a) => sum + values[i * width + a]! * values[j * width + a]!, 0);
      expect(inner(space.reduced.x, space.reduced.d)).toBeCloseTo(inner(x, d), 9);
    }
    const [wide, narrow] = [fitLogistic({ d, x, y }, 0.01), fitLogistic(space.reduced, 0.01)];
    expect(narrow.bias).toBeCloseTo(wide.bias, 6);
    space.widened(narrow.weights).forEach((weight, a) => expect(weight).toBeCloseTo(wide.weights[a]!, 6));
  });

  test('a probe has log-odds whose gradient vanishes in the units of its inputs', () => {
    const probe = resultOf(probeSteps({ d, x, y }, Int32Array.from({ length: 40 }, (_, i) => i), 0.01));
    const odds = logOdds(probe, x);
    const error = Array.from(y, (answer, i) => 1 / (1 + Math.exp(-odds[i]!)) - answer);
    for (let a = 0; a < d; a += 7) {
      const column = Array.from(y.keys(), (i) => x[i * d + a]!);
      const mean = column.reduce((p, q) => p + q, 0) / 40;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 40;
      const gradient = error.reduce((sum, e, i) => sum + e * (column[i]! - mean), 0) / 40 + 0.01 * probe.weights[a]! * variance;
      expect(gradient).toBeCloseTo(0, 6);
    }
  });
});
