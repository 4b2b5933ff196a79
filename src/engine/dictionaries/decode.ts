/** Decoding as graph nodes: from feature activations back to activations at the output hook. Algorithms reference §14. */
import { MechanistError } from '../errors.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { CrossLayerTranscoder, Dictionary } from './dictionary.ts';
import { appendDecoderNorms, weight } from './encode.ts';
import type { EncodeContext } from './encode.ts';
import { appendDenormalize } from './normalize.ts';

/**
 * Appends the decoder for `acts` [..., nLatents], the skip path included, in the units and shape of the output hook.
 * `reconstructionName` names the decoder's own output, before normalisation is undone (`hook_sae_recons`).
 */
export function appendDecode(b: GraphBuilder, dictionary: Dictionary, acts: string, context: EncodeContext, reconstructionName?: string): string {
  const weighted = dictionary.rescaleActsByDecoderNorm ? b.div(acts, appendDecoderNorms(b, dictionary)) : acts;
  const decoded = b.add(b.matmul(weighted, weight(b, dictionary, 'W_dec')), weight(b, dictionary, 'b_dec'), reconstructionName);
  // A transcoder's output is in other units than its input, so there is nothing to undo.
  const restored = dictionary.kind === 'sae' ? appendDenormalize(b, context.normalization, decoded) : decoded;
  const scaled = dictionary.inputScale === 1 ? restored : b.div(restored, b.scalar(dictionary.inputScale));
  const skipped = dictionary.parameters.has('W_skip') ? b.add(scaled, b.matmul(context.x, weight(b, dictionary, 'W_skip'))) : scaled;
  if (context.heads === undefined) return skipped;
  const { count, size } = context.heads;
  const leading = b.shapeOf(skipped).slice(0, -1).map(() => 0);
  return b.reshape(skipped, [...leading, count, size]);
}

/**
 * Appends the reconstruction of layer `layer`'s output by a cross-layer transcoder.
 * `acts[l]` are the activations of layer l [..., nLatents] for l ≤ layer; `x` [..., dIn] is the input of this layer.
 * Errors: `argument` when a layer's activations are missing.
 */
export function appendDecodeLayer(b: GraphBuilder, clt: CrossLayerTranscoder, layer: number, acts: readonly string[], x: string): string {
  if (acts.length <= layer) throw new MechanistError('argument', `Layer ${layer} is written by ${layer + 1} layers of latents, but ${acts.length} were given.`);
  let sum = weight(b, clt, `b_dec_${layer}`);
  for (let source = 0; source <= layer; source++) {
    const rows = b.gather(weight(b, clt, `W_dec_${source}`), b.scalar(layer - source, 'int64'), 1);
    sum = b.add(b.matmul(acts[source]!, rows), sum);
  }
  const skip = `W_skip_${layer}`;
  return clt.parameters.has(skip) ? b.add(sum, b.matmul(x, weight(b, clt, skip))) : sum;
}
