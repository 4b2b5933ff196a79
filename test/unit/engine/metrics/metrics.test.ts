/** Metrics as graph nodes against their definition on the logits, and their gradients against differences. */
import { afterAll, describe, expect, it } from 'vitest';
import { differentiate } from '../../../../src/engine/graph/differentiate/differentiate.ts';
import { intervene } from '../../../../src/engine/interventions/intervene.ts';
import { metricFeeds, metricInputs, metricOutput, metricPerRowOutput } from '../../../../src/engine/metrics/append.ts';
import { metricGraph } from '../../../../src/engine/metrics/metricGraph.ts';
import type { Metric } from '../../../../src/engine/metrics/parse.ts';
import { withReference } from '../../../../src/engine/metrics/reference.ts';
import { openSafetensors } from '../../../../src/engine/formats/safetensors.ts';
import { openHuggingFace } from '../../../../src/engine/models/huggingface.ts';
import type { Model } from '../../../../src/engine/models/model.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { f32, i64, numbersOf } from '../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../src/engine/tensor.ts';

const folder = new URL('../../../fixtures/models/gpt2', import.meta.url).pathname;
const reference = openSafetensors(`${folder}/reference.safetensors`);
const clean = new Map([['input_ids', reference.read('input_ids')]]);
const corrupted = new Map([['input_ids', reference.read('corrupted_ids')]]);
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

/** Logits of each row at a position. */
function logitsAt(name: string, position: number): number[][] {
  const { dims, data } = reference.read(`${name}.logits`);
  const [rows, positions, width] = dims as [number, number, number];
  return Array.from({ length: rows }, (_, row) => Array.from((data as Float32Array).subarray((row * positions + position) * width, (row * positions + position + 1) * width)));
}

function logSoftmax(logits: readonly number[]): number[] {
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return logits.map((logit) => logit - total);
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const cases: [string, Metric, (logits: number[], row: number) => number][] = [
  ['contrast', { kind: 'contrast', position: -1, rows: [{ right: [3, 9, 11], wrong: [4] }, { right: [8], wrong: [] }] }, (logits, row) => (row === 0 ? mean([logits[3]!, logits[9]!, logits[11]!]) - logits[4]! : logits[8]!)],
  ['log_prob', { kind: 'log_prob', position: 10, tokens: [17] }, (logits) => logSoftmax(logits)[17]!],
  ['kl', { kind: 'kl', position: -1 }, (logits, row) => {
    const [p, q] = [logSoftmax(logitsAt('clean', 10)[row]!), logSoftmax(logits)];
    return p.reduce((sum, value, i) => sum + Math.exp(value) * (value - q[i]!), 0);
  }],
];

describe.each(cases)('%s', (_, unbound, expected) => {
  const opened = openHuggingFace(folder);

  it.each([['clean', clean], ['corrupted', corrupted]] as const)('is what its definition says on %s prompts', async (name, inputs) => {
    const model = await opened;
    const metric = await withReference(model, runtime, unbound, clean);
    const feeds = new Map([...model.feeds(inputs), ...metricFeeds(metric, 2, 11)]);
    const run = await runtime.run(metricGraph(model.graph(), metric, model.output), feeds, model.parameters);
    const wanted = logitsAt(name, 10).map(expected);
    Array.from(numbersOf(run.get(metricPerRowOutput)!)).forEach((value, row) => expect(value).toBeCloseTo(wanted[row]!, 4));
    expect(numbersOf(run.get(metricOutput)!)[0]).toBeCloseTo(wanted[0]! + wanted[1]!, 4);
  });

  it('has the gradient that a small step shows', async () => {
    const model = await opened;
    const metric = await withReference(model, runtime, unbound, clean);
    const hook = 'blocks.1.hook_resid_pre';
    const graph = metricGraph(model.graph(), metric, model.output);
    const feeds = new Map([...model.feeds(corrupted), ...metricFeeds(metric, 2, 11)]);
    const { graph: backward, gradients } = differentiate(graph, { seeds: new Map([[metricOutput, 'ones']]), wrt: [hook] });
    const gradient = (await runtime.run({ ...backward, outputs: [gradients.get(hook)!] }, feeds, model.parameters)).get(gradients.get(hook)!)!;
    const step: Tensor = f32(gradient.dims, Array.from(gradient.data as Float32Array, (_value, i) => 0.02 * Math.sin(i)));
    const at = async (sign: number): Promise<number> => {
      const value = f32(step.dims, Array.from(step.data as Float32Array, (x) => sign * x));
      const changed = intervene(graph, [{ hook, kind: 'add', value }], feeds);
      return numbersOf((await runtime.run(changed.graph, changed.feeds, model.parameters)).get(metricOutput)!)[0]!;
    };
    const slope = (await at(1)) - (await at(-1));
    const predicted = 2 * (gradient.data as Float32Array).reduce((sum, g, i) => sum + g * (step.data as Float32Array)[i]!, 0);
    expect(Math.abs(slope - predicted)).toBeLessThan(0.02 * Math.abs(predicted) + 1e-4);
  });
});

describe('metricFeeds', () => {
  it.each<[Metric, string]>([
    [{ kind: 'kl', position: -1 }, 'clean prompts'],
    [{ kind: 'log_prob', tokens: [1, 2, 3], position: -1 }, '3 tokens for 2 rows'],
    [{ kind: 'contrast', rows: [], position: -1 }, '0 answer sets for 2 rows'],
  ])('refuses %j', (metric, message) => {
    expect(() => metricFeeds(metric, 2, 11)).toThrow(message);
  });
});

describe('padding', () => {
  const ids = reference.read('input_ids').data;
  const real = Array.from(ids.subarray(0, 6) as BigInt64Array, Number);
  const measured = async (model: Model, metric: Metric, mask: readonly number[], tokens: readonly number[]): Promise<number> => {
    const feeds = model.feeds(new Map([['input_ids', i64([1, tokens.length], tokens)], ['attention_mask', i64([1, mask.length], mask)]]));
    const all = new Map([...feeds, ...metricInputs(metric, model, feeds)]);
    return numbersOf((await runtime.run(metricGraph(model.graph(), metric, model.output), all, model.parameters)).get(metricOutput)!)[0]!;
  };

  it.each(['llama', 'gpt_neox'])('on either side leaves the loss as it is: %s', async (name) => {
    const model = await openHuggingFace(new URL(`../../../fixtures/models/${name}`, import.meta.url).pathname);
    const alone = await measured(model, { kind: 'loss' }, new Array<number>(6).fill(1), real);
    expect(await measured(model, { kind: 'loss' }, [0, 0, 0, 1, 1, 1, 1, 1, 1], [0, 0, 0, ...real])).toBeCloseTo(alone, 4);
    expect(await measured(model, { kind: 'loss' }, [1, 1, 1, 1, 1, 1, 0, 0], [...real, 0, 0])).toBeCloseTo(alone, 4);
  });

  it('is not read as a prediction', async () => {
    const model = await openHuggingFace(folder);
    const metric: Metric = { kind: 'logit', token: 3, position: -1 };
    await expect(measured(model, metric, [1, 1, 1, 1, 1, 1, 0, 0], [...real, 0, 0])).rejects.toMatchObject({ reason: 'argument', field: 'metric' });
    await expect(measured(model, { ...metric, position: 5 }, [1, 1, 1, 1, 1, 1, 0, 0], [...real, 0, 0])).resolves.toBeTypeOf('number');
  });

  it('or not, a model that reads both ways has no loss', async () => {
    const model = await openHuggingFace(new URL('../../../fixtures/models/bert', import.meta.url).pathname);
    await expect(measured(model, { kind: 'loss' }, [1, 1, 1], [1, 2, 3])).rejects.toMatchObject({ reason: 'unsupported' });
  });
});
