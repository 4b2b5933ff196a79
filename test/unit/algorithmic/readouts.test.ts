/** Logit lens and direct logit attribution against TransformerLens 2.15 and against their own identities. */
import { afterAll, describe, expect, it } from 'vitest';
import { directLogitAttribution } from '../../../src/algorithmic/directLogitAttribution.ts';
import { logitLens } from '../../../src/algorithmic/logitLens.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import type { Metric } from '../../../src/engine/metrics/parse.ts';
import { openHuggingFace } from '../../../src/engine/models/huggingface.ts';
import { Runtime } from '../../../src/engine/runtime/runtime.ts';
import { i64, numbersOf } from '../../../src/engine/tensor.ts';

const fixtures = new URL('../../fixtures/', import.meta.url).pathname;
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

async function open(name: string) {
  const model = await openHuggingFace(`${fixtures}models/${name}`);
  const reference = openSafetensors(`${fixtures}models/${name}/reference.safetensors`);
  const answers = Array.from(numbersOf(reference.read('answer_ids')));
  const metric: Metric = { kind: 'logit_diff', position: -1, rows: [{ right: answers[0]!, wrong: answers[1]! }, { right: answers[2]!, wrong: answers[3]! }] };
  return { model, metric, reference, inputs: new Map([['input_ids', reference.read('input_ids')]]) };
}

describe('logitLens', () => {
  it('equals TransformerLens at every layer', async () => {
    const { model, inputs } = await open('gpt2');
    const oracle = openSafetensors(`${fixtures}transformer_lens/gpt2.safetensors`).read('logit_lens');
    const [layers, rows, positions, vocabulary] = oracle.dims as [number, number, number, number];
    const lens = await logitLens(model, runtime, { inputs, topK: 3 });
    expect(lens).toHaveLength(layers);
    for (const [l, layer] of lens.entries()) {
      for (let i = 0; i < rows * positions; i++) {
        const logits = (oracle.data as Float32Array).subarray((l * rows * positions + i) * vocabulary, (l * rows * positions + i + 1) * vocabulary);
        const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]!).slice(0, 3);
        const total = logits.reduce((sum, v) => sum + Math.exp(v), 0);
        for (const [k, id] of order.entries()) {
          expect(Number(layer.topIds.data[i * 3 + k])).toBe(id);
          expect(layer.topProbabilities.data[i * 3 + k]).toBeCloseTo(Math.exp(logits[id]!) / total, 5);
        }
        const entropy = logits.reduce((sum, v) => sum - (Math.exp(v) / total) * (v - Math.log(total)), 0);
        expect(layer.entropy.data[i]).toBeCloseTo(entropy, 4);
      }
    }
  });

  it('agrees with the output at the last layer: no divergence, targets rank as they do there', async () => {
    const { model, inputs, reference } = await open('llama');
    const lens = await logitLens(model, runtime, { inputs, topK: 1, targets: reference.read('input_ids') });
    const last = lens.at(-1)!;
    const topIsTarget = Array.from(numbersOf(last.targetRank!), (rank) => rank === 1);
    const ids = numbersOf(reference.read('input_ids'));
    expect(topIsTarget).toEqual(Array.from(numbersOf(last.topIds), (id, i) => id === ids[i]));
    expect(Math.max(...(last.klToOutput.data as Float32Array))).toBeLessThan(1e-6);
    expect(Math.min(...(lens[0]!.klToOutput.data as Float32Array))).toBeGreaterThan(1e-4);
  });
});

describe('directLogitAttribution', () => {
  it.each(['gpt2', 'gpt_neox', 'llama', 'gemma2'])('sums over components to the metric, less a constant that the input does not change: %s', async (name) => {
    const { model, metric, inputs, reference } = await open(name);
    const clean = await directLogitAttribution(model, runtime, { inputs, metric });
    const corrupted = await directLogitAttribution(model, runtime, { inputs: new Map([['input_ids', reference.read('corrupted_ids')]]), metric });
    expect(Math.abs(clean.metric - corrupted.metric)).toBeGreaterThan(1e-3);
    expect(clean.constant).toBeCloseTo(corrupted.constant, 4);
    // These have no biases. The second caps its logits, and the metric is that before.
    if (name === 'llama' || name === 'gemma2') expect(clean.constant).toBeCloseTo(0, 4);
  });

  it.each<Metric>([{ kind: 'loss' }, { kind: 'log_prob', tokens: [3], position: -1 }, { kind: 'kl', position: -1 }])('refuses metrics that are no sum over components: $kind', async (metric) => {
    const { model, inputs } = await open('gpt2');
    await expect(directLogitAttribution(model, runtime, { inputs, metric })).rejects.toMatchObject({ reason: 'argument', field: 'metric' });
  });

  it('refuses blocks that normalise the stream', async () => {
    const model = await openHuggingFace(`${fixtures}models/bert`);
    const inputs = new Map([['input_ids', i64([1, 3], [1, 2, 3])]]);
    await expect(directLogitAttribution(model, runtime, { inputs, metric: { kind: 'logit', token: 1, position: -1 } })).rejects.toMatchObject({ reason: 'unsupported' });
  });

  it.each(['gpt2', 'gemma2'])('gives whole layers the sum of their heads and bias: %s', async (name) => {
    const { model, metric, inputs } = await open(name);
    const heads = await directLogitAttribution(model, runtime, { inputs, metric });
    const layers = await directLogitAttribution(model, runtime, { inputs, metric, heads: false });
    const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
    for (let layer = 0; layer < model.config!.nLayers; layer++) {
      const bias = heads.contributions.get(`blocks.${layer}.attn.b_O`);
      const written = sum(numbersOf(heads.contributions.get(`blocks.${layer}.attn.hook_result`)!)) + (bias === undefined ? 0 : sum(numbersOf(bias)));
      expect(Math.abs(written)).toBeGreaterThan(1e-3);
      expect(written).toBeCloseTo(sum(numbersOf(layers.contributions.get(`blocks.${layer}.hook_attn_out`)!)), 5);
    }
  });
});
