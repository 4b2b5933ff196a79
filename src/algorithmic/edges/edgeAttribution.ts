/**
 * Edge attribution patching and its integrated-gradients variants (Syed et al. 2023; Hanna et al. 2024; algorithms
 * reference §7).
 *
 *   score[u→v] = Σ (out_u(corrupted) − out_u(clean)) · ∂m/∂in_v ,  mean over prompts
 *
 * The variants differ in where the gradient is taken. A positive score says that corrupting the edge raises the
 * metric. First-order: compare the top edges with exact patching.
 */
import { throwIfCancelled } from '../../engine/errors.ts';
import { prune } from '../../engine/graph/prune.ts';
import { metricInputs, metricOutput, metricPerRowOutput } from '../../engine/metrics/append.ts';
import { metricGraph } from '../../engine/metrics/metricGraph.ts';
import type { Metric } from '../../engine/metrics/parse.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import type { Feeds } from '../../engine/runtime/program.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { scalar } from '../../engine/tensor.ts';
import { edgeGraphOf, edgeModelGraph, hooksOf } from './edgeGraph.ts';
import type { EdgeGraph } from './edgeGraph.ts';
import { activationScoreGraph, differenceInput, inputScoreGraph, replacedInput, scoresOutput, shareInput, streamInput } from './scoreGraph.ts';

/**
 * Where gradients are taken.
 * - `inputs`: on the line from the corrupted to the clean embeddings. One step is plain EAP: the clean prompt.
 * - `activations`: for each layer's attention, each MLP and the embeddings apart, on the line of that output alone.
 * - `ends`: the clean and the corrupted prompt.
 */
export type AttributionPath = 'inputs' | 'activations' | 'ends';

/** Points on the line from corrupted (0) to clean (1). Midpoints have no bias for quadratic metrics; EAP-IG's code takes `left` for inputs and `right` for activations. */
export type PathRule = 'midpoint' | 'left' | 'right';

export interface EdgeAttributionOptions {
  /** Prompts aligned row by row and token by token. */
  readonly clean: ReadonlyMap<string, Tensor>;
  readonly corrupted: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
  /** Default `inputs`. */
  readonly path?: AttributionPath;
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
  /** The same for each prompt: [b, senders, receivers]. */
  readonly perPrompt: Tensor<'float32'>;
  /** Metric of the clean and the corrupted prompts, mean over rows; and of each row. */
  readonly cleanMetric: number;
  readonly corruptedMetric: number;
  readonly cleanPerRow: Float32Array;
  readonly corruptedPerRow: Float32Array;
}

/** Errors: `unsupported` (see `edgeGraphOf`), `argument` for prompts that do not align, `cancelled`. */
export async function edgeAttribution(model: Model, runtime: Runtime, options: EdgeAttributionOptions): Promise<EdgeAttribution> {
  const edges = edgeGraphOf(model);
  const graph = metricGraph(edgeModelGraph(model), options.metric, model.output, hooksOf([...edges.senders, ...edges.receivers]));
  const clean = model.feeds(options.clean);
  const corrupted = model.feeds(options.corrupted);
  const ids = clean.get(model.requiredInputs[0]!)!;
  const rows = ids.dims[0]!;
  const tokens = metricInputs(options.metric, model, clean);
  const senderHooks = hooksOf(edges.senders);
  const capture = prune(graph, [metricOutput, metricPerRowOutput, ...senderHooks]);
  const cleanRun = await runtime.run(capture, new Map([...clean, ...tokens]), model.parameters);
  const corruptedRun = await runtime.run(capture, new Map([...corrupted, ...tokens]), model.parameters);

  const fixed = new Map([...clean, ...tokens]);
  for (const hook of senderHooks) fixed.set(differenceInput(hook), difference(corruptedRun.get(hook)!, cleanRun.get(hook)!));
  const points = pathPoints(options, senderHooks);
  const program = options.path === 'activations' ? activationScoreGraph(graph, edges) : inputScoreGraph(graph, edges);
  const perPrompt = new Float32Array(rows * edges.exists.length);
  for (const [i, { hook, share }] of points.entries()) {
    throwIfCancelled(options.signal);
    const along = (name: string): Tensor => between(corruptedRun.get(name)!, cleanRun.get(name)!, share);
    const place: Feeds = hook === undefined ? new Map([[streamInput, along(edges.inputHook)]]) : activationFeeds(senderHooks, hook, along, cleanRun);
    const run = await runtime.run(program, new Map([...fixed, ...place]), model.parameters);
    (run.get(scoresOutput)!.data as Float32Array).forEach((score, at) => {
      if (edges.exists[at % edges.exists.length] === 1) perPrompt[at]! += score / points.length;
    });
    options.onProgress?.(i + 1, points.length);
  }
  const dims = [edges.senders.length, edges.receivers.length];
  const each = (run: ReadonlyMap<string, Tensor>): Float32Array => run.get(metricPerRowOutput)!.data as Float32Array;
  return {
    edges,
    scores: { dtype: 'float32', dims, data: meanOverRows(perPrompt, rows) },
    perPrompt: { dtype: 'float32', dims: [rows, ...dims], data: perPrompt },
    cleanMetric: mean(each(cleanRun)), corruptedMetric: mean(each(corruptedRun)), cleanPerRow: each(cleanRun), corruptedPerRow: each(corruptedRun),
  };
}

interface PathPoint {
  /** The sender hook that is interpolated; undefined: the embeddings, from which everything follows. */
  readonly hook: string | undefined;
  readonly share: number;
}

function pathPoints({ path = 'inputs', steps = 5, rule = 'midpoint' }: EdgeAttributionOptions, hooks: readonly string[]): PathPoint[] {
  if (path === 'ends') return [{ hook: undefined, share: 1 }, { hook: undefined, share: 0 }];
  const offset = { left: 0, midpoint: 0.5, right: 1 }[rule];
  const shares = Array.from({ length: steps }, (_, step) => (step + offset) / steps);
  if (path === 'activations') return hooks.flatMap((hook) => shares.map((share) => ({ hook, share })));
  return steps === 1 ? [{ hook: undefined, share: 1 }] : shares.map((share) => ({ hook: undefined, share }));
}

/** Only `hook` is replaced; the others are fed something of the right shape that is weighted with 0. */
function activationFeeds(hooks: readonly string[], replaced: string, along: (hook: string) => Tensor, cleanRun: ReadonlyMap<string, Tensor>): Feeds {
  return new Map(hooks.flatMap((hook): [string, Tensor][] => [
    [shareInput(hook), scalar('float32', hook === replaced ? 1 : 0)],
    [replacedInput(hook), hook === replaced ? along(hook) : cleanRun.get(hook)!],
  ]));
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

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function meanOverRows(values: Float32Array, rows: number): Float32Array {
  const size = values.length / rows;
  const result = new Float64Array(size);
  values.forEach((value, i) => (result[i % size]! += value / rows));
  return Float32Array.from(result);
}
