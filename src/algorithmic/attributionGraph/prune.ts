/**
 * Pruning as circuit-tracer does it: nodes down to the one at which the cumulative share of influence reaches the node
 * threshold (that one included), then edges likewise within what is left, then what hangs loose.
 */
import { MechanistError } from '../../engine/errors.ts';
import { nodeCount, rangeOf } from './graph.ts';
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
  const { start, source, weight } = graph.edges;
  const sums = rowSums(graph.edges, nodes);
  const arriving = influenceOf(graph.edges, influence.order, sums, influence.weights, nodes);
  const candidates = edgesBetween(graph, nodes);
  const scores = new Float64Array(candidates.length);
  let at = 0;
  for (let target = 0; target < nodes.length; target++) {
    if (nodes[target] === 0) continue;
    const factor = (arriving[target]! + influence.weights[target]!) / Math.max(sums[target]!, 1e-10);
    for (let e = start[target]!; e < start[target + 1]!; e++) if (nodes[source[e]!] === 1) scores[at++] = factor * Math.abs(weight[e]!);
  }
  const threshold = thresholdByMass(scores, edge);
  const kept = new Uint8Array(candidates.length);
  for (let i = 0; i < kept.length; i++) kept[i] = scores[i]! >= threshold ? 1 : 0;
  dropLoose(graph, nodes, candidates, kept);
  const chosen = [...candidates.keys()].filter((i) => kept[i] === 1);
  return { nodes, edges: Uint32Array.from(chosen, (i) => candidates[i]!), scores: Float64Array.from(chosen, (i) => scores[i]!) };
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

/** Edges whose ends are both kept. */
function edgesBetween({ edges: { start, source } }: AttributionGraph, nodes: Uint8Array): Uint32Array {
  let count = 0;
  const each = (take: (edge: number) => void): void => {
    for (let target = 0; target < nodes.length; target++) {
      if (nodes[target] === 0) continue;
      for (let e = start[target]!; e < start[target + 1]!; e++) if (nodes[source[e]!] === 1) take(e);
    }
  };
  each(() => count++);
  const found = new Uint32Array(count);
  let at = 0;
  each((edge) => (found[at++] = edge));
  return found;
}

/** Drops features and errors without an output, and features without an input, until none is left. */
function dropLoose(graph: AttributionGraph, nodes: Uint8Array, candidates: Uint32Array, kept: Uint8Array): void {
  const [, featureEnd] = rangeOf(graph, 'feature');
  const [tokenStart] = rangeOf(graph, 'token');
  const targets = targetsOf(graph, candidates);
  for (let changed = true; changed;) {
    const [inputs, outputs] = [new Uint8Array(nodeCount(graph)), new Uint8Array(nodeCount(graph))];
    for (let i = 0; i < kept.length; i++) {
      if (kept[i] === 0) continue;
      inputs[targets[i]!] = 1;
      outputs[graph.edges.source[candidates[i]!]!] = 1;
    }
    changed = false;
    for (let node = 0; node < tokenStart; node++) {
      if (nodes[node] === 0 || (outputs[node] === 1 && (node >= featureEnd || inputs[node] === 1))) continue;
      nodes[node] = 0;
      changed = true;
    }
    for (let i = 0; i < kept.length; i++) if (nodes[targets[i]!] === 0 || nodes[graph.edges.source[candidates[i]!]!] === 0) kept[i] = 0;
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
