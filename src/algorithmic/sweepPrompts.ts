/** Patching sweeps over a data set: every group of prompts is swept, and each site gets its mean and interval over prompts. */
import { MechanistError } from '../engine/errors.ts';
import type { Model } from '../engine/models/model.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import { sweep } from '../engine/sweeps/sweep.ts';
import type { SweepOptions } from '../engine/sweeps/sweep.ts';
import type { SweepAxis } from '../engine/sweeps/sites.ts';
import { inBatches } from './circuits/promptSets.ts';
import type { PromptGroup } from './circuits/promptSets.ts';
import { bootstrapMeans, differ, meanOf, meansOf } from '../engine/statistics.ts';

export type SweepPromptsOptions = Omit<SweepOptions, 'clean' | 'corrupted' | 'metric'>;

export interface SweptPrompts {
  /** Sizes along the swept axes; arrays are [hooks, …sizes]. */
  readonly sizes: readonly number[];
  /** Metric of each patched run, mean over prompts. */
  readonly scores: Float32Array;
  /** 95 % bootstrap over prompts; undefined for one prompt. */
  readonly interval: { readonly low: Float32Array; readonly high: Float32Array } | undefined;
  /**
   * 0 where the base run's metric is unchanged, 1 where the other's is reached; undefined when the two do not differ
   * (algorithms reference §5).
   */
  readonly normalized: Float32Array | undefined;
  readonly clean: number;
  readonly corrupted: number;
  readonly prompts: number;
}

/** Errors: those of `sweep`; `argument` when positions are swept over prompts of several lengths. */
export async function sweepPrompts(model: Model, runtime: Runtime, groups: readonly PromptGroup[], options: SweepPromptsOptions): Promise<SweptPrompts> {
  requireOneLength(groups, options.by);
  // Resampling exchanges prompts of a batch, so a batch holds as many as possible.
  const batches = groups.flatMap((group) => inBatches(group, 64));
  const [rows, clean, corrupted]: [Float32Array[], number[], number[]] = [[], [], []];
  let sizes: readonly number[] = [];
  for (const [i, batch] of batches.entries()) {
    const { onProgress } = options;
    const result = await sweep(model, runtime, { ...options, ...batch, ...(onProgress === undefined ? {} : { onProgress: (done, total) => onProgress(i * total + done, batches.length * total) }) });
    sizes = result.scores.dims.slice(1);
    const count = result.cleanPerRow.length;
    for (let row = 0; row < count; row++) rows.push(Float32Array.from({ length: result.scores.data.length }, (_, site) => result.perRow.data[site * count + row]!));
    clean.push(...result.cleanPerRow);
    corrupted.push(...result.corruptedPerRow);
  }
  const scores = meansOf(rows);
  const [m, n] = [meanOf(clean), meanOf(corrupted)];
  const [base, other] = options.direction === 'noising' ? [m, n] : [n, m];
  const defined = differ(m, n) && (options.replacement ?? 'patch') === 'patch';
  return {
    sizes, scores, interval: rows.length < 2 ? undefined : bootstrapMeans(rows),
    normalized: defined ? scores.map((score) => (score - base) / (other - base)) : undefined,
    clean: m, corrupted: n, prompts: rows.length,
  };
}

/** Errors: `argument` for positions over prompts of several lengths. */
export function requireOneLength(groups: readonly PromptGroup[], by: readonly SweepAxis[]): void {
  if (!by.some((axis) => axis === 'position' || axis === 'key')) return;
  const lengths = [...new Set(groups.map(({ clean }) => clean.get('input_ids')?.dims[1]))];
  if (lengths.length > 1) {
    throw new MechanistError('argument', `The prompts have ${lengths.join(' and ')} tokens, so their positions do not correspond.`, { hint: 'Sweep by head or layer, or take prompts of one length.' });
  }
}
