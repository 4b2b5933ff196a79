/** Recomputes the types of a graph after a transform has changed shapes upstream. */
import { GraphBuilder } from './builder.ts';
import type { Graph } from './ir.ts';

/** The same graph with types inferred anew from its inputs, parameters and constants. What inference cannot tell becomes unknown. */
export function reinfer(graph: Graph): Graph {
  const b = new GraphBuilder({ ...graph, nodes: [], types: new Map() });
  for (const node of graph.nodes) b.append(node);
  return b.build(graph.outputs);
}
