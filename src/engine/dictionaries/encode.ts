/** Encoding as graph nodes: from activations at a hook point to feature activations. Algorithms reference §14. */
import { MechanistError } from '../errors.ts';
import { int } from '../graph/ir.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { f32 } from '../tensor.ts';
import { parameterName } from './dictionary.ts';
import type { Architecture, CrossLayerTranscoder, Dictionary } from './dictionary.ts';
import { appendNormalize } from './normalize.ts';
import type { NormalizationContext } from './normalize.ts';

/** What decoding needs to know about the input it reconstructs. */
export interface EncodeContext {
  /** The raw input, for the skip path. */
  readonly x: string;
  readonly normalization: NormalizationContext;
  /** Heads to separate again after decoding, when the input came as [..., head, d_head]. */
  readonly heads: { readonly count: number; readonly size: number } | undefined;
}

export interface Encoded {
  /** Feature activations [..., nLatents]. */
  readonly acts: string;
  readonly context: EncodeContext;
}

/** Names given to intermediate tensors, so that they are hook points. */
export interface EncodeNames {
  readonly input?: string;
  readonly pre?: string;
  readonly acts?: string;
}

/**
 * Appends the encoder for `x` [..., dIn] (or [..., head, d_head] when the dictionary reshapes `hook_z`).
 * Errors: `argument` when the last axis of `x` does not fit.
 */
export function appendEncode(b: GraphBuilder, dictionary: Dictionary, x: string, names: EncodeNames = {}): Encoded {
  const { flat, heads } = flattenHeads(b, dictionary, x);
  const input = names.input === undefined ? flat : b.identity(flat, names.input);
  const scaled = dictionary.inputScale === 1 ? input : b.mul(input, b.scalar(dictionary.inputScale));
  const { normalized, context } = appendNormalize(b, dictionary.normalization, scaled, dictionary.dIn);
  const centred = dictionary.applyBDecToInput ? b.sub(normalized, weight(b, dictionary, 'b_dec')) : normalized;
  const acts = dictionary.architecture === 'gated' ? appendGated(b, dictionary, centred, names) : appendUngated(b, dictionary, centred, names);
  return {
    acts: names.acts === undefined ? acts : b.identity(acts, names.acts),
    context: { x: flat, normalization: context, heads },
  };
}

/**
 * Appends the encoder of one layer of a cross-layer transcoder: `x` [..., dIn] to activations [..., nLatents].
 * Errors: `argument` for a layer it does not have.
 */
export function appendEncodeLayer(b: GraphBuilder, clt: CrossLayerTranscoder, layer: number, x: string, names: EncodeNames = {}): string {
  if (!Number.isInteger(layer) || layer < 0 || layer >= clt.nLayers) {
    throw new MechanistError('argument', `The transcoder has layers 0 to ${clt.nLayers - 1}.`, { field: `layer ${layer}` });
  }
  const input = names.input === undefined ? x : b.identity(x, names.input);
  const hidden = b.add(b.matmul(input, weight(b, clt, `W_enc_${layer}`)), weight(b, clt, `b_enc_${layer}`), names.pre);
  const acts = appendActivation(b, clt, hidden, clt.architecture === 'jumprelu' ? weight(b, clt, `threshold_${layer}`) : undefined);
  return names.acts === undefined ? acts : b.identity(acts, names.acts);
}

/** Declares a dictionary's weight in the graph and returns its tensor name. */
export function weight(b: GraphBuilder, dictionary: Dictionary | CrossLayerTranscoder, name: string): string {
  const { dtype, dims } = dictionary.parameters.info(name);
  return b.parameter(parameterName(dictionary, name), dtype, dims);
}

/** Row norms of the decoder [nLatents]. */
export function appendDecoderNorms(b: GraphBuilder, dictionary: Dictionary): string {
  const decoder = weight(b, dictionary, 'W_dec');
  return b.unary('Sqrt', b.reduceSum(b.mul(decoder, decoder), [1], false));
}

/**
 * 1 at the `k` largest entries of each row of `h` [..., F], 0 elsewhere. Built so that no gradient flows through
 * the choice itself.
 */
export function appendTopkMask(b: GraphBuilder, h: string, k: number): string {
  const [, indices] = b.nodeMany('TopK', [h, b.vector([k])], { outputs: 2, attributes: { axis: int(-1), sorted: int(0) } });
  return scatterOnes(b, h, indices!);
}

function flattenHeads(b: GraphBuilder, dictionary: Dictionary, x: string): { flat: string; heads: EncodeContext['heads'] } {
  const shape = b.shapeOf(x);
  const last = shape.at(-1);
  if (last === dictionary.dIn) return { flat: x, heads: undefined };
  const count = shape.at(-2);
  if (dictionary.reshape === 'hook_z' && typeof count === 'number' && typeof last === 'number' && count * last === dictionary.dIn) {
    const flat = b.reshape(x, [...shape.slice(0, -2).map(() => 0), -1]);
    return { flat, heads: { count, size: last } };
  }
  throw new MechanistError('argument', `The dictionary reads vectors of width ${dictionary.dIn}, but this tensor has shape [${shape.join(', ')}].`, { field: `tensor ${x}` });
}

function appendUngated(b: GraphBuilder, dictionary: Dictionary, centred: string, names: EncodeNames): string {
  const hidden = b.add(b.matmul(centred, weight(b, dictionary, 'W_enc')), weight(b, dictionary, 'b_enc'), names.pre);
  const ranked = dictionary.rescaleActsByDecoderNorm ? b.mul(hidden, appendDecoderNorms(b, dictionary)) : hidden;
  return appendActivation(b, dictionary, ranked, dictionary.architecture === 'jumprelu' ? weight(b, dictionary, 'threshold') : undefined);
}

function appendGated(b: GraphBuilder, dictionary: Dictionary, centred: string, names: EncodeNames): string {
  const shared = b.matmul(centred, weight(b, dictionary, 'W_enc'));
  const gate = b.node('Greater', [b.add(shared, weight(b, dictionary, 'b_gate')), b.scalar(0)]);
  // Scaling column i of W_enc by e^{r_mag,i} scales entry i of the product.
  const scaled = b.mul(shared, b.unary('Exp', weight(b, dictionary, 'r_mag')));
  const magnitude = b.add(scaled, weight(b, dictionary, 'b_mag'), names.pre);
  return b.mul(b.cast(gate, 'float32'), b.unary('Relu', magnitude));
}

function appendActivation(b: GraphBuilder, { architecture, k }: { architecture: Architecture; k: number | undefined }, hidden: string, threshold: string | undefined): string {
  const positive = b.unary('Relu', hidden);
  switch (architecture) {
    case 'standard':
    case 'gated': return positive;
    case 'jumprelu': return b.mul(positive, b.cast(b.node('Greater', [hidden, threshold!]), 'float32'));
    case 'topk': return b.mul(positive, appendTopkMask(b, hidden, k!));
    case 'groupmax': return appendGroupMax(b, positive, k!);
  }
}

/** The largest entry of each of `k` equal groups of consecutive latents. */
function appendGroupMax(b: GraphBuilder, positive: string, k: number): string {
  const shape = b.shapeOf(positive);
  const width = shape.at(-1) as number;
  const keep = shape.slice(0, -1).map(() => 0);
  const grouped = b.reshape(positive, [...keep, k, width / k]);
  const best = b.node('ArgMax', [grouped], { attributes: { axis: int(-1), keepdims: int(1) } });
  return b.reshape(b.mul(grouped, scatterOnes(b, grouped, best)), [...keep, width]);
}

/** 1 at `indices` along the last axis of a tensor shaped like `like`, 0 elsewhere. */
export function scatterOnes(b: GraphBuilder, like: string, indices: string): string {
  const zeros = b.node('ConstantOfShape', [b.shape(like)], { attributes: { value: { type: 'tensor', value: f32([1], [0]) } } });
  const ones = b.node('ConstantOfShape', [b.shape(indices)], { attributes: { value: { type: 'tensor', value: f32([1], [1]) } } });
  return b.node('ScatterElements', [zeros, indices, ones], { attributes: { axis: int(-1) } });
}
