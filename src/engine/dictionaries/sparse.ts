/** Encoding to sparse form: what harvesting activations over a corpus stores instead of dense rows. */
import { int } from '../graph/ir.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { CrossLayerTranscoder, Dictionary } from './dictionary.ts';
import { appendEncode, appendEncodeLayer } from './encode.ts';

export interface SparseActivations {
  /** The largest activations of each token in descending order [..., count], padded with zeros. */
  readonly values: string;
  /** Their latents [..., count], int64. Where the value is 0 the index means nothing. */
  readonly indices: string;
  /** How many latents are active [...], int64: more than `count` means that the smallest were left out. */
  readonly active: string;
}

/**
 * Appends an encoder whose result is the `count` largest activations per token. For a top-k dictionary the default
 * `count` is its `k`, which loses nothing.
 */
export function encodeSparse(b: GraphBuilder, dictionary: Dictionary, x: string, count = dictionary.k ?? 64): SparseActivations {
  return appendSparse(b, appendEncode(b, dictionary, x).acts, Math.min(count, dictionary.nLatents));
}

/** The same for one layer of a cross-layer transcoder, whose latents are counted within the layer. */
export function encodeSparseLayer(b: GraphBuilder, clt: CrossLayerTranscoder, layer: number, x: string, count = clt.k ?? 64): SparseActivations {
  return appendSparse(b, appendEncodeLayer(b, clt, layer, x), Math.min(count, clt.nLatents));
}

function appendSparse(b: GraphBuilder, acts: string, kept: number): SparseActivations {
  const [values, indices] = b.nodeMany('TopK', [acts, b.vector([kept])], { outputs: 2, attributes: { axis: int(-1), sorted: int(1) } });
  const fired = b.cast(b.node('Greater', [acts, b.scalar(0)]), 'int64');
  return { values: values!, indices: indices!, active: b.reduceSum(fired, [-1], false) };
}
