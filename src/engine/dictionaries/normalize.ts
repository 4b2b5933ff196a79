/** Input normalisation of dictionaries and its inverse, as graph nodes. Algorithms reference §14. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Normalization } from './dictionary.ts';

/** What is needed to undo a normalisation; tensor names with the shape of the input, last axis 1. */
export type NormalizationContext =
  | { readonly kind: 'none' }
  | { readonly kind: 'constant_norm_rescale'; readonly factor: string }
  | { readonly kind: 'layer_norm'; readonly mean: string; readonly deviation: string };

/** SAELens adds this to the deviation when normalising, but not when undoing it. */
const layerNormEpsilon = 1e-5;

/** `x` [..., d] normalised, with the context that undoes it. */
export function appendNormalize(b: GraphBuilder, normalization: Normalization, x: string, d: number): { normalized: string; context: NormalizationContext } {
  if (normalization === 'none') return { normalized: x, context: { kind: 'none' } };
  if (normalization === 'constant_norm_rescale') {
    const norm = b.unary('Sqrt', b.reduceSum(b.mul(x, x), [-1], true));
    const factor = b.div(b.scalar(Math.sqrt(d)), norm);
    return { normalized: b.mul(x, factor), context: { kind: normalization, factor } };
  }
  const mean = b.reduceMean(x, [-1], true);
  const centred = b.sub(x, mean);
  const variance = b.div(b.reduceSum(b.mul(centred, centred), [-1], true), b.scalar(d - 1));
  const deviation = b.unary('Sqrt', variance);
  return {
    normalized: b.div(centred, b.add(deviation, b.scalar(layerNormEpsilon))),
    context: { kind: normalization, mean, deviation },
  };
}

/** The inverse of `appendNormalize` on a reconstruction [..., d]. */
export function appendDenormalize(b: GraphBuilder, context: NormalizationContext, y: string): string {
  switch (context.kind) {
    case 'none': return y;
    case 'constant_norm_rescale': return b.div(y, context.factor);
    case 'layer_norm': return b.add(b.mul(y, context.deviation), context.mean);
  }
}
