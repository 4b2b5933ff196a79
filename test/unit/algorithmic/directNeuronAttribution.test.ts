/** Neurons and features add up to the component they are part of; heads equal TransformerLens. */
import { afterAll, describe, expect, it } from 'vitest';
import { directLogitAttribution } from '../../../src/algorithmic/directLogitAttribution.ts';
import { featureAttribution, neuronAttribution } from '../../../src/algorithmic/directNeuronAttribution.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import type { Metric } from '../../../src/engine/metrics/parse.ts';
import { openHuggingFace } from '../../../src/engine/models/huggingface.ts';
import { Runtime } from '../../../src/engine/runtime/runtime.ts';
import { numbersOf } from '../../../src/engine/tensor.ts';
import { randomSae } from '../../support/randomSae.ts';

const fixtures = new URL('../../fixtures/', import.meta.url).pathname;
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

async function question(name: string) {
  const model = await openHuggingFace(`${fixtures}models/${name}`);
  const reference = openSafetensors(`${fixtures}models/${name}/reference.safetensors`);
  const answers = Array.from(numbersOf(reference.read('answer_ids')));
  const metric: Metric = { kind: 'logit_diff', position: -1, rows: [{ right: answers[0]!, wrong: answers[1]! }, { right: answers[2]!, wrong: answers[3]! }] };
  return { model, options: { inputs: new Map([['input_ids', reference.read('input_ids')]]), metric } };
}

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

describe('heads', () => {
  it('equal TransformerLens, which leaves the final norm weight out when it is not folded', async () => {
    const { model, options } = await question('gpt2');
    const width = model.config!.dModel;
    model.parameters.set('ln_final.w', { dtype: 'float32', dims: [width], data: new Float32Array(width).fill(1) });
    const { contributions } = await directLogitAttribution(model, runtime, options);
    const oracle = numbersOf(openSafetensors(`${fixtures}transformer_lens/gpt2.safetensors`).read('logit_attrs'));
    const { nLayers, nHeads } = model.config!;
    for (let layer = 0; layer < nLayers; layer++) {
      const { dims, data } = contributions.get(`blocks.${layer}.attn.hook_result`)!;
      const [rows, positions] = dims as [number, number];
      for (let row = 0; row < rows; row++) {
        for (let head = 0; head < nHeads; head++) {
          expect(data[((row + 1) * positions - 1) * nHeads + head]).toBeCloseTo(oracle[(layer * nHeads + head) * rows + row]!, 4);
        }
      }
    }
  });
});

describe('neuronAttribution', () => {
  it.each(['gpt2', 'llama', 'gpt_neox'])('sums over neurons and bias to the contribution of the MLP: %s', async (name) => {
    const { model, options } = await question(name);
    const { contributions, metric } = await directLogitAttribution(model, runtime, options);
    const fine = await neuronAttribution(model, runtime, options);
    expect(fine.metric).toBeCloseTo(metric, 5);
    fine.neurons.forEach((neurons, layer) => {
      expect(sum(neurons.data) + sum(fine.biases[layer]?.data ?? [])).toBeCloseTo(sum(numbersOf(contributions.get(`blocks.${layer}.hook_mlp_out`)!)), 4);
    });
  });

  it('refuses MLPs behind a norm', async () => {
    const { model, options } = await question('gemma2');
    await expect(neuronAttribution(model, runtime, options)).rejects.toMatchObject({ reason: 'unsupported' });
  });
});

describe('featureAttribution', () => {
  it.each(['blocks.1.hook_mlp_out', 'blocks.0.hook_attn_out'])('features, error and bias sum to the contribution of %s', async (hook) => {
    const { model, options } = await question('gpt2');
    const { contributions } = await directLogitAttribution(model, runtime, { ...options, heads: false });
    const { features, error, bias } = await featureAttribution(model, runtime, randomSae(hook, model.config!.dModel, 64, 6, 2), options);
    expect(sum(features.data) + sum(error.data) + sum(bias.data)).toBeCloseTo(sum(numbersOf(contributions.get(hook)!)), 4);
    expect(features.data.filter((value) => value !== 0).length).toBeLessThanOrEqual(6 * options.inputs.get('input_ids')!.dims[0]!);
  });

  it('takes the stream after a layer as embeddings and everything up to that layer', async () => {
    const { model, options } = await question('llama');
    const { contributions } = await directLogitAttribution(model, runtime, { ...options, heads: false });
    const { features, error, bias } = await featureAttribution(model, runtime, randomSae('blocks.0.hook_resid_post', model.config!.dModel, 64, 6, 2), options);
    const early = ['hook_embed', 'blocks.0.hook_attn_out', 'blocks.0.hook_mlp_out'].map((hook) => sum(numbersOf(contributions.get(hook)!)));
    expect(sum(features.data) + sum(error.data) + sum(bias.data)).toBeCloseTo(sum(early), 4);
  });

  it('refuses dictionaries that do not write to the stream', async () => {
    const { model, options } = await question('gpt2');
    await expect(featureAttribution(model, runtime, randomSae('blocks.0.mlp.hook_post', 192, 8, 2, 1), options)).rejects.toMatchObject({ reason: 'argument' });
  });
});
