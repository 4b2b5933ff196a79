/** ViT, and DeiT, which adds a distillation token and a second classifier. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import { classCount } from './decoderHead.ts';
import type { Definition, Family } from './definition.ts';
import { imageSizes, patchCount, patchSize, visionModel } from './vision.ts';
import { dense, norm, perLayer, plain, reshaped } from './weights.ts';
import type { WeightEntries } from './weights.ts';

export const vit: Family = { modelType: 'vit', prefix: 'vit.', define: (config) => define(config, 'vit', ['cls_token']) };

export const deit: Family = { modelType: 'deit', prefix: 'deit.', define: (config) => define(config, 'deit', ['cls_token', 'distillation_token']) };

function define(config: ConfigReader, root: 'vit' | 'deit', specialTokens: readonly string[]): Definition {
  const d = config.size('hidden_size', 768);
  const heads = config.size('num_attention_heads', 12);
  const layers = config.size('num_hidden_layers', 12);
  const mlp = config.size('intermediate_size', 3072);
  if (d % heads !== 0) config.fail('num_attention_heads', `${heads} heads do not divide a width of ${d}.`);
  const qkvBias = config.flag('qkv_bias', true);
  const image = imageSizes(config, { image: 224, patch: 16 });
  const tokens = patchCount(image) + specialTokens.length;
  const head = classifier(config, d);
  return visionModel({
    sizes: {
      nLayers: layers, dModel: d, nHeads: heads, nKeyValueHeads: heads, dHead: d / heads, dMlp: mlp, dOut: head.dOut, nCtx: tokens,
      normalization: 'LN', normEps: config.positive('layer_norm_eps', 1e-12), parallelAttnMlp: false, causal: false,
    },
    arrangement: 'pre',
    attention: { scale: () => (d / heads) ** -0.5 },
    activation: readActivation(config, 'hidden_act', 'gelu'),
    image,
    specialTokens: specialTokens.map((name) => `embed.${name}`),
  }, [
    ...specialTokens.map((name) => [`embed.${name}`, reshaped(`${root}.embeddings.${name}`, [1, 1, d], [1, d])] as const),
    ['embed.W_patch', {
      from: `${root}.embeddings.patch_embeddings.projection.weight`,
      stored: [d, image.channels, image.patchHeight, image.patchWidth], dims: [patchSize(image), d], transpose: true,
    }],
    ['embed.b_patch', plain(`${root}.embeddings.patch_embeddings.projection.bias`, d)],
    ['pos_embed.W_pos', reshaped(`${root}.embeddings.position_embeddings`, [1, tokens, d], [tokens, d])],
    ...perLayer(layers, (l): WeightEntries => {
      const [to, from] = [`blocks.${l}`, `${root}.encoder.layer.${l}`];
      const bias = (letter: string): string | undefined => (qkvBias ? `${to}.attn.b_${letter}` : undefined);
      return [
        ...norm(`${to}.ln1`, `${from}.layernorm_before`, d),
        ...dense(`${to}.attn.W_Q`, bias('Q'), `${from}.attention.attention.query`, d, d),
        ...dense(`${to}.attn.W_K`, bias('K'), `${from}.attention.attention.key`, d, d),
        ...dense(`${to}.attn.W_V`, bias('V'), `${from}.attention.attention.value`, d, d),
        ...dense(`${to}.attn.W_O`, `${to}.attn.b_O`, `${from}.attention.output.dense`, d, d),
        ...norm(`${to}.ln2`, `${from}.layernorm_after`, d),
        ...dense(`${to}.mlp.W_in`, `${to}.mlp.b_in`, `${from}.intermediate.dense`, d, mlp),
        ...dense(`${to}.mlp.W_out`, `${to}.mlp.b_out`, `${from}.output.dense`, mlp, d),
      ];
    }),
    ...norm('ln_final', `${root}.layernorm`, d),
    ...head.weights,
  ]);
}

/** Errors: `unsupported` for a head that is neither an image classifier nor absent. */
function classifier(config: ConfigReader, d: number): { dOut: number; weights: ReturnType<typeof dense> } {
  const architecture = config.strings('architectures')[0] ?? 'ForImageClassification';
  if (architecture.endsWith('Model')) return { dOut: d, weights: [] };
  const dOut = classCount(config);
  if (architecture.endsWith('ForImageClassification')) return { dOut, weights: dense('classifier.W', 'classifier.b', 'classifier', d, dOut) };
  if (architecture === 'DeiTForImageClassificationWithTeacher') {
    return {
      dOut,
      weights: [
        ...dense('classifier.W', 'classifier.b', 'cls_classifier', d, dOut),
        ...dense('distillation_classifier.W', 'distillation_classifier.b', 'distillation_classifier', d, dOut),
      ],
    };
  }
  return config.unsupported('architectures', `The head of ${architecture} is not supported.`);
}
