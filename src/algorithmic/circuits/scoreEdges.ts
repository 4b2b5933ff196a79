/** Scores of every edge by any method, over a data set. */
import { MechanistError } from '../../engine/errors.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import type { AttributionPath, PathRule } from '../edges/edgeAttribution.ts';
import { bootstrapMeans, meanOf } from '../../engine/statistics.ts';
import { exactEffects, topEdges } from './exactEdges.ts';
import { CircuitSet, estimateEdges, pathEffects } from './promptSets.ts';
import type { Progress, PromptGroup } from './promptSets.ts';

export const edgeMethods = ['eap', 'eap-ig', 'eap-ig-activations', 'clean-corrupted', 'exact', 'path-patching'] as const;
export type EdgeMethod = (typeof edgeMethods)[number];

export interface ScoreOptions extends Progress {
  readonly method: EdgeMethod;
  /** For eap-ig and eap-ig-activations. Default 5. */
  readonly steps?: number;
  /** Default `midpoint`. `left` is what EAP-IG's code does, which for activations means the other end: their steps run from 1 to m. */
  readonly rule?: 'midpoint' | 'left';
  readonly seed?: number;
}

export interface ScoredEdges {
  /** [senders · receivers]; 0 where there is no edge. */
  readonly scores: Float32Array;
  /** 95 % bootstrap over prompts of each score; estimates over several prompts only. */
  readonly interval: { readonly low: Float32Array; readonly high: Float32Array } | undefined;
  /** Metric, mean over prompts. */
  readonly clean: number;
  readonly corrupted: number;
}

/** Errors: those of the method; `runtime` when a score is not a finite number. */
export async function scoreEdges(model: Model, runtime: Runtime, groups: readonly PromptGroup[], options: ScoreOptions): Promise<ScoredEdges> {
  const scored = await computed(model, runtime, groups, options);
  if (scored.scores.every(Number.isFinite) && Number.isFinite(scored.clean)) return scored;
  throw new MechanistError('runtime', 'Activations or gradients are not finite numbers on these prompts, so edges have no scores.', { hint: 'Run the prompt to see where they overflow, or choose other prompts.' });
}

async function computed(model: Model, runtime: Runtime, groups: readonly PromptGroup[], options: ScoreOptions): Promise<ScoredEdges> {
  const { method, seed = 0, steps = 5, rule = 'midpoint', ...progress } = options;
  if (method === 'exact' || method === 'path-patching') {
    const set = await CircuitSet.create(model, runtime, groups);
    const { exists } = set.edges;
    const all = topEdges(set.edges, exists, Infinity);
    const values = method === 'exact' ? await exactEffects(set, all, progress) : await pathEffects(model, runtime, groups, all, progress);
    const scores = new Float32Array(exists.length);
    all.forEach((edge, i) => (scores[edge] = values[i]!));
    const [full, empty] = await set.evaluate([exists, new Uint8Array(exists.length)]);
    return { scores, interval: undefined, clean: meanOf(full!), corrupted: meanOf(empty!) };
  }
  const how: { path: AttributionPath; steps: number; rule: PathRule } = {
    'eap': { path: 'inputs' as const, steps: 1, rule },
    'eap-ig': { path: 'inputs' as const, steps, rule },
    'eap-ig-activations': { path: 'activations' as const, steps, rule: rule === 'left' ? 'right' as const : rule },
    'clean-corrupted': { path: 'ends' as const, steps: 2, rule },
  }[method];
  const { scores, perPrompt, clean, corrupted } = await estimateEdges(model, runtime, groups, { ...how, ...progress });
  return { scores, interval: perPrompt.length < 2 ? undefined : bootstrapMeans(perPrompt, { seed }), clean: meanOf(clean), corrupted: meanOf(corrupted) };
}
