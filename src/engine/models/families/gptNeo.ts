/** GPT-Neo: GPT-2 with separate projections, unscaled scores, and a window in the layers that `attention_types` calls local. */
import type { JsonValue } from '../../formats/json.ts';
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import { decoderHead } from './decoderHead.ts';
import { languageModel } from './definition.ts';
import type { Definition, Family } from './definition.ts';
import { dense, norm, perLayer, plain } from './weights.ts';

export const gptNeo: Family = { modelType: 'gpt_neo', prefix: 'transformer.', define };

function define(config: ConfigReader): Definition {
  const d = config.size('hidden_size', 2048);
  const heads = config.size('num_heads', 16);
  const layers = config.size('num_layers', 24);
  const mlp = config.size('intermediate_size', 4 * d);
  const vocabulary = config.size('vocab_size', 50257);
  const context = config.size('max_position_embeddings', 2048);
  const windowSize = config.size('window_size', 256);
  if (d % heads !== 0) config.fail('num_heads', `${heads} heads do not divide a width of ${d}.`);
  const local = localLayers(config, layers);
  const head = decoderHead(config, { embedding: 'transformer.wte.weight', unembedding: 'lm_head.weight', tied: true, width: d, vocabulary });
  return languageModel({
    sizes: {
      nLayers: layers, dModel: d, nHeads: heads, nKeyValueHeads: heads, dHead: d / heads, dMlp: mlp, dOut: head.dOut, nCtx: context,
      normalization: 'LN', normEps: config.positive('layer_norm_epsilon', 1e-5), parallelAttnMlp: false, causal: true,
    },
    arrangement: 'pre',
    attention: { scale: () => 1, window: (layer) => (local[layer] === true ? windowSize : undefined) },
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
        ...dense(`${to}.attn.W_Q`, undefined, `${from}.attn.attention.q_proj`, d, d),
        ...dense(`${to}.attn.W_K`, undefined, `${from}.attn.attention.k_proj`, d, d),
        ...dense(`${to}.attn.W_V`, undefined, `${from}.attn.attention.v_proj`, d, d),
        ...dense(`${to}.attn.W_O`, `${to}.attn.b_O`, `${from}.attn.attention.out_proj`, d, d),
        ...norm(`${to}.ln2`, `${from}.ln_2`, d),
        ...dense(`${to}.mlp.W_in`, `${to}.mlp.b_in`, `${from}.mlp.c_fc`, d, mlp),
        ...dense(`${to}.mlp.W_out`, `${to}.mlp.b_out`, `${from}.mlp.c_proj`, mlp, d),
      ];
    }),
    ...norm('ln_final', 'transformer.ln_f', d),
    ...head.weights,
  ]);
}

/** `attention_types` is a list of [pattern, repetitions], for instance [[["global", "local"], 12]]. */
function localLayers(config: ConfigReader, layers: number): boolean[] {
  const malformed = (): never => config.fail('attention_types', 'A list of [pattern, repetitions] is expected.');
  const groups = config.value('attention_types') ?? [[['global', 'local'], 12]];
  if (!Array.isArray(groups)) return malformed();
  const local: boolean[] = [];
  for (const group of groups as readonly JsonValue[]) {
    const [pattern, count] = Array.isArray(group) ? (group as readonly JsonValue[]) : malformed();
    if (!Array.isArray(pattern) || pattern.length === 0 || typeof count !== 'number') return malformed();
    for (let i = 0; i < count && local.length <= layers; i++) {
      for (const type of pattern as readonly JsonValue[]) {
        if (type !== 'global' && type !== 'local') config.unsupported('attention_types', `Attention of type ${JSON.stringify(type)} is not supported.`);
        local.push(type === 'local');
      }
    }
  }
  if (local.length !== layers) config.fail('attention_types', `The patterns do not add up to ${layers} layers.`);
  return local;
}
