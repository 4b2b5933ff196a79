/**
 * Influence of nodes on the logits: w[(I − A′)⁻¹ − I] with A′ the absolute weights of each row divided by their sum, and w
 * the logits' probabilities (algorithms reference §12). The graph has no cycles, so one pass from the logits backwards
 * gives the whole series.
 */
import { MechanistError } from '../../engine/errors.ts';
import type { AttributionGraph, EdgeRows } from './graph.ts';
import { rangeOf } from './graph.ts';

/** Below this a row's absolute sum counts as this, as in circuit-tracer. */
const smallestRowSum = 1e-10;

/** Targets before their sources. Errors: `parse` when edges form a cycle. */
function backwardOrder({ start, source }: EdgeRows): Uint32Array {
  const count = start.length - 1;
  const waiting = new Uint32Array(count);
  for (const s of source) waiting[s]!++;
  const order = new Uint32Array(count);
  let filled = 0;
  for (let node = 0; node < count; node++) if (waiting[node] === 0) order[filled++] = node;
  for (let done = 0; done < filled; done++) {
    const node = order[done]!;
    for (let e = start[node]!; e < start[node + 1]!; e++) if (--waiting[source[e]!]! === 0) order[filled++] = source[e]!;
  }
  if (filled < count) throw new MechanistError('parse', `The edges of ${count - filled} nodes form a cycle, so that influence is not defined.`);
  return order;
}

/** Sums of absolute weights per target; with `keep`, over edges between kept nodes only. */
export function rowSums({ start, source, weight }: EdgeRows, keep?: Uint8Array): Float64Array {
  const sums = new Float64Array(start.length - 1);
  for (let target = 0; target < sums.length; target++) {
    if (keep !== undefined && keep[target] === 0) continue;
    let sum = 0;
    for (let e = start[target]!; e < start[target + 1]!; e++) if (keep === undefined || keep[source[e]!] === 1) sum += Math.abs(weight[e]!);
    sums[target] = sum;
  }
  return sums;
}

/** Weights of all nodes: the probabilities at the logits, 0 elsewhere. */
function logitWeights(graph: Pick<AttributionGraph, 'counts' | 'probabilities'>): Float64Array {
  const [from, to] = rangeOf(graph, 'logit');
  const weights = new Float64Array(to);
  weights.set(graph.probabilities, from);
  return weights;
}

/** Influence of every node, logits' own weights not included; with `keep`, in the graph of the kept nodes. */
export function influenceOf({ start, source, weight }: EdgeRows, order: Uint32Array, sums: Float64Array, weights: Float64Array, keep?: Uint8Array): Float64Array {
  const influence = new Float64Array(weights.length);
  for (const target of order) {
    const arriving = influence[target]! + weights[target]!;
    if (arriving === 0 || (keep !== undefined && keep[target] === 0)) continue;
    const factor = arriving / Math.max(sums[target]!, smallestRowSum);
    for (let e = start[target]!; e < start[target + 1]!; e++) {
      const s = source[e]!;
      if (keep === undefined || keep[s] === 1) influence[s]! += factor * Math.abs(weight[e]!);
    }
  }
  return influence;
}

/** Everything about a graph's influence that does not depend on thresholds. */
export interface Influence {
  readonly order: Uint32Array;
  readonly sums: Float64Array;
  readonly weights: Float64Array;
  readonly node: Float64Array;
  /** Nodes by descending influence, and the cumulative share of the total down to each node (by node). */
  readonly ranked: Uint32Array;
  readonly cumulative: Float64Array;
}

/**
 * `given`: cumulative shares of the graph that this one is a part of, as files hold them, NaN where unknown; nodes are
 * then ranked by them. Errors: `parse` when edges form a cycle.
 */
export function graphInfluence(graph: AttributionGraph, given?: Float64Array): Influence {
  const order = backwardOrder(graph.edges);
  const sums = rowSums(graph.edges);
  const weights = logitWeights(graph);
  const node = influenceOf(graph.edges, order, sums, weights);
  if (given !== undefined) {
    const cumulative = given.map((share) => (Number.isNaN(share) ? 1 : share));
    return { order, sums, weights, node, cumulative, ranked: Uint32Array.from(node.keys()).sort((a, b) => cumulative[a]! - cumulative[b]!) };
  }
  const ranked = Uint32Array.from(node.keys()).sort((a, b) => node[b]! - node[a]!);
  const total = node.reduce((sum, value) => sum + value, 0);
  const cumulative = new Float64Array(node.length);
  let running = 0;
  // Where nothing reaches the logits, no node has a share.
  for (const i of ranked) cumulative[i] = total === 0 ? 1 : (running += node[i]!) / total;
  return { order, sums, weights, node, ranked, cumulative };
}
