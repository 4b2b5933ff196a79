/** Rank sums and AUROC against counting every pair. */
import { describe, expect, test } from 'vitest';
import { aurocOf, aurocOfScores, classSums } from '../../../../src/semantic/groundTruth/auroc.ts';
import { columnOf, denseActivations, negated, SparseCollector } from '../../../../src/semantic/groundTruth/columns.ts';
import { classCounts, notApplicable } from '../../../../src/semantic/groundTruth/variables.ts';
import { uniform } from '../../../support/random.ts';
import { pairwiseAuroc } from './brute.ts';

const shapes: [string, (u: () => number) => number][] = [
  ['mostly zero, as latents are', (u) => (u() < 0.85 ? 0 : Math.ceil(u() * 5) / 4)],
  ['without ties', (u) => u() - 0.5],
  ['of both signs with many ties and zeros', (u) => Math.round((u() - 0.5) * 6) / 3],
  ['constant', () => 0],
  ['negative only', (u) => -1 - Math.floor(u() * 3)],
];

describe.each(shapes)('values %s', (_, draw) => {
  const u = uniform(11);
  const values = Float32Array.from({ length: 400 }, () => draw(u));
  const codes = Uint8Array.from({ length: 400 }, () => (u() < 0.2 ? notApplicable : Math.floor(u() * 4)));
  const counts = classCounts(codes, 4);
  const sums = classSums(columnOf(values), codes, counts);

  test.each([[[0]], [[3]], [[1, 2]], [[0, 1, 3]]])('AUROC of classes %j is the share of pairs in order', (classes) => {
    expect(aurocOf(classes, sums, counts)).toBeCloseTo(pairwiseAuroc(values, codes, classes), 12);
  });

  test('the negated feature has the complement', () => {
    const reversed = classSums(negated(columnOf(values)), codes, counts);
    expect(aurocOf([2], reversed, counts)).toBeCloseTo(1 - aurocOf([2], sums, counts), 12);
  });

  test('sums of values are those of the classes', () => {
    for (let c = 0; c < 4; c++) {
      let sum = 0;
      values.forEach((value, i) => { if (codes[i] === c) sum += value; });
      expect(sums.values[c]).toBeCloseTo(sum, 9);
    }
  });
});

test('a perfect, an inverted and an uninformative score', () => {
  const y = Uint8Array.of(1, 1, 0, 0);
  expect(aurocOfScores(columnOf(Float32Array.of(3, 2, 1, 0)), y)).toBe(1);
  expect(aurocOfScores(columnOf(Float32Array.of(0, 1, 2, 3)), y)).toBe(0);
  expect(aurocOfScores(columnOf(Float32Array.of(5, 5, 5, 5)), y)).toBe(0.5);
});

test('one answer only has no AUROC', () => {
  expect(aurocOfScores(columnOf(Float32Array.of(1, 2)), Uint8Array.of(1, 1))).toBeNaN();
});

test('collected batches read as the whole matrix does', () => {
  const u = uniform(5);
  const [rows, width] = [30, 7];
  const data = Float32Array.from({ length: rows * width }, () => (u() < 0.7 ? 0 : u() - 0.3));
  const collector = new SparseCollector(width);
  for (const [from, to] of [[0, 11], [11, 12], [12, 30]] as const) collector.add(data.subarray(from * width, to * width));
  const [sparse, dense] = [collector.finish(), denseActivations(data, width, false)];
  expect([sparse.rows, sparse.width]).toEqual([rows, width]);
  for (let feature = 0; feature < width; feature++) {
    expect(sparse.dense(feature)).toEqual(dense.dense(feature));
    expect(sparse.column(feature)).toEqual(dense.column(feature));
    expect(Array.from(sparse.column(feature).values)).toEqual(Array.from(dense.dense(feature)).filter((value) => value !== 0).toSorted((a, b) => b - a));
  }
});
