/** Nodes of a graph as they cross the boundary. */
import { kindOf, nodeCount } from '../../../algorithmic/attributionGraph/graph.ts';
import { nodeId } from '../../../algorithmic/attributionGraph/interchange/nodeIds.ts';
import type { OpenGraph } from '../../../algorithmic/attributionGraph/queries/openGraph.ts';
import type { GraphNode } from '../../../protocol/methods/graphResults.ts';

export function graphNode(open: OpenGraph, node: number): GraphNode {
  const { graph, influence } = open;
  const { layer, position, feature, activation } = graph.nodes;
  const kind = kindOf(graph, node);
  const first = nodeCount(graph) - graph.counts.logit;
  const label = open.labelOf(node);
  return {
    node, id: nodeId(graph, node), kind, layer: layer[node]!, position: position[node]!, feature: feature[node]!,
    activation: Number.isNaN(activation[node]!) ? undefined : activation[node]!,
    probability: kind === 'logit' ? graph.probabilities[node - first]! : undefined,
    label: kind === 'token' || kind === 'logit' ? shownText(label) : label,
    influence: influence.node[node]!, cumulative: influence.cumulative[node]!,
  };
}

/** A token's text with leading spaces and control characters made visible. */
export function shownText(text: string): string {
  return text.replace(/^ +/, (spaces) => '·'.repeat(spaces.length)).replaceAll('\n', '↵').replaceAll('\t', '⇥').replaceAll('\r', '␍');
}
