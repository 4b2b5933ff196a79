/**
 * Pruning as circuit-tracer does it: nodes down to the one at which the cumulative share of influence reaches the node
 * threshold (that one included), then edges likewise within what is left, then what hangs loose.
 */
import { MechanistError } from '../../engine/errors.ts';
import { rangeOf } from './graph.ts';
import type { AttributionGraph } from './graph.ts';
import { influenceOf, rowSums } from './influence.ts';
import type { Influence } from './influence.ts';
import { thresholdByMass } from './thresholdByMass.ts';

export interface Thresholds {
  /** Shares of influence to keep, 0 to 1. Defaults 0.8 and 0.98. */
  readonly node?: number;
  readonly edge?: number;
}

export interface Pruned {
  /** 1 for kept nodes. Tokens and logits always are. */
  readonly nodes: Uint8Array;
  /** Kept edges, as indices into the graph's edges, ascending, with their share of influence. */
  readonly edges: Uint32Array;
  readonly scores: Float64Array;
}

/** Errors: `argument` for a threshold outside 0 to 1. */
export function pruneGraph(graph: AttributionGraph, influence: Influence, { node = 0.8, edge = 0.98 }: Thresholds = {}): Pruned {
  for (const [name, value] of [['node', node], ['edge', edge]] as const) {
    if (!(value >= 0 && value <= 1)) throw new MechanistError('argument', `The ${name} threshold is a share from 0 to 1, not ${value}.`);
  }
  const nodes = nodesAbove(graph, influence, node);
  const candidates = edgesBetween(graph, influence, nodes);
  const threshold = thresholdByMass(candidates.scores, edge);
  const kept = withoutLoose(graph, nodes, filtered(candidates, (i) => candidates.scores[i]! >= threshold));
  return { nodes, edges: kept.edges, scores: kept.scores };
}

/** Parallel arrays over edges, ascending. */
interface ScoredEdges {
  readonly edges: Uint32Array;
  readonly targets: Uint32Array;
  readonly scores: Float64Array;
}

function nodesAbove(graph: AttributionGraph, influence: Influence, share: number): Uint8Array {
  const { ranked, cumulative, node } = influence;
  const crossing = ranked.findIndex((i) => cumulative[i]! >= share);
  const last = crossing < 0 ? ranked.length - 1 : crossing;
  const nodes = new Uint8Array(ranked.length);
  // Equals of the last one are kept with it.
  for (let r = 0; r < ranked.length && (r <= last || node[ranked[r]!] === node[ranked[last]!]); r++) nodes[ranked[r]!] = 1;
  nodes.fill(1, rangeOf(graph, 'token')[0]);
  return nodes;
}

/** Edges whose ends are both kept, with their shares of influence in the graph of the kept nodes. */
function edgesBetween({ edges: { start, source, weight } }: AttributionGraph, influence: Influence, nodes: Uint8Array): ScoredEdges {
  const rows = { start, source, weight };
  const sums = rowSums(rows, nodes);
  const arriving = influenceOf(rows, influence.order, sums, influence.weights, nodes);
  let count = 0;
  for (let target = 0; target < nodes.length; target++) {
    if (nodes[target] === 1) for (let e = start[target]!; e < start[target + 1]!; e++) count += nodes[source[e]!]!;
  }
  const found = { edges: new Uint32Array(count), targets: new Uint32Array(count), scores: new Float64Array(count) };
  let at = 0;
  for (let target = 0; target < nodes.length; target++) {
    if (nodes[target] === 0) continue;
    const factor = (arriving[target]! + influence.weights[target]!) / Math.max(sums[target]!, 1e-10);
    for (let e = start[target]!; e < start[target + 1]!; e++) {
      if (nodes[source[e]!] === 0) continue;
      found.edges[at] = e;
      found.targets[at] = target;
      found.scores[at++] = factor * Math.abs(weight[e]!);
    }
  }
  return found;
}

function filtered({ edges, targets, scores }: ScoredEdges, keep: (place: number) => boolean): ScoredEdges {
  const places = new Uint32Array(edges.length);
  let count = 0;
  for (let i = 0; i < edges.length; i++) if (keep(i)) places[count++] = i;
  const chosen = places.subarray(0, count);
  return { edges: chosen.map((i) => edges[i]!), targets: chosen.map((i) => targets[i]!), scores: Float64Array.from(chosen, (i) => scores[i]!) };
}

/** Drops features and errors without an output, and features without an input, with their edges, until none is left. */
function withoutLoose({ edges: { source }, ...graph }: AttributionGraph, nodes: Uint8Array, scored: ScoredEdges): ScoredEdges {
  const [, featureEnd] = rangeOf(graph, 'feature');
  const [tokenStart] = rangeOf(graph, 'token');
  for (let kept = scored; ;) {
    const [inputs, outputs] = [new Uint8Array(nodes.length), new Uint8Array(nodes.length)];
    for (let i = 0; i < kept.edges.length; i++) {
      inputs[kept.targets[i]!] = 1;
      outputs[source[kept.edges[i]!]!] = 1;
    }
    let dropped = false;
    for (let node = 0; node < tokenStart; node++) {
      if (nodes[node] === 0 || (outputs[node] === 1 && (node >= featureEnd || inputs[node] === 1))) continue;
      nodes[node] = 0;
      dropped = true;
    }
    if (!dropped) return kept;
    const { edges, targets } = kept;
    kept = filtered(kept, (i) => nodes[targets[i]!] === 1 && nodes[source[edges[i]!]!] === 1);
  }
}

/** Target of each of some ascending edges. */
export function targetsOf({ edges: { start } }: Pick<AttributionGraph, 'edges'>, edges: Uint32Array): Uint32Array {
  const targets = new Uint32Array(edges.length);
  let target = 0;
  edges.forEach((edge, i) => {
    while (start[target + 1]! <= edge) target++;
    targets[i] = target;
  });
  return targets;
}
