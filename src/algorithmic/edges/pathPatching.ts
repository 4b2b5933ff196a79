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
import { metricInputs, metricPerRowOutput, positionInput } from '../../engine/metrics/append.ts';
import { metricGraph } from '../../engine/metrics/metricGraph.ts';
import type { Metric } from '../../engine/metrics/parse.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Feeds } from '../../engine/runtime/program.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { repeatRows, scalar } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { edgeGraphOf, edgeModelGraph, hooksOf } from './edgeGraph.ts';
import type { EdgeGraph, EdgeNode } from './edgeGraph.ts';

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
  const graph = metricGraph(edgeModelGraph(model), options.metric, model.output, hooks);
  const clean = model.feeds(options.clean);
  const rows = clean.get(model.requiredInputs[0]!)!.dims[0]!;
  const tokens = metricInputs(options.metric, model, clean);
  const cleanRun = await runtime.run(prune(graph, [metricPerRowOutput, ...hooks]), new Map([...clean, ...tokens]), model.parameters);
  const corruptedRun = await runtime.run(prune(graph, hooksOf(edges.senders)), new Map([...model.feeds(options.corrupted), ...tokens]), model.parameters);
  const before = cleanRun.get(metricPerRowOutput)!.data as Float32Array;
  const session: PatchingRun = { model, runtime, edges, graph, clean, tokens, rows, cleanRun, corruptedRun, freezeMlps: options.freezeMlps ?? false };

  // Receiver by receiver, so that at most two programs are in use at a time.
  const effects = new Map<number, Float32Array>();
  const width = edges.receivers.length;
  const perRun = Math.max(1, Math.floor((options.rowsPerRun ?? 32) / rows));
  for (const [hook, members] of Map.groupBy(options.edges, (edge) => edges.receivers[edge % width]!.hook)) {
    const changes = changesAt(session, hook);
    const program = changedGraph(graph, hook);
    for (let start = 0; start < members.length; start += perRun) {
      const chunk = members.slice(start, start + perRun);
      const nodes: { change: Tensor; head: number | undefined }[] = [];
      for (const edge of chunk) {
        throwIfCancelled(options.signal);
        nodes.push({ change: await changes(edges.senders[Math.floor(edge / width)]!), head: edges.receivers[edge % width]!.head });
      }
      const values = await patched(session, program, hook, nodes);
      chunk.forEach((edge, i) => effects.set(edge, values.subarray(i * rows, (i + 1) * rows).map((value, row) => value - before[row]!)));
      options.onProgress?.(effects.size, options.edges.length);
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
const shareInput = (hook: string): string => `paths/share/${hook}`;
const changeInput = (hook: string): string => `paths/change/${hook}`;

/** Pass C for one receiver hook: its input less its clean value when a sender alone is corrupted. The last sender's answer is remembered. */
function changesAt(run: PatchingRun, hook: string): (sender: EdgeNode) => Promise<Tensor> {
  const { edges, cleanRun, corruptedRun } = run;
  const program = prune(heldGraph(run.graph, edges), [hook]);
  const then = cleanRun.get(hook)!.data as Float32Array;
  const senderHooks = hooksOf(edges.senders);
  let last: { sender: EdgeNode; change: Tensor } | undefined;
  return async (sender) => {
    if (last?.sender === sender) return last.change;
    const feeds = new Map([...run.clean, ...run.tokens]);
    for (const name of senderHooks) {
      const held = name === sender.hook || run.freezeMlps || !name.endsWith('.hook_mlp_out');
      feeds.set(shareInput(name), scalar('float32', held ? 1 : 0));
      feeds.set(heldInput(name), name === sender.hook ? withNode(cleanRun.get(name)!, corruptedRun.get(name)!, sender.head) : cleanRun.get(name)!);
    }
    const value = (await run.runtime.run(program, feeds, run.model.parameters)).get(hook)!;
    const change: Tensor = { ...value, data: (value.data as Float32Array).map((now, i) => now - then[i]!) };
    last = { sender, change };
    return change;
  };
}

/** Every sender's output replaced by what is fed, to the share that is fed (1 or 0). */
function heldGraph(graph: Graph, edges: EdgeGraph): Graph {
  let held = graph;
  for (const hook of hooksOf(edges.senders)) {
    held = splice(held, hook, (b, original) => {
      const share = b.input(shareInput(hook), 'float32', []);
      return b.add(b.mul(original, b.sub(b.scalar(1), share)), b.mul(b.input(heldInput(hook), b.dtypeOf(original), b.shapeOf(original)), share));
    });
  }
  return held;
}

/** The metric graph with something added to a receiver's input. */
function changedGraph(graph: Graph, hook: string): Graph {
  return prune(splice(graph, hook, (b, original) => b.add(original, b.input(changeInput(hook), b.dtypeOf(original), b.shapeOf(original)))), [metricPerRowOutput]);
}

/** Pass D for several changes of one hook: the metric of each on each prompt. */
async function patched(run: PatchingRun, program: Graph, hook: string, nodes: readonly { change: Tensor; head: number | undefined }[]): Promise<Float32Array> {
  const { dims, data: { length: size } } = nodes[0]!.change;
  const data = new Float32Array(nodes.length * size);
  nodes.forEach(({ change, head }, i) => data.set(withNode({ ...change, data: new Float32Array(size) }, change, head).data as Float32Array, i * size));
  const feeds = new Map<string, Tensor>([...run.clean].map(([name, value]) => [name, repeatRows(value, nodes.length)]));
  for (const [name, value] of run.tokens) feeds.set(name, name === positionInput ? value : repeatRows(value, nodes.length));
  feeds.set(changeInput(hook), { dtype: 'float32', dims: [run.rows * nodes.length, ...dims.slice(1)], data });
  const values = await run.runtime.run(program, feeds, run.model.parameters);
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
