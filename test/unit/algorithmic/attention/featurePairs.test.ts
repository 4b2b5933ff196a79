/** Attention scores as sums over feature pairs; value-weighted patterns. */
import { afterAll, describe, expect, it } from 'vitest';
import { featurePairs } from '../../../../src/algorithmic/attention/featurePairs.ts';
import { attentionPatterns } from '../../../../src/algorithmic/attention/patterns.ts';
import { prune } from '../../../../src/engine/graph/prune.ts';
import { createHuggingFace } from '../../../../src/engine/models/create.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { i64 } from '../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../src/engine/tensor.ts';
import { initializeParameters } from '../../../../src/engine/training/initialize.ts';
import { randomSae } from '../../../support/randomSae.ts';
import { smallConfigs } from '../../../support/smallConfigs.ts';

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());
const inputs = new Map([['input_ids', i64([1, 7], [3, 11, 5, 11, 30, 2, 8])]]);

function small(name: string) {
  const model = createHuggingFace(name, smallConfigs[name]!);
  initializeParameters(model.parameters, 2, 7, 0.4);
  for (const parameter of model.parameters.names()) {
    const { dims, data } = model.parameters.get(parameter) as Tensor<'float32'>;
    // Biases and norm weights away from 0 and 1, where mistakes would not show.
    if (dims.length === 1) data.forEach((value, i) => (data[i] = value + 0.2 * Math.sin(i + parameter.length)));
  }
  return model;
}

describe('featurePairs', () => {
  it.each(['gpt2', 'gpt_neox', 'llama', 'qwen3', 'qwen2'])('the terms sum to the score the model computes: %s', async (name) => {
    const model = small(name);
    const dictionary = randomSae('blocks.0.hook_resid_post', model.config!.dModel, 40, 5, 3);
    for (const [head, query, key] of [[0, 5, 2], [model.config!.nHeads - 1, 6, 6], [1, 3, 0]] as const) {
      const { sum, score, queryTerms, keyTerms, values } = await featurePairs(model, runtime, { inputs, layer: 1, head, query, key, dictionary });
      expect(sum).toBeCloseTo(score, 3);
      expect(values.dims).toEqual([queryTerms.length, keyTerms.length]);
      expect(queryTerms.slice(-2)).toEqual(['error', 'bias']);
      expect(queryTerms.length).toBeGreaterThan(4);
    }
  });

  it('gives the error nothing when the features describe the stream exactly', async () => {
    const model = small('llama');
    const width = model.config!.dModel;
    const dictionary = randomSae('blocks.1.hook_resid_pre', width, 2 * width, 2 * width, 1);
    const identity = (sign: number) => (_: unknown, i: number): number => (i % width === Math.floor(i / width) ? sign : 0);
    const half = (sign: number): Float32Array => new Float32Array(width * width).map(identity(sign));
    const encoder = dictionary.parameters.get('W_enc').data as Float32Array;
    for (let row = 0; row < width; row++) {
      encoder.subarray(row * 2 * width, (row + 1) * 2 * width).fill(0);
      encoder[row * 2 * width + row] = 1;
      encoder[row * 2 * width + width + row] = -1;
    }
    const decoder = dictionary.parameters.get('W_dec').data as Float32Array;
    decoder.set(half(1));
    decoder.set(half(-1), width * width);
    for (const name of ['b_enc', 'b_dec']) (dictionary.parameters.get(name).data as Float32Array).fill(0);
    const { values, queryTerms, keyTerms, sum, score } = await featurePairs(model, runtime, { inputs, layer: 1, head: 2, query: 4, key: 1, dictionary });
    expect(sum).toBeCloseTo(score, 3);
    const errors = Array.from(values.data.keys()).filter((i) => queryTerms[Math.floor(i / keyTerms.length)] === 'error' || keyTerms[i % keyTerms.length] === 'error');
    expect(Math.max(...errors.map((i) => Math.abs(values.data[i]!)))).toBeLessThan(1e-4);
  });

  it.each([
    ['gemma2', { layer: 1 }, 'unsupported'], ['llama', { layer: 2 }, 'argument'], ['llama', { layer: 0 }, 'argument'], ['llama', { layer: 1, key: 6 }, 'argument'], ['llama', { layer: 1, query: 9 }, 'argument'],
  ] as const)('refuses %s %j', async (name, place, reason) => {
    const model = small(name);
    const dictionary = randomSae('blocks.0.hook_resid_post', model.config!.dModel, 40, 5, 3);
    await expect(featurePairs(model, runtime, { inputs, head: 0, query: 5, key: 2, dictionary, ...place })).rejects.toMatchObject({ reason });
  });
});

describe('attentionPatterns', () => {
  it.each(['gpt2', 'llama'])('weights by the norm of what each value writes: %s', async (name) => {
    const model = small(name);
    const { nHeads, nKeyValueHeads, dHead, dModel } = model.config!;
    const [plain] = await attentionPatterns(model, runtime, { inputs, layers: [1] });
    const [weighted] = await attentionPatterns(model, runtime, { inputs, layers: [1], weighting: 'value-weighted' });
    const run = await runtime.run(prune(model.graph(), ['blocks.1.attn.hook_v']), model.feeds(inputs), model.parameters);
    const [v, w] = [run.get('blocks.1.attn.hook_v')!.data as Float32Array, model.parameters.get('blocks.1.attn.W_O').data as Float32Array];
    const [head, query] = [nHeads - 1, 5];
    const group = Math.floor(head / (nHeads / nKeyValueHeads));
    const sizes = Array.from({ length: 7 }, (_, k) => {
      const written = Array.from({ length: dModel }, (__, d) => Array.from({ length: dHead }, (___, i) => v[(k * nKeyValueHeads + group) * dHead + i]! * w[(head * dHead + i) * dModel + d]!).reduce((a, x) => a + x, 0));
      return plain!.data[(head * 7 + query) * 7 + k]! * Math.hypot(...written);
    });
    const total = sizes.reduce((a, x) => a + x, 0);
    sizes.forEach((size, k) => expect(weighted!.data[(head * 7 + query) * 7 + k]).toBeCloseTo(size / total, 5));
  });

  it('names the nearest hook for a layer the model does not have', async () => {
    await expect(attentionPatterns(small('gpt2'), runtime, { inputs, layers: [7] })).rejects.toMatchObject({ reason: 'argument' });
  });
});
