/** Random transcoders in memory, and small models to bind them to. */
import type { CrossLayerTranscoder, Dictionary, TranscoderSet } from '../../src/engine/dictionaries/dictionary.ts';
import { createHuggingFace } from '../../src/engine/models/create.ts';
import type { Model } from '../../src/engine/models/model.ts';
import { ParameterStore } from '../../src/engine/models/parameters.ts';
import { Random } from '../../src/engine/random.ts';
import { f32 } from '../../src/engine/tensor.ts';
import { initializeParameters } from '../../src/engine/training/initialize.ts';

/** A Llama without any bias, so that everything in it comes from the tokens. */
export function smallLlama(layers = 3, width = 16): Model {
  const model = createHuggingFace('small', {
    architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_size: width, intermediate_size: 24, num_hidden_layers: layers,
    num_attention_heads: 4, num_key_value_heads: 2, vocab_size: 50, max_position_embeddings: 32, rms_norm_eps: 1e-5, rope_theta: 10000,
    hidden_act: 'silu', attention_bias: false, mlp_bias: false, tie_word_embeddings: false, bos_token_id: 1, eos_token_id: 2,
  });
  initializeParameters(model.parameters, layers, 5, 0.4);
  return model;
}

export interface TranscoderOptions {
  readonly layers: number;
  readonly width: number;
  readonly latents?: number;
  readonly skip?: boolean;
  readonly decoderBias?: number;
  readonly architecture?: Dictionary['architecture'];
  readonly inputHook?: string;
  readonly outputHook?: string;
  readonly seed?: number;
}

export function randomTranscoders(options: TranscoderOptions): TranscoderSet {
  const { layers, width, latents = 24, skip = false, decoderBias = 0, architecture = 'standard', inputHook = 'ln2.hook_normalized', outputHook = 'hook_mlp_out', seed = 1 } = options;
  const transcoders = Array.from({ length: layers }, (_, layer): Dictionary => {
    const parameters = store(seed + layer, [
      ['W_enc', [width, latents], 0.3], ['W_dec', [latents, width], 0.3], ['b_enc', [latents], 0.1], ['b_dec', [width], decoderBias],
      ...(skip ? [['W_skip', [width, width], 0.3] as const] : []),
      ...(architecture === 'jumprelu' ? [['threshold', [latents], 0] as const] : []),
    ]);
    return {
      kind: 'transcoder', id: `random/${layer}`, source: 'memory', architecture, dIn: width, dOut: width, nLatents: latents, parameters, k: architecture === 'topk' ? 6 : undefined,
      hooks: { input: `blocks.${layer}.${inputHook}`, output: `blocks.${layer}.${outputHook}` },
      normalization: 'none', applyBDecToInput: false, rescaleActsByDecoderNorm: false, reshape: 'none', inputScale: 1, metadata: {}, hash: () => `random ${layer}`,
    };
  });
  return { kind: 'transcoder_set', id: 'random', transcoders, metadata: {} };
}

export function randomCrossLayer({ layers, width, latents = 24, skip = false, seed = 1, inputHook = 'ln2.hook_normalized', outputHook = 'hook_mlp_out' }: TranscoderOptions): CrossLayerTranscoder {
  const all = Array.from({ length: layers }, (_, layer) => layer);
  const parameters = store(seed, all.flatMap((layer) => [
    [`W_enc_${layer}`, [width, latents], 0.3] as const, [`b_enc_${layer}`, [latents], 0.1] as const, [`W_dec_${layer}`, [latents, layers - layer, width], 0.2] as const, [`b_dec_${layer}`, [width], 0] as const,
    ...(skip ? [[`W_skip_${layer}`, [width, width], 0.3] as const] : []),
  ]));
  return {
    kind: 'clt', id: 'random', source: 'memory', architecture: 'standard', nLayers: layers, dIn: width, dOut: width, nLatents: latents, k: undefined, parameters, metadata: {},
    hooks: { inputs: all.map((layer) => `blocks.${layer}.${inputHook}`), outputs: all.map((layer) => `blocks.${layer}.${outputHook}`) },
    hash: () => 'random',
  };
}

function store(seed: number, shapes: readonly (readonly [string, readonly number[], number])[]): ParameterStore {
  const random = new Random(seed);
  const parameters = new ParameterStore();
  for (const [name, dims, scale] of shapes) {
    const value = f32(dims, Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal()));
    parameters.declare(name, 'float32', dims, () => value);
  }
  return parameters;
}
