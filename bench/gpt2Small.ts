/** A random model of GPT-2 small's shape and random token batches: what the engine benchmarks run on. */
import { createHuggingFace } from '../src/engine/models/create.ts';
import type { Model } from '../src/engine/models/model.ts';
import { Random } from '../src/engine/random.ts';
import { i64 } from '../src/engine/tensor.ts';
import type { Tensor } from '../src/engine/tensor.ts';
import { initializeParameters } from '../src/engine/training/initialize.ts';

const vocabulary = 50257;

export function gpt2SmallShape(): Model {
  const model = createHuggingFace('gpt2-small-shape', {
    model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], vocab_size: vocabulary, n_positions: 1024, n_embd: 768, n_layer: 12, n_head: 12,
    activation_function: 'gelu_new', layer_norm_epsilon: 1e-5, tie_word_embeddings: true,
  });
  initializeParameters(model.parameters, 12, 1);
  return model;
}

/** Random prompts [rows, length]. */
export function randomPrompts(rows: number, length: number, seed: number): ReadonlyMap<string, Tensor> {
  const random = new Random(seed);
  return new Map([['input_ids', i64([rows, length], Array.from({ length: rows * length }, () => random.integer(vocabulary)))]]);
}
