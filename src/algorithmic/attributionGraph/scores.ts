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

export function graphScores(graph: AttributionGraph, { node, sums, weights }: Influence): GraphScores {
  const { start, source, weight } = graph.edges;
  const [errorStart, errorEnd] = rangeOf(graph, 'error');
  const [, tokenEnd] = rangeOf(graph, 'token');
  let [tokens, errors] = [0, 0];
  for (let i = errorStart; i < errorEnd; i++) errors += node[i]!;
  for (let i = errorEnd; i < tokenEnd; i++) tokens += node[i]!;
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
