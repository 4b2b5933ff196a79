/**
 * Edge scores and circuit metrics over a data set: groups of prompts of equal length run as batches, and results are
 * joined prompt by prompt, so that means and intervals are over all of them.
 */
import { MechanistError } from '../../engine/errors.ts';
import type { Metric } from '../../engine/metrics/parse.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { edgeAttribution } from '../edges/edgeAttribution.ts';
import type { AttributionPath, PathRule } from '../edges/edgeAttribution.ts';
import type { EdgeGraph } from '../edges/edgeGraph.ts';
import { edgeGraphOf } from '../edges/edgeGraph.ts';
import { CircuitRunner } from '../edges/maskedForward.ts';
import { pathPatching } from '../edges/pathPatching.ts';
import { meansOf } from '../../engine/statistics.ts';

/** Prompts of one length. `engine/pairs` makes these from pair files. */
export interface PromptGroup {
  readonly clean: ReadonlyMap<string, Tensor>;
  readonly corrupted: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
}

export interface Progress {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Estimated scores of every edge for each prompt. */
export interface EdgeScores {
  readonly edges: EdgeGraph;
  /** [senders · receivers], mean over prompts. */
  readonly scores: Float32Array;
  /** One array for each prompt. */
  readonly perPrompt: readonly Float32Array[];
  /** Metric of each prompt. */
  readonly clean: Float32Array;
  readonly corrupted: Float32Array;
}

export interface EstimateOptions extends Progress {
  readonly path?: AttributionPath;
  readonly steps?: number;
  readonly rule?: PathRule;
}

/** Prompts that run as one batch when gradients are taken: bounds memory. */
const promptsPerBatch = 16;

/** Errors: those of `edgeAttribution`. */
export async function estimateEdges(model: Model, runtime: Runtime, groups: readonly PromptGroup[], options: EstimateOptions = {}): Promise<EdgeScores> {
  const batches = groups.flatMap((group) => inBatches(group, promptsPerBatch));
  const perPrompt: Float32Array[] = [];
  const [clean, corrupted]: [number[], number[]] = [[], []];
  const { onProgress, ...rest } = options;
  let edges: EdgeGraph | undefined;
  for (const [i, batch] of batches.entries()) {
    const result = await edgeAttribution(model, runtime, { ...rest, ...batch, ...(onProgress === undefined ? {} : { onProgress: (done, total) => onProgress(i * total + done, batches.length * total) }) });
    ({ edges } = result);
    const size = edges.exists.length;
    for (let row = 0; row < result.cleanPerRow.length; row++) perPrompt.push(result.perPrompt.data.subarray(row * size, (row + 1) * size));
    clean.push(...result.cleanPerRow);
    corrupted.push(...result.corruptedPerRow);
  }
  if (edges === undefined) throw new MechanistError('argument', 'There are no prompts.');
  return { edges, scores: meansOf(perPrompt), perPrompt, clean: Float32Array.from(clean), corrupted: Float32Array.from(corrupted) };
}

/** Effects of patching paths (see `pathPatching`) for the edges asked for, mean over prompts. */
export async function pathEffects(model: Model, runtime: Runtime, groups: readonly PromptGroup[], edges: readonly number[], options: Progress = {}): Promise<Float32Array> {
  const perPrompt: Float32Array[] = [];
  const { onProgress, ...rest } = options;
  for (const [i, group] of groups.entries()) {
    const effects = await pathPatching(model, runtime, { ...rest, ...group, edges, ...(onProgress === undefined ? {} : { onProgress: (done, total) => onProgress(i * total + done, groups.length * total) }) });
    for (let row = 0; row < (effects[0]?.length ?? 0); row++) perPrompt.push(Float32Array.from(effects, (effect) => effect[row]!));
  }
  return meansOf(perPrompt);
}

/** Runs circuits on a data set. */
export class CircuitSet {
  readonly edges: EdgeGraph;
  readonly prompts: number;
  private readonly runners: readonly CircuitRunner[];

  private constructor(edges: EdgeGraph, runners: readonly CircuitRunner[]) {
    this.edges = edges;
    this.runners = runners;
    this.prompts = runners.reduce((sum, { prompts }) => sum + prompts, 0);
  }

  /** Errors: those of `CircuitRunner.create`; `argument` for no prompts. */
  static async create(model: Model, runtime: Runtime, groups: readonly PromptGroup[]): Promise<CircuitSet> {
    if (groups.length === 0) throw new MechanistError('argument', 'There are no prompts.');
    const runners: CircuitRunner[] = [];
    for (const group of groups) for (const batch of inBatches(group, 32)) runners.push(await CircuitRunner.create(model, runtime, batch));
    return new CircuitSet(edgeGraphOf(model), runners);
  }

  /** The metric of each circuit on each prompt. Errors: `cancelled`. */
  async evaluate(circuits: readonly Uint8Array[], { signal, onProgress }: Progress = {}): Promise<Float32Array[]> {
    const results = circuits.map(() => new Float32Array(this.prompts));
    let offset = 0;
    for (const [i, runner] of this.runners.entries()) {
      const values = await runner.evaluatePerPrompt(circuits, signal, (done, total) => onProgress?.(i * total + done, this.runners.length * total));
      values.forEach((row, c) => results[c]!.set(row, offset));
      offset += runner.prompts;
    }
    return results;
  }
}

/** A group in batches of at most `size` prompts. A metric that names one answer for all rows keeps it. */
export function inBatches(group: PromptGroup, size: number): PromptGroup[] {
  const rows = group.clean.values().next().value?.dims[0] ?? 0;
  if (rows <= size) return [group];
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => {
    const [from, to] = [i * size, Math.min(rows, (i + 1) * size)];
    const part = (inputs: ReadonlyMap<string, Tensor>): Map<string, Tensor> => new Map([...inputs].map(([name, value]) => [name, rowsOf(value, from, to)]));
    return { clean: part(group.clean), corrupted: part(group.corrupted), metric: metricRows(group.metric, from, to) };
  });
}

function rowsOf({ dtype, dims, data }: Tensor, from: number, to: number): Tensor {
  const size = data.length / dims[0]!;
  return { dtype, dims: [to - from, ...dims.slice(1)], data: data.slice(from * size, to * size) };
}

function metricRows(metric: Metric, from: number, to: number): Metric {
  const part = <T>(rows: readonly T[]): readonly T[] => (rows.length === 1 ? rows : rows.slice(from, to));
  switch (metric.kind) {
    case 'logit_diff': return { ...metric, rows: part(metric.rows) };
    case 'contrast': return { ...metric, rows: part(metric.rows) };
    case 'log_prob': return { ...metric, tokens: part(metric.tokens) };
    case 'kl': return metric.reference === undefined ? metric : { ...metric, reference: rowsOf(metric.reference, from, to) };
    default: return metric;
  }
}
