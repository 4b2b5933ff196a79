/** A small random language model with random dictionaries of both kinds of sparsity, and labelled token corpora for it. */
import { openDictionary } from '../../src/engine/dictionaries/open.ts';
import { dictionaryHash } from '../../src/engine/dictionaries/dictionary.ts';
import type { CrossLayerTranscoder, Dictionary } from '../../src/engine/dictionaries/dictionary.ts';
import { writeSafetensors } from '../../src/engine/formats/safetensorsWriter.ts';
import { createHuggingFace } from '../../src/engine/models/create.ts';
import { ParameterStore } from '../../src/engine/models/parameters.ts';
import type { Model } from '../../src/engine/models/model.ts';
import { Random } from '../../src/engine/random.ts';
import { f32 } from '../../src/engine/tensor.ts';
import { initializeParameters } from '../../src/engine/training/initialize.ts';
import type { Corpus } from '../../src/semantic/store/corpus.ts';
import { mkdirSync, writeFileSync } from 'node:fs';

export const tinySize = { width: 16, latents: 40, vocabulary: 97, context: 16 } as const;
export const tinyHook = 'blocks.1.hook_resid_post';

export function tinyLanguageModel(seed = 3): Model {
  const model = createHuggingFace('tiny', {
    architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_size: tinySize.width, intermediate_size: 24, num_hidden_layers: 3,
    num_attention_heads: 2, num_key_value_heads: 2, vocab_size: tinySize.vocabulary, max_position_embeddings: 64, rms_norm_eps: 1e-5, rope_theta: 10000,
    hidden_act: 'silu', attention_bias: false, mlp_bias: false, tie_word_embeddings: false, bos_token_id: 1, eos_token_id: 2,
  });
  initializeParameters(model.parameters, 3, seed, 0.4);
  return model;
}

/** Written to `folder` in SAELens' layout and opened. */
export async function tinyDictionary(folder: string, architecture: 'topk' | 'jumprelu', more: Readonly<Record<string, unknown>> = {}): Promise<Dictionary> {
  const random = new Random(9);
  const { width, latents } = tinySize;
  const normal = (dims: readonly number[], scale: number): ReturnType<typeof f32> => f32(dims, Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal()));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/cfg.json`, JSON.stringify({
    architecture, d_in: width, d_sae: latents, ...(architecture === 'topk' ? { k: 5 } : {}), dtype: 'float32', device: 'cpu', apply_b_dec_to_input: true, normalize_activations: 'none',
    reshape_activations: 'none', metadata: { sae_lens_version: '6.18.0', hook_name: tinyHook }, ...more,
  }));
  writeSafetensors(`${folder}/sae_weights.safetensors`, [
    ['W_enc', normal([width, latents], 0.3)], ['W_dec', normal([latents, width], 0.3)], ['b_enc', normal([latents], 0.1)], ['b_dec', normal([width], 0.1)],
    ...(architecture === 'jumprelu' ? [['threshold', f32([latents], new Float32Array(latents).fill(0.9))] as const] : []),
  ]);
  return openDictionary(folder);
}

/** Random tokens; every fifth context is held out. The variable `even` is whether the token's id is, `seven` whether the id of the token before is below 7. */
export function tinyCorpus(contexts: number, seed = 1): Corpus {
  const random = new Random(seed);
  const { context, vocabulary } = tinySize;
  const ids = Uint32Array.from({ length: contexts * context }, (_, i) => (i % context === 0 ? 1 : Math.floor(vocabulary * random.uniform() ** 2)));
  return {
    name: 'tiny corpus', ids, contextLength: context, origins: undefined,
    heldOut: Uint8Array.from({ length: contexts }, (_, i) => (i % 5 === 4 ? 1 : 0)),
    variables: [
      { name: 'even', classes: ['no', 'yes'], questions: [{ name: 'yes', classes: [1] }] },
      { name: 'before', classes: ['high', 'low'], questions: [{ name: 'low', classes: [1] }, { name: 'high', classes: [0] }] },
    ],
    codes: new Map([
      ['even', Uint8Array.from(ids, (id, i) => (i % context === 0 ? 255 : 1 - (id % 2)))],
      ['before', Uint8Array.from(ids, (_, i) => (i % context === 0 ? 255 : ids[i - 1]! < 7 ? 1 : 0))],
    ]),
  };
}

/** A random cross-layer transcoder over the three layers of the tiny model. */
export function tinyCrossLayer(): CrossLayerTranscoder {
  const random = new Random(4);
  const parameters = new ParameterStore();
  const { width } = tinySize;
  const layers = 3;
  const latents = 12;
  const declare = (name: string, dims: readonly number[], scale: number): void => {
    const value = f32(dims, Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal()));
    parameters.declare(name, 'float32', dims, () => value);
  };
  for (let layer = 0; layer < layers; layer++) {
    declare(`W_enc_${layer}`, [width, latents], 0.4);
    declare(`b_enc_${layer}`, [latents], 0.1);
    declare(`W_dec_${layer}`, [latents, layers - layer, width], 0.3);
    declare(`b_dec_${layer}`, [width], 0.1);
  }
  const hooks = (place: string): string[] => Array.from({ length: layers }, (_, layer) => `blocks.${layer}.${place}`);
  return {
    kind: 'clt', id: 'clt', source: '', architecture: 'standard', nLayers: layers, hooks: { inputs: hooks('ln2.hook_normalized'), outputs: hooks('hook_mlp_out') },
    dIn: width, dOut: width, nLatents: latents, k: undefined, parameters, metadata: {}, hash: dictionaryHash(parameters, {}),
  };
}
