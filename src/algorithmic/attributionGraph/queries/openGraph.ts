/**
 * A graph that questions are asked about: influence is computed once, the transposed edges and the last prunings when
 * first needed. Every answer is bounded in size, whatever the size of the graph.
 */
import { columnsOfEdges, kindOf, nodeCount } from '../graph.ts';
import type { AttributionGraph, EdgeColumns, NodeKind } from '../graph.ts';
import { graphInfluence } from '../influence.ts';
import type { Influence } from '../influence.ts';
import { pruneGraph, targetsOf } from '../prune.ts';
import type { Pruned, Thresholds } from '../prune.ts';

export interface OpenGraphOptions {
  /** Cumulative influence shares that a file gives. */
  readonly cumulative?: Float64Array | undefined;
  /** Labels of features by `layer/feature`. */
  readonly labels?: ReadonlyMap<string, string>;
}

export class OpenGraph {
  readonly graph: AttributionGraph;
  readonly influence: Influence;
  readonly labels: Map<string, string>;
  private transposed: EdgeColumns | undefined;
  private readonly prunings = new Map<string, Pruned>();
  private positions: ReadonlyMap<string, number> | undefined;

  /** Errors: `parse` when edges form a cycle. */
  constructor(graph: AttributionGraph, { cumulative, labels }: OpenGraphOptions = {}) {
    this.graph = graph;
    this.influence = graphInfluence(graph, cumulative);
    this.labels = new Map(labels);
  }

  /** Edges by source. */
  get columns(): EdgeColumns {
    return (this.transposed ??= columnsOfEdges(this.graph));
  }

  /** The last few prunings are kept. Errors: as `pruneGraph`. */
  pruned(thresholds: Thresholds): Pruned {
    const key = `${thresholds.node ?? ''} ${thresholds.edge ?? ''}`;
    let known = this.prunings.get(key);
    if (known === undefined) {
      known = pruneGraph(this.graph, this.influence, thresholds);
      this.prunings.set(key, known);
      if (this.prunings.size > keptPrunings) this.prunings.delete(this.prunings.keys().next().value!);
    }
    return known;
  }

  /** `layer/feature` of a feature node; undefined for others. */
  featureKey(node: number): string | undefined {
    const { layer, feature } = this.graph.nodes;
    return kindOf(this.graph, node) === 'feature' ? `${layer[node]}/${feature[node]}` : undefined;
  }

  /** What a node is called: its label, its token, or nothing. */
  labelOf(node: number): string {
    const { graph } = this;
    switch (kindOf(graph, node)) {
      case 'feature': return this.labels.get(this.featureKey(node)!) ?? '';
      case 'error': return '';
      case 'token': return graph.tokens.texts[graph.nodes.position[node]!] ?? '';
      case 'logit': return graph.targets[node - (nodeCount(graph) - graph.counts.logit)]!;
    }
  }

  /** Share of the prompt's tokens at which a feature is a node. */
  density(node: number): number {
    const key = this.featureKey(node);
    if (key === undefined) return 0;
    if (this.positions === undefined) {
      const counts = new Map<string, number>();
      for (let i = 0; i < this.graph.counts.feature; i++) counts.set(this.featureKey(i)!, (counts.get(this.featureKey(i)!) ?? 0) + 1);
      this.positions = counts;
    }
    return this.positions.get(key)! / Math.max(1, this.graph.tokens.ids.length);
  }

  /** Bytes held by the arrays. */
  get memory(): number {
    const { nodes, edges } = this.graph;
    const arrays = [...Object.values(nodes), ...Object.values(edges), ...Object.values(this.influence), ...Object.values(this.transposed ?? {})] as { byteLength: number }[];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }
}

const keptPrunings = 4;

export interface ViewOptions {
  readonly thresholds?: Thresholds;
  readonly maxNodes: number;
  readonly maxEdges: number;
  readonly kinds?: readonly NodeKind[] | undefined;
  readonly pinned?: readonly number[];
  /** Features at more than this share of the tokens are left out, unless pinned. */
  readonly density?: number;
}

export interface View {
  /** Most influential first, but logits and pinned nodes before all. */
  readonly nodes: Uint32Array;
  /** Places in `nodes`. */
  readonly sources: Uint32Array;
  readonly targets: Uint32Array;
  readonly weights: Float32Array;
  readonly above: { readonly nodes: number; readonly edges: number };
  readonly dense: number;
}

/** What is drawn of a graph. Errors: as `pruneGraph`. */
export function viewOf(open: OpenGraph, options: ViewOptions): View {
  const { graph, influence } = open;
  const pruned = open.pruned(options.thresholds ?? {});
  const pinned = new Set(options.pinned?.filter((node) => node < nodeCount(graph)));
  const wanted = options.kinds === undefined ? undefined : new Set(options.kinds);
  const first: number[] = [...pinned];
  const rest: number[] = [];
  let dense = 0;
  let above = 0;
  for (const node of influence.ranked) {
    if (pruned.nodes[node] === 0) continue;
    above++;
    const kind = kindOf(graph, node);
    if (pinned.has(node) || (wanted !== undefined && !wanted.has(kind))) continue;
    if (kind === 'feature' && (options.density ?? 1) < 1 && open.density(node) > options.density!) dense++;
    else (kind === 'logit' ? first : rest).push(node);
  }
  const nodes = Uint32Array.from([...first, ...rest].slice(0, options.maxNodes));
  return { nodes, ...edgesAmong(open, pruned, nodes, pinned, options.maxEdges), above: { nodes: above, edges: pruned.edges.length }, dense };
}

/** The strongest kept edges among some nodes, and every edge between a pinned node and another of them. */
function edgesAmong(open: OpenGraph, pruned: Pruned, nodes: Uint32Array, pinned: ReadonlySet<number>, most: number): Pick<View, 'sources' | 'targets' | 'weights'> {
  const { graph, influence } = open;
  const place = new Int32Array(nodeCount(graph)).fill(-1);
  nodes.forEach((node, i) => (place[node] = i));
  const found: { source: number; target: number; weight: number; score: number }[] = [];
  const add = (edge: number, target: number, score: number): void => {
    const source = place[graph.edges.source[edge]!]!;
    if (source >= 0) found.push({ source, target: place[target]!, weight: graph.edges.weight[edge]!, score });
  };
  const { source, start, weight } = graph.edges;
  const isPinned = (edge: number, target: number): boolean => pinned.has(target) || pinned.has(source[edge]!);
  targetsOf(graph, pruned.edges).forEach((target, i) => {
    const edge = pruned.edges[i]!;
    if (place[target]! >= 0 && !isPinned(edge, target)) add(edge, target, pruned.scores[i]!);
  });
  for (const target of pinned.size === 0 ? [] : nodes) {
    const factor = (influence.node[target]! + influence.weights[target]!) / Math.max(influence.sums[target]!, 1e-10);
    for (let edge = start[target]!; edge < start[target + 1]!; edge++) if (isPinned(edge, target)) add(edge, target, factor * Math.abs(weight[edge]!));
  }
  found.sort((a, b) => b.score - a.score);
  const shown = found.slice(0, most);
  return {
    sources: Uint32Array.from(shown, (edge) => edge.source), targets: Uint32Array.from(shown, (edge) => edge.target), weights: Float32Array.from(shown, (edge) => edge.weight),
  };
}
