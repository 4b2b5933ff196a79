/** Probes of the bundled model, against what is computed here from their definitions. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { GraphBuilder } from '../../../../src/engine/graph/builder.ts';
import type { Model } from '../../../../src/engine/models/model.ts';
import { openModelAt, tokenizerOf } from '../../../../src/engine/models/openPath.ts';
import { Random } from '../../../../src/engine/random.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { resultOf } from '../../../../src/engine/steps.ts';
import { i64 } from '../../../../src/engine/tensor.ts';
import { notApplicable } from '../../../../src/semantic/groundTruth/variables.ts';
import { probeExamples } from '../../../../src/semantic/probes/examples.ts';
import type { ProbeExamples } from '../../../../src/semantic/probes/examples.ts';
import { questionOf } from '../../../../src/semantic/probes/labelledTokens.ts';
import type { LabelledTokens } from '../../../../src/semantic/probes/labelledTokens.ts';
import { bundledLabels, labelsOfSamples, textReader } from '../../../../src/semantic/probes/openLabels.ts';
import { trainProbe } from '../../../../src/semantic/probes/train.ts';
import type { TrainedProbe } from '../../../../src/semantic/probes/train.ts';
import { pairwiseAuroc } from '../groundTruth/brute.ts';

const zoo = join(import.meta.dirname, '../../../../zoo/models/fable-4l');
const hook = 'blocks.1.hook_resid_post';
const property = { variable: 'insideQuote', question: 'yes' };

let model: Model;
let runtime: Runtime;
let labels: LabelledTokens;
let probe: TrainedProbe;
let train: ProbeExamples;
let heldOut: ProbeExamples;

const training = (more: Partial<Parameters<typeof trainProbe>[0]> = {}) => trainProbe({ model, runtime, hook, labels, property, examples: 120, seed: 3, ...more });

async function last<T>(steps: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return step.value;
  }
}

const drawn = (side: 'train' | 'heldOut'): Promise<ProbeExamples> => last(probeExamples({
  model, runtime, hook, half: labels[side], codes: labels[side].codes.get(property.variable)!, question: questionOf(labels, property), perAnswer: 120, seed: 3 * 2 + (side === 'train' ? 0 : 1),
}));

beforeAll(async () => {
  model = await openModelAt(zoo);
  runtime = new Runtime({ threads: 1 });
  labels = bundledLabels(zoo);
  probe = await last(training());
  [train, heldOut] = [await drawn('train'), await drawn('heldOut')];
});
afterAll(async () => {
  model.parameters.close();
  await runtime.dispose();
});

describe('examples', () => {
  test('are the vectors of the hook point at tokens with both answers', async () => {
    const at = heldOut.context[0]!;
    const positions = labels.heldOut.contexts.dims[1]!;
    const ids = labels.heldOut.contexts.data.subarray(at * positions, (at + 1) * positions);
    const values = (await runtime.run(new GraphBuilder(model.graph()).build([hook]), model.feeds(new Map([['input_ids', i64([1, positions], Array.from(ids, Number))]])), model.parameters)).get(hook)!.data as Float32Array;
    const codes = labels.heldOut.codes.get(property.variable)!;
    const row = Array.from(ids.keys()).find((position) => codes[at * positions + position] === 1 && heldOut.x[0] === values[position * heldOut.d])!;
    expect(Array.from(heldOut.x.subarray(0, heldOut.d))).toEqual(Array.from(values.subarray(row * heldOut.d, (row + 1) * heldOut.d)));
    expect(new Set(heldOut.y)).toEqual(new Set([0, 1]));
  });

  test('come from contexts that no other side has', () => {
    const contents = (side: 'train' | 'heldOut'): Set<string> => {
      const { dims, data } = labels[side].contexts;
      const [count, positions] = dims as [number, number];
      return new Set(Array.from({ length: count }, (_, i) => data.subarray(i * positions, (i + 1) * positions).join(',')));
    };
    expect([...contents('train')].some((context) => contents('heldOut').has(context))).toBe(false);
  });
});

describe('a trained probe', () => {
  const margin = (weights: ArrayLike<number>, bias: number, { x, d }: ProbeExamples, row: number): number => {
    let sum = bias;
    for (let a = 0; a < d; a++) sum += weights[a]! * x[row * d + a]!;
    return sum;
  };

  test('minimises mean log-loss plus λ/2 ‖w‖², w in units of the standard deviation of its input', () => {
    const { d, x, y } = train;
    const deviation = Array.from({ length: d }, (_, a) => {
      const column = Array.from(y.keys(), (i) => x[i * d + a]!);
      const mean = column.reduce((p, q) => p + q, 0) / column.length;
      return Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length);
    });
    const objective = (weights: ArrayLike<number>, bias: number): number => {
      const loss = Array.from(y.keys()).reduce((sum, i) => sum + Math.log1p(Math.exp((y[i] === 1 ? -1 : 1) * margin(weights, bias, train, i))), 0) / y.length;
      return loss + (probe.penalty / 2) * Array.from(weights).reduce((sum, weight, a) => sum + (weight * deviation[a]!) ** 2, 0);
    };
    const best = objective(probe.weights, probe.bias);
    const random = new Random(11);
    for (let trial = 0; trial < 20; trial++) {
      const moved = probe.weights.map((weight, a) => weight + (0.02 * random.normal()) / deviation[a]!);
      expect(objective(moved, probe.bias)).toBeGreaterThan(best);
    }
    const epsilon = 1e-4;
    for (let a = 0; a < d; a += 17) {
      const [up, down] = [1, -1].map((sign) => objective(probe.weights.map((weight, i) => (i === a ? weight + (sign * epsilon) / deviation[a]! : weight)), probe.bias));
      expect((up! - down!) / (2 * epsilon)).toBeCloseTo(0, 5);
    }
  });

  test('has the AUROC and accuracy of its log-odds on held-out tokens', () => {
    const odds = Array.from(heldOut.y.keys(), (i) => margin(probe.weights, probe.bias, heldOut, i));
    expect(probe.scores.auroc).toBeCloseTo(pairwiseAuroc(odds, heldOut.y, [1]), 9);
    expect(probe.scores.accuracy).toBeCloseTo(odds.filter((value, i) => value >= 0 === (heldOut.y[i] === 1)).length / odds.length, 9);
    expect(probe.scores.selectivity).toBeCloseTo(probe.scores.accuracy - probe.scores.control.accuracy, 12);
    expect([probe.scores.positive, probe.scores.negative]).toEqual([1, 0].map((answer) => heldOut.y.filter((value) => value === answer).length));
  });

  test('stands beside the coordinate that is best on the training tokens', () => {
    const { index, sign, auroc } = probe.scores.coordinate;
    const of = ({ x, d, y }: ProbeExamples, a: number): number => pairwiseAuroc(Array.from(y.keys(), (i) => x[i * d + a]!), y, [1]);
    const strengths = Array.from({ length: train.d }, (_, a) => Math.max(of(train, a), 1 - of(train, a)));
    expect(strengths[index]).toBeCloseTo(Math.max(...strengths), 9);
    expect(auroc).toBeCloseTo(sign === 1 ? of(heldOut, index) : 1 - of(heldOut, index), 9);
    expect(probe.scores.auroc).toBeGreaterThan(auroc);
  });

  test('finds what the model knows, which answers exchanged at random do not give', () => {
    expect(probe.scores.auroc).toBeGreaterThan(0.95);
    expect(Math.abs(probe.scores.shuffled.auroc - 0.5)).toBeLessThan(0.1);
    expect(probe.scores.shuffled.highest).toBeLessThan(0.7);
    expect(probe.scores.selectivity).toBeGreaterThan(0.1);
  });

  test('is the same again from the same seed, and another from another', async () => {
    expect(await last(training())).toEqual(probe);
    expect((await last(training({ seed: 4 }))).weights).not.toEqual(probe.weights);
  });
});

test('labels that say nothing give a probe near chance, with its control above it', async () => {
  const random = new Random(5);
  const noise = (side: 'train' | 'heldOut') => ({ ...labels[side], codes: new Map([['noise', labels[side].codes.get(property.variable)!.map((code) => (code === notApplicable ? code : random.integer(2)))]]) });
  const { scores } = await last(training({ labels: { ...labels, variables: [{ name: 'noise', classes: ['no', 'yes'], questions: [{ name: 'yes', classes: [1] }] }], train: noise('train'), heldOut: noise('heldOut') }, property: { variable: 'noise', question: 'yes' }, examples: 300 }));
  expect(Math.abs(scores.auroc - 0.5)).toBeLessThan(0.1);
  expect(scores.interval[0]).toBeLessThan(0.55);
  expect(scores.selectivity).toBeLessThan(0);
});

test('texts of a person are read each at its own length', async () => {
  const tokenizer = await tokenizerOf(model);
  const samples = Array.from({ length: 12 }, (_, i) => ({ text: `${'Lisa was very glad. '.repeat(1 + (i % 3))}${i % 2 === 0 ? 'The cat' : 'The river'} was there.`, label: i % 2 === 0 ? 'animal' : 'place', spans: [] }));
  const own = resultOf(labelsOfSamples(samples, 'texts', textReader(model, tokenizer)));
  expect(new Set(own.train.lengths).size).toBeGreaterThan(1);
  const { scores, trained } = await last(training({ labels: own, property: { variable: 'label', question: 'animal' } }));
  expect(trained).toBeGreaterThan(20);
  expect(scores.positive).toBeGreaterThan(0);
});

describe('refused', () => {
  test.each<[string, Parameters<typeof training>[0], RegExp]>([
    ['a hook point that is not there', { hook: 'blocks.1.hook_resid_pots' }, /blocks\.1\.hook_resid_post/],
    ['a hook point without a vector per token', { hook: 'blocks.1.attn.hook_pattern' }, /one vector per token/],
    ['an unknown variable', { property: { variable: 'mod', question: 'yes' } }, /"mood"/],
    ['an unknown question', { property: { variable: 'mood', question: 'yes' } }, /"= negative"/],
    ['a training that is stopped', { signal: AbortSignal.abort() }, /Stopped/],
  ])('is %s', async (_, more, message) => {
    await expect(last(training(more))).rejects.toSatisfy((error) => MechanistError.is(error) && message.test(error.message));
  });
});
