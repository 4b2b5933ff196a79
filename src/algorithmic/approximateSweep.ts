/**
 * A patching sweep estimated by attribution patching, over a data set: two runs and one gradient for all sites, with the
 * leading ones measured exactly beside and how far the two agree (algorithms reference §6).
 */
import { MechanistError, throwIfCancelled } from '../engine/errors.ts';
import { typeOf } from '../engine/graph/ir.ts';
import { prune } from '../engine/graph/prune.ts';
import { intervene } from '../engine/interventions/intervene.ts';
import type { Selection } from '../engine/interventions/intervention.ts';
import { metricInputs, metricOutput } from '../engine/metrics/append.ts';
import { metricGraph } from '../engine/metrics/metricGraph.ts';
import { hookAxes } from '../engine/models/hookAxes.ts';
import type { AxisRole } from '../engine/models/hookAxes.ts';
import type { Model } from '../engine/models/model.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import { numbersOf } from '../engine/tensor.ts';
import type { Tensor } from '../engine/tensor.ts';
import { attributionPatching } from './attributionPatching.ts';
import type { PromptGroup } from './circuits/promptSets.ts';
import { spearman } from '../engine/statistics.ts';
import { requireOneLength } from './sweepPrompts.ts';

export interface ApproximateSweepOptions {
  readonly hooks: readonly string[];
  readonly by: readonly ('head' | 'position')[];
  /** Default `denoising`. */
  readonly direction?: 'denoising' | 'noising';
  /** Sites of the largest estimates that are measured exactly. */
  readonly exact: number;
  readonly signal?: AbortSignal;
}

export interface ExactSite {
  readonly hook: string;
  readonly head?: number;
  readonly position?: number;
  /** Change of the metric by patching the site, mean over prompts: estimated and measured. */
  readonly estimate: number;
  readonly exact: number;
}

export interface ApproximateSweep {
  /** Sizes along the axes; `effects` is [hooks, …sizes]: the estimated change of the metric, mean over prompts. */
  readonly sizes: readonly number[];
  readonly effects: Float32Array;
  readonly clean: number;
  readonly corrupted: number;
  readonly prompts: number;
  readonly compared: readonly ExactSite[];
  /** Spearman's, over the sites compared; undefined for fewer than three. */
  readonly rankCorrelation: number | undefined;
}

/** Errors: `argument` for unknown hooks, axes that they do not have or prompts that do not align; `cancelled`. */
export async function approximateSweep(model: Model, runtime: Runtime, groups: readonly PromptGroup[], options: ApproximateSweepOptions): Promise<ApproximateSweep> {
  const { hooks, by, direction = 'denoising', signal } = options;
  requireOneLength(groups, by);
  const sums = new Map<string, { sizes: readonly number[]; values: Float64Array }>();
  let [clean, corrupted, prompts] = [0, 0, 0];
  for (const group of groups) {
    throwIfCancelled(signal);
    const found = await attributionPatching(model, runtime, { ...group, hooks, direction, ...(signal === undefined ? {} : { signal }) });
    clean += found.cleanMetric;
    corrupted += found.corruptedMetric;
    prompts += group.clean.get(model.requiredInputs[0]!)!.dims[0]!;
    for (const [hook, value] of found.attributions) {
      const part = summed(value, hookAxes(hook, typeOf(model.graph(), hook)!.shape!), by, hook);
      const sum = sums.get(hook) ?? { sizes: part.sizes, values: new Float64Array(part.values.length) };
      part.values.forEach((effect, i) => { sum.values[i]! += effect; });
      sums.set(hook, sum);
    }
  }
  const sizes = sums.get(hooks[0]!)!.sizes;
  if (hooks.some((hook) => sums.get(hook)!.sizes.join() !== sizes.join())) throw new MechanistError('argument', 'The hook points have different numbers of sites; sweep them one at a time.');
  const effects = Float32Array.from(hooks.flatMap((hook) => Array.from(sums.get(hook)!.values, (effect) => effect / prompts)));
  const compared: ExactSite[] = [];
  const leading = Array.from(effects.keys()).sort((a, b) => Math.abs(effects[b]!) - Math.abs(effects[a]!) || a - b).slice(0, options.exact);
  const base = direction === 'denoising' ? corrupted : clean;
  for (const site of leading) {
    throwIfCancelled(signal);
    const { hook, at } = placeOf(site, hooks, by, sizes);
    let patched = 0;
    for (const group of groups) patched += await patchedMetric(model, runtime, group, hook, at, direction);
    compared.push({ hook, ...at, estimate: effects[site]!, exact: (patched - base) / prompts });
  }
  return {
    sizes, effects, clean: clean / prompts, corrupted: corrupted / prompts, prompts, compared,
    rankCorrelation: spearman(compared.map(({ estimate }) => estimate), compared.map(({ exact }) => exact)),
  };
}

type Place = Readonly<Partial<Record<'head' | 'position', number>>>;

/** Estimates of a hook without its last axis, summed over all axes but those wanted, in their order. */
function summed({ dims, data }: Tensor, roles: readonly (AxisRole | undefined)[], by: readonly ('head' | 'position')[], hook: string): { sizes: number[]; values: Float64Array } {
  const axes = by.map((name) => {
    const axis = roles.findIndex((role) => (name === 'head' ? role === 'head' : role === 'pos' || role === 'query'));
    if (axis < 0) throw new MechanistError('argument', `This hook point has no axis "${name}".`, { field: `hook ${hook}` });
    return axis;
  });
  const sizes = axes.map((axis) => dims[axis]!);
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((a, b) => a * b, 1));
  const values = new Float64Array(sizes.reduce((a, b) => a * b, 1));
  (data as Float32Array).forEach((effect, i) => { values[axes.reduce((at, axis, n) => at * sizes[n]! + (Math.floor(i / strides[axis]!) % dims[axis]!), 0)]! += effect; });
  return { sizes, values };
}

function placeOf(site: number, hooks: readonly string[], by: readonly ('head' | 'position')[], sizes: readonly number[]): { hook: string; at: Place } {
  const perHook = sizes.reduce((a, b) => a * b, 1);
  let rest = site % perHook;
  const at: Partial<Record<'head' | 'position', number>> = {};
  for (const [axis, name] of [...by.entries()].toReversed()) {
    at[name] = rest % sizes[axis]!;
    rest = Math.floor(rest / sizes[axis]!);
  }
  return { hook: hooks[Math.floor(site / perHook)]!, at };
}

/** The metric, summed over prompts, with one site of the base run taken from the other. */
async function patchedMetric(model: Model, runtime: Runtime, { clean, corrupted, metric }: PromptGroup, hook: string, at: Place, direction: 'denoising' | 'noising'): Promise<number> {
  const [base, source] = (direction === 'denoising' ? [corrupted, clean] : [clean, corrupted]).map((inputs) => model.feeds(inputs)) as [ReadonlyMap<string, Tensor>, ReadonlyMap<string, Tensor>];
  const value = (await runtime.run(prune(model.graph(), [hook]), source, model.parameters)).get(hook)!;
  const where: Selection = Object.fromEntries(Object.entries(at).map(([axis, index]) => [axis, [index]]));
  const changed = intervene(metricGraph(model.graph(), metric, model.output, [hook]), [{ hook, kind: 'patch', where, value }], new Map([...base, ...metricInputs(metric, model, base)]));
  return numbersOf((await runtime.run(prune(changed.graph, [metricOutput]), changed.feeds, model.parameters)).get(metricOutput)!)[0]!;
}
