/** BERT: norms after each part, token types, hook names of TransformerLens' HookedEncoder. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import { languageModel } from './definition.ts';
import type { Definition, Family } from './definition.ts';
import { encoderHead } from './encoderHead.ts';
import { dense, norm, perLayer, plain } from './weights.ts';

export const bert: Family = { modelType: 'bert', prefix: 'bert.', define };

function define(config: ConfigReader): Definition {
  const d = config.size('hidden_size', 768);
  const heads = config.size('num_attention_heads', 12);
  const layers = config.size('num_hidden_layers', 12);
  const mlp = config.size('intermediate_size', 3072);
  const vocabulary = config.size('vocab_size', 30522);
  const context = config.size('max_position_embeddings', 512);
  const normEps = config.positive('layer_norm_eps', 1e-12);
  const activation = readActivation(config, 'hidden_act', 'gelu');
  if (d % heads !== 0) config.fail('num_attention_heads', `${heads} heads do not divide a width of ${d}.`);
  const positions = config.string('position_embedding_type', 'absolute');
  if (positions !== 'absolute') config.unsupported('position_embedding_type', `Positions of type "${positions}" are not supported.`);
  if (config.flag('is_decoder', false)) config.unsupported('is_decoder', 'BERT as a decoder is not supported.');
  const embeddings = 'bert.embeddings';
  const head = encoderHead(config, {
    embedding: `${embeddings}.word_embeddings.weight`,
    transform: 'cls.predictions.transform.dense', transformNorm: 'cls.predictions.transform.LayerNorm',
    unembedding: 'cls.predictions.decoder.weight', unembeddingBias: 'cls.predictions.bias',
    activation, normEps, pooler: 'bert.pooler.dense', poolerActivation: 'tanh', width: d, vocabulary,
  });
  return languageModel({
    sizes: {
      nLayers: layers, dModel: d, nHeads: heads, nKeyValueHeads: heads, dHead: d / heads, dMlp: mlp, dOut: head.dOut, nCtx: context,
      normalization: 'LN', normEps, parallelAttnMlp: false, causal: false,
    },
    arrangement: 'post',
    attention: { scale: () => (d / heads) ** -0.5 },
    activation,
    positions: 'index',
    embedHooks: 'embed.',
    head: head.head,
  }, [
    ['embed.W_E', plain(`${embeddings}.word_embeddings.weight`, vocabulary, d)],
    ['pos_embed.W_pos', plain(`${embeddings}.position_embeddings.weight`, context, d)],
    ['token_type_embed.W_token_type', plain(`${embeddings}.token_type_embeddings.weight`, config.size('type_vocab_size', 2), d)],
    ...norm('embed.ln', `${embeddings}.LayerNorm`, d),
    ...perLayer(layers, (l) => {
      const [to, from] = [`blocks.${l}`, `bert.encoder.layer.${l}`];
      return [
        ...dense(`${to}.attn.W_Q`, `${to}.attn.b_Q`, `${from}.attention.self.query`, d, d),
        ...dense(`${to}.attn.W_K`, `${to}.attn.b_K`, `${from}.attention.self.key`, d, d),
        ...dense(`${to}.attn.W_V`, `${to}.attn.b_V`, `${from}.attention.self.value`, d, d),
        ...dense(`${to}.attn.W_O`, `${to}.attn.b_O`, `${from}.attention.output.dense`, d, d),
        ...norm(`${to}.ln1`, `${from}.attention.output.LayerNorm`, d),
        ...dense(`${to}.mlp.W_in`, `${to}.mlp.b_in`, `${from}.intermediate.dense`, d, mlp),
        ...dense(`${to}.mlp.W_out`, `${to}.mlp.b_out`, `${from}.output.dense`, mlp, d),
        ...norm(`${to}.ln2`, `${from}.output.LayerNorm`, d),
      ];
    }),
    ...head.weights,
  ]);
}
