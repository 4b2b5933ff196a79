/** Encoders, image models and CLIP against slow float64 references written from their definition. */
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openHuggingFace } from '../../../../../src/engine/models/huggingface.ts';
import { Program } from '../../../../../src/engine/runtime/program.ts';
import { f32, f64, i64 } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { difference } from '../../../../support/compare.ts';
import { normal, uniform } from '../../../../support/random.ts';
import { RandomCheckpoint } from '../../../../support/reference/checkpoint.ts';
import type { Config, Sequence } from '../../../../support/reference/decoders.ts';
import { bertClassifier, clipImage, clipLogits, clipText, deit, distilbertClassifier, distilbertMasked } from '../../../../support/reference/encoders.ts';
import type { Image } from '../../../../support/reference/encoders.ts';

const vocabulary = 37;
const length = 8;

function sequences(count: number, seed: number): Sequence[] {
  const next = uniform(seed);
  return Array.from({ length: count }, (_, b) => ({
    ids: Array.from({ length }, () => 3 + Math.floor((vocabulary - 4) * next())),
    mask: Array.from({ length }, (__, p) => (p < length - b ? 1 : 0)),
  }));
}

function images(count: number, side: number): Image[] {
  const values = normal(count * 3 * side * side, 5);
  return Array.from({ length: count }, (_, b) => Array.from({ length: 3 }, (__, c) => Array.from({ length: side }, (___, y) => (
    values.slice(((b * 3 + c) * side + y) * side, ((b * 3 + c) * side + y + 1) * side)
  ))));
}

const tokenInputs = (batch: readonly Sequence[]): [string, Tensor][] => [
  ['input_ids', i64([batch.length, length], batch.flatMap(({ ids }) => ids))],
  ['attention_mask', i64([batch.length, length], batch.flatMap(({ mask }) => mask))],
];

const pixelInput = (batch: readonly Image[], side: number): [string, Tensor] => ['pixel_values', f32([batch.length, 3, side, side], batch.flat(3))];

async function run(checkpoint: RandomCheckpoint, config: Config, inputs: readonly [string, Tensor][], outputs: readonly string[], dtype: 'float32' | 'float64') {
  const folder = checkpoint.save(config);
  try {
    const model = await openHuggingFace(folder);
    const program = await Program.compile({ ...model.graph({ dtype }), outputs }, { threads: 1 });
    const results = await program.run(model.feeds(new Map(inputs)), model.parameters);
    await program.release();
    return results;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function expectClose(actual: Tensor, expected: readonly number[], tolerance: number): void {
  const { largest, scale } = difference(actual, f64([expected.length], expected));
  expect(scale).toBeGreaterThan(0.05);
  expect(largest).toBeLessThan(tolerance);
}

const id2label = { 0: 'a', 1: 'b', 2: 'c' };
const distilbertConfig = {
  model_type: 'distilbert', dim: 24, n_heads: 3, n_layers: 2, hidden_dim: 40, vocab_size: vocabulary, max_position_embeddings: 16, activation: 'gelu', id2label,
};

describe.each([['float32', 1e-4], ['float64', 1e-6]] as const)('in %s', (dtype, tolerance) => {
  it('bert classifies two-part texts by its pooled first position', async () => {
    const config = {
      model_type: 'bert', architectures: ['BertForSequenceClassification'], hidden_size: 24, num_attention_heads: 4, num_hidden_layers: 2, intermediate_size: 40,
      vocab_size: vocabulary, max_position_embeddings: 16, type_vocab_size: 2, layer_norm_eps: 1e-12, hidden_act: 'gelu', id2label,
    };
    const checkpoint = new RandomCheckpoint(1);
    const batch = sequences(2, 3);
    const types = Array.from({ length }, (_, p) => (p < 4 ? 0 : 1));
    const expected = batch.flatMap((sequence) => bertClassifier(checkpoint, config, sequence, types));
    const inputs: [string, Tensor][] = [...tokenInputs(batch), ['token_type_ids', i64([2, length], [...types, ...types])]];
    expectClose((await run(checkpoint, config, inputs, ['logits'], dtype)).get('logits')!, expected, tolerance);
  });

  it('distilbert classifies', async () => {
    const config = { ...distilbertConfig, architectures: ['DistilBertForSequenceClassification'] };
    const checkpoint = new RandomCheckpoint(2);
    const batch = sequences(2, 4);
    const expected = batch.flatMap((sequence) => distilbertClassifier(checkpoint, config, sequence));
    expectClose((await run(checkpoint, config, tokenInputs(batch), ['logits'], dtype)).get('logits')!, expected, tolerance);
  });

  it('distilbert fills masks', async () => {
    const config = { ...distilbertConfig, architectures: ['DistilBertForMaskedLM'] };
    const checkpoint = new RandomCheckpoint(3);
    const batch = sequences(1, 5);
    const expected = batch.flatMap((sequence) => distilbertMasked(checkpoint, config, sequence)).flat();
    expectClose((await run(checkpoint, config, tokenInputs(batch), ['logits'], dtype)).get('logits')!, expected, tolerance);
  });

  it('deit averages its two classifiers', async () => {
    const config = {
      model_type: 'deit', architectures: ['DeiTForImageClassificationWithTeacher'], hidden_size: 24, num_attention_heads: 3, num_hidden_layers: 2, intermediate_size: 40,
      image_size: 12, patch_size: 4, num_channels: 3, layer_norm_eps: 1e-12, hidden_act: 'gelu', id2label,
    };
    const checkpoint = new RandomCheckpoint(4);
    const batch = images(2, 12);
    const expected = batch.flatMap((image) => deit(checkpoint, config, image));
    expectClose((await run(checkpoint, config, [pixelInput(batch, 12)], ['logits'], dtype)).get('logits')!, expected, tolerance);
  });

  it.each([{ eos: 36, place: 'at the end-of-text token' }, { eos: 2, place: 'at the largest id' }])('clip with eos_token_id $eos reads texts $place', async ({ eos }) => {
    const sizes = { num_attention_heads: 2, num_hidden_layers: 2, intermediate_size: 32, hidden_act: 'quick_gelu' };
    const config = {
      model_type: 'clip', architectures: ['CLIPModel'], projection_dim: 12,
      text_config: { ...sizes, hidden_size: 16, vocab_size: vocabulary, max_position_embeddings: 10, eos_token_id: eos },
      vision_config: { ...sizes, hidden_size: 20, image_size: 12, patch_size: 4 },
    };
    const checkpoint = new RandomCheckpoint(5);
    const texts = sequences(3, 6).map(({ ids, mask }, b) => ({ mask, ids: ids.map((id, p) => (p === length - 1 - b ? 36 : id)) }));
    const pictures = images(2, 12);
    const textVectors = texts.map((sequence) => clipText(checkpoint, config, sequence));
    const imageVectors = pictures.map((image) => clipImage(checkpoint, config, image));
    const logits = clipLogits(checkpoint, imageVectors, textVectors);
    const results = await run(checkpoint, config, [...tokenInputs(texts), pixelInput(pictures, 12)], ['logits_per_image', 'logits_per_text', 'text_embeds', 'image_embeds'], dtype);
    expect(results.get('logits_per_image')!.dims).toEqual([2, 3]);
    expect(results.get('logits_per_text')!.dims).toEqual([3, 2]);
    expectClose(results.get('text_embeds')!, textVectors.flat(), tolerance);
    expectClose(results.get('image_embeds')!, imageVectors.flat(), tolerance);
    expectClose(results.get('logits_per_image')!, logits.flat(), tolerance);
  });
});
