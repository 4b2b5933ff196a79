/** The metric of prompts under interventions, one number per prompt. */
import type { Graph } from '../engine/graph/ir.ts';
import { intervene } from '../engine/interventions/intervene.ts';
import type { Intervention } from '../engine/interventions/intervention.ts';
import { metricInputs, metricPerRowOutput } from '../engine/metrics/append.ts';
import { metricGraph } from '../engine/metrics/metricGraph.ts';
import type { Metric } from '../engine/metrics/parse.ts';
import { prune } from '../engine/graph/prune.ts';
import type { ParameterSource } from '../engine/runtime/program.ts';
import { numbersOf } from '../engine/tensor.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Model } from '../engine/models/model.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';

export interface MetricRun {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
  readonly interventions: readonly Intervention[];
  /** The model's graph, with dictionaries spliced in where the interventions name their hooks. */
  readonly graph?: Graph;
  readonly parameters?: ParameterSource;
}

/** Errors: those of `intervene` and of the runtime. */
export async function metricPerPrompt({ model, runtime }: { readonly model: Model; readonly runtime: Runtime }, { inputs, metric, interventions, graph, parameters }: MetricRun): Promise<number[]> {
  const feeds = model.feeds(inputs);
  const hooks = interventions.map(({ hook }) => hook);
  const measured = metricGraph(graph ?? model.graph(), metric, model.output, hooks);
  const { graph: changed, feeds: all } = intervene(measured, interventions, new Map([...feeds, ...metricInputs(metric, model, feeds)]));
  const run = await runtime.run(prune(changed, [metricPerRowOutput]), all, parameters ?? model.parameters);
  return Array.from(numbersOf(run.get(metricPerRowOutput)!));
}
