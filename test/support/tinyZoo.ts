/** A folder of bundled models with one small random language model, the zoo's tokenizer and dictionaries. */
import { copyFileSync, mkdtempSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSafetensors } from '../../src/engine/formats/safetensorsWriter.ts';
import { createHuggingFace } from '../../src/engine/models/create.ts';
import { exportHuggingFace } from '../../src/engine/models/families/export.ts';
import { Random } from '../../src/engine/random.ts';
import { f32 } from '../../src/engine/tensor.ts';
import type { Tensor } from '../../src/engine/tensor.ts';
import { initializeParameters } from '../../src/engine/training/initialize.ts';

export const tinyModel = { id: 'tiny', width: 32, layers: 4, latents: 48, context: 64 } as const;

const tokenizerFiles = fileURLToPath(new URL('../../zoo/tokenizer', import.meta.url));

/** Returns the folder; the model is in `tiny`. Weights are large enough that predictions differ clearly from uniform. */
export async function tinyZoo(): Promise<string> {
  const zoo = mkdtempSync(join(tmpdir(), 'mechanist-zoo-'));
  const folder = join(zoo, tinyModel.id);
  const model = createHuggingFace(tinyModel.id, {
    architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_size: tinyModel.width, intermediate_size: 64, num_hidden_layers: tinyModel.layers,
    num_attention_heads: 4, num_key_value_heads: 4, vocab_size: 2048, max_position_embeddings: tinyModel.context, rms_norm_eps: 1e-5, rope_theta: 10000,
    hidden_act: 'silu', attention_bias: false, mlp_bias: false, tie_word_embeddings: false, bos_token_id: 1, eos_token_id: 2,
  });
  initializeParameters(model.parameters, tinyModel.layers, 5, 0.3);
  exportHuggingFace(model, folder);
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) copyFileSync(join(tokenizerFiles, name), join(folder, name));
  for (const layer of [0, 2, 3]) await writeDictionary(join(folder, 'dictionaries', `blocks.${layer}.hook_resid_post`), `blocks.${layer}.hook_resid_post`, layer);
  return zoo;
}

/** A random top-k autoencoder in SAELens' layout. */
export async function writeDictionary(folder: string, hook: string, seed: number): Promise<void> {
  const random = new Random(seed);
  const { width, latents } = tinyModel;
  const normal = (dims: readonly number[], scale: number): Tensor<'float32'> => f32(dims, Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal()));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'cfg.json'), JSON.stringify({
    architecture: 'topk', d_in: width, d_sae: latents, k: 6, dtype: 'float32', device: 'cpu', apply_b_dec_to_input: true, normalize_activations: 'none',
    reshape_activations: 'none', metadata: { sae_lens_version: '6.18.0', hook_name: hook },
  }));
  writeSafetensors(join(folder, 'sae_weights.safetensors'), [
    ['W_enc', normal([width, latents], 0.3)], ['W_dec', normal([latents, width], 0.3)], ['b_enc', normal([latents], 0.1)], ['b_dec', normal([width], 0.1)],
  ]);
}

/** Random transcoders of every MLP in circuit-tracer's layout. */
export async function writeTranscoders(folder: string): Promise<void> {
  const { width, latents, layers } = tinyModel;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.yaml'), 'model_kind: transcoder_set\nfeature_input_hook: ln2.hook_normalized\nfeature_output_hook: hook_mlp_out\nscan: tiny/transcoders\n');
  for (let layer = 0; layer < layers; layer++) {
    const random = new Random(100 + layer);
    const normal = (dims: readonly number[], scale: number): Tensor<'float32'> => f32(dims, Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal()));
    writeSafetensors(join(folder, `layer_${layer}.safetensors`), [
      ['W_enc', normal([latents, width], 0.3)], ['W_dec', normal([latents, width], 0.3)], ['b_enc', normal([latents], 0.1)], ['b_dec', normal([width], 0.1)],
    ]);
  }
}
