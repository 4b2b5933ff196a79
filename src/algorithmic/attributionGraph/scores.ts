/** How much of a graph runs through features rather than errors (algorithms reference §12 and trap T3). */
import { rangeOf } from './graph.ts';
import type { AttributionGraph } from './graph.ts';
import type { Influence } from './influence.ts';

export interface GraphScores {
  /** Share of the influence of tokens and errors that comes from tokens. */
  readonly replacement: number;
  /** Share of inputs that are not errors, weighted by influence: over all nodes, as circuit-tracer counts. */
  readonly completeness: number;
  /** The same over features and logits, which alone have inputs. */
  readonly completenessRestricted: number;
}

/** Undefined where no token and no error reaches the logits, so that there is nothing to take shares of. */
export function graphScores(graph: AttributionGraph, { node, sums, weights }: Influence): GraphScores | undefined {
  const { start, source, weight } = graph.edges;
  const [errorStart, errorEnd] = rangeOf(graph, 'error');
  const [, tokenEnd] = rangeOf(graph, 'token');
  let [tokens, errors] = [0, 0];
  for (let i = errorStart; i < errorEnd; i++) errors += node[i]!;
  for (let i = errorEnd; i < tokenEnd; i++) tokens += node[i]!;
  if (tokens + errors === 0) return undefined;
  const all = { explained: 0, total: 0 };
  const restricted = { explained: 0, total: 0 };
  for (let target = 0; target < node.length; target++) {
    const influence = node[target]! + weights[target]!;
    let fromErrors = 0;
    for (let e = start[target]!; e < start[target + 1]!; e++) if (source[e]! >= errorStart && source[e]! < errorEnd) fromErrors += Math.abs(weight[e]!);
    const explained = influence * (1 - fromErrors / Math.max(sums[target]!, 1e-10));
    for (const part of target >= errorStart && target < tokenEnd ? [all] : [all, restricted]) {
      part.explained += explained;
      part.total += influence;
    }
  }
  return { replacement: tokens / (tokens + errors), completeness: all.explained / all.total, completenessRestricted: restricted.explained / restricted.total };
}

/**
 * The replacement score of a graph whose other features count as errors: share of the influence that reaches tokens through
 * the `kept` features alone, or directly. All features give the graph's own replacement score.
 */
export function shareThrough(graph: AttributionGraph, { order, sums, weights }: Influence, kept: Iterable<number>): number {
  const { start, source, weight } = graph.edges;
  const [, features] = rangeOf(graph, 'feature');
  const [errorStart, errorEnd] = rangeOf(graph, 'error');
  const [, tokenEnd] = rangeOf(graph, 'token');
  const through = new Uint8Array(features);
  for (const node of kept) through[node] = 1;
  const influence = new Float64Array(weights.length);
  let [tokens, stopped] = [0, 0];
  for (const node of order) {
    const arriving = influence[node]! + weights[node]!;
    if (arriving === 0) continue;
    if (node < features ? through[node] === 0 : node >= errorStart && node < errorEnd) stopped += arriving;
    else if (node >= errorEnd && node < tokenEnd) tokens += arriving;
    else for (let e = start[node]!; e < start[node + 1]!; e++) influence[source[e]!]! += (arriving * Math.abs(weight[e]!)) / Math.max(sums[node]!, 1e-10);
  }
  return tokens + stopped === 0 ? 0 : tokens / (tokens + stopped);
}
