/** `mechanist grad`: gradients of a metric with respect to hook points. */
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { differentiate } from '../../engine/graph/differentiate/differentiate.ts';
import { typeOf } from '../../engine/graph/ir.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import { intervene } from '../../engine/interventions/intervene.ts';
import { appendMetric, checkMetric, metricInputs, metricOutput } from '../../engine/metrics/append.ts';
import { metricGraph } from '../../engine/metrics/metricGraph.ts';
import { metricGrammar, parseMetric } from '../../engine/metrics/parse.ts';
import type { Metric } from '../../engine/metrics/parse.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Command } from '../command.ts';
import { resolveHooks } from '../hookOptions.ts';
import { interventionOptions, interventionsFrom } from '../interventionOptions.ts';
import { inputOptions, modelInputs } from '../modelInputs.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const grad: Command = {
  name: 'grad',
  summary: 'Write the gradient of a metric with respect to hook points.',
  positionals: ['MODEL'],
  options: {
    ...inputOptions,
    metric: { type: 'string', value: 'METRIC', description: metricGrammar, required: true },
    wrt: { type: 'string', value: 'PATTERNS', description: "Hook points or inputs: comma-separated globs, for example 'blocks.*.hook_resid_pre'.", required: true },
    ...interventionOptions,
    out: { type: 'string', value: 'FILE', description: 'safetensors file to write: a gradient per hook point, under its name and of its shape.', required: true },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `Positions count from 0, or from the end when negative; logit_diff sums over the rows of the batch.\n${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const metric = parseMetric(options.requiredText('metric'));
    const model = await openModel(positionals[0]!, options, output, signal);
    checkMetric(metric, model.graph(), model.output);
    const interventions = await interventionsFrom(options);
    const hooks = resolveHooks(model, options.requiredText('wrt'), interventions.map(({ hook }) => hook), differentiableInputs(model.graph()));
    const { graph, feeds } = intervene(model.graph(hooks.options), interventions, model.feeds(await modelInputs(model, options)));
    const { graph: backward, gradients } = differentiate(graphOfMetric(graph, metric, model.output, hooks.names), {
      seeds: new Map([[metricOutput, 'ones']]), wrt: hooks.names,
    });
    const outputs = hooks.names.map((name) => gradients.get(name)!);
    const allFeeds = new Map([...feeds, ...metricInputs(metric, model, feeds)]);
    const values = await withRuntime(options, (runtime) => runtime.run({ ...backward, outputs: [...new Set(outputs)] }, allFeeds, model.parameters));
    writeSafetensors(options.requiredText('out'), new Map(hooks.names.map((name, i): [string, Tensor] => [name, values.get(outputs[i]!)!])));
  },
};

/**
 * The graph with the metric as output. The cheaper form, whose readout sees the metric's position only, is taken
 * unless a hook behind the last block is asked for: its gradient must have the hook's own shape.
 */
function graphOfMetric(graph: Graph, metric: Metric, logits: string, hooks: readonly string[]): Graph {
  const restricted = metricGraph(graph, metric, logits);
  const shape = (of: Graph, hook: string): string | undefined => typeOf(of, hook)?.shape?.join();
  if (hooks.every((hook) => shape(restricted, hook) === shape(graph, hook))) return restricted;
  const b = new GraphBuilder(graph);
  b.identity(appendMetric(b, metric, logits).value, metricOutput);
  return b.build([metricOutput]);
}

function differentiableInputs(graph: Graph): string[] {
  return [...graph.inputs].filter(([, { dtype }]) => dtype === 'float32' || dtype === 'float64').map(([name]) => name);
}
