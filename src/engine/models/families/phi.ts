/** Phi-1, 1.5 and 2: attention and MLP in parallel on one shared norm, partial rotary positions, biases everywhere. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import { decoderHead } from './decoderHead.ts';
import { languageModel } from './definition.ts';
import type { Definition, Family } from './definition.ts';
import { headWidth } from './llamaLike.ts';
import { readRotary } from './rotaryScaling.ts';
import { dense, norm, perLayer, plain } from './weights.ts';

export const phi: Family = { modelType: 'phi', prefix: 'model.', define };

function define(config: ConfigReader): Definition {
  const d = config.size('hidden_size', 2048);
  const heads = config.size('num_attention_heads', 32);
  const groups = config.size('num_key_value_heads', heads);
  const layers = config.size('num_hidden_layers', 24);
  const mlp = config.size('intermediate_size', 8192);
  const vocabulary = config.size('vocab_size', 51200);
  const context = config.size('max_position_embeddings', 2048);
  const dHead = headWidth(config);
  if (heads % groups !== 0) config.fail('num_key_value_heads', `${groups} key-value heads do not divide ${heads} heads.`);
  if (config.flag('qk_layernorm', false)) config.unsupported('qk_layernorm', 'Norms of queries and keys are not supported in this family.');
  const head = decoderHead(config, {
    embedding: 'model.embed_tokens.weight', unembedding: 'lm_head.weight', tied: false, bias: true, width: d, vocabulary,
  });
  return languageModel({
    sizes: {
      nLayers: layers, dModel: d, nHeads: heads, nKeyValueHeads: groups, dHead, dMlp: mlp, dOut: head.dOut, nCtx: context,
      normalization: 'LN', normEps: config.positive('layer_norm_eps', 1e-5), parallelAttnMlp: true, causal: true,
    },
    arrangement: 'parallel',
    attention: {
      scale: () => dHead ** -0.5,
      rotary: readRotary(config, { dims: Math.trunc(dHead * config.positive('partial_rotary_factor', 0.5)), trained: context }),
    },
    activation: readActivation(config, 'hidden_act', 'gelu_new'),
    embedHooks: '',
    head: head.head,
  }, [
    ['embed.W_E', plain('model.embed_tokens.weight', vocabulary, d)],
    ...perLayer(layers, (l) => {
      const [to, from] = [`blocks.${l}`, `model.layers.${l}`];
      return [
        ...norm(`${to}.ln1`, `${from}.input_layernorm`, d),
        ...dense(`${to}.attn.W_Q`, `${to}.attn.b_Q`, `${from}.self_attn.q_proj`, d, heads * dHead),
        ...dense(`${to}.attn.W_K`, `${to}.attn.b_K`, `${from}.self_attn.k_proj`, d, groups * dHead),
        ...dense(`${to}.attn.W_V`, `${to}.attn.b_V`, `${from}.self_attn.v_proj`, d, groups * dHead),
        ...dense(`${to}.attn.W_O`, `${to}.attn.b_O`, `${from}.self_attn.dense`, heads * dHead, d),
        // One norm serves both branches; each has its own hook points, as in TransformerLens.
        ...norm(`${to}.ln2`, `${from}.input_layernorm`, d),
        ...dense(`${to}.mlp.W_in`, `${to}.mlp.b_in`, `${from}.mlp.fc1`, d, mlp),
        ...dense(`${to}.mlp.W_out`, `${to}.mlp.b_out`, `${from}.mlp.fc2`, mlp, d),
      ];
    }),
    ...norm('ln_final', 'model.final_layernorm', d),
    ...head.weights,
  ]);
}
