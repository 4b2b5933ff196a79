/** How nodes are named: by us, uniquely, and in circuit-tracer's files, where errors share names with features (trap T2). */
import { kindOf } from '../graph.ts';
import type { AttributionGraph } from '../graph.ts';

/** circuit-tracer's `node_id`. */
export function fileId(graph: AttributionGraph, node: number): string {
  const { nodes: { layer, position, feature }, layers } = graph;
  switch (kindOf(graph, node)) {
    case 'feature': return `${layer[node]}_${feature[node]}_${position[node]}`;
    case 'error': return `0_${layer[node]}_${position[node]}`;
    case 'token': return `E_${feature[node]}_${position[node]}`;
    case 'logit': return `${layers + 1}_${feature[node]}_${position[node]}`;
  }
}

/** Unique in the graph: circuit-tracer's, except for errors. */
export function nodeId(graph: AttributionGraph, node: number): string {
  const { layer, position } = graph.nodes;
  return kindOf(graph, node) === 'error' ? `ERR_${layer[node]}_${position[node]}` : fileId(graph, node);
}

/** Nodes by both kinds of name; where a file's name is shared, the feature has it. */
export function nodesById(graph: AttributionGraph): Map<string, number> {
  const byId = new Map<string, number>();
  for (let node = graph.nodes.kind.length - 1; node >= 0; node--) byId.set(fileId(graph, node), node);
  for (let node = 0; node < graph.nodes.kind.length; node++) byId.set(nodeId(graph, node), node);
  return byId;
}
