/**
 * Path patching (Wang et al. 2022; algorithms reference §10): the effect on the metric when a sender's corrupted output
 * reaches one receiver directly, or through MLPs only.
 *
 * Pass C: the clean prompt with every head's output as in the clean run and the sender's as in the corrupted one; MLPs
 * recompute (or are held at their clean outputs too). It gives the receiver's changed input. Pass D: the clean prompt
 * with that input at the receiver; everything behind it recomputes. Effect = m(D) − m(clean).
 */
import { throwIfCancelled } from '../../engine/errors.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import { prune } from '../../engine/graph/prune.ts';
import { splice } from '../../engine/graph/splice.ts';
import { metricFeeds, metricPerRowOutput, positionInput } from '../../engine/metrics/append.ts';
import { metricGraph } from '../../engine/metrics/metricGraph.ts';
import type { Metric } from '../../engine/metrics/parse.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Feeds } from '../../engine/runtime/program.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { edgeGraphOf, edgeGraphOptions, hooksOf } from './edgeGraph.ts';
import type { EdgeGraph, EdgeNode } from './edgeGraph.ts';
import { repeatRows } from './repeatRows.ts';

export interface PathPatchingOptions {
  readonly clean: ReadonlyMap<string, Tensor>;
  readonly corrupted: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
  /** Indices into [senders, receivers]. */
  readonly edges: readonly number[];
  /** Hold MLPs too, so that only the direct edge is left: the same as exact edge patching. Default false. */
  readonly freezeMlps?: boolean;
  /** Batch rows per run (receivers × prompts). Default 32. */
  readonly rowsPerRun?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** For each edge its effect on each prompt [edges][rows]. Errors: `unsupported` (see `edgeGraphOf`), `cancelled`. */
export async function pathPatching(model: Model, runtime: Runtime, options: PathPatchingOptions): Promise<Float32Array[]> {
  const edges = edgeGraphOf(model);
  const hooks = hooksOf([...edges.senders, ...edges.receivers]);
  const graph = metricGraph(model.graph(edgeGraphOptions), options.metric, model.output, hooks);
  const clean = model.feeds(options.clean);
  const rows = clean.get(model.requiredInputs[0]!)!.dims[0]!;
  const tokens = metricFeeds(options.metric, rows, clean.get(model.requiredInputs[0]!)!.dims[1]);
  const cleanRun = await runtime.run(prune(graph, [metricPerRowOutput, ...hooks]), new Map([...clean, ...tokens]), model.parameters);
  const corruptedRun = await runtime.run(prune(graph, hooksOf(edges.senders)), new Map([...model.feeds(options.corrupted), ...tokens]), model.parameters);
  const before = cleanRun.get(metricPerRowOutput)!.data as Float32Array;
  const session: PatchingRun = { model, runtime, edges, graph, clean, tokens, rows, cleanRun, corruptedRun, freezeMlps: options.freezeMlps ?? false };

  const effects = new Map<number, Float32Array>();
  const width = edges.receivers.length;
  for (const [s, group] of Map.groupBy(options.edges, (edge) => Math.floor(edge / width))) {
    throwIfCancelled(options.signal);
    const changed = await receiverInputs(session, edges.senders[s]!);
    for (const [hook, members] of Map.groupBy(group, (edge) => edges.receivers[edge % width]!.hook)) {
      const perRun = Math.max(1, Math.floor((options.rowsPerRun ?? 32) / rows));
      for (let start = 0; start < members.length; start += perRun) {
        throwIfCancelled(options.signal);
        const chunk = members.slice(start, start + perRun);
        const values = await patched(session, hook, chunk.map((edge) => edges.receivers[edge % width]!), changed);
        chunk.forEach((edge, i) => effects.set(edge, values.subarray(i * rows, (i + 1) * rows).map((value, row) => value - before[row]!)));
        options.onProgress?.(effects.size, options.edges.length);
      }
    }
  }
  return options.edges.map((edge) => effects.get(edge)!);
}

interface PatchingRun {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly edges: EdgeGraph;
  readonly graph: Graph;
  readonly clean: Feeds;
  readonly tokens: Feeds;
  readonly rows: number;
  readonly cleanRun: Feeds;
  readonly corruptedRun: Feeds;
  readonly freezeMlps: boolean;
}

const heldInput = (hook: string): string => `paths/held/${hook}`;
const changeInput = (hook: string): string => `paths/change/${hook}`;

/** Pass C: every receiver's input less its clean value, when this sender alone is corrupted. */
async function receiverInputs(run: PatchingRun, sender: EdgeNode): Promise<Feeds> {
  const { graph, edges, cleanRun, corruptedRun } = run;
  const isMlp = (hook: string): boolean => hook.endsWith('.hook_mlp_out');
  const held = hooksOf(edges.senders).filter((hook) => hook === sender.hook || !isMlp(hook) || run.freezeMlps);
  let frozen = graph;
  for (const hook of held) frozen = splice(frozen, hook, (b, original) => b.input(heldInput(hook), b.dtypeOf(original), b.shapeOf(original)));
  const receivers = hooksOf(edges.receivers);
  const feeds = new Map([...run.clean, ...run.tokens, ...held.map((hook): [string, Tensor] => [heldInput(hook), hook === sender.hook ? withNode(cleanRun.get(hook)!, corruptedRun.get(hook)!, sender.head) : cleanRun.get(hook)!])]);
  const values = await run.runtime.run(prune(frozen, receivers), feeds, run.model.parameters);
  return new Map(receivers.map((hook) => {
    const [now, then] = [values.get(hook)!.data as Float32Array, cleanRun.get(hook)!.data as Float32Array];
    return [hook, { ...values.get(hook)!, data: now.map((value, i) => value - then[i]!) }];
  }));
}

/** Pass D for several receivers of one hook: the metric of each on each prompt. */
async function patched(run: PatchingRun, hook: string, receivers: readonly EdgeNode[], changed: Feeds): Promise<Float32Array> {
  const graph = splice(run.graph, hook, (b, original) => b.add(original, b.input(changeInput(hook), b.dtypeOf(original), b.shapeOf(original))));
  const change = changed.get(hook)!;
  const size = change.data.length;
  const data = new Float32Array(receivers.length * size);
  receivers.forEach(({ head }, i) => data.set(withNode({ ...change, data: new Float32Array(size) }, change, head).data as Float32Array, i * size));
  const feeds = new Map<string, Tensor>([...run.clean].map(([name, value]) => [name, repeatRows(value, receivers.length)]));
  for (const [name, value] of run.tokens) feeds.set(name, name === positionInput ? value : repeatRows(value, receivers.length));
  feeds.set(changeInput(hook), { dtype: 'float32', dims: [run.rows * receivers.length, ...change.dims.slice(1)], data });
  const values = await run.runtime.run(prune(graph, [metricPerRowOutput]), feeds, run.model.parameters);
  return values.get(metricPerRowOutput)!.data as Float32Array;
}

/** `base` with one head's entries (of [b,p,h,d]), or all of them, taken from `other`. */
function withNode(base: Tensor, other: Tensor, head: number | undefined): Tensor {
  if (head === undefined) return other;
  const [, , heads, width] = base.dims as [number, number, number, number];
  const data = (base.data as Float32Array).slice();
  for (let at = head * width; at < data.length; at += heads * width) data.set((other.data as Float32Array).subarray(at, at + width), at);
  return { ...base, data };
}
