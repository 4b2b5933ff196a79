/** Scores of the zoo: intervals, predictors, behaviours, and what is written about them. */
import { afterAll, describe, expect, it } from 'vitest';
import { Runtime } from '../../../src/engine/runtime/runtime.ts';
import { i64 } from '../../../src/engine/tensor.ts';
import { behaviorTasks, scoreBehavior, scoreStories } from '../../../zoo/evaluate/behaviors.ts';
import { storyItems } from '../../../zoo/corpus/behaviors.ts';
import { bootstrapRatio, wilson } from '../../../zoo/evaluate/interval.ts';
import { NGramModel } from '../../../zoo/evaluate/ngram.ts';
import { modelPredictor, ngramPredictor } from '../../../zoo/evaluate/predictor.ts';
import type { Predictor } from '../../../zoo/evaluate/predictor.ts';
import { behaviorTargets } from '../../../zoo/evaluate/targets.ts';
import { freshModel } from '../../../zoo/languageModel.ts';
import { planOf } from '../../../zoo/plans.ts';
import { loadFableTokenizer } from '../../../zoo/tokenizer/encode.ts';

const tokenizer = loadFableTokenizer();
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

describe('intervals', () => {
  it("Wilson's interval of 8 out of 10 is that of the textbook", () => {
    const { low, high } = wilson(8, 10);
    expect(low).toBeCloseTo(0.4902, 4);
    expect(high).toBeCloseTo(0.9433, 4);
  });

  it('Wilson\'s interval of all out of n stays below 1 only at its lower end', () => {
    const { low, high } = wilson(100, 100);
    expect(high).toBe(1);
    // Rounding alone would miss these ends.
    expect(wilson(400, 400).high).toBe(1);
    expect(wilson(0, 400).low).toBe(0);
    expect(low).toBeCloseTo(100 / (100 + 1.959964 ** 2), 6);
  });

  it('the bootstrap of independent values comes close to the normal interval', () => {
    const groups = Array.from({ length: 1000 }, (_, i) => ({ sum: i % 4 === 0 ? 1 : 0, weight: 1 }));
    const { low, high } = bootstrapRatio(groups, 1);
    const half = 1.96 * Math.sqrt((0.25 * 0.75) / 1000);
    expect(low).toBeCloseTo(0.25 - half, 2);
    expect(high).toBeCloseTo(0.25 + half, 2);
  });

  it('items of one group count once: ten times the items in the same groups do not narrow the interval', () => {
    const groups = Array.from({ length: 60 }, (_, i) => ({ sum: i % 3 === 0 ? 1 : 0, weight: 1 }));
    expect(bootstrapRatio(groups.map(({ sum, weight }) => ({ sum: sum * 10, weight: weight * 10 })), 5)).toEqual(bootstrapRatio(groups, 5));
  });
});

describe('predictors', () => {
  it('a model asked at some positions of texts of different length answers as in a full pass over each text alone', async () => {
    const model = freshModel(planOf('fable-2l-attn')!, tokenizer.size);
    const texts = [[1, 20, 30, 40, 50, 60, 70], [1, 25], [1, 33, 44, 55]];
    const queries = texts.flatMap((ids) => [{ ids, position: ids.length - 1 }, { ids, position: 0 }]);
    let answered = 0;
    const answers = new Map<number, Float64Array>();
    await modelPredictor(model, runtime, tokenizer.pad).predict(queries, (index, row) => {
      answered++;
      answers.set(index, row.slice());
    });
    expect(answered).toBe(queries.length);
    for (const [index, { ids, position }] of queries.entries()) {
      const run = await runtime.run({ ...model.graph(), outputs: [model.output] }, model.feeds(new Map([['input_ids', i64([1, ids.length], ids)]])), model.parameters);
      const logits = (run.get(model.output)!.data as Float32Array).subarray(position * tokenizer.size, (position + 1) * tokenizer.size);
      const normalizer = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
      const row = answers.get(index)!;
      expect(Math.max(...row.map((value, v) => Math.abs(value - (logits[v]! - normalizer))))).toBeLessThan(1e-5);
    }
  });

  it('an n-gram model gives a distribution and remembers what followed', async () => {
    const ngram = new NGramModel(3, 10);
    ngram.observe([1, 2, 3, 1, 2, 3, 1, 2, 3]);
    await ngramPredictor(ngram).predict([{ ids: [1, 2], position: 1 }], (_, row) => {
      const probabilities = row.map(Math.exp);
      expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      expect(probabilities[3]).toBeGreaterThan(0.5);
      expect(probabilities[9]).toBeGreaterThan(0);
    });
  });
});

describe('behaviours', () => {
  const uniform: Predictor = constant(() => 0);

  it('every task has a target', () => {
    expect(behaviorTasks.map(({ name }) => name).filter((name) => behaviorTargets[name] === undefined)).toEqual([]);
  });

  it.each(behaviorTasks)('$name: a predictor that knows the answers scores 1', async (task) => {
    const items = task.items(tokenizer, 5);
    const oracle: Predictor = {
      predict(queries, visit) {
        queries.forEach((_, index) => {
          const { targets } = items[index]!;
          visit(index, new Float64Array(tokenizer.size).fill(-Infinity).map((none, id) => (targets.includes(id) ? -Math.log(targets.length) : none)));
        });
        return Promise.resolve();
      },
    };
    const { score, low, high, documents } = await scoreBehavior(task, oracle, tokenizer, 5);
    expect(score).toBeCloseTo(1, 12);
    expect(low).toBeLessThanOrEqual(1);
    expect(high).toBeCloseTo(1, 12);
    expect(documents).toBe(5);
  });

  it.each(behaviorTasks.filter(({ measure }) => measure !== 'mass'))('$name: a tie is no right answer', async (task) => {
    expect((await scoreBehavior(task, uniform, tokenizer, 5)).score).toBe(0);
  });

  it('greater-than: the mass on valid years is that of all tokens, not of years alone', async () => {
    const task = behaviorTasks.find(({ name }) => name === 'greaterThan')!;
    const valid = task.items(tokenizer, 20).reduce((sum, { targets }) => sum + targets.length, 0) / 20;
    expect((await scoreBehavior(task, uniform, tokenizer, 20)).score).toBeCloseTo(valid / tokenizer.size, 12);
  });

  it('stories: a uniform predictor has the perplexity of the vocabulary, the grammar its own', async () => {
    const { nats, grammarNats, ratio, tokens } = await scoreStories(uniform, tokenizer, 10);
    const stories = storyItems(tokenizer, 10);
    expect(tokens).toBe(stories.reduce((sum, { ids, from }) => sum + ids.length - from, 0));
    expect(nats).toBeCloseTo(Math.log(tokenizer.size), 10);
    expect(grammarNats).toBeCloseTo(stories.reduce((sum, { surprise, from }) => sum + surprise.slice(from).reduce((a, b) => a + b, 0), 0) / tokens, 10);
    expect(ratio).toBeCloseTo(tokenizer.size / Math.exp(grammarNats), 6);
  });
});

/** The same logits everywhere. */
function constant(logit: (id: number) => number): Predictor {
  const row = Float64Array.from({ length: tokenizer.size }, (_, id) => logit(id));
  const normalizer = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
  const normalized = row.map((value) => value - normalizer);
  return {
    predict(queries, visit) {
      queries.forEach((_, index) => visit(index, normalized));
      return Promise.resolve();
    },
  };
}
