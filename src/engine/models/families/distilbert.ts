/** DistilBERT: BERT without token types and with names of its own. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import { languageModel } from './definition.ts';
import type { Definition, Family } from './definition.ts';
import { encoderHead } from './encoderHead.ts';
import { dense, norm, perLayer, plain } from './weights.ts';

export const distilbert: Family = { modelType: 'distilbert', prefix: 'distilbert.', define };

/** Fixed in the definition, not configurable. */
const normEps = 1e-12;

function define(config: ConfigReader): Definition {
  const d = config.size('dim', 768);
  const heads = config.size('n_heads', 12);
  const layers = config.size('n_layers', 6);
  const mlp = config.size('hidden_dim', 3072);
  const vocabulary = config.size('vocab_size', 30522);
  const context = config.size('max_position_embeddings', 512);
  const activation = readActivation(config, 'activation', 'gelu');
  if (d % heads !== 0) config.fail('n_heads', `${heads} heads do not divide a width of ${d}.`);
  const embeddings = 'distilbert.embeddings';
  const head = encoderHead(config, {
    embedding: `${embeddings}.word_embeddings.weight`,
    transform: 'vocab_transform', transformNorm: 'vocab_layer_norm',
    unembedding: 'vocab_projector.weight', unembeddingBias: 'vocab_projector.bias',
    activation, normEps, pooler: 'pre_classifier', poolerActivation: 'relu', width: d, vocabulary,
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
    ...norm('embed.ln', `${embeddings}.LayerNorm`, d),
    ...perLayer(layers, (l) => {
      const [to, from] = [`blocks.${l}`, `distilbert.transformer.layer.${l}`];
      return [
        ...dense(`${to}.attn.W_Q`, `${to}.attn.b_Q`, `${from}.attention.q_lin`, d, d),
        ...dense(`${to}.attn.W_K`, `${to}.attn.b_K`, `${from}.attention.k_lin`, d, d),
        ...dense(`${to}.attn.W_V`, `${to}.attn.b_V`, `${from}.attention.v_lin`, d, d),
        ...dense(`${to}.attn.W_O`, `${to}.attn.b_O`, `${from}.attention.out_lin`, d, d),
        ...norm(`${to}.ln1`, `${from}.sa_layer_norm`, d),
        ...dense(`${to}.mlp.W_in`, `${to}.mlp.b_in`, `${from}.ffn.lin1`, d, mlp),
        ...dense(`${to}.mlp.W_out`, `${to}.mlp.b_out`, `${from}.ffn.lin2`, mlp, d),
        ...norm(`${to}.ln2`, `${from}.output_layer_norm`, d),
      ];
    }),
    ...head.weights,
  ]);
}
