/**
 * CLIP: a text tower and an image tower, hook points and parameters under `text.` and `vision.`, compared by the cosine
 * of their projections. Numbers of texts and images are independent.
 */
import { GraphBuilder } from '../../graph/builder.ts';
import { int } from '../../graph/ir.ts';
import type { Graph } from '../../graph/ir.ts';
import type { GraphOptions, TransformerConfig } from '../model.ts';
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import type { Definition, Family } from './definition.ts';
import { encodeText } from './language.ts';
import type { TextSpec } from './language.ts';
import { Scope } from './scope.ts';
import { finalNorm } from './tower.ts';
import { encodeImage, imageSizes, patchCount, patchSize, pixelInput } from './vision.ts';
import type { VisionSpec } from './vision.ts';
import { dense, linear, norm, perLayer, plain, reshaped } from './weights.ts';
import type { WeightEntries, WeightMap } from './weights.ts';

export const clip: Family = { modelType: 'clip', prefix: 'clip.', define };

interface ClipSpec {
  readonly text: TextSpec;
  readonly vision: VisionSpec;
  /** Token at which a text is read; undefined: at the largest id, as the first checkpoints want. */
  readonly endOfText: number | undefined;
}

function define(config: ConfigReader): Definition {
  const architecture = config.strings('architectures')[0] ?? 'CLIPModel';
  if (architecture !== 'CLIPModel') config.unsupported('architectures', `The head of ${architecture} is not supported.`);
  const textConfig = config.section('text_config');
  const visionConfig = config.section('vision_config');
  const projection = config.size('projection_dim', 512);
  const vocabulary = textConfig.size('vocab_size', 49408);
  const image = imageSizes(visionConfig, { image: 224, patch: 32 });
  const patches = patchCount(image) + 1;
  const textSizes = sizesOf(textConfig, { d: 512, mlp: 2048, heads: 8, context: textConfig.size('max_position_embeddings', 77), causal: true, dOut: projection });
  const visionSizes = sizesOf(visionConfig, { d: 768, mlp: 3072, heads: 12, context: patches, causal: false, dOut: projection });
  // Two is what configurations contain that were written before the field was read at all.
  const end = textConfig.integer('eos_token_id', 49407);
  const spec: ClipSpec = {
    text: {
      sizes: textSizes, arrangement: 'pre', attention: { scale: () => textSizes.dHead ** -0.5 },
      activation: readActivation(textConfig, 'hidden_act', 'quick_gelu'), positions: 'index', embedHooks: '',
    },
    vision: {
      sizes: visionSizes, arrangement: 'pre', attention: { scale: () => visionSizes.dHead ** -0.5 },
      activation: readActivation(visionConfig, 'hidden_act', 'quick_gelu'), image, specialTokens: ['embed.cls_token'],
    },
    endOfText: end === 2 ? undefined : end,
  };
  const [dText, dVision] = [textSizes.dModel, visionSizes.dModel];
  const [texts, images] = ['text_model', 'vision_model'];
  const weights: WeightMap = new Map([
    ['text.embed.W_E', plain(`${texts}.embeddings.token_embedding.weight`, vocabulary, dText)],
    ['text.pos_embed.W_pos', plain(`${texts}.embeddings.position_embedding.weight`, textSizes.nCtx, dText)],
    ...blockWeights('text', texts, textSizes),
    ...norm('text.ln_final', `${texts}.final_layer_norm`, dText),
    ['text.projection.W', linear('text_projection.weight', dText, projection)],
    ['vision.embed.cls_token', reshaped(`${images}.embeddings.class_embedding`, [dVision], [1, dVision])],
    ['vision.embed.W_patch', {
      from: `${images}.embeddings.patch_embedding.weight`,
      stored: [dVision, image.channels, image.patchHeight, image.patchWidth], dims: [patchSize(image), dVision], transpose: true,
    }],
    ['vision.pos_embed.W_pos', plain(`${images}.embeddings.position_embedding.weight`, patches, dVision)],
    ...norm('vision.ln_pre', `${images}.pre_layrnorm`, dVision),
    ...blockWeights('vision', images, visionSizes),
    ...norm('vision.ln_final', `${images}.post_layernorm`, dVision),
    ['vision.projection.W', linear('visual_projection.weight', dVision, projection)],
    ['logit_scale', plain('logit_scale')],
  ]);
  return {
    sizes: undefined, weights, output: 'logits_per_image', maxPositions: textSizes.nCtx,
    graph: (options) => clipGraph(spec, weights, options),
  };
}

interface TowerDefaults {
  readonly d: number;
  readonly mlp: number;
  readonly heads: number;
  readonly context: number;
  readonly causal: boolean;
  readonly dOut: number;
}

function sizesOf(config: ConfigReader, { d: defaultWidth, mlp, heads: defaultHeads, context, causal, dOut }: TowerDefaults): TransformerConfig {
  const d = config.size('hidden_size', defaultWidth);
  const heads = config.size('num_attention_heads', defaultHeads);
  if (d % heads !== 0) config.fail('num_attention_heads', `${heads} heads do not divide a width of ${d}.`);
  return {
    nLayers: config.size('num_hidden_layers', 12), dModel: d, nHeads: heads, nKeyValueHeads: heads, dHead: d / heads,
    dMlp: config.size('intermediate_size', mlp), dOut, nCtx: context,
    normalization: 'LN', normEps: config.positive('layer_norm_eps', 1e-5), parallelAttnMlp: false, causal,
  };
}

function blockWeights(tower: string, root: string, { nLayers, dModel: d, dMlp }: TransformerConfig): ReturnType<typeof perLayer> {
  return perLayer(nLayers, (l): WeightEntries => {
    const [to, from] = [`${tower}.blocks.${l}`, `${root}.encoder.layers.${l}`];
    return [
      ...norm(`${to}.ln1`, `${from}.layer_norm1`, d),
      ...dense(`${to}.attn.W_Q`, `${to}.attn.b_Q`, `${from}.self_attn.q_proj`, d, d),
      ...dense(`${to}.attn.W_K`, `${to}.attn.b_K`, `${from}.self_attn.k_proj`, d, d),
      ...dense(`${to}.attn.W_V`, `${to}.attn.b_V`, `${from}.self_attn.v_proj`, d, d),
      ...dense(`${to}.attn.W_O`, `${to}.attn.b_O`, `${from}.self_attn.out_proj`, d, d),
      ...norm(`${to}.ln2`, `${from}.layer_norm2`, d),
      ...dense(`${to}.mlp.W_in`, `${to}.mlp.b_in`, `${from}.mlp.fc1`, d, dMlp),
      ...dense(`${to}.mlp.W_out`, `${to}.mlp.b_out`, `${from}.mlp.fc2`, dMlp, d),
    ];
  });
}

function clipGraph(spec: ClipSpec, weights: WeightMap, options: GraphOptions): Graph {
  const b = new GraphBuilder();
  const scope = new Scope(b, weights);
  const text = textEmbedding(scope.within('text'), spec, options);
  const image = imageEmbedding(scope.within('vision'), spec.vision, options);
  const similarity = b.matmul(image, b.transpose(text, [1, 0]));
  const logits = b.mul(similarity, b.unary('Exp', scope.weight('logit_scale')), 'logits_per_image');
  return b.build([logits, b.transpose(logits, [1, 0], 'logits_per_text'), text, image]);
}

function textEmbedding(scope: Scope, { text, endOfText }: ClipSpec, options: GraphOptions): string {
  const { b } = scope;
  const tokens = b.input('input_ids', 'int64', ['text_batch', 'pos']);
  const attentionMask = b.input('attention_mask', 'int64', ['text_batch', 'pos']);
  const x = encodeText(scope, text, { tokens, attentionMask }, options);
  const score = endOfText === undefined ? tokens : b.cast(b.node('Equal', [tokens, b.scalar(endOfText, 'int64')]), 'int64');
  const end = b.node('ArgMax', [score], { attributes: { axis: int(1), keepdims: int(1) } });
  const pooled = b.node('GatherND', [x, end], { attributes: { batch_dims: int(1) }, outputs: [scope.hook('hook_pooled')] });
  return unitLength(scope, b.matmul(pooled, scope.weight('projection.W')), 'text_embeds');
}

function imageEmbedding(scope: Scope, spec: VisionSpec, options: GraphOptions): string {
  const { b } = scope;
  const stream = encodeImage(scope, spec, pixelInput(b, spec.image), options);
  const pooled = scope.point(finalNorm(scope, spec, b.squeeze(b.slice(stream, 1, 0, 1), [1])), 'hook_pooled');
  return unitLength(scope, b.matmul(pooled, scope.weight('projection.W')), 'image_embeds');
}

function unitLength({ b }: Scope, x: string, name: string): string {
  return b.div(x, b.unary('Sqrt', b.reduceSum(b.mul(x, x), [-1], true)), name);
}
