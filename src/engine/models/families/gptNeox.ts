/** GPT-NeoX and Pythia: partial rotary positions, fused projections interleaved by head, parallel or serial residual. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import { decoderHead } from './decoderHead.ts';
import { languageModel } from './definition.ts';
import type { Definition, Family } from './definition.ts';
import { readRotary } from './rotaryScaling.ts';
import { dense, norm, perLayer, plain } from './weights.ts';
import type { Part, WeightEntries, WeightSource } from './weights.ts';

export const gptNeox: Family = { modelType: 'gpt_neox', prefix: 'gpt_neox.', define };

function define(config: ConfigReader): Definition {
  const d = config.size('hidden_size', 6144);
  const heads = config.size('num_attention_heads', 64);
  const layers = config.size('num_hidden_layers', 44);
  const mlp = config.size('intermediate_size', 24576);
  const vocabulary = config.size('vocab_size', 50432);
  const context = config.size('max_position_embeddings', 2048);
  const biased = config.flag('attention_bias', true);
  if (d % heads !== 0) config.fail('num_attention_heads', `${heads} heads do not divide a width of ${d}.`);
  const dHead = d / heads;
  const parallel = config.flag('use_parallel_residual', true);
  const head = decoderHead(config, { embedding: 'gpt_neox.embed_in.weight', unembedding: 'embed_out.weight', tied: false, width: d, vocabulary });
  // Each head's query, key and value rows follow one another.
  const rows = (index: number): Part => ({ axis: 0, start: index * dHead, length: dHead, count: heads, step: 3 * dHead });
  return languageModel({
    sizes: {
      nLayers: layers, dModel: d, nHeads: heads, nKeyValueHeads: heads, dHead, dMlp: mlp, dOut: head.dOut, nCtx: context,
      normalization: 'LN', normEps: config.positive('layer_norm_eps', 1e-5), parallelAttnMlp: parallel, causal: true,
    },
    arrangement: parallel ? 'parallel' : 'pre',
    attention: {
      scale: () => dHead ** -0.5,
      rotary: readRotary(config, { dims: Math.trunc(dHead * config.positive('rotary_pct', 0.25)), baseField: 'rotary_emb_base', trained: context }),
    },
    activation: readActivation(config, 'hidden_act', 'gelu'),
    embedHooks: '',
    head: head.head,
  }, [
    ['embed.W_E', plain('gpt_neox.embed_in.weight', vocabulary, d)],
    ...perLayer(layers, (l): WeightEntries => {
      const [to, from] = [`blocks.${l}`, `gpt_neox.layers.${l}`];
      const fused = `${from}.attention.query_key_value`;
      const projections = ['Q', 'K', 'V'].flatMap((letter, index): [string, WeightSource][] => {
        const weight: WeightSource = { from: `${fused}.weight`, stored: [3 * d, d], dims: [d, d], part: rows(index), transpose: true };
        const bias: WeightSource = { from: `${fused}.bias`, stored: [3 * d], dims: [d], part: rows(index) };
        return [[`${to}.attn.W_${letter}`, weight], ...(biased ? [[`${to}.attn.b_${letter}`, bias] as [string, WeightSource]] : [])];
      });
      return [
        ...norm(`${to}.ln1`, `${from}.input_layernorm`, d),
        ...projections,
        ...dense(`${to}.attn.W_O`, biased ? `${to}.attn.b_O` : undefined, `${from}.attention.dense`, d, d),
        ...norm(`${to}.ln2`, `${from}.post_attention_layernorm`, d),
        ...dense(`${to}.mlp.W_in`, `${to}.mlp.b_in`, `${from}.mlp.dense_h_to_4h`, d, mlp),
        ...dense(`${to}.mlp.W_out`, `${to}.mlp.b_out`, `${from}.mlp.dense_4h_to_h`, mlp, d),
      ];
    }),
    ...norm('ln_final', 'gpt_neox.final_layer_norm', d),
    ...head.weights,
  ]);
}
