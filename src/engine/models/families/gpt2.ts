/** GPT-2: learned positions, layer norm before each part, fused queries, keys and values in `Conv1D` layout [in, out]. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import { decoderHead } from './decoderHead.ts';
import { languageModel } from './definition.ts';
import type { Definition, Family } from './definition.ts';
import { norm, perLayer, plain } from './weights.ts';
import type { WeightSource } from './weights.ts';

export const gpt2: Family = { modelType: 'gpt2', prefix: 'transformer.', define };

function define(config: ConfigReader): Definition {
  const d = config.size('n_embd', 768);
  const heads = config.size('n_head', 12);
  const layers = config.size('n_layer', 12);
  const mlp = config.size('n_inner', 4 * d);
  const vocabulary = config.size('vocab_size', 50257);
  const context = config.size('n_positions', 1024);
  if (d % heads !== 0) config.fail('n_head', `${heads} heads do not divide a width of ${d}.`);
  const head = decoderHead(config, { embedding: 'transformer.wte.weight', unembedding: 'lm_head.weight', tied: true, width: d, vocabulary });
  const dHead = d / heads;
  const base = config.flag('scale_attn_weights', true) ? dHead ** -0.5 : 1;
  const byLayer = config.flag('scale_attn_by_inverse_layer_idx', false);
  const third = (name: string, index: number): WeightSource => ({
    from: `${name}.weight`, stored: [d, 3 * d], dims: [d, d], part: { axis: 1, start: index * d, length: d, count: 1, step: 0 },
  });
  const thirdOfBias = (name: string, index: number): WeightSource => ({
    from: `${name}.bias`, stored: [3 * d], dims: [d], part: { axis: 0, start: index * d, length: d, count: 1, step: 0 },
  });
  return languageModel({
    sizes: {
      nLayers: layers, dModel: d, nHeads: heads, nKeyValueHeads: heads, dHead, dMlp: mlp, dOut: head.dOut, nCtx: context,
      normalization: 'LN', normEps: config.positive('layer_norm_epsilon', 1e-5), parallelAttnMlp: false, causal: true,
    },
    arrangement: 'pre',
    attention: { scale: (layer) => (byLayer ? base / (layer + 1) : base) },
    activation: readActivation(config, 'activation_function', 'gelu_new'),
    positions: 'index',
    embedHooks: '',
    head: head.head,
  }, [
    ['embed.W_E', plain('transformer.wte.weight', vocabulary, d)],
    ['pos_embed.W_pos', plain('transformer.wpe.weight', context, d)],
    ...perLayer(layers, (l) => {
      const [to, from] = [`blocks.${l}`, `transformer.h.${l}`];
      return [
        ...norm(`${to}.ln1`, `${from}.ln_1`, d),
        [`${to}.attn.W_Q`, third(`${from}.attn.c_attn`, 0)], [`${to}.attn.b_Q`, thirdOfBias(`${from}.attn.c_attn`, 0)],
        [`${to}.attn.W_K`, third(`${from}.attn.c_attn`, 1)], [`${to}.attn.b_K`, thirdOfBias(`${from}.attn.c_attn`, 1)],
        [`${to}.attn.W_V`, third(`${from}.attn.c_attn`, 2)], [`${to}.attn.b_V`, thirdOfBias(`${from}.attn.c_attn`, 2)],
        [`${to}.attn.W_O`, plain(`${from}.attn.c_proj.weight`, d, d)], [`${to}.attn.b_O`, plain(`${from}.attn.c_proj.bias`, d)],
        ...norm(`${to}.ln2`, `${from}.ln_2`, d),
        [`${to}.mlp.W_in`, plain(`${from}.mlp.c_fc.weight`, d, mlp)], [`${to}.mlp.b_in`, plain(`${from}.mlp.c_fc.bias`, mlp)],
        [`${to}.mlp.W_out`, plain(`${from}.mlp.c_proj.weight`, mlp, d)], [`${to}.mlp.b_out`, plain(`${from}.mlp.c_proj.bias`, d)],
      ];
    }),
    ...norm('ln_final', 'transformer.ln_f', d),
    ...head.weights,
  ]);
}
