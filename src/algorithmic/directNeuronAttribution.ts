/**
 * Direct logit attribution below the level of components: single MLP neurons, and the features of a dictionary with
 * its error and bias (algorithms reference §3). The direction is that of `directLogitAttribution`.
 */
import { spliceDictionary } from '../engine/dictionaries/splice.ts';
import { withDictionaries } from '../engine/dictionaries/dictionary.ts';
import type { Dictionary } from '../engine/dictionaries/dictionary.ts';
import { MechanistError } from '../engine/errors.ts';
import { GraphBuilder } from '../engine/graph/builder.ts';
import { differentiate } from '../engine/graph/differentiate/differentiate.ts';
import { typeOf } from '../engine/graph/ir.ts';
import { metricInputs, metricOutput } from '../engine/metrics/append.ts';
import type { Metric } from '../engine/metrics/parse.ts';
import type { Model } from '../engine/models/model.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import type { ParameterSource } from '../engine/runtime/program.ts';
import { numbersOf } from '../engine/tensor.ts';
import type { Tensor } from '../engine/tensor.ts';
import { linearMetricGraph, withDirection } from './directLogitAttribution.ts';
import { lastResidualStream } from './readout.ts';

export interface FineAttributionOptions {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
}

export interface NeuronAttribution {
  /** For each layer [b,p,neurons]: activation times what the neuron's output row adds to the metric. */
  readonly neurons: readonly Tensor<'float32'>[];
  /** For each layer, the same for the output bias [b,p]; undefined where there is none. */
  readonly biases: readonly (Tensor<'float32'> | undefined)[];
  readonly metric: number;
}

export interface FeatureAttribution {
  /** [b,p,latents]. */
  readonly features: Tensor<'float32'>;
  /** What the dictionary misses, and its bias (with a skip path, that too): [b,p] each. Features, error and bias sum to the hook's own contribution. */
  readonly error: Tensor<'float32'>;
  readonly bias: Tensor<'float32'>;
  readonly metric: number;
}

/** Errors: those of `linearMetricGraph`; `unsupported` for blocks that normalise MLP outputs, or weights that are not known by name. */
export async function neuronAttribution(model: Model, runtime: Runtime, { inputs, metric }: FineAttributionOptions): Promise<NeuronAttribution> {
  const graph = linearMetricGraph(model, model.graph(), metric);
  const layers = model.config?.nLayers ?? 0;
  const named = Array.from({ length: layers }, (_, layer) => `blocks.${layer}.mlp.W_out`).every((name) => graph.parameters.has(name));
  if (layers === 0 || !named || typeOf(graph, 'blocks.0.ln2_post.hook_scale') !== undefined) {
    throw new MechanistError('unsupported', 'The MLPs of this model do not split into neurons.', { file: model.source });
  }
  const { graph: directed, direction } = withDirection(graph, lastResidualStream(graph));
  const b = new GraphBuilder(directed);
  for (let layer = 0; layer < layers; layer++) {
    const mlp = `blocks.${layer}.mlp`;
    b.output(b.mul(`${mlp}.hook_post`, b.matmul(direction, b.transpose(`${mlp}.W_out`, [1, 0])), `neurons/${layer}`));
    if (graph.parameters.has(`${mlp}.b_out`)) b.output(b.reduceSum(b.mul(direction, `${mlp}.b_out`), [-1], false, `neurons/bias/${layer}`));
  }
  const run = await runtime.run(b.build(), feedsOf(model, inputs, metric), model.parameters);
  return {
    neurons: Array.from({ length: layers }, (_, layer) => run.get(`neurons/${layer}`) as Tensor<'float32'>),
    biases: Array.from({ length: layers }, (_, layer) => run.get(`neurons/bias/${layer}`) as Tensor<'float32'> | undefined),
    metric: numbersOf(run.get(metricOutput)!)[0]!,
  };
}

/**
 * For a dictionary that writes to the residual stream (the stream itself, an attention or an MLP output).
 * Errors: those of `linearMetricGraph`; `argument` for one that writes elsewhere or is not bound to hooks.
 */
export async function featureAttribution(model: Model, runtime: Runtime, dictionary: Dictionary, { inputs, metric }: FineAttributionOptions): Promise<FeatureAttribution> {
  const { output } = dictionary.hooks;
  if (output === undefined || !/^blocks\.\d+\.hook_(resid_pre|resid_mid|resid_post|attn_out|mlp_out)$/.test(output)) {
    throw new MechanistError('argument', `Features have a direct contribution where they write to the residual stream; this dictionary writes to ${output ?? 'no known hook point'}.`, {
      file: dictionary.source, hint: output === undefined ? 'Name it: --input-hook and --output-hook on the command line.' : undefined,
    });
  }
  const spliced = spliceDictionary(model.graph(), dictionary, { errorTerm: true });
  const graph = linearMetricGraph(model, spliced, metric);
  const { graph: directed, direction } = withDirection(graph, lastResidualStream(graph));
  const [acts, reconstruction, error] = ['acts_post', 'output', 'error'].map((name) => `${output}.hook_sae_${name}`) as [string, string, string];
  const { graph: read, gradients } = differentiate(directed, { seeds: new Map([[reconstruction, direction]]), wrt: [acts] });
  const b = new GraphBuilder({ ...read, outputs: [metricOutput] });
  const along = (x: string): string => b.reduceSum(b.mul(x, direction), [-1], false);
  const features = b.mul(acts, gradients.get(acts)!, 'features/acts');
  const missed = b.identity(along(error), 'features/error');
  b.output(features, missed, b.sub(b.sub(along(reconstruction), missed), b.reduceSum(features, [-1], false), 'features/bias'));
  const parameters: ParameterSource = withDictionaries(model.parameters, [dictionary]);
  const run = await runtime.run(b.build(), feedsOf(model, inputs, metric), parameters);
  const get = (name: string): Tensor<'float32'> => run.get(name) as Tensor<'float32'>;
  return { features: get('features/acts'), error: get('features/error'), bias: get('features/bias'), metric: numbersOf(run.get(metricOutput)!)[0]! };
}

function feedsOf(model: Model, inputs: ReadonlyMap<string, Tensor>, metric: Metric): Map<string, Tensor> {
  const feeds = model.feeds(inputs);
  return new Map([...feeds, ...metricInputs(metric, model, feeds)]);
}
