/** Sweeps that compute only from the patched position on give what whole sequences give; ablations do what they say. */
import { afterAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../../../src/engine/formats/safetensors.ts';
import { spliceDictionary } from '../../../../src/engine/dictionaries/splice.ts';
import { withDictionaries } from '../../../../src/engine/dictionaries/dictionary.ts';
import { intervene } from '../../../../src/engine/interventions/intervene.ts';
import { metricFeeds, metricOutput } from '../../../../src/engine/metrics/append.ts';
import { metricGraph } from '../../../../src/engine/metrics/metricGraph.ts';
import type { Metric } from '../../../../src/engine/metrics/parse.ts';
import { createHuggingFace } from '../../../../src/engine/models/create.ts';
import { openHuggingFace } from '../../../../src/engine/models/huggingface.ts';
import type { Model } from '../../../../src/engine/models/model.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { narrowLastBlock } from '../../../../src/engine/sweeps/lastBlock.ts';
import { suffixSlice } from '../../../../src/engine/sweeps/suffixSlice.ts';
import { sweep } from '../../../../src/engine/sweeps/sweep.ts';
import { i64, numbersOf } from '../../../../src/engine/tensor.ts';
import { initializeParameters } from '../../../../src/engine/training/initialize.ts';
import { difference } from '../../../support/compare.ts';
import { randomSae } from '../../../support/randomSae.ts';
import { smallConfigs } from '../../../support/smallConfigs.ts';

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());
const tokens = (shift: number) => new Map([['input_ids', i64([2, 9], Array.from({ length: 18 }, (_, i) => (i * 7 + (i % 9 === 3 ? shift : 0)) % 37))]]);
const options = { clean: tokens(0), corrupted: tokens(5) };

function small(name: string): Model {
  const model = createHuggingFace(name, smallConfigs[name]!);
  initializeParameters(model.parameters, 2, 3, 0.4);
  return model;
}

const families = ['gpt2', 'gpt_neo', 'gpt_neox', 'gpt_neox_serial', 'opt', 'llama', 'mistral', 'qwen2', 'qwen3', 'gemma', 'gemma2', 'phi'];
const metrics: Metric[] = [{ kind: 'logit_diff', rows: [{ right: 3, wrong: 8 }], position: -1 }, { kind: 'logit', token: 4, position: 5 }];

describe('suffixes', () => {
  it.each(families)('equal whole sequences: %s', async (name) => {
    const model = small(name);
    const hooks = ['hook_resid_pre', 'hook_attn_out', 'hook_mlp_out', 'hook_resid_post'].map((hook) => `blocks.1.${hook}`);
    const by = ['position'] as const;
    for (const metric of metrics) {
      expect(suffixSlice(model, metricGraph(model.graph(), metric, model.output), hooks[0]!)).toBeDefined();
      const whole = await sweep(model, runtime, { ...options, metric, hooks, by, wholeSequences: true });
      const suffixes = await sweep(model, runtime, { ...options, metric, hooks, by });
      expect(difference(suffixes.perRow, whole.perRow).largest).toBeLessThan(1e-5);
      expect(new Set(suffixes.scores.data).size).toBeGreaterThan(5);
    }
  });

  it.each(['gpt2', 'llama'])('equal whole sequences by position and head, in either order: %s', async (name) => {
    const model = small(name);
    for (const by of [['position', 'head'], ['head', 'position']] as const) {
      const common = { ...options, metric: metrics[0]!, hooks: ['blocks.0.attn.hook_z'], by, rowsPerRun: 6 };
      expect(difference((await sweep(model, runtime, common)).perRow, (await sweep(model, runtime, { ...common, wholeSequences: true })).perRow).largest).toBeLessThan(1e-5);
    }
  });

  it('are not taken where positions meet in other ways', () => {
    const bert = small('bert');
    const gpt2 = small('gpt2');
    const graph = metricGraph(gpt2.graph(), metrics[0]!, gpt2.output);
    expect(suffixSlice(bert, metricGraph(bert.graph(), metrics[0]!, bert.output), 'blocks.0.hook_resid_post')).toBeUndefined();
    expect(suffixSlice(gpt2, graph, 'blocks.0.attn.hook_k')).toBeUndefined();
    expect(suffixSlice(gpt2, metricGraph(gpt2.graph(), { kind: 'loss' }, gpt2.output), 'blocks.0.hook_resid_post')).toBeUndefined();
  });
});

describe('the last block', () => {
  const sequential = families.filter((name) => !['gpt_neox', 'phi'].includes(name));

  it.each(sequential)('computes one position where nothing else is read, with the same results: %s', async (name) => {
    const model = small(name);
    const hooks = ['blocks.0.hook_resid_pre', 'blocks.1.hook_resid_pre'];
    for (const metric of metrics) {
      const narrowed = narrowLastBlock(metricGraph(model.graph(), metric, model.output, hooks), 2, hooks);
      expect(narrowed!.types.get('blocks.1.hook_mlp_out')!.shape![1]).toBe(1);
      const common = { ...options, metric, hooks, by: ['position'] as const };
      expect(difference((await sweep(model, runtime, common)).perRow, (await sweep(model, runtime, { ...common, wholeSequences: true })).perRow).largest).toBeLessThan(1e-5);
      const heads = { ...options, metric, hooks: ['blocks.0.attn.hook_z'], by: ['head'] as const };
      expect(difference((await sweep(model, runtime, heads)).perRow, (await sweep(model, runtime, { ...heads, wholeSequences: true })).perRow).largest).toBeLessThan(1e-5);
    }
  });

  it('stays whole where a hook inside it is swept, where blocks are parallel, and where every position is read', () => {
    const gpt2 = small('gpt2');
    const graph = metricGraph(gpt2.graph(), metrics[0]!, gpt2.output, ['blocks.1.hook_mlp_out']);
    expect(narrowLastBlock(graph, 2, ['blocks.1.hook_mlp_out'])).toBeUndefined();
    expect(narrowLastBlock(metricGraph(gpt2.graph(), { kind: 'loss' }, gpt2.output), 2, [])).toBeUndefined();
    const neox = small('gpt_neox');
    expect(narrowLastBlock(metricGraph(neox.graph(), metrics[0]!, neox.output), 2, [])).toBeUndefined();
  });
});

describe('ablations', () => {
  const folder = new URL('../../../fixtures/models/gpt2', import.meta.url).pathname;
  const reference = openSafetensors(`${folder}/reference.safetensors`);
  const prompts = { clean: new Map([['input_ids', reference.read('input_ids')]]), corrupted: new Map([['input_ids', reference.read('corrupted_ids')]]) };
  const metric = metrics[0]!;
  const hook = 'blocks.1.attn.hook_z';

  it.each([['zero', { kind: 'zero' }], ['mean', { kind: 'mean' }], ['resample', { kind: 'resample' }]] as const)('%s does what the intervention does', async (replacement, intervention) => {
    const model = await openHuggingFace(folder);
    const result = await sweep(model, runtime, { ...prompts, metric, hooks: [hook], by: ['head'], direction: 'noising', replacement });
    const feeds = new Map([...model.feeds(prompts.clean), ...metricFeeds(metric, 2, 11)]);
    for (let head = 0; head < 4; head++) {
      const changed = intervene(metricGraph(model.graph(), metric, model.output), [{ ...intervention, hook, where: { head: [head] } }], feeds);
      const run = await runtime.run({ ...changed.graph, outputs: [metricOutput] }, changed.feeds, model.parameters);
      expect(result.scores.data[head]).toBeCloseTo(numbersOf(run.get(metricOutput)!)[0]!, 5);
    }
  });

  it('the mean at each position needs several prompts, that over all positions does not', async () => {
    const model = await openHuggingFace(folder);
    const equal = { clean: prompts.clean, corrupted: prompts.clean };
    const same = new Map([['input_ids', i64([2, 4], [5, 6, 7, 8, 5, 6, 7, 8])]]);
    const unchanged = await sweep(model, runtime, { clean: same, corrupted: same, metric, hooks: [hook], by: ['head'], direction: 'noising', replacement: 'mean', over: 'position' });
    unchanged.scores.data.forEach((score) => expect(score).toBeCloseTo(unchanged.cleanMetric, 5));
    const several = await sweep(model, runtime, { ...equal, metric, hooks: [hook], by: ['head'], direction: 'noising', replacement: 'mean', over: 'position' });
    expect(Math.abs(several.scores.data[0]! - several.cleanMetric)).toBeGreaterThan(1e-5);
    const one = new Map([['input_ids', i64([1, 5], [9, 9, 9, 9, 9])]]);
    const single = { clean: one, corrupted: one, metric, hooks: [hook], by: ['head'], direction: 'noising', replacement: 'mean' } as const;
    expect((await sweep(model, runtime, single)).scores.data).toHaveLength(4);
    await expect(sweep(model, runtime, { ...single, over: 'position' })).rejects.toMatchObject({ reason: 'argument' });
  });
});

describe('features', () => {
  it('swept one by one change what clamping them to the other run changes', async () => {
    const model = small('llama');
    const dictionary = randomSae('blocks.0.hook_resid_post', model.config!.dModel, 40, 5, 3);
    const graph = spliceDictionary(model.graph(), dictionary, { errorTerm: true });
    const parameters = withDictionaries(model.parameters, [dictionary]);
    const acts = 'blocks.0.hook_resid_post.hook_sae_acts_post';
    const metric = metrics[0]!;
    const captured = (await runtime.run({ ...graph, outputs: [acts] }, model.feeds(options.clean), parameters)).get(acts)!;
    const active = [...Array(40).keys()].filter((feature) => (captured.data as Float32Array).some((value, i) => i % 40 === feature && value > 0));
    const result = await sweep(model, runtime, { ...options, metric, hooks: [acts], by: ['neuron'], neurons: active, graph, parameters });
    expect(result.scores.dims).toEqual([1, active.length]);
    const feeds = new Map([...model.feeds(options.corrupted), ...metricFeeds(metric, 2, 9)]);
    for (const at of [0, active.length - 1]) {
      const changed = intervene(metricGraph(graph, metric, model.output), [{ hook: acts, kind: 'patch', where: { neuron: [active[at]!] }, value: captured }], feeds);
      const run = await runtime.run({ ...changed.graph, outputs: [metricOutput] }, changed.feeds, parameters);
      expect(result.scores.data[at]).toBeCloseTo(numbersOf(run.get(metricOutput)!)[0]!, 5);
    }
    await expect(sweep(model, runtime, { ...options, metric, hooks: [acts], by: ['neuron'], neurons: [40], graph, parameters })).rejects.toMatchObject({ reason: 'argument' });
  });
});
