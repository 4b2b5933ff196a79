/**
 * What each head adds to the residual stream. Where blocks normalise what attention writes (Gemma 2), a head's share is
 * its result times the norm's weight over the scale of that run: the shares of all heads sum to the attention output.
 */
import { MechanistError } from '../engine/errors.ts';
import { splice } from '../engine/graph/splice.ts';
import { typeOf } from '../engine/graph/ir.ts';
import type { Graph } from '../engine/graph/ir.ts';

export interface HeadWrites {
  readonly graph: Graph;
  /** Tensor of a layer's writes, [b,p,h,d]. */
  readonly hook: (layer: number) => string;
}

/**
 * `graph` has `attn.hook_result`. With post-norms, `hook_attn_out` becomes the sum of the heads' writes, so that changing
 * one changes the stream by just that.
 * Errors: `unsupported` for post-norms that are not a scaling, or next to an output bias.
 */
export function withHeadWrites(graph: Graph, source: string): HeadWrites {
  if (typeOf(graph, 'blocks.0.ln1_post.hook_scale') === undefined) return { graph, hook: (layer) => `blocks.${layer}.attn.hook_result` };
  const hook = (layer: number): string => `blocks.${layer}.ln1_post.hook_result`;
  let written = graph;
  for (let layer = 0; typeOf(written, `blocks.${layer}.hook_attn_out`) !== undefined; layer++) {
    const block = `blocks.${layer}`;
    const needed = [`${block}.ln1_post.w`, `${block}.attn.hook_result`];
    if (!needed.every((name) => graph.parameters.has(name) || typeOf(graph, name) !== undefined) || graph.parameters.has(`${block}.ln1_post.b`) || graph.parameters.has(`${block}.attn.b_O`)) {
      throw new MechanistError('unsupported', 'What attention writes is normalised in a way that does not split into heads.', { file: source, field: block, hint: 'Whole layers can be asked for.' });
    }
    written = splice(written, `${block}.hook_attn_out`, (b) => {
      const scaled = b.div(`${block}.attn.hook_result`, b.unsqueeze(`${block}.ln1_post.hook_scale`, [2]));
      return b.reduceSum(b.mul(scaled, `${block}.ln1_post.w`, hook(layer)), [2], false);
    });
  }
  return { graph: written, hook };
}
