/** Activations of a whole model, and what latents are compared with. */
import { afterAll, describe, expect, test } from 'vitest';
import { encodeRows } from '../../../../src/engine/dictionaries/encodeRows.ts';
import type { Dictionary } from '../../../../src/engine/dictionaries/dictionary.ts';
import { createHuggingFace } from '../../../../src/engine/models/create.ts';
import { ParameterStore } from '../../../../src/engine/models/parameters.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { i64 } from '../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../src/engine/tensor.ts';
import { initializeParameters } from '../../../../src/engine/training/initialize.ts';
import { principalDirections, project } from '../../../../src/semantic/groundTruth/principal.ts';
import { randomDictionary } from '../../../../src/semantic/groundTruth/randomDictionary.ts';
import { representationsOf } from '../../../../src/semantic/groundTruth/representations.ts';
import type { LabelledText } from '../../../../src/semantic/groundTruth/variables.ts';
import { normal, uniform } from '../../../support/random.ts';

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const [d, heads, vocabulary] = [16, 2, 40];
const model = createHuggingFace('tiny', {
  architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_size: d, intermediate_size: 24, num_hidden_layers: 2,
  num_attention_heads: heads, num_key_value_heads: heads, head_dim: d / heads, vocab_size: vocabulary, max_position_embeddings: 64,
  rms_norm_eps: 1e-5, rope_theta: 10000, hidden_act: 'silu', attention_bias: false, mlp_bias: false, tie_word_embeddings: false,
});
initializeParameters(model.parameters, 2, 3, 0.3);

function text(contexts: number, positions: number, seed: number): LabelledText {
  const u = uniform(seed);
  return { contexts: i64([contexts, positions], Array.from({ length: contexts * positions }, () => Math.floor(u() * vocabulary))), codes: new Map() };
}

function dictionaryAt(hook: string, k: number, nLatents = 32): Dictionary {
  const parameters = new ParameterStore();
  const declare = (name: string, dims: number[], seed: number): void => {
    const value: Tensor<'float32'> = { dtype: 'float32', dims, data: Float32Array.from(normal(dims.reduce((a, b) => a * b), seed)) };
    parameters.declare(name, 'float32', dims, () => value);
  };
  declare('W_enc', [d, nLatents], 1);
  declare('b_enc', [nLatents], 2);
  declare('W_dec', [nLatents, d], 3);
  declare('b_dec', [d], 4);
  return {
    kind: 'sae', id: hook, source: '', architecture: 'topk', hooks: { input: hook, output: hook }, dIn: d, dOut: d, nLatents, parameters,
    normalization: 'none', applyBDecToInput: true, rescaleActsByDecoderNorm: false, k, reshape: hook.endsWith('hook_z') ? 'hook_z' : 'none', inputScale: 1, metadata: {}, hash: () => 'x',
  };
}

describe.each([['blocks.1.hook_resid_post', 3], ['blocks.0.attn.hook_z', 5]] as const)('at %s', (hook, k) => {
  const dictionary = dictionaryAt(hook, k);
  const [selection, heldOut] = [text(5, 12, 1), text(3, 12, 2)];
  const request = { model, runtime, dictionary, selection, heldOut, neurons: 'blocks.1.mlp.hook_post', controls: true, seed: 7 };

  test('latents, neurons and directions are those of the model, token by token', async () => {
    const { hook: x, representations } = await representationsOf(request);
    const whole = model.graph();
    const results = await runtime.run({ ...whole, outputs: [hook, 'blocks.1.mlp.hook_post'] }, model.feeds(new Map([['input_ids', heldOut.contexts]])), model.parameters);
    const activations = results.get(hook)!.data as Float32Array;
    expect(x.heldOut).toEqual(activations);
    const { acts } = await encodeRows(dictionary, { dtype: 'float32', dims: [36, d], data: activations }, runtime);
    const neurons = results.get('blocks.1.mlp.hook_post')!.data as Float32Array;
    const read = (name: string, feature: number): number[] => Array.from(representations.get(name)!.heldOut.dense(feature));
    for (const feature of [0, 5, 23]) {
      read('latents', feature).forEach((value, row) => expect(value).toBeCloseTo(acts.data[row * 32 + feature]!, 4));
      read('neurons', feature).forEach((value, row) => expect(value).toBe(neurons[row * 24 + feature]!));
    }
    expect(['latents', 'neurons', 'principal', 'random'].map((name) => representations.get(name)!.heldOut.width)).toEqual([32, 24, d, 32]);
    expect(['latents', 'neurons', 'principal', 'random'].map((name) => representations.get(name)!.selection.signed)).toEqual([false, true, true, false]);
  });

  test('the random dictionary is as sparse as the dictionary', async () => {
    const { representations } = await representationsOf(request);
    const active = (name: string): number => {
      const { selection: acts } = representations.get(name)!;
      let sum = 0;
      for (let feature = 0; feature < acts.width; feature++) sum += acts.column(feature).rows.length;
      return sum / acts.rows;
    };
    expect(active('latents')).toBeCloseTo(k, 9);
    expect(active('random')).toBeCloseTo(k, 9);
  });
});

test('random directions have unit norm and follow the seed', () => {
  const like = dictionaryAt('blocks.1.hook_resid_post', 3);
  const [a, b, other] = [1, 1, 2].map((seed) => randomDictionary(like, 3, new Float64Array(d), seed));
  expect(a!.hash()).toBe(b!.hash());
  expect(a!.hash()).not.toBe(other!.hash());
  const decoder = a!.parameters.get('W_dec').data as Float32Array;
  for (let latent = 0; latent < 32; latent++) expect(Math.hypot(...decoder.subarray(latent * d, (latent + 1) * d))).toBeCloseTo(1, 5);
});

test('principal directions are orthonormal, ordered, and those along which the data were stretched', () => {
  const rows = 4000;
  const z = normal(rows * 3, 9);
  const axes = [[0.6, 0.8, 0], [-0.8, 0.6, 0], [0, 0, 1]];
  const spread = [5, 2, 0.5];
  const data = Float32Array.from({ length: rows * 3 }, (_, i) => {
    const row = Math.floor(i / 3);
    return 10 + axes.reduce((sum, axis, j) => sum + axis[i % 3]! * spread[j]! * z[row * 3 + j]!, 0);
  });
  const principal = principalDirections(data, 3);
  axes.forEach((axis, j) => {
    const cosine = axis.reduce((sum, value, a) => sum + value * principal.directions[a * 3 + j]!, 0);
    expect(Math.abs(cosine)).toBeGreaterThan(0.999);
    expect(Math.sqrt(principal.variances[j]!) / spread[j]!).toBeCloseTo(1, 1);
  });
  const projected = project(principal, data);
  for (let j = 0; j < 3; j++) {
    let [sum, squares] = [0, 0];
    for (let row = 0; row < rows; row++) {
      sum += projected[row * 3 + j]!;
      squares += projected[row * 3 + j]! ** 2;
    }
    expect(sum / rows).toBeCloseTo(0, 3);
    expect(squares / rows / principal.variances[j]!).toBeCloseTo(1, 3);
  }
});

test('a hook point that the model lacks is named', async () => {
  const request = { model, runtime, dictionary: dictionaryAt('blocks.9.hook_resid_post', 3), selection: text(1, 4, 1), heldOut: text(1, 4, 2), seed: 1 };
  await expect(representationsOf(request)).rejects.toThrow(expect.objectContaining({ reason: 'argument', message: expect.stringContaining('blocks.9.hook_resid_post') }));
});
