/** OPT: learned positions counted over unpadded tokens, norms before or after, embeddings possibly narrower than the stream. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import { decoderHead } from './decoderHead.ts';
import { languageModel } from './definition.ts';
import type { Definition, Family } from './definition.ts';
import { dense, linear, norm, perLayer, plain } from './weights.ts';

export const opt: Family = { modelType: 'opt', prefix: 'model.', define };

function define(config: ConfigReader): Definition {
  const d = config.size('hidden_size', 768);
  const heads = config.size('num_attention_heads', 12);
  const layers = config.size('num_hidden_layers', 12);
  const mlp = config.size('ffn_dim', 3072);
  const vocabulary = config.size('vocab_size', 50272);
  const context = config.size('max_position_embeddings', 2048);
  const narrow = config.size('word_embed_proj_dim', d);
  const before = config.flag('do_layer_norm_before', true);
  const bias = config.flag('enable_bias', true);
  if (d % heads !== 0) config.fail('num_attention_heads', `${heads} heads do not divide a width of ${d}.`);
  if (!config.flag('layer_norm_elementwise_affine', true)) config.unsupported('layer_norm_elementwise_affine', 'Norms without weights are not supported.');
  const finalNorm = before && !config.flag('_remove_final_layer_norm', false);
  const dHead = d / heads;
  const head = decoderHead(config, {
    embedding: 'model.decoder.embed_tokens.weight', unembedding: 'lm_head.weight', tied: true, width: narrow, vocabulary,
  });
  return languageModel({
    sizes: {
      nLayers: layers, dModel: d, nHeads: heads, nKeyValueHeads: heads, dHead, dMlp: mlp, dOut: head.dOut, nCtx: context,
      normalization: 'LN', normEps: 1e-5, parallelAttnMlp: false, causal: true,
    },
    arrangement: before ? 'pre' : 'post',
    attention: { scale: () => dHead ** -0.5 },
    activation: readActivation(config, 'activation_function', 'relu'),
    positions: 'unpadded',
    embedHooks: '',
    head: head.head,
  }, [
    ['embed.W_E', plain('model.decoder.embed_tokens.weight', vocabulary, narrow)],
    // The first two rows are for padding: row 1 is what a padded token gets.
    ['pos_embed.W_pos', plain('model.decoder.embed_positions.weight', context + 2, d)],
    ...(narrow === d ? [] : [
      ['project_in.W', linear('model.decoder.project_in.weight', narrow, d)] as const,
      ['project_out.W', linear('model.decoder.project_out.weight', d, narrow)] as const,
    ]),
    ...perLayer(layers, (l) => {
      const [to, from] = [`blocks.${l}`, `model.decoder.layers.${l}`];
      const biased = (name: string): string | undefined => (bias ? `${to}.${name}` : undefined);
      return [
        ...norm(`${to}.ln1`, `${from}.self_attn_layer_norm`, d),
        ...dense(`${to}.attn.W_Q`, biased('attn.b_Q'), `${from}.self_attn.q_proj`, d, d),
        ...dense(`${to}.attn.W_K`, biased('attn.b_K'), `${from}.self_attn.k_proj`, d, d),
        ...dense(`${to}.attn.W_V`, biased('attn.b_V'), `${from}.self_attn.v_proj`, d, d),
        ...dense(`${to}.attn.W_O`, biased('attn.b_O'), `${from}.self_attn.out_proj`, d, d),
        ...norm(`${to}.ln2`, `${from}.final_layer_norm`, d),
        ...dense(`${to}.mlp.W_in`, biased('mlp.b_in'), `${from}.fc1`, d, mlp),
        ...dense(`${to}.mlp.W_out`, biased('mlp.b_out'), `${from}.fc2`, mlp, d),
      ];
    }),
    ...(finalNorm ? norm('ln_final', 'model.decoder.final_layer_norm', d) : []),
    ...head.weights,
  ]);
}
