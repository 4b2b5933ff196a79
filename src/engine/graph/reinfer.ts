/** Recomputes the types of a graph after a transform has changed shapes upstream. */
import { GraphBuilder } from './builder.ts';
import { readsOf } from './ir.ts';
import type { Graph } from './ir.ts';

/**
 * The same graph with types inferred anew downstream of the `changed` tensors; what inference cannot tell becomes
 * unknown there. The other tensors keep their types, which may have been traced and be beyond inference.
 */
export function reinfer(graph: Graph, changed: Iterable<string>): Graph {
  const stale = new Set(changed);
  const b = new GraphBuilder({ ...graph, nodes: [], types: new Map() }, graph.nodes.flatMap((node) => [node.name, ...node.outputs]));
  for (const node of graph.nodes) {
    b.append(node);
    if (readsOf(node).some((name) => stale.has(name))) {
      for (const output of node.outputs) stale.add(output);
      continue;
    }
    for (const output of node.outputs) {
      const type = graph.types.get(output);
      if (type !== undefined && !stale.has(output)) b.setType(output, type);
    }
  }
  return b.build(graph.outputs);
}
