/** What a graph predicts of changing some of its nodes: sums along its edges, to first order. */
import { MechanistError } from '../../../engine/errors.ts';
import { kindOf, nodeCount, rangeOf } from '../graph.ts';
import type { AttributionGraph } from '../graph.ts';

/** How nodes are changed. */
export type Change =
  /** To nothing. */
  | { readonly kind: 'ablate' }
  /** Sets the activation of a feature; multiplies what an error or token writes. */
  | { readonly kind: 'clamp'; readonly value: number }
  /** Multiplies what the node writes. */
  | { readonly kind: 'scale'; readonly factor: number };

/** Relative change of what a node writes: −1 is ablation, 0 nothing. Errors: `argument` for a logit node. */
export function relativeChange(graph: AttributionGraph, node: number, change: Change): number {
  const kind = kindOf(graph, node);
  if (kind === 'logit') throw new MechanistError('argument', 'A logit is an outcome; it cannot be changed.', { field: `node ${node}` });
  switch (change.kind) {
    case 'ablate': return -1;
    case 'scale': return change.factor - 1;
    case 'clamp': return kind === 'feature' ? change.value / graph.nodes.activation[node]! - 1 : change.value - 1;
  }
}

export interface Prediction {
  /** Change of each feature's pre-activation and each logit (minus the mean logit), by node; 0 elsewhere. Through edges from changed nodes alone. */
  readonly direct: Float64Array;
  /** Also through features that are not changed themselves: each responds by its own change, as long as it stays active. */
  readonly total: Float64Array;
}

/** `changes`: relative change by node. `order`: targets before sources. */
export function predictChange(graph: AttributionGraph, order: Uint32Array, changes: ReadonlyMap<number, number>): Prediction {
  const { edges: { start, source, weight }, nodes: { activation } } = graph;
  const [direct, total, writes] = [new Float64Array(nodeCount(graph)), new Float64Array(nodeCount(graph)), new Float64Array(nodeCount(graph))];
  const [, featureEnd] = rangeOf(graph, 'feature');
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    for (let e = start[node]!; e < start[node + 1]!; e++) {
      const from = source[e]!;
      direct[node]! += weight[e]! * (changes.get(from) ?? 0);
      total[node]! += weight[e]! * writes[from]!;
    }
    writes[node] = changes.get(node) ?? (node < featureEnd ? total[node]! / activation[node]! : 0);
  }
  return { direct, total };
}
