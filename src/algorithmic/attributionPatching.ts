/**
 * Attribution patching: a first-order estimate of every activation patch at once (algorithms reference §6).
 *
 *   ŷ_s = Σ (a_s^source − a_s^base) · ∂m/∂a_s |_base
 *
 * Two forward passes and one backward pass for all sites. It is weak where the network saturates (attention
 * softmax, early residual stream, norms): compare the top sites with an exact sweep.
 */
import { throwIfCancelled } from '../engine/errors.ts';
import { GraphBuilder } from '../engine/graph/builder.ts';
import { differentiate } from '../engine/graph/differentiate/differentiate.ts';
import { typeOf } from '../engine/graph/ir.ts';
import type { Graph } from '../engine/graph/ir.ts';
import { prune } from '../engine/graph/prune.ts';
import { metricInputs, metricOutput, metricPosition } from '../engine/metrics/append.ts';
import { metricGraph } from '../engine/metrics/metricGraph.ts';
import type { Metric } from '../engine/metrics/parse.ts';
import { unknownHook } from '../engine/models/hookPattern.ts';
import type { GraphOptions, Model } from '../engine/models/model.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import { elementCount, numbersOf } from '../engine/tensor.ts';
import type { Tensor } from '../engine/tensor.ts';

export interface AttributionPatchingOptions {
  /** Prompts aligned row by row and token by token. */
  readonly clean: ReadonlyMap<string, Tensor>;
  readonly corrupted: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
  readonly hooks: readonly string[];
  /** `denoising` (default) estimates patching clean values into the corrupted run; `noising` the reverse. */
  readonly direction?: 'denoising' | 'noising';
  /** For hooks that exist on request only, such as `attn.hook_result`. */
  readonly graph?: GraphOptions;
  readonly signal?: AbortSignal;
}

export interface AttributionPatchingResult {
  /** For each hook the estimate summed over its last axis: [b,p] for a stream, [b,p,h] for heads, [b,h,q] for patterns. */
  readonly attributions: ReadonlyMap<string, Tensor>;
  readonly cleanMetric: number;
  readonly corruptedMetric: number;
}

/** Errors: `argument` for unknown hooks or prompts that do not align; `cancelled`. */
export async function attributionPatching(model: Model, runtime: Runtime, options: AttributionPatchingOptions): Promise<AttributionPatchingResult> {
  const programs = attributionPrograms(model, options.metric, options.hooks, options.graph);
  const clean = model.feeds(options.clean);
  const corrupted = model.feeds(options.corrupted);
  const [base, source] = options.direction === 'noising' ? [clean, corrupted] : [corrupted, clean];
  const tokens = metricInputs(options.metric, model, base);

  const sourceRun = await runtime.run(programs.source, new Map([...source, ...tokens]), model.parameters);
  throwIfCancelled(options.signal);
  const sourceActs = options.hooks.map((hook): [string, Tensor] => [sourceName(hook), sourceRun.get(hook)!]);
  const baseRun = await runtime.run(programs.base, new Map([...base, ...tokens, ...sourceActs]), model.parameters);

  const metricOf = (run: ReadonlyMap<string, Tensor>): number => numbersOf(run.get(metricOutput)!)[0]!;
  return {
    attributions: new Map(options.hooks.map((hook) => [hook, atAllPositions(model, options, hook, baseRun.get(attributionName(hook))!, clean.get(model.requiredInputs[0]!)!.dims[1]!)])),
    cleanMetric: metricOf(base === clean ? baseRun : sourceRun),
    corruptedMetric: metricOf(base === clean ? sourceRun : baseRun),
  };
}

/** The two graphs of attribution patching: capture on the source prompts, and forward + backward + contraction on the base prompts. */
function attributionPrograms(model: Model, metric: Metric, hooks: readonly string[], options: GraphOptions = {}): { source: Graph; base: Graph } {
  const graph = metricGraph(model.graph(options), metric, model.output);
  for (const hook of hooks) if (typeOf(graph, hook)?.shape === undefined) throw unknownHook(hook, graph.types.keys());
  const { graph: backward, gradients } = differentiate(graph, { seeds: new Map([[metricOutput, 'ones']]), wrt: hooks });
  const b = new GraphBuilder({ ...backward, outputs: [metricOutput] });
  for (const hook of hooks) {
    const source = b.input(sourceName(hook), b.dtypeOf(hook), b.shapeOf(hook));
    b.output(b.reduceSum(b.mul(b.sub(source, hook), gradients.get(hook)!), [-1], false, attributionName(hook)));
  }
  return { source: prune(graph, [metricOutput, ...hooks]), base: b.build() };
}

/**
 * Behind the last block the graph computes the metric's position alone; elsewhere nothing that the metric reads is
 * there to patch, so the other positions have attribution 0.
 */
function atAllPositions(model: Model, options: AttributionPatchingOptions, hook: string, value: Tensor, positions: number): Tensor {
  const position = metricPosition(options.metric);
  const whole = typeOf(model.graph(options.graph), hook)?.shape;
  if (position === undefined || whole?.[1] !== 'pos' || value.dims[1] !== 1 || positions === 1) return value;
  const [rows, , ...rest] = value.dims as [number, number, ...number[]];
  const size = elementCount(rest);
  const data = new Float32Array(rows * positions * size);
  const at = position < 0 ? position + positions : position;
  for (let row = 0; row < rows; row++) data.set((value.data as Float32Array).subarray(row * size, (row + 1) * size), (row * positions + at) * size);
  return { dtype: 'float32', dims: [rows, positions, ...rest], data };
}

const sourceName = (hook: string): string => `source/${hook}`;
const attributionName = (hook: string): string => `attribution/${hook}`;
