/** Decoder families without a reference pack, against slow float64 references written from their definition. */
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openHuggingFace } from '../../../../../src/engine/models/huggingface.ts';
import { Program } from '../../../../../src/engine/runtime/program.ts';
import { f64, i64, numbersOf } from '../../../../../src/engine/tensor.ts';
import { difference } from '../../../../support/compare.ts';
import { uniform } from '../../../../support/random.ts';
import { RandomCheckpoint } from '../../../../support/reference/checkpoint.ts';
import { gemma, gptNeo, gptNeox, llama, mistral, opt, phi, qwen2, qwen3 } from '../../../../support/reference/decoders.ts';
import type { Config, Reference, Sequence } from '../../../../support/reference/decoders.ts';

const llamaSizes = {
  hidden_size: 24, num_attention_heads: 4, num_key_value_heads: 2, num_hidden_layers: 3, intermediate_size: 40, vocab_size: 37,
  max_position_embeddings: 32, rms_norm_eps: 1e-6, rope_theta: 10000, hidden_act: 'silu',
};
const llamaConfig = { ...llamaSizes, model_type: 'llama', architectures: ['LlamaForCausalLM'] };
const neoxConfig = {
  model_type: 'gpt_neox', architectures: ['GPTNeoXForCausalLM'], hidden_size: 32, num_attention_heads: 2, num_hidden_layers: 2, intermediate_size: 48,
  vocab_size: 37, max_position_embeddings: 32, layer_norm_eps: 1e-5, rotary_pct: 0.25, rotary_emb_base: 10000, hidden_act: 'gelu',
};
const optConfig = {
  model_type: 'opt', architectures: ['OPTForCausalLM'], hidden_size: 24, num_attention_heads: 3, num_hidden_layers: 2, ffn_dim: 48, vocab_size: 37,
  max_position_embeddings: 32, word_embed_proj_dim: 24, do_layer_norm_before: true, activation_function: 'relu',
};

const cases: readonly (readonly [string, Reference, Config])[] = [
  ['llama with linear rotary scaling', llama, { ...llamaConfig, rope_scaling: { rope_type: 'linear', factor: 4 } }],
  ['llama with llama3 rotary scaling', llama, {
    ...llamaConfig, rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 },
  }],
  ['llama beyond its context with dynamic rotary scaling', llama, { ...llamaConfig, max_position_embeddings: 6, rope_scaling: { type: 'dynamic', rope_type: 'dynamic', factor: 2 } }],
  ['mistral with a window of 4', mistral, { ...llamaSizes, model_type: 'mistral', architectures: ['MistralForCausalLM'], sliding_window: 4 }],
  ['qwen2 with tied embeddings', qwen2, { ...llamaSizes, model_type: 'qwen2', architectures: ['Qwen2ForCausalLM'], tie_word_embeddings: true }],
  ['qwen3 with wide heads', qwen3, { ...llamaSizes, model_type: 'qwen3', architectures: ['Qwen3ForCausalLM'], head_dim: 10 }],
  ['gemma with one key-value head', gemma, {
    ...llamaSizes, model_type: 'gemma', architectures: ['GemmaForCausalLM'], num_key_value_heads: 1, head_dim: 8, hidden_act: 'gelu', tie_word_embeddings: true,
  }],
  ['gpt_neo with alternating windows', gptNeo, {
    model_type: 'gpt_neo', architectures: ['GPTNeoForCausalLM'], hidden_size: 24, num_heads: 3, num_layers: 4, vocab_size: 37, max_position_embeddings: 32,
    window_size: 3, attention_types: [[['global', 'local'], 2]], activation_function: 'gelu_new', layer_norm_epsilon: 1e-5, intermediate_size: null,
  }],
  ['gpt_neox with serial residual', gptNeox, { ...neoxConfig, use_parallel_residual: false }],
  ['gpt_neox with parallel residual', gptNeox, { ...neoxConfig, use_parallel_residual: true }],
  ['opt', opt, optConfig],
  ['opt with norms after each part and narrow embeddings', opt, { ...optConfig, do_layer_norm_before: false, word_embed_proj_dim: 12 }],
  ['phi with grouped keys', phi, {
    model_type: 'phi', architectures: ['PhiForCausalLM'], hidden_size: 32, num_attention_heads: 4, num_key_value_heads: 2, num_hidden_layers: 2, intermediate_size: 48,
    vocab_size: 37, max_position_embeddings: 32, layer_norm_eps: 1e-5, partial_rotary_factor: 0.5, rope_theta: 10000, hidden_act: 'gelu_new',
  }],
];

const length = 9;

describe.each(cases)('%s', (_, reference, config) => {
  it.each(['float32', 'float64'] as const)('gives the logits of the definition in %s, with padding on either side', async (dtype) => {
    const checkpoint = new RandomCheckpoint(7);
    const next = uniform(11);
    const masks = [[0, length], [0, length - 2], [2, length]] as const;
    const sequences = masks.map(([from, to]): Sequence => ({
      ids: Array.from({ length }, () => Math.floor(37 * next())),
      mask: Array.from({ length }, (__, p) => (p >= from && p < to ? 1 : 0)),
    }));
    const expected = sequences.map((sequence) => reference(checkpoint, config, sequence));
    const folder = checkpoint.save(config);
    try {
      const model = await openHuggingFace(folder);
      const program = await Program.compile({ ...model.graph({ dtype }), outputs: ['logits'] }, { threads: 1 });
      const inputs = new Map([
        ['input_ids', i64([masks.length, length], sequences.flatMap(({ ids }) => ids))],
        ['attention_mask', i64([masks.length, length], sequences.flatMap(({ mask }) => mask))],
      ]);
      const logits = (await program.run(model.feeds(inputs), model.parameters)).get('logits')!;
      await program.release();
      const vocabulary = logits.dims[2]!;
      for (const [b, [from, to]] of masks.entries()) {
        const count = (to - from) * vocabulary;
        const actual = Array.from({ length: count }, (__, i) => numbersOf(logits)[(b * length + from) * vocabulary + i]!);
        const { largest, scale } = difference(f64([count], actual), f64([count], expected[b]!.slice(from, to).flat()));
        expect(scale).toBeGreaterThan(0.1);
        expect(largest).toBeLessThan(dtype === 'float64' ? 1e-5 : 1e-4);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
