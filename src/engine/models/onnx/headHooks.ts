/** The hooks after the last layer: final norm, unembedding, norm and pooler of a head, projection of a tower. */
import { firstScope } from './layer.ts';
import type { LayerStack } from './moduleLayouts.ts';
import { nameNorm } from './normHooks.ts';
import type { ScopedGraph } from './scopedGraph.ts';

export function nameHead(g: ScopedGraph, stack: LayerStack, prefix: string): void {
  const { layout, root } = stack;
  const final = firstScope(g, stack, layout.finalNorm);
  if (final !== undefined) nameNorm(g, final, `${prefix}ln_final`, layout.norm, true);
  const head = firstScope(g, stack, layout.head);
  const logits = head === undefined ? undefined : g.leaving(head).at(-1);
  if (logits !== undefined) g.name(logits, `${prefix}unembed.hook_pre`);
  const headNorm = firstScope(g, stack, layout.headNorm);
  if (headNorm !== undefined) nameNorm(g, headNorm, `${prefix}mlm_head.ln`, layout.norm);
  const pooler = firstScope(g, stack, layout.pooler);
  const dense = pooler === undefined ? undefined : g.leaving(pooler).at(-1);
  const activated = dense === undefined ? undefined : (g.readersOf(dense).find((node) => node.op === 'Relu' || node.op === 'Tanh')?.outputs[0] ?? dense);
  if (activated !== undefined) g.name(activated, `${prefix}pooler.hook_post`);
  const projection = firstScope(g, stack, layout.projection?.filter(([part]) => root.includes(part)).map(([, path]) => path));
  const pooled = projection === undefined ? undefined : g.entering(projection)[0];
  if (pooled !== undefined) g.name(pooled, `${prefix}hook_pooled`);
}
