/**
 * An attribution graph as typed arrays: nodes in circuit-tracer's order (features, errors, tokens, logits) and edges as
 * compressed rows, one row per target. 100,000 nodes and 10 million edges take about 80 MB.
 */
import { MechanistError } from '../../engine/errors.ts';

export const nodeKinds = ['feature', 'error', 'token', 'logit'] as const;
export type NodeKind = (typeof nodeKinds)[number];

/** Parallel arrays over nodes. */
export interface GraphNodes {
  /** Index into `nodeKinds`; ascending. */
  readonly kind: Uint8Array;
  /** −1 for tokens; the number of layers for logits. */
  readonly layer: Int32Array;
  readonly position: Int32Array;
  /** Feature index of a feature, vocabulary index of tokens and logits (virtual ones above the vocabulary), −1 of errors. */
  readonly feature: Int32Array;
  /** Of features; NaN elsewhere, and where a file does not say. */
  readonly activation: Float32Array;
}

/** Edges by target: those of target t are at `start[t]` to `start[t + 1]`, sources ascending. */
export interface EdgeRows {
  readonly start: Uint32Array;
  readonly source: Uint32Array;
  /** Direct effect of the source on the target, signed. */
  readonly weight: Float32Array;
}

export interface AttributionGraph {
  readonly nodes: GraphNodes;
  readonly counts: Readonly<Record<NodeKind, number>>;
  readonly edges: EdgeRows;
  /** Weight of each logit node: the probability of its token. */
  readonly probabilities: Float64Array;
  readonly layers: number;
  /** Token ids of the prompt, and how each is shown. */
  readonly tokens: { readonly ids: readonly number[]; readonly texts: readonly string[] };
  readonly prompt: string;
  /** Text of each logit node. */
  readonly targets: readonly string[];
}

export function nodeCount(graph: AttributionGraph): number {
  return graph.nodes.kind.length;
}

/** First node of a kind, and one past its last. */
export function rangeOf({ counts }: Pick<AttributionGraph, 'counts'>, kind: NodeKind): readonly [number, number] {
  let from = 0;
  for (const other of nodeKinds) {
    if (other === kind) return [from, from + counts[kind]];
    from += counts[other];
  }
  return [from, from];
}

export function kindOf(graph: AttributionGraph, node: number): NodeKind {
  return nodeKinds[graph.nodes.kind[node]!]!;
}

/** Counts by kind of an ascending kind array. Errors: `argument` when it is not ascending. */
export function countKinds(kind: Uint8Array): Record<NodeKind, number> {
  const counts = { feature: 0, error: 0, token: 0, logit: 0 };
  for (let i = 0; i < kind.length; i++) {
    if (i > 0 && kind[i]! < kind[i - 1]!) throw new MechanistError('argument', 'Nodes must be ordered by kind.');
    counts[nodeKinds[kind[i]!]!]++;
  }
  return counts;
}

/** The edges as a dense matrix, rows = targets, columns = sources, [nodes,nodes]. Errors: `memory` above two billion entries. */
export function adjacencyMatrix({ edges }: Pick<AttributionGraph, 'edges'>): Float32Array {
  const count = edges.start.length - 1;
  if (count * count > largestMatrix) {
    throw new MechanistError('memory', `The adjacency matrix of ${count} nodes would take ${Math.round((4 * count * count) / 2 ** 20)} MiB.`, { hint: 'Take fewer features.' });
  }
  const matrix = new Float32Array(count * count);
  for (let target = 0; target < count; target++) {
    for (let e = edges.start[target]!; e < edges.start[target + 1]!; e++) matrix[target * count + edges.source[e]!] = edges.weight[e]!;
  }
  return matrix;
}

const largestMatrix = 2 ** 31 - 2;

/** Edges by source: `edge[start[s]…]` index into the rows' arrays, with the target of each. */
export interface EdgeColumns {
  readonly start: Uint32Array;
  readonly edge: Uint32Array;
  readonly target: Uint32Array;
}

export function columnsOfEdges({ edges }: Pick<AttributionGraph, 'edges'>): EdgeColumns {
  const count = edges.start.length - 1;
  const start = new Uint32Array(count + 1);
  for (const source of edges.source) start[source + 1]!++;
  for (let i = 0; i < count; i++) start[i + 1]! += start[i]!;
  const next = start.slice();
  const edge = new Uint32Array(edges.source.length);
  const target = new Uint32Array(edges.source.length);
  for (let t = 0; t < count; t++) {
    for (let e = edges.start[t]!; e < edges.start[t + 1]!; e++) {
      const at = next[edges.source[e]!]!++;
      edge[at] = e;
      target[at] = t;
    }
  }
  return { start, edge, target };
}
