/** What a model predicts at the last position with one site patched: the run behind a cell of a sweep. */
import { MechanistError } from '../engine/errors.ts';
import { typeOf } from '../engine/graph/ir.ts';
import type { Graph } from '../engine/graph/ir.ts';
import { prune } from '../engine/graph/prune.ts';
import { intervene } from '../engine/interventions/intervene.ts';
import type { MeanRule } from '../engine/interventions/meanAblation.ts';
import type { Selection } from '../engine/interventions/intervention.ts';
import { metricInputs, metricOutput } from '../engine/metrics/append.ts';
import { metricGraph } from '../engine/metrics/metricGraph.ts';
import { hookAxes } from '../engine/models/hookAxes.ts';
import { unknownHook } from '../engine/models/hookPattern.ts';
import type { Model } from '../engine/models/model.ts';
import type { ParameterSource } from '../engine/runtime/program.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import { replacementSource } from '../engine/sweeps/replacement.ts';
import type { Replacement } from '../engine/sweeps/replacement.ts';
import { numbersOf } from '../engine/tensor.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { PromptGroup } from './circuits/promptSets.ts';

export interface PatchedPredictionOptions extends PromptGroup {
  readonly hook: string;
  readonly where: Selection;
  readonly direction: 'denoising' | 'noising';
  readonly replacement: Replacement;
  /** For `mean`. Default `all`. */
  readonly over?: MeanRule;
  readonly seed?: number;
  /** The model's graph with dictionaries spliced in, and the source of their weights. */
  readonly graph?: Graph;
  readonly parameters?: ParameterSource;
}

export interface PatchedPrediction {
  /** Logits [v] at the last position of the first row. */
  readonly clean: Float32Array;
  readonly corrupted: Float32Array;
  readonly patched: Float32Array;
  /** Metric of the patched run. */
  readonly metric: number;
}

/** Errors: `argument` for an unknown hook or place. */
export async function patchedPrediction(model: Model, runtime: Runtime, options: PatchedPredictionOptions): Promise<PatchedPrediction> {
  const { hook } = options;
  const graph = options.graph ?? model.graph();
  const parameters = options.parameters ?? model.parameters;
  const type = typeOf(graph, hook);
  if (type?.shape === undefined) throw unknownHook(hook, graph.types.keys());
  const capture = prune(graph, [model.output, hook]);
  const [clean, corrupted] = [model.feeds(options.clean), model.feeds(options.corrupted)];
  const cleanRun = await runtime.run(capture, clean, parameters);
  const corruptedRun = await runtime.run(capture, corrupted, parameters);
  const [base, baseRun, otherRun] = options.direction === 'noising' ? [clean, cleanRun, corruptedRun] : [corrupted, corruptedRun, cleanRun];
  const value = replacementSource(options.replacement, baseRun.get(hook)!, otherRun.get(hook)!, hookAxes(hook, type.shape), { seed: options.seed ?? 0, over: options.over, mask: base.get('attention_mask') });
  const changed = intervene(graph, [{ hook, kind: 'patch', where: options.where, value }], base);
  const patchedRun = await runtime.run(prune(changed.graph, [model.output]), changed.feeds, parameters);
  const measured = intervene(metricGraph(graph, options.metric, model.output, [hook]), [{ hook, kind: 'patch', where: options.where, value }], new Map([...base, ...metricInputs(options.metric, model, base)]));
  const metricRun = await runtime.run(prune(measured.graph, [metricOutput]), measured.feeds, parameters);
  return {
    clean: lastLogits(cleanRun.get(model.output)!), corrupted: lastLogits(corruptedRun.get(model.output)!), patched: lastLogits(patchedRun.get(model.output)!),
    metric: numbersOf(metricRun.get(metricOutput)!)[0]!,
  };
}

function lastLogits({ dims, data }: Tensor): Float32Array {
  if (dims.length !== 3) throw new MechanistError('unsupported', 'Only language models predict a next token.');
  const [, positions, width] = dims as [number, number, number];
  return (data as Float32Array).slice((positions - 1) * width, positions * width);
}
