/** Choosing on one text and scoring on another, with features planted. */
import { describe, expect, test } from 'vitest';
import { denseActivations } from '../../../../src/semantic/groundTruth/columns.ts';
import { countFeatures } from '../../../../src/semantic/groundTruth/featureCount.ts';
import { byMeanDifference } from '../../../../src/semantic/groundTruth/scan.ts';
import { scoreRepresentation } from '../../../../src/semantic/groundTruth/score.ts';
import type { ScoreOptions } from '../../../../src/semantic/groundTruth/score.ts';
import { classCounts, notApplicable } from '../../../../src/semantic/groundTruth/variables.ts';
import type { LabelledText, LatentVariable } from '../../../../src/semantic/groundTruth/variables.ts';
import { i64 } from '../../../../src/engine/tensor.ts';
import { uniform } from '../../../support/random.ts';
import { f1At, pairwiseAuroc } from './brute.ts';

const [contexts, positions, width] = [40, 25, 12];
const variable: LatentVariable = {
  name: 'colour', classes: ['red', 'green', 'blue'],
  questions: [{ name: '= red', classes: [0] }, { name: '= blue', classes: [2] }, { name: 'warm', classes: [0, 1] }],
};

/** Feature 4 tells red with noise, feature 9 is low where it is blue, the others know nothing. */
function made(seed: number, planted = true): { text: LabelledText; x: Float32Array; codes: Uint8Array } {
  const u = uniform(seed);
  const n = contexts * positions;
  const codes = Uint8Array.from({ length: n }, () => (u() < 0.2 ? notApplicable : Math.floor(3 * u())));
  const x = Float32Array.from({ length: n * width }, () => u());
  codes.forEach((code, row) => {
    if (!planted) return;
    x[row * width + 4] = u() < 0.05 ? 0 : code === 0 ? 2 + u() : 1 + u();
    x[row * width + 9] = code === 2 ? -1 - u() : u();
  });
  return { text: { contexts: i64([contexts, positions], new Array(n).fill(0)), codes: new Map([['colour', codes]]) }, x, codes };
}

const [selection, heldOut] = [made(1), made(2)];
const options: ScoreOptions = { variables: [variable], selection: selection.text, heldOut: heldOut.text, resamples: 100, shuffles: 19, seed: 5 };
const signed = { selection: denseActivations(selection.x, width, true), heldOut: denseActivations(heldOut.x, width, true) };
const columnAt = (x: Float32Array, feature: number, sign = 1): number[] => Array.from({ length: x.length / width }, (_, row) => sign * x[row * width + feature]!);

describe('planted features', () => {
  const { scores, scan } = scoreRepresentation(signed, options);
  const [red, blue, warm] = scores.get('colour')!;

  test('are found, with the sign that tells', () => {
    expect([red!.feature, red!.sign]).toEqual([4, 1]);
    expect([blue!.feature, blue!.sign]).toEqual([9, -1]);
    expect([warm!.feature, warm!.sign]).toEqual([9, 1]);
  });

  test('AUROC is that of the held-out text, the choice that of the selection text', () => {
    expect(red!.auroc.value).toBeCloseTo(pairwiseAuroc(columnAt(heldOut.x, 4), heldOut.codes, [0]), 12);
    expect(red!.selectionAuroc).toBeCloseTo(pairwiseAuroc(columnAt(selection.x, 4), selection.codes, [0]), 12);
    expect(blue!.auroc.value).toBeCloseTo(1, 12);
  });

  test('the threshold of F1 is the best of the selection text', () => {
    const [seen, unseen] = [columnAt(selection.x, 4), columnAt(heldOut.x, 4)];
    const thresholds = [...seen].toSorted((a, b) => a - b).map((value, i, all) => (value + (all[i - 1] ?? value - 1)) / 2);
    const best = thresholds.reduce((a, b) => (f1At(seen, selection.codes, [0], b) >= f1At(seen, selection.codes, [0], a) ? b : a));
    expect(red!.f1.value).toBeCloseTo(f1At(unseen, heldOut.codes, [0], best), 12);
  });

  test('intervals contain the value and shuffles fall to chance', () => {
    expect(red!.auroc.low).toBeLessThan(red!.auroc.value);
    expect(red!.auroc.high).toBeGreaterThan(red!.auroc.value);
    expect(Math.abs(red!.shuffled!.auroc - 0.5)).toBeLessThan(0.05);
    expect(red!.shuffled!.p).toBeCloseTo(1 / 20, 12);
  });

  test('the same seed gives the same scores', () => {
    expect(scoreRepresentation(signed, options).scores).toEqual(scores);
  });

  test('features are ordered by the difference of their means', () => {
    const counts = classCounts(selection.codes, 3);
    expect(byMeanDifference(scan.sums.get('colour')!, counts, [0], 3)[0]).toBe(4);
    expect(byMeanDifference(scan.sums.get('colour')!, counts, [2], 3)[0]).toBe(9);
    const means = (yes: boolean): number => {
      const rows = Array.from(selection.codes.keys()).filter((row) => selection.codes[row] !== notApplicable && (selection.codes[row] === 0) === yes);
      return rows.reduce((sum, row) => sum + selection.x[row * width + 4]!, 0) / rows.length;
    };
    const sums = scan.sums.get('colour')!;
    const [first, rest] = [counts[0]!, counts[1]! + counts[2]!];
    expect(sums[12]! / first - (sums[13]! + sums[14]!) / rest).toBeCloseTo(means(true) - means(false), 6);
  });

  test('one feature suffices where it holds what the hook point holds', () => {
    const { linear, needed } = countFeatures({
      variable, question: variable.questions[1]!, selection: selection.text, heldOut: heldOut.text,
      hook: { selection: selection.x, heldOut: heldOut.x, d: width },
      representations: new Map([['x', { ...signed, scan }]]), seed: 1,
    });
    expect(linear).toBeGreaterThan(0.99);
    expect(needed.get('x')).toBe(1);
  });
});

test('latents are read as they are', () => {
  const unsigned = { selection: denseActivations(selection.x, width, false), heldOut: denseActivations(heldOut.x, width, false) };
  const blue = scoreRepresentation(unsigned, options).scores.get('colour')![1]!;
  expect(blue.sign).toBe(1);
  expect(blue.feature).not.toBe(9);
});

test('where no feature knows anything, held-out scores are at chance and the p-value is not small', () => {
  const [a, b] = [made(3, false), made(4, false)];
  const nothing = { selection: denseActivations(a.x, width, true), heldOut: denseActivations(b.x, width, true) };
  for (const score of scoreRepresentation(nothing, { ...options, selection: a.text, heldOut: b.text }).scores.get('colour')!) {
    expect(Math.abs(score.auroc.value - 0.5)).toBeLessThan(0.07);
    expect(score.shuffled!.p).toBeGreaterThan(0.05);
  }
});

test('labels of another length are refused by name', () => {
  const text = { ...selection.text, codes: new Map([['colour', selection.codes.subarray(1)]]) };
  expect(() => scoreRepresentation(signed, { ...options, selection: text })).toThrow(expect.objectContaining({ reason: 'argument', field: 'variable colour' }));
});
