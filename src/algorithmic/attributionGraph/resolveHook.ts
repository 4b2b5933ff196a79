/** Hook names of transcoder sets in a model's graph: those of circuit-tracer's wrapped MLP are tensors of ours under other names. */
import { producers, typeOf } from '../../engine/graph/ir.ts';
import type { Graph } from '../../engine/graph/ir.ts';

/**
 * The tensor that a hook name of a transcoder set means, or undefined. `mlp.hook_in` is what the MLP's first product
 * reads (after the weights of an RMS norm, unlike `ln2.hook_normalized`); `mlp.hook_out` what the MLP gives, before a
 * norm that may follow.
 */
export function resolveHook(graph: Graph, hook: string): string | undefined {
  if (typeOf(graph, hook) !== undefined) return hook;
  const [, block, side] = /^(blocks\.\d+)\.mlp\.hook_(in|out)$/.exec(hook) ?? [];
  if (block === undefined) return undefined;
  if (side === 'in') return readBy(graph, `${block}.mlp.W_in`) ?? named(graph, block, ['ln2.hook_normalized', 'hook_mlp_in']);
  return named(graph, block, ['mlp.hook_out', 'hook_mlp_out']);
}

/** The other factor of the product that reads a weight. */
function readBy(graph: Graph, weight: string): string | undefined {
  const product = graph.nodes.find(({ op, inputs }) => (op === 'MatMul' || op === 'Gemm') && inputs[1] === weight);
  const input = product?.inputs[0];
  return input !== undefined && producers(graph).has(input) ? input : undefined;
}

function named(graph: Graph, block: string, names: readonly string[]): string | undefined {
  return names.map((name) => `${block}.${name}`).find((name) => typeOf(graph, name) !== undefined);
}
