/** Graphs of image transformers: patches, special tokens, positions, a tower, a head. */
import { GraphBuilder } from '../../graph/builder.ts';
import { int } from '../../graph/ir.ts';
import type { Graph } from '../../graph/ir.ts';
import type { GraphOptions } from '../model.ts';
import type { ConfigReader } from './configReader.ts';
import { normalize } from './norm.ts';
import { Scope } from './scope.ts';
import type { TowerSpec } from './spec.ts';
import { blocks, finalNorm } from './tower.ts';
import type { Definition } from './definition.ts';
import type { WeightEntries, WeightMap } from './weights.ts';

/** Sizes in pixels. */
export interface ImageSizes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly patchHeight: number;
  readonly patchWidth: number;
}

export interface VisionSpec extends TowerSpec {
  readonly image: ImageSizes;
  /** Parameters [1, d] that stand before the patches. */
  readonly specialTokens: readonly string[];
}

/** The definition of an image model: a classifier where the weights have one, else a base model. Input: `pixel_values`, float32 [batch, channels, height, width]. */
export function visionModel(spec: VisionSpec, entries: WeightEntries): Definition {
  const weights = new Map(entries);
  return {
    sizes: spec.sizes,
    weights,
    output: weights.has('classifier.W') ? 'logits' : 'last_hidden_state',
    maxPositions: undefined,
    graph: (options) => visionGraph(spec, weights, options),
  };
}

/** `pixel_values` of an image tower. */
export function pixelInput(b: GraphBuilder, { channels, height, width }: ImageSizes): string {
  return b.input('pixel_values', 'float32', ['batch', channels, height, width]);
}

/** Pixels to the final stream [b, p, d], before any norm after the blocks. */
export function encodeImage(scope: Scope, spec: VisionSpec, pixels: string, options: GraphOptions): string {
  const { b } = scope;
  const rows = b.concat([b.node('Shape', [pixels], { attributes: { start: int(0), end: int(1) } }), b.vector([1, 1])], 0);
  const spread = (x: string, name?: string): string => b.node('Expand', [x, rows], name === undefined ? {} : { outputs: [name] });
  const patches = patchEmbedding(scope, spec.image, pixels);
  const tokens = b.concat([...spec.specialTokens.map((token) => spread(scope.weight(token))), patches], 1, scope.hook('hook_embed'));
  const embedded = b.add(tokens, spread(scope.weight('pos_embed.W_pos'), scope.hook('hook_pos_embed')));
  const stream = scope.has('ln_pre.w') ? normalize(scope, 'LN', 'ln_pre', embedded, spec.sizes.normEps) : embedded;
  return blocks(scope, spec, { options, mask: () => undefined, rotary: undefined }, stream);
}

/** `image_size`, `patch_size` and `num_channels`; a size is a number or [height, width]. Errors: `parse`. */
export function imageSizes(config: ConfigReader, defaults: { readonly image: number; readonly patch: number }): ImageSizes {
  const pair = (field: string, fallback: number): readonly [number, number] => {
    const value = config.value(field);
    if (!Array.isArray(value)) return [config.size(field, fallback), config.size(field, fallback)];
    const [height, width] = value as readonly unknown[];
    if (!isSize(height) || !isSize(width) || value.length !== 2) return config.fail(field, 'A size or a pair of sizes is expected.');
    return [height, width];
  };
  const [height, width] = pair('image_size', defaults.image);
  const [patchHeight, patchWidth] = pair('patch_size', defaults.patch);
  if (height % patchHeight !== 0 || width % patchWidth !== 0) config.fail('patch_size', 'The patches do not fill the image.');
  return { channels: config.size('num_channels', 3), height, width, patchHeight, patchWidth };
}

export function patchCount({ height, width, patchHeight, patchWidth }: ImageSizes): number {
  return (height / patchHeight) * (width / patchWidth);
}

export function patchSize({ channels, patchHeight, patchWidth }: ImageSizes): number {
  return channels * patchHeight * patchWidth;
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 65536;
}

function visionGraph(spec: VisionSpec, weights: WeightMap, options: GraphOptions): Graph {
  const b = new GraphBuilder();
  const scope = new Scope(b, weights);
  const x = finalNorm(scope, spec, encodeImage(scope, spec, pixelInput(b, spec.image), options));
  return b.build(applyHead(scope, x));
}

function applyHead(scope: Scope, x: string): string[] {
  const { b } = scope;
  const at = (position: number): string => b.squeeze(b.slice(x, 1, position, position + 1), [1]);
  if (!scope.has('classifier.W')) return [b.identity(x, 'last_hidden_state')];
  if (!scope.has('distillation_classifier.W')) return [scope.linear(at(0), 'classifier.W', 'classifier.b', 'logits')];
  const classes = scope.linear(at(0), 'classifier.W', 'classifier.b', 'classifier.hook_pre');
  const distilled = scope.linear(at(1), 'distillation_classifier.W', 'distillation_classifier.b', 'distillation_classifier.hook_pre');
  return [b.mul(b.add(classes, distilled), b.scalar(0.5), 'logits')];
}

/** Non-overlapping patches, each flattened and projected: what the convolution of the definition computes. */
function patchEmbedding(scope: Scope, image: ImageSizes, pixels: string): string {
  const { b } = scope;
  const { channels, height, width, patchHeight, patchWidth } = image;
  const grid = b.reshape(pixels, [0, channels, height / patchHeight, patchHeight, width / patchWidth, patchWidth]);
  const flat = b.reshape(b.transpose(grid, [0, 2, 4, 1, 3, 5]), [0, patchCount(image), patchSize(image)]);
  return scope.linear(flat, 'embed.W_patch', 'embed.b_patch', 'embed.hook_patch');
}
