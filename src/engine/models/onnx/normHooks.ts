/** The hooks of a normalisation: what it divides by, and what it gives. */
import type { ScopedGraph } from './scopedGraph.ts';

/**
 * Names `hook_scale` [b,p,1] and `hook_normalized` [b,p,d] of the norm in `scope`. As in TransformerLens, the
 * normalised value of a layer norm is taken after its weights, that of an RMS norm before; the
 * final RMS norm also has `hook_out` after it.
 */
export function nameNorm(g: ScopedGraph, scope: string, hook: string, kind: 'LN' | 'RMS', isFinal = false): void {
  const scale = g.within(scope).find((node) => node.op === 'Sqrt' && g.shapeOf(node.outputs[0]!)?.at(-1) === 1)?.outputs[0];
  if (scale !== undefined) g.name(scale, `${hook}.hook_scale`);
  const given = g.leaving(scope).at(-1);
  if (given === undefined) return;
  if (kind === 'LN') {
    g.name(given, `${hook}.hook_normalized`);
    return;
  }
  const weighting = g.producerOf(given);
  const normalized = weighting?.op === 'Mul' && weighting.inputs.some((name) => !g.isDynamic(name)) ? weighting.inputs.find((name) => g.isDynamic(name)) : undefined;
  if (normalized === undefined) return;
  g.name(normalized, `${hook}.hook_normalized`);
  if (isFinal) g.name(given, `${hook}.hook_out`);
}
