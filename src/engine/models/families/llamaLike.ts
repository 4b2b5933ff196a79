/**
 * What Llama, Mistral, Qwen2, Qwen3, Gemma and Gemma-2 have in common: RMS norms, rotary positions, grouped keys and values,
 * gated MLPs and the same tensor names. Each family's file says how it differs.
 */
import type { Activation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import { decoderHead } from './decoderHead.ts';
import { languageModel } from './definition.ts';
import type { Definition } from './definition.ts';
import { readRotary } from './rotaryScaling.ts';
import type { AttentionSpec } from './spec.ts';
import { dense, perLayer, plain } from './weights.ts';
import type { WeightEntries, WeightSource } from './weights.ts';

export interface LlamaVariant {
  readonly activation: Activation;
  /** Width of a head. */
  readonly dHead: number;
  /** Which projections have biases. */
  readonly qkvBias?: boolean;
  readonly outputBias?: boolean;
  readonly mlpBias?: boolean;
  /** RMS norms of each query and key head. */
  readonly qkNorm?: boolean;
  /** The stored norm weight is the factor minus one. */
  readonly normOffset?: boolean;
  /** Factor on the token embeddings. */
  readonly embedScale?: number;
  /** Norms after attention and MLP as well, with Gemma-2's tensor names. */
  readonly sandwich?: boolean;
  readonly attention: Pick<AttentionSpec, 'scale'> & Partial<AttentionSpec>;
  readonly finalSoftcap?: number | undefined;
  readonly tied: boolean;
  /** Default of `max_position_embeddings`. */
  readonly context?: number;
}

export function llamaLike(config: ConfigReader, variant: LlamaVariant): Definition {
  const d = config.size('hidden_size');
  const layers = config.size('num_hidden_layers');
  const heads = config.size('num_attention_heads');
  const groups = config.size('num_key_value_heads', heads);
  const mlp = config.size('intermediate_size');
  const vocabulary = config.size('vocab_size');
  const context = config.size('max_position_embeddings', variant.context ?? 2048);
  const { dHead } = variant;
  if (heads % groups !== 0) config.fail('num_key_value_heads', `${groups} key-value heads do not divide ${heads} heads.`);
  const head = decoderHead(config, {
    embedding: 'model.embed_tokens.weight', unembedding: 'lm_head.weight', tied: variant.tied, softcap: variant.finalSoftcap, width: d, vocabulary,
  });
  const rms = (name: string, from: string, width = d): readonly [string, WeightSource] => {
    const source = plain(`${from}.weight`, width);
    return [`${name}.w`, variant.normOffset === true ? { ...source, shift: 1 } : source];
  };
  const embedding = plain('model.embed_tokens.weight', vocabulary, d);
  return languageModel({
    sizes: {
      nLayers: layers, dModel: d, nHeads: heads, nKeyValueHeads: groups, dHead, dMlp: mlp, dOut: head.dOut,
      nCtx: context,
      normalization: 'RMS', normEps: config.positive('rms_norm_eps', 1e-6), parallelAttnMlp: false, causal: true,
    },
    arrangement: variant.sandwich === true ? 'sandwich' : 'pre',
    attention: { ...variant.attention, rotary: readRotary(config, { dims: dHead, trained: context }) },
    activation: variant.activation,
    embedHooks: '',
    head: head.head,
  }, [
    ['embed.W_E', variant.embedScale === undefined ? embedding : { ...embedding, scale: variant.embedScale }],
    ...perLayer(layers, (l): WeightEntries => {
      const [to, from] = [`blocks.${l}`, `model.layers.${l}`];
      const biased = (bias: boolean | undefined, name: string): string | undefined => (bias === true ? name : undefined);
      return [
        rms(`${to}.ln1`, `${from}.input_layernorm`),
        ...dense(`${to}.attn.W_Q`, biased(variant.qkvBias, `${to}.attn.b_Q`), `${from}.self_attn.q_proj`, d, heads * dHead),
        ...dense(`${to}.attn.W_K`, biased(variant.qkvBias, `${to}.attn.b_K`), `${from}.self_attn.k_proj`, d, groups * dHead),
        ...dense(`${to}.attn.W_V`, biased(variant.qkvBias, `${to}.attn.b_V`), `${from}.self_attn.v_proj`, d, groups * dHead),
        ...dense(`${to}.attn.W_O`, biased(variant.outputBias, `${to}.attn.b_O`), `${from}.self_attn.o_proj`, heads * dHead, d),
        ...(variant.qkNorm === true ? [rms(`${to}.attn.q_norm`, `${from}.self_attn.q_norm`, dHead), rms(`${to}.attn.k_norm`, `${from}.self_attn.k_norm`, dHead)] : []),
        ...(variant.sandwich === true
          ? [
            rms(`${to}.ln1_post`, `${from}.post_attention_layernorm`),
            rms(`${to}.ln2`, `${from}.pre_feedforward_layernorm`),
            rms(`${to}.ln2_post`, `${from}.post_feedforward_layernorm`),
          ]
          : [rms(`${to}.ln2`, `${from}.post_attention_layernorm`)]),
        ...dense(`${to}.mlp.W_gate`, biased(variant.mlpBias, `${to}.mlp.b_gate`), `${from}.mlp.gate_proj`, d, mlp),
        ...dense(`${to}.mlp.W_in`, biased(variant.mlpBias, `${to}.mlp.b_in`), `${from}.mlp.up_proj`, d, mlp),
        ...dense(`${to}.mlp.W_out`, biased(variant.mlpBias, `${to}.mlp.b_out`), `${from}.mlp.down_proj`, mlp, d),
      ];
    }),
    rms('ln_final', 'model.norm'),
    ...head.weights,
  ]);
}

/** `head_dim` where it is given, else the width shared out between the heads. */
export function headWidth(config: ConfigReader): number {
  if (config.has('head_dim')) return config.size('head_dim');
  const [d, heads] = [config.size('hidden_size'), config.size('num_attention_heads')];
  if (d % heads !== 0) config.fail('num_attention_heads', `${heads} heads do not divide a width of ${d}.`);
  return d / heads;
}
