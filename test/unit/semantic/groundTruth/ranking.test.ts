/** Thresholds, weighted scores and shuffles of one feature. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../../../src/engine/random.ts';
import { columnOf } from '../../../../src/semantic/groundTruth/columns.ts';
import { bestThreshold, outcomesAt, rankingOf, weightedAuroc, weightedF1 } from '../../../../src/semantic/groundTruth/ranking.ts';
import { shuffledAurocs, shuffledWithinContexts } from '../../../../src/semantic/groundTruth/shuffle.ts';
import { notApplicable } from '../../../../src/semantic/groundTruth/variables.ts';
import { uniform } from '../../../support/random.ts';
import { f1At, pairwiseAuroc } from './brute.ts';

const positions = 20;
const question = { name: 'yes', classes: [1] };

describe.each([
  ['sparse', (u: () => number): number => (u() < 0.6 ? 0 : Math.ceil(u() * 4))],
  ['signed', (u: () => number): number => Math.round((u() - 0.5) * 8)],
  ['sparse and negative', (u: () => number): number => (u() < 0.6 ? 0 : -Math.ceil(u() * 4))],
])('a %s feature', (_, draw) => {
  const u = uniform(3);
  const values = Float32Array.from({ length: 300 }, () => draw(u));
  const codes = Uint8Array.from(values, (value) => (u() < 0.1 ? notApplicable : u() < 0.2 + 0.1 * value ? 1 : 0));
  const ranking = rankingOf(columnOf(values), question, codes, positions);
  const weights = Float64Array.from({ length: ranking.contexts }, () => Math.floor(u() * 3));

  test('weighted AUROC counts each pair as often as its contexts were drawn', () => {
    expect(weightedAuroc(ranking, weights)).toBeCloseTo(pairwiseAuroc(values, codes, [1], (row) => weights[Math.floor(row / positions)]!), 12);
  });

  test.each([-3.5, -0.5, 0, 0.5, 1, 2.5, 9])('F1 at threshold %d', (threshold) => {
    const ones = new Float64Array(ranking.contexts).fill(1);
    expect(weightedF1(outcomesAt(ranking, threshold), ones)).toBeCloseTo(f1At(values, codes, [1], threshold), 12);
  });

  test('no threshold has a higher F1 than the best', () => {
    const best = f1At(values, codes, [1], bestThreshold(ranking));
    for (let threshold = -6; threshold <= 6; threshold += 0.25) expect(f1At(values, codes, [1], threshold)).toBeLessThanOrEqual(best + 1e-12);
  });
});

test('the best threshold lies between the values it separates', () => {
  const ranking = rankingOf(columnOf(Float32Array.of(4, 3, 1, 0)), question, Uint8Array.of(1, 1, 0, 0), 4);
  expect(bestThreshold(ranking)).toBe(2);
});

describe('shuffling within contexts', () => {
  const u = uniform(9);
  const codes = Uint8Array.from({ length: 2000 }, () => (u() < 0.3 ? notApplicable : u() < 0.3 ? 1 : 0));
  const perContext = (of: Uint8Array, c: number): number[] => [0, 1, notApplicable].map((code) => of.subarray(c * positions, (c + 1) * positions).filter((value) => value === code).length);

  test('moves labels among applicable tokens of the same context only', () => {
    const shuffled = shuffledWithinContexts(codes, positions, new Random(1));
    expect(shuffled).not.toEqual(codes);
    expect(shuffled.map((code) => (code === notApplicable ? 1 : 0))).toEqual(codes.map((code) => (code === notApplicable ? 1 : 0)));
    for (let c = 0; c < codes.length / positions; c++) expect(perContext(shuffled, c)).toEqual(perContext(codes, c));
    expect(shuffledWithinContexts(codes, positions, new Random(1))).toEqual(shuffled);
  });

  test('takes away what a feature knows of tokens', () => {
    const values = Float32Array.from(codes, (code) => (code === 1 ? 1 : 0));
    const nulls = shuffledAurocs(columnOf(values), question, codes, positions, 50, new Random(2));
    expect(nulls).toHaveLength(50);
    expect(nulls.reduce((a, b) => a + b, 0) / 50).toBeCloseTo(0.5, 1);
    expect(Math.max(...nulls)).toBeLessThan(0.65);
  });

  test('keeps what a feature knows of contexts', () => {
    const constant = codes.map((_, i) => (Math.floor(i / positions) % 2));
    const values = Float32Array.from(constant, (code) => code * 3 - 1);
    expect(shuffledAurocs(columnOf(values), question, constant, positions, 5, new Random(2))).toEqual([1, 1, 1, 1, 1]);
  });
});
