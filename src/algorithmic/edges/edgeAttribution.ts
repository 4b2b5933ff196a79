/**
 * Edge attribution patching and its integrated-gradients variant (Syed et al. 2023; Hanna et al. 2024;
 * algorithms reference §7).
 *
 *   score[u→v] = Σ (out_u(corrupted) − out_u(clean)) · ∂m/∂in_v ,  mean over prompts
 *
 * EAP takes the gradient at the clean prompt; EAP-IG averages it along the straight line from the corrupted to the
 * clean embeddings. A positive score says that corrupting the edge raises the metric. First-order: compare the top
 * edges with exact patching.
 */
import { throwIfCancelled } from '../../engine/errors.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { differentiate } from '../../engine/graph/differentiate/differentiate.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import { prune } from '../../engine/graph/prune.ts';
import { splice } from '../../engine/graph/splice.ts';
import { metricFeeds, metricOutput } from '../../engine/metrics/append.ts';
import { metricGraph } from '../../engine/metrics/metricGraph.ts';
import type { Metric } from '../../engine/metrics/parse.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { numbersOf } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { edgeGraphOf, edgeGraphOptions, hooksOf } from './edgeGraph.ts';
import type { EdgeGraph } from './edgeGraph.ts';
import { stackNodes } from './stack.ts';

/** Points on the line from corrupted (0) to clean (1). Midpoints have no bias for quadratic metrics; `left` is what EAP-IG's code does. */
export type PathRule = 'midpoint' | 'left';

export interface EdgeAttributionOptions {
  /** Prompts aligned row by row and token by token. */
  readonly clean: ReadonlyMap<string, Tensor>;
  readonly corrupted: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
  /** 1 is EAP (the gradient at the clean prompt); more is EAP-IG. Default 5. */
  readonly steps?: number;
  readonly rule?: PathRule;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface EdgeAttribution {
  readonly edges: EdgeGraph;
  /** [senders, receivers]; 0 where there is no edge. */
  readonly scores: Tensor<'float32'>;
  /** Metric of the clean and the corrupted prompts, mean over rows. */
  readonly cleanMetric: number;
  readonly corruptedMetric: number;
}

/** Errors: `unsupported` (see `edgeGraphOf`), `argument` for prompts that do not align, `cancelled`. */
export async function edgeAttribution(model: Model, runtime: Runtime, options: EdgeAttributionOptions): Promise<EdgeAttribution> {
  const edges = edgeGraphOf(model);
  const graph = metricGraph(model.graph(edgeGraphOptions), options.metric, model.output, hooksOf([...edges.senders, ...edges.receivers]));
  const clean = model.feeds(options.clean);
  const corrupted = model.feeds(options.corrupted);
  const ids = clean.get(model.requiredInputs[0]!)!;
  const rows = ids.dims[0]!;
  const tokens = metricFeeds(options.metric, rows, ids.dims[1]);
  const senderHooks = hooksOf(edges.senders);
  const capture = prune(graph, [metricOutput, ...senderHooks]);
  const cleanRun = await runtime.run(capture, new Map([...clean, ...tokens]), model.parameters);
  const corruptedRun = await runtime.run(capture, new Map([...corrupted, ...tokens]), model.parameters);

  const program = scoreGraph(graph, edges);
  const steps = options.steps ?? 5;
  const total = new Float64Array(edges.exists.length);
  for (let step = 0; step < steps; step++) {
    throwIfCancelled(options.signal);
    const share = steps === 1 ? 1 : (step + (options.rule === 'left' ? 0 : 0.5)) / steps;
    const feeds = new Map([...clean, ...tokens, [streamInput, between(corruptedRun.get(edges.inputHook)!, cleanRun.get(edges.inputHook)!, share)]]);
    for (const hook of senderHooks) feeds.set(differenceInput(hook), difference(corruptedRun.get(hook)!, cleanRun.get(hook)!));
    const run = await runtime.run(program, feeds, model.parameters);
    (run.get(scoresOutput)!.data as Float32Array).forEach((score, i) => (total[i]! += score));
    options.onProgress?.(step + 1, steps);
  }
  const metricOf = (run: ReadonlyMap<string, Tensor>): number => numbersOf(run.get(metricOutput)!)[0]! / rows;
  return {
    edges,
    scores: { dtype: 'float32', dims: [edges.senders.length, edges.receivers.length], data: Float32Array.from(total, (score, i) => (edges.exists[i] === 1 ? score / (steps * rows) : 0)) },
    cleanMetric: metricOf(cleanRun),
    corruptedMetric: metricOf(corruptedRun),
  };
}

const streamInput = 'edges/stream';
const differenceInput = (hook: string): string => `edges/difference/${hook}`;
const scoresOutput = 'edges/scores';

/** Forward from given embeddings, backward to every receiver, contracted with the senders' differences to [senders, receivers]. */
function scoreGraph(graph: Graph, edges: EdgeGraph): Graph {
  const started = splice(graph, edges.inputHook, (b, original) => b.input(streamInput, b.dtypeOf(original), b.shapeOf(original)));
  const receiverHooks = hooksOf(edges.receivers);
  const { graph: backward, gradients } = differentiate(started, { seeds: new Map([[metricOutput, 'ones']]), wrt: receiverHooks });
  const b = new GraphBuilder({ ...backward, outputs: [] });
  const differences = hooksOf(edges.senders).map((hook) => b.input(differenceInput(hook), b.dtypeOf(hook), b.shapeOf(hook)));
  const rowPerNode = (stacked: string, nodes: number): string => b.reshape(b.transpose(stacked, [2, 0, 1, 3]), [nodes, -1]);
  const left = rowPerNode(stackNodes(b, differences), edges.senders.length);
  const right = rowPerNode(stackNodes(b, receiverHooks.map((hook) => gradients.get(hook)!)), edges.receivers.length);
  b.output(b.matmul(left, b.transpose(right, [1, 0]), scoresOutput));
  return b.build();
}

/** from + share · (to − from). */
function between(from: Tensor, to: Tensor, share: number): Tensor {
  const [start, end] = [from.data as Float32Array, to.data as Float32Array];
  return { dtype: 'float32', dims: from.dims, data: start.map((value, i) => value + share * (end[i]! - value)) };
}

function difference(a: Tensor, b: Tensor): Tensor {
  const subtrahend = b.data as Float32Array;
  return { dtype: 'float32', dims: a.dims, data: (a.data as Float32Array).map((value, i) => value - subtrahend[i]!) };
}
