/** The hooks of a normalisation: what it divides by, and what it gives. */
import type { ScopedGraph } from './scopedGraph.ts';

/**
 * Names `hook_scale` [b,p,1] and `hook_normalized` [b,p,d] of the norm in `scope`. As in TransformerLens, the
 * normalised value of a layer norm is taken after its weights, that of an RMS norm before; the
 * final RMS norm also has `hook_out` after it. `like` is the stream.
 */
export function nameNorm(g: ScopedGraph, scope: string, hook: string, kind: 'LN' | 'RMS', like: string, isFinal = false): void {
  const scale = g.within(scope).find((node) => node.op === 'Sqrt' && g.shapeOf(node.outputs[0]!)?.at(-1) === 1)?.outputs[0];
  if (scale !== undefined) g.nameStreamLike(scale, `${hook}.hook_scale`, like);
  const given = g.leaving(scope).at(-1);
  if (given === undefined) return;
  if (kind === 'LN') {
    g.nameStreamLike(given, `${hook}.hook_normalized`, like);
    return;
  }
  const weighting = g.producerOf(given);
  const normalized = weighting?.op === 'Mul' && weighting.inputs.some((name) => !g.isDynamic(name)) ? weighting.inputs.find((name) => g.isDynamic(name)) : undefined;
  if (normalized === undefined) return;
  g.nameStreamLike(normalized, `${hook}.hook_normalized`, like);
  if (isFinal) g.nameStreamLike(given, `${hook}.hook_out`, like);
}
