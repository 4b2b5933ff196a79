/** Hook names of transcoder sets in a model's graph: those of circuit-tracer's wrapped MLP are tensors of ours under other names. */
import { producers, typeOf } from '../../engine/graph/ir.ts';
import type { Graph } from '../../engine/graph/ir.ts';

/**
 * The tensor that a hook name of a transcoder set means, or undefined. `mlp.hook_in` is what the MLP reads (after the
 * weights of an RMS norm, unlike `ln2.hook_normalized`); `mlp.hook_out` what the MLP gives, before a norm that may follow.
 */
export function resolveHook(graph: Graph, hook: string): string | undefined {
  if (typeOf(graph, hook) !== undefined) return hook;
  const [, block, side] = /^(blocks\.\d+)\.mlp\.hook_(in|out)$/.exec(hook) ?? [];
  if (block === undefined) return undefined;
  if (side === 'out') return ['mlp.hook_out', 'hook_mlp_out'].map((name) => `${block}.${name}`).find((name) => typeOf(graph, name) !== undefined);
  const normalized = `${block}.ln2.hook_normalized`;
  return typeOf(graph, normalized) === undefined ? undefined : weighted(graph, normalized);
}

/** A normalised value times the norm's weights, where these are applied after it. */
function weighted(graph: Graph, normalized: string): string {
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(normalized));
  const byOutput = producers(graph);
  const [reader] = readers;
  const isWeight = (name: string): boolean => name !== normalized && !byOutput.has(name) && !graph.inputs.has(name);
  return readers.length === 1 && reader!.op === 'Mul' && reader!.inputs.some(isWeight) ? reader!.outputs[0]! : normalized;
}
