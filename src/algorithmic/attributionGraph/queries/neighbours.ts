/** Inputs and outputs of a node in pages, strongest first, and finding nodes by what they are called. */
import { MechanistError } from '../../../engine/errors.ts';
import { kindOf, nodeCount } from '../graph.ts';
import type { NodeKind } from '../graph.ts';
import { nodeId } from '../interchange/nodeIds.ts';
import type { OpenGraph } from './openGraph.ts';

export interface Neighbour {
  readonly node: number;
  readonly weight: number;
  /** Share of the absolute sum over all inputs of the edge's target. */
  readonly share: number;
}

export interface Page<T> {
  readonly total: number;
  readonly items: readonly T[];
}

/** Errors: `argument` for a node that the graph lacks. */
export function neighboursOf(open: OpenGraph, node: number, direction: 'inputs' | 'outputs', { offset = 0, count = 50, kinds }: { offset?: number; count?: number; kinds?: readonly NodeKind[] | undefined } = {}): Page<Neighbour> {
  requireNode(open, node);
  const { graph: { edges }, influence: { sums } } = open;
  const wanted = kinds === undefined ? undefined : new Set(kinds);
  const found: Neighbour[] = [];
  const add = (other: number, target: number, weight: number): void => {
    if (wanted === undefined || wanted.has(kindOf(open.graph, other))) found.push({ node: other, weight, share: Math.abs(weight) / Math.max(sums[target]!, 1e-10) });
  };
  if (direction === 'inputs') for (let e = edges.start[node]!; e < edges.start[node + 1]!; e++) add(edges.source[e]!, node, edges.weight[e]!);
  else {
    const { start, edge, target } = open.columns;
    for (let at = start[node]!; at < start[node + 1]!; at++) add(target[at]!, target[at]!, edges.weight[edge[at]!]!);
  }
  found.sort(direction === 'inputs' ? (a, b) => Math.abs(b.weight) - Math.abs(a.weight) : (a, b) => b.share - a.share);
  return { total: found.length, items: found.slice(offset, offset + count) };
}

/** Nodes that a query names, most influential first: `#137`, `L2#137`, a node's id, or part of a label or token. */
export function searchNodes(open: OpenGraph, query: string, { offset = 0, count = 50 }: { offset?: number; count?: number } = {}): Page<number> {
  const { graph, influence } = open;
  const text = query.trim().toLowerCase();
  const [, layer, feature] = /^(?:l(\d{1,6}))?\s*#(\d{1,9})$/.exec(text) ?? [];
  const matches = (node: number): boolean => {
    if (feature !== undefined) return kindOf(graph, node) === 'feature' && graph.nodes.feature[node] === Number(feature) && (layer === undefined || graph.nodes.layer[node] === Number(layer));
    return open.labelOf(node).toLowerCase().includes(text) || nodeId(graph, node).toLowerCase() === text;
  };
  const found = text === '' ? [] : Array.from(influence.ranked).filter(matches);
  return { total: found.length, items: found.slice(offset, offset + count) };
}

/** Errors: `argument`. */
export function requireNode({ graph }: OpenGraph, node: number): void {
  const count = nodeCount(graph);
  if (!Number.isInteger(node) || node < 0 || node >= count) throw new MechanistError('argument', `The graph has nodes 0 to ${count - 1}.`, { field: `node ${node}` });
}
