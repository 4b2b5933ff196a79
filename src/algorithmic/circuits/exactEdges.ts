/** The exact effect of cutting single edges, and how well estimates rank them. */
import type { EdgeGraph } from '../edges/edgeGraph.ts';
import { edgeName } from '../edges/edgeGraph.ts';
import { spearman } from '../../engine/statistics.ts';
import type { CircuitSet, Progress } from './promptSets.ts';

/** m(model without the edge) − m(model), mean over prompts, for each edge asked for. */
export async function exactEffects(set: CircuitSet, edges: readonly number[], progress: Progress = {}): Promise<Float32Array> {
  const { exists } = set.edges;
  const cut = edges.map((edge) => exists.map((kept, i) => (i === edge ? 0 : kept)));
  const [full, ...values] = await set.evaluate([exists, ...cut], progress);
  return Float32Array.from(values, (perPrompt) => perPrompt.reduce((sum, value, i) => sum + value - full![i]!, 0) / set.prompts);
}

export interface ExactComparison {
  readonly edges: readonly string[];
  readonly estimate: Float32Array;
  readonly exact: Float32Array;
  /** Spearman's, over the edges compared. */
  readonly rankCorrelation: number | undefined;
}

/** The `count` edges with the largest |score| beside their exact effects. */
export async function compareWithExact(set: CircuitSet, scores: ArrayLike<number>, count: number, progress: Progress = {}): Promise<ExactComparison> {
  const top = topEdges(set.edges, scores, count);
  const exact = await exactEffects(set, top, progress);
  const estimate = Float32Array.from(top, (edge) => scores[edge]!);
  return { edges: top.map((edge) => edgeName(set.edges, edge)), estimate, exact, rankCorrelation: spearman(estimate, exact) };
}

export function topEdges({ exists }: EdgeGraph, scores: ArrayLike<number>, count: number): number[] {
  return Array.from(exists.keys()).filter((edge) => exists[edge] === 1).sort((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!) || a - b).slice(0, count);
}
