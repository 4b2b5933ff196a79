/** `graph.view`, `graph.neighbours`, `graph.search`, `graph.label`, `graph.supernodes`, `graph.diff`: looking at graphs. */
import { diffGraphs } from '../../../algorithmic/attributionGraph/queries/diff.ts';
import { neighboursOf, requireNode, searchNodes } from '../../../algorithmic/attributionGraph/queries/neighbours.ts';
import { viewOf } from '../../../algorithmic/attributionGraph/queries/openGraph.ts';
import { proposeSupernodes } from '../../../algorithmic/attributionGraph/queries/supernodes.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { GraphDiff, GraphNeighbours, GraphNodePage, GraphView, SupernodeProposal } from '../../../protocol/methods/graphResults.ts';
import type { Session } from '../../session.ts';
import { graphNode } from './nodes.ts';
import { graphsOf } from './shelf.ts';

/** Errors: `not-found`. */
export function graphView(session: Session, { graph, ...options }: ParsedParams<'graph.view'>): GraphView {
  const { open } = graphsOf(session).get(graph);
  const view = viewOf(open, options);
  return { ...view, nodes: Array.from(view.nodes, (node) => graphNode(open, node)) };
}

/** Errors: `not-found`; `argument` for a node that the graph lacks. */
export function graphNeighbours(session: Session, params: ParsedParams<'graph.neighbours'>): GraphNeighbours {
  const { open } = graphsOf(session).get(params.graph);
  const { total, items } = neighboursOf(open, params.node, params.direction, params);
  return { total, items: items.map(({ node, weight, share }) => ({ node: graphNode(open, node), weight, share })) };
}

/** Errors: `not-found`. */
export function graphSearch(session: Session, params: ParsedParams<'graph.search'>): GraphNodePage {
  const { open } = graphsOf(session).get(params.graph);
  const { total, items } = searchNodes(open, params.query, params);
  return { total, nodes: items.map((node) => graphNode(open, node)) };
}

/** Errors: `not-found`; `argument` for a node that the graph lacks. */
export function graphSupernodes(session: Session, params: ParsedParams<'graph.supernodes'>): readonly SupernodeProposal[] {
  const { open } = graphsOf(session).get(params.graph);
  params.nodes?.forEach((node) => requireNode(open, node));
  return proposeSupernodes(open, params.nodes ?? [...open.pruned(params.thresholds).nodes.entries()].filter(([, kept]) => kept === 1).map(([node]) => node));
}

/** Errors: `not-found`. */
export function graphDiff(session: Session, params: ParsedParams<'graph.diff'>): GraphDiff {
  const [first, second] = [graphsOf(session).get(params.first).open, graphsOf(session).get(params.second).open];
  const { nodes, edges, ...rest } = diffGraphs(first, second, params);
  return {
    ...rest,
    nodes: nodes.map(({ nodes: [a, b], shares }) => ({ first: a === undefined ? undefined : graphNode(first, a), second: b === undefined ? undefined : graphNode(second, b), shares })),
    edges: edges.map(({ source, target, weights, shares }) => ({ source: graphNode(first, source), target: graphNode(first, target), weights, shares })),
  };
}
