/**
 * Direct logit attribution: what each component writes in the direction that the metric reads
 * (Elhage et al. 2021; algorithms reference §3).
 *
 * With the final norm's scale frozen, the metric is linear in the last residual stream. Its gradient there is
 * the direction; the dot product with what a component wrote is the component's direct contribution. The
 * gradient comes from the graph, so centring, norm weights and unembedding need no special cases. Metrics that are
 * not linear in the logits have no such decomposition; of models that cap their logits it is that of the logits before.
 */
import { MechanistError } from '../engine/errors.ts';
import { GraphBuilder } from '../engine/graph/builder.ts';
import { differentiate } from '../engine/graph/differentiate/differentiate.ts';
import { typeOf } from '../engine/graph/ir.ts';
import type { Graph } from '../engine/graph/ir.ts';
import { metricInputs, metricOutput } from '../engine/metrics/append.ts';
import { metricGraph } from '../engine/metrics/metricGraph.ts';
import type { Metric } from '../engine/metrics/parse.ts';
import type { Model } from '../engine/models/model.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import { numbersOf } from '../engine/tensor.ts';
import type { Tensor } from '../engine/tensor.ts';
import { withHeadWrites } from './headWrites.ts';
import { lastResidualStream } from './readout.ts';

export interface DirectAttribution {
  /** Component hook → contribution per row, position (and head): [b,p] or [b,p,h]. Only positions the metric reads are not zero. */
  readonly contributions: ReadonlyMap<string, Tensor>;
  /** Sum over components, rows and positions. */
  readonly total: number;
  /** Before the soft cap of models that have one. */
  readonly metric: number;
  /** metric − total: what the biases of the final norm and the unembedding add, whatever the input. */
  readonly constant: number;
}

export interface DirectAttributionOptions {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
  /** Split attention into heads (each head's `hook_result`, plus the output bias). Default true. */
  readonly heads?: boolean;
}

/**
 * Contributions of the embeddings, every head (or attention layer), and every MLP.
 * Errors: those of `linearMetricGraph`, and of `withHeadWrites` with heads split; `unsupported` without a standard residual stream.
 */
export async function directLogitAttribution(model: Model, runtime: Runtime, options: DirectAttributionOptions): Promise<DirectAttribution> {
  const split = options.heads ?? true;
  const { graph: whole, hook: writes } = split ? withHeadWrites(model.graph({ attnResult: true }), model.source) : { graph: model.graph(), hook: undefined };
  const graph = linearMetricGraph(model, whole, options.metric);
  const stream = lastResidualStream(graph);
  const components = streamComponents(graph, split);
  const feeds = model.feeds(options.inputs);
  const program = attributionGraph(graph, stream, components, writes);
  const run = await runtime.run(program, new Map([...feeds, ...metricInputs(options.metric, model, feeds)]), model.parameters);
  const contributions = new Map(components.map((hook) => [hook, run.get(contributionName(hook))!]));
  let total = 0;
  for (const value of contributions.values()) total += Array.from(numbersOf(value)).reduce((a, v) => a + v, 0);
  const metric = numbersOf(run.get(metricOutput)!)[0]!;
  return { contributions, total, metric, constant: metric - total };
}

/**
 * The metric's graph where the metric is linear in the last stream but for the final norm's scale: read from the logits before their soft cap.
 * Errors: `argument` for metrics that are not linear in the logits; `unsupported` for blocks that normalise the stream itself, and for a pooler
 * between the stream and the classes.
 */
export function linearMetricGraph(model: Model, graph: Graph, metric: Metric): Graph {
  if (metric.kind === 'loss' || metric.kind === 'log_prob' || metric.kind === 'kl') {
    throw new MechanistError('argument', `"${metric.kind}" is not a sum over what components write.`, { field: 'metric', hint: 'Take logit_diff or logit; their difference from a log-probability is the normaliser, which all components share.' });
  }
  if (typeOf(graph, 'blocks.0.hook_normalized_resid_post') !== undefined) {
    throw new MechanistError('unsupported', 'The blocks of this model normalise the stream after each addition, so what a component writes does not reach the logits as it is.', { file: model.source });
  }
  if (typeOf(graph, 'pooler.hook_post') !== undefined) throw new MechanistError('unsupported', 'This model reads its classes through a pooler that is not linear.', { file: model.source });
  return metricGraph(graph, metric, typeOf(graph, uncapped) === undefined ? model.output : uncapped);
}

/** The logits before a soft cap. */
const uncapped = 'unembed.hook_pre';

/** Everything that is added to the residual stream: hook points, and attention output biases by parameter name. */
function streamComponents(graph: Graph, heads: boolean): string[] {
  const has = (name: string): boolean => typeOf(graph, name) !== undefined;
  const components = ['hook_embed', 'hook_pos_embed'].filter(has);
  for (let layer = 0; has(`blocks.${layer}.hook_resid_post`); layer++) {
    const block = `blocks.${layer}`;
    if (heads) {
      components.push(`${block}.attn.hook_result`);
      if (graph.parameters.has(`${block}.attn.b_O`)) components.push(`${block}.attn.b_O`);
    } else components.push(`${block}.hook_attn_out`);
    components.push(`${block}.hook_mlp_out`);
  }
  return components;
}

/** The metric graph with the direction the metric reads in the last stream, the norm's scale frozen: [b,p,d], 0 at other positions. */
export function withDirection(graph: Graph, stream: string): { graph: Graph; direction: string } {
  const { graph: backward, gradients } = differentiate(graph, {
    seeds: new Map([[metricOutput, 'ones']]), wrt: [stream], stop: new Set(['ln_final.hook_scale']),
  });
  return { graph: { ...backward, outputs: [metricOutput] }, direction: gradients.get(stream)! };
}

/** `writes`: what the heads of a layer add to the stream. */
function attributionGraph(graph: Graph, stream: string, components: readonly string[], writes: ((layer: number) => string) | undefined): Graph {
  const { graph: backward, direction } = withDirection(graph, stream);
  const b = new GraphBuilder(backward);
  const perHead = b.unsqueeze(direction, [2]);
  for (const hook of components) {
    const layer = /^blocks\.(\d+)\.attn\.hook_result$/.exec(hook)?.[1];
    const along = layer === undefined || writes === undefined ? b.mul(hook, direction) : b.mul(writes(Number(layer)), perHead);
    b.output(b.reduceSum(along, [-1], false, contributionName(hook)));
  }
  return b.build();
}

const contributionName = (hook: string): string => `contribution/${hook}`;
