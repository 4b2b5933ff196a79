/** What becomes of the corpus' labels in the ground-truth score, and how answers are summed up. */
import { describe, expect, test } from 'vitest';
import { notApplicable } from '../../src/semantic/groundTruth/variables.ts';
import { labelDefinitions } from '../../zoo/corpus/labels.ts';
import { labelledContext } from '../../zoo/corpus/mix.ts';
import { codings, fewest, mostValues, scoredName } from '../../zoo/groundTruth/coding.ts';
import type { RawText } from '../../zoo/groundTruth/coding.ts';
import { compared } from '../../zoo/groundTruth/measure.ts';
import type { Answer, Compared } from '../../zoo/groundTruth/measure.ts';
import { reportJson, reportMarkdown } from '../../zoo/groundTruth/report.ts';
import { summarize } from '../../zoo/groundTruth/summary.ts';
import { coded, labelledText } from '../../zoo/groundTruth/text.ts';
import { loadFableTokenizer } from '../../zoo/tokenizer/encode.ts';

const tokenizer = loadFableTokenizer();
const selection = labelledText(tokenizer, 'validation', 96, 64, 3);
const heldOut = labelledText(tokenizer, 'test', 96, 64, 3);
const { codings: known, skipped } = codings(selection, heldOut);
const question = (variable: string): string[] => known.find((coding) => coding.variable.name === variable)!.variable.questions.map(({ name }) => name);

/** A text in which only the given variables apply. */
function textOf(values: Readonly<Record<string, readonly (string | number | boolean)[]>>, tokens: number): RawText {
  const column = (name: string): (string | number | boolean | undefined)[] => Array.from({ length: tokens }, (_, i) => values[name]?.[i]);
  return { contexts: { dtype: 'int64', dims: [1, tokens], data: new BigInt64Array(tokens) }, values: new Map(labelDefinitions.map(({ name }) => [scoredName(name), column(scoredName(name))])) };
}

describe('labelled text', () => {
  test('is the corpus, and the entropy is that of the token to come', () => {
    const { ids, labels } = labelledContext({ tokenizer, schedule: scheduleOf(), seed: 3, split: 'test', batch: 1, context: 64 }, 5, 96, 0);
    expect(ids).toHaveLength(64);
    expect(Object.keys(labels)).toContain('entropy');
    const tokens = Array.from(heldOut.contexts.data, Number);
    expect(tokens.filter((id) => id === tokenizer.bos)).toHaveLength(96);
    expect(heldOut.values.size).toBe(labelDefinitions.length);
    // A <bos> has no labels, but the first token of the document after it may be uncertain, and the last has no successor.
    expect(heldOut.values.get('kind')![0]).toBeUndefined();
    expect(heldOut.values.get('nextEntropy')![63]).toBeUndefined();
    expect(heldOut.values.get('surprise')).toHaveLength(96 * 64);
  });

  test('of the two splits differs, and repeats with its seed', () => {
    expect(selection.contexts.data).not.toEqual(heldOut.contexts.data);
    expect(labelledText(tokenizer, 'test', 96, 64, 3)).toEqual(heldOut);
  });
});

describe('questions', () => {
  test('have enough tokens either way in both texts, and the others are listed', () => {
    const texts = [coded(selection, known), coded(heldOut, known)];
    for (const { variable } of known) {
      for (const { classes } of variable.questions) {
        for (const text of texts) {
          const codes = text.codes.get(variable.name)!;
          const positive = codes.filter((code) => classes.includes(code)).length;
          expect(positive).toBeGreaterThanOrEqual(fewest);
          expect(codes.filter((code) => code !== notApplicable).length - positive).toBeGreaterThanOrEqual(fewest);
        }
      }
    }
    for (const { positive, negative } of skipped) {
      expect(Math.min(positive.selection, positive.heldOut, negative.selection, negative.heldOut)).toBeLessThan(fewest);
    }
    const named = new Set([...known.map(({ variable }) => variable.name), ...skipped.map(({ variable }) => variable)]);
    expect(labelDefinitions.map(({ name }) => scoredName(name)).filter((name) => !named.has(name))).toEqual([]);
  });

  test('a category is asked value by value, a yes/no variable once, nats from one', () => {
    expect(question('kind')).toContain('= story');
    expect(question('insideQuote')).toEqual(['yes']);
    expect(question('surprise')).toEqual(['≥ 1 nat']);
  });

  test('an integer with few values is asked value by value, one with many at its quartiles', () => {
    const few = Array.from({ length: 400 }, (_, i) => i % 4);
    const many = Array.from({ length: 400 }, (_, i) => i % 100);
    const text = textOf({ depth: few, startYear: many }, 400);
    const made = codings(text, text).codings;
    const of = (name: string): (typeof made)[number] => made.find(({ variable }) => variable.name === name)!;
    expect(of('depth').variable.questions.map(({ name }) => name)).toEqual(['= 0', '= 1', '= 2', '= 3']);
    // No single value of startYear occurs `fewest` times, so the range is cut.
    expect(of('startYear').variable.questions.map(({ name }) => name)).toEqual(['≥ 25', '≥ 50', '≥ 75']);
    const { variable, classOf } = of('startYear');
    expect([0, 24, 25, 50, 99].map((year) => variable.questions.map(({ classes }) => classes.includes(classOf(year))))).toEqual([
      [false, false, false], [false, false, false], [true, false, false], [true, true, false], [true, true, true],
    ]);
  });

  test('of the commonest values only, the rest being others', () => {
    const names = Array.from({ length: 1700 }, (_, i) => `name ${String(i % 17).padStart(2, '0')}`);
    const text = textOf({ entity: names }, 1700);
    const { variable, classOf } = codings(text, text).codings[0]!;
    expect(variable.questions).toHaveLength(mostValues);
    expect(classOf('name 16')).toBe(mostValues);
    expect(classOf('never seen')).toBe(mostValues);
  });

  test('a constant variable is not asked', () => {
    const text = textOf({ yearIsLater: new Array<boolean>(200).fill(true) }, 200);
    const { codings: none, skipped: missed } = codings(text, text);
    expect(none).toEqual([]);
    expect(missed).toContainEqual({ variable: 'yearIsLater', question: 'yes', positive: { selection: 200, heldOut: 200 }, negative: { selection: 0, heldOut: 0 } });
  });
});

describe('summary', () => {
  const answer = (variable: string, name: string, auroc: Readonly<Partial<Record<Compared, number>>>, needed = 1): Answer => ({
    variable, question: name, reselected: 0.5, linear: { trained: 1, untrained: 0.7 },
    scores: each((of) => ({
      feature: 1, sign: 1, selectionAuroc: 0.9, site: 'blocks.1.hook_resid_post',
      auroc: { value: auroc[of] ?? 0.5, low: 0, high: 1 }, f1: { value: 0.5, low: 0, high: 1 },
      ...(of === 'latents' ? { shuffled: { auroc: 0.5, p: 0.01 } } : {}),
    })),
    needed: each((of) => (of === 'latents' ? needed : undefined)),
  });
  const answers = [
    answer('a', '= 1', { latents: 0.99, neurons: 0.96 }, 2), answer('a', '= 2', { latents: 0.93, neurons: 0.7 }, 8),
    answer('b', 'yes', { latents: 0.95, neurons: 0.9 }), answer('c', 'yes', { latents: 0.6 }),
  ];
  const summary = summarize(answers, 1);

  test('a variable counts by its best value, by the mean, and by the question', () => {
    expect(summary.someQuestion.latents).toEqual({ count: 2, of: 3 });
    expect(summary.meanOfQuestions.latents).toEqual({ count: 2, of: 3 });
    expect(summary.questions.latents).toEqual({ count: 2, of: 4 });
    expect(summary.someQuestion.neurons).toEqual({ count: 1, of: 3 });
    expect(summary.meanOfQuestions.neurons).toEqual({ count: 0, of: 3 });
  });

  test('the lead is the mean difference over variables', () => {
    expect(summary.advantage.neurons.value).toBeCloseTo(((0.96 - 0.83) + 0.05 + 0.1) / 3, 12);
    expect(summary.advantage.neurons.low).toBeLessThanOrEqual(summary.advantage.neurons.value);
    expect(summary.advantage.neurons.high).toBeGreaterThanOrEqual(summary.advantage.neurons.value);
  });

  test('features that do not suffice count as infinitely many', () => {
    expect(summary.variables[0]!.needed.latents).toBe(2);
    expect(summary.variables[0]!.needed.neurons).toBe(Number.POSITIVE_INFINITY);
  });

  test('the report lists every variable, best first', () => {
    const markdown = reportMarkdown('m', 1000, summary, [{ variable: 'd', question: 'yes', positive: { selection: 3, heldOut: 4 }, negative: { selection: 0, heldOut: 5 } }]);
    expect(['`a`', '`b`', '`c`'].map((name) => markdown.indexOf(`| ${name} `)).every((at) => at > 0)).toBe(true);
    expect(markdown.indexOf('| `a` ')).toBeLessThan(markdown.indexOf('| `c` '));
    expect(markdown).toContain('2 of 3 (67 %)');
    expect(markdown).toContain('`d` yes (3/4 yes, 0/5 no)');
  });

  test('numbers are written to five digits', () => {
    expect(reportJson({ x: 0.123456789, n: 1234567, none: undefined })).toBe('{\n "x": 0.12346,\n "n": 1234567\n}\n');
  });
});

function each<T>(value: (name: Compared) => T): Record<Compared, T> {
  return Object.fromEntries(compared.map((name) => [name, value(name)])) as Record<Compared, T>;
}

function scheduleOf(): Parameters<typeof labelledContext>[0]['schedule'] {
  return [{ from: 0, weights: { story: 1, fields: 0, opinion: 0, ioi: 0, greaterThan: 0, docstring: 0, code: 0, brackets: 0, agreement: 0, list: 0, chronicle: 0, exchange: 0, induction: 0 }, induction: { length: [3, 9], copies: [2, 3] } }];
}
