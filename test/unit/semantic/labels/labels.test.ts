/** Labels from statistics: what a rule means, that planted rules are found, and that scores know a right label from a wrong one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../../../src/engine/random.ts';
import { autoLabels } from '../../../../src/semantic/labels/auto.ts';
import type { AutoLabel } from '../../../../src/semantic/labels/auto.ts';
import { gatherEvidence } from '../../../../src/semantic/labels/evidence.ts';
import type { Evidence } from '../../../../src/semantic/labels/evidence.ts';
import { testing, testItems } from '../../../../src/semantic/labels/items.ts';
import { itemText, judgeItems } from '../../../../src/semantic/labels/judge.ts';
import { labelPath, readLabels, writeLabels } from '../../../../src/semantic/labels/labelFile.ts';
import type { FeatureLabel } from '../../../../src/semantic/labels/labelFile.ts';
import { RuleLearner } from '../../../../src/semantic/labels/learn.ts';
import { describeRule, holds, readRule, writeRule } from '../../../../src/semantic/labels/rule.ts';
import type { Rule } from '../../../../src/semantic/labels/rule.ts';
import { balanced, judgeByRule, scoreLabel } from '../../../../src/semantic/labels/score.ts';
import type { Corpus } from '../../../../src/semantic/store/corpus.ts';
import type { HarvestProgram } from '../../../../src/semantic/store/program.ts';
import { failureOf } from '../../../support/failure.ts';

const contextLength = 64;
const random = new Random(2);
const corpus: Corpus = {
  name: 'planted', contextLength, ids: Uint32Array.from({ length: 400 * contextLength }, () => random.integer(60)), heldOut: Uint8Array.from({ length: 400 }, (_, i) => (i % 4 === 3 ? 1 : 0)),
  origins: undefined, variables: [], codes: new Map(),
};
/** What makes each feature fire. The last one fires at random: nothing can be learned about it. */
const planted: readonly ((row: number) => boolean)[] = [
  (row) => [3, 4, 5].includes(corpus.ids[row]!),
  (row) => [7, 8, 9, 10, 11, 12].includes(corpus.ids[row]!) && [20, 21, 22, 23, 24, 25, 26, 27, 28, 29].includes(corpus.ids[row - 1]!),
  (row) => [40, 41].includes(corpus.ids[row - 2]!),
  (row) => corpus.ids[row] === 50 || [30, 31].includes(corpus.ids[row - 1]!),
  (row) => (row * 2654435761) % 97 < 3,
];
const program: HarvestProgram = {
  contextsPerRun: () => 7,
  async run(ids, take) {
    for (let row = 0; row < ids.dims[0]!; row++) {
      const context = starts.get(Array.from(ids.data.subarray(row * contextLength, (row + 1) * contextLength)).join())!;
      for (let p = 0; p < contextLength; p++) planted.forEach((fires, feature) => { if (p > 2 && fires(context * contextLength + p)) take(row * contextLength + p, feature, 1 + ((p * 7) % 5)); });
    }
  },
};
const starts = new Map(Array.from({ length: 400 }, (_, context) => [Array.from(corpus.ids.subarray(context * contextLength, (context + 1) * contextLength), BigInt).join(), context]));
let fit: Evidence;
let heldOut: Evidence;

beforeAll(async () => {
  const gather = async (held: boolean): Promise<Evidence> => {
    const steps = gatherEvidence(program, corpus, planted.length, held);
    for (;;) {
      const step = await steps.next();
      if (step.done === true) return step.value;
    }
  };
  [fit, heldOut] = [await gather(false), await gather(true)];
});

describe('rules', () => {
  const rule: Rule = { alternatives: [[{ at: 0, ids: [1] }, { at: 'recent', ids: [9, 8] }], [{ at: 2, ids: [5] }]], least: 1 };
  const ids = Uint32Array.of(0, 9, 2, 1, 5, 3, 4, 1, /* next context */ 2, 1, 5, 0, 7, 0, 0, 0);

  test.each([[3, true], [7, true], [6, true], [9, false], [12, true], [5, false]])('row %d: %s; nothing before the context counts', (row, expected) => {
    expect(holds(rule.alternatives, ids, row, 8)).toBe(expected);
  });

  test('are written, read and told', () => {
    expect(readRule(writeRule(rule))).toEqual(rule);
    expect(describeRule(rule, (id) => `t${id}`)).toBe('on “t1” with, shortly before, “t9”, “t8”; or two after “t5”');
    expect(describeRule({ ...rule, least: 3 }, (id) => `t${id}`)).toMatch(/^3 or more in a passage: on/);
  });

  test.each(['{}', '[]', '[0,[[0,[1]]]]', '[1,[[7,[1]]]]', '[1,[[0,["a"]]]]', '[1,[[0,[-1]]]]', '[[[0,[1]]]]', '[[['])('%s is refused', (text) => {
    expect(failureOf(() => readRule(text)).reason).toBe('parse');
  });
});

test('evidence holds what the program gave, feature by feature', () => {
  for (const [feature, fires] of planted.entries()) {
    const expected = Array.from(fit.contexts).flatMap((context) => Array.from({ length: contextLength - 3 }, (_, i) => context * contextLength + 3 + i).filter(fires));
    expect(Array.from(fit.entries(feature).rows)).toEqual(expected);
  }
});

test('planted rules are found', () => {
  const learner = new RuleLearner(fit);
  const f1 = planted.map((_, feature) => learner.learnTokens(feature)!.f1);
  for (const value of f1.slice(0, 4)) expect(value).toBeGreaterThan(0.93);
  expect(f1[4]!).toBeLessThan(0.4);
});

test('test items hold what they say, the activating ones from bins of equal count', () => {
  for (let feature = 0; feature < 4; feature++) {
    const items = testItems(heldOut, feature, 1)!;
    const { rows } = heldOut.entries(feature);
    for (const { positive, from, to, marked } of items) {
      expect([32, 16, 8]).toContain(to - from);
      expect(Math.floor(from / contextLength)).toBe(Math.floor((to - 1) / contextLength));
      expect(corpus.heldOut[Math.floor(from / contextLength)]).toBe(1);
      const active = rows.filter((row) => row >= from && row < to);
      expect(active.length > 0).toBe(positive);
      if (positive) expect(Array.from(active)).toEqual(marked);
    }
    expect(items.filter(({ bin }) => bin === 4)).toHaveLength(testing.perBin);
    expect(testItems(heldOut, feature, 1)).toEqual(items);
  }
});

test('labels of planted features beat wrong ones on held-out text, that of a random feature does not', () => {
  const steps = autoLabels(fit, heldOut, [0, 1, 2, 3, 4], (id) => `t${id}`, 0);
  let found: AutoLabel[] = [];
  for (;;) {
    const step = steps.next();
    if (step.done === true) {
      found = step.value;
      break;
    }
  }
  for (const { feature, label: { score } } of found) {
    expect(score!.shuffled).toBeCloseTo(0.5, 1);
    if (feature < 4) expect(score!.detection - score!.wrongLabel).toBeGreaterThan(0.2);
    else expect(score!.detection - score!.wrongLabel).toBeLessThan(0.2);
  }
  expect(found.map(({ feature }) => feature)).toEqual(expect.arrayContaining([0, 1, 2, 3]));
});

test('fuzzing tells marks on the right tokens from marks on others', () => {
  const items = testItems(heldOut, 0, 3)!;
  const right: Rule = { alternatives: [[{ at: 0, ids: [3, 4, 5] }]], least: 1 };
  const wrong: Rule = { alternatives: [[{ at: 0, ids: [17] }]], least: 1 };
  const score = scoreLabel(items, judgeByRule(right, items, corpus), [judgeByRule(wrong, items, corpus)], 0);
  expect([score.detection, score.fuzzing]).toEqual([1, 1]);
  expect(score.byBin.every((bin) => bin === 1)).toBe(true);
  expect(Math.abs(score.fuzzingWrongLabel - 0.5)).toBeLessThan(0.1);
});

test('a judge sees marks only when asked, and every item once', () => {
  const items = judgeItems(heldOut, 0, 5)!;
  expect(new Set(items.map(({ from }) => from)).size).toBeGreaterThan(items.length * 0.9);
  for (const item of items.filter(({ positive }) => positive)) {
    const marked = itemText(item, corpus.ids, (id) => ` ${id}`, true);
    expect(marked.replaceAll('<<', '').replaceAll('>>', '')).toBe(itemText(item, corpus.ids, (id) => ` ${id}`, false));
    for (const [, inside] of marked.matchAll(/<<(.*?)>>/g)) for (const id of inside!.trim().split(' ')) expect([3, 4, 5]).toContain(Number(id));
  }
});

test.each([[[1, 1, 0, 0], 1], [[0, 0, 1, 1], 0], [[1, 1, 1, 1], 0.5], [[1, 0, 0.5, 0], 0.625]])('balanced accuracy of %j is %d', (answers, expected) => {
  expect(balanced(answers, [true, true, false, false])).toBe(expected);
});

describe('label files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-labels-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const dictionary = { hash: 'ab'.repeat(32), id: 'd', hook: 'h', layer: null };
  const file = labelPath(folder, dictionary);
  const labels = new Map<number, FeatureLabel>([[12, { label: 'second', author: 'hand' }], [3, { label: '"first"\n', author: 'model', model: 'm', score: { detection: 0.9, wrongLabel: 0.5, shuffled: 0.5, fuzzing: 0.8, fuzzingWrongLabel: 0.5, byBin: [1], examples: 100 } }]]);

  test('come back as they were, and belong to one dictionary', async () => {
    writeLabels(file, dictionary, labels);
    expect(await readLabels(file, dictionary)).toEqual(labels);
    expect(await readLabels(join(folder, 'none.json'), dictionary)).toEqual(new Map());
    await expect(readLabels(file, { hash: 'cd' })).rejects.toMatchObject({ reason: 'argument' });
  });

  test.each(['', '{}', '{"format":"mechanist-labels","version":2}', `{"format":"mechanist-labels","version":1,"dictionary":{"hash":"${'ab'.repeat(32)}"},"labels":{"x":{}}}`, `{"format":"mechanist-labels","version":1,"dictionary":{"hash":"${'ab'.repeat(32)}"},"labels":{"1":{"label":3,"author":"hand"}}}`])('%s is refused', async (content) => {
    writeFileSync(file, content);
    await expect(readLabels(file, dictionary)).rejects.toMatchObject({ reason: 'parse', file });
  });
});
