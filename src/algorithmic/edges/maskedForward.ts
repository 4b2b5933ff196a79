/**
 * Running a circuit: at every receiver, each cut edge contributes its sender's corrupted value instead of the value it
 * has in this run (EAP-IG's evaluation; algorithms reference §7). One forward pass for a whole circuit; many circuits
 * are rows of one batch, which makes exact edge patching a batch of circuits with one edge cut each.
 */
import { throwIfCancelled } from '../../engine/errors.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import { prune } from '../../engine/graph/prune.ts';
import { splice } from '../../engine/graph/splice.ts';
import { metricFeeds, metricPerRowOutput, positionInput } from '../../engine/metrics/append.ts';
import { metricGraph } from '../../engine/metrics/metricGraph.ts';
import type { Metric } from '../../engine/metrics/parse.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Feeds } from '../../engine/runtime/program.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { i64, repeatRows } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { edgeGraphOf, edgeModelGraph, hooksOf } from './edgeGraph.ts';
import type { EdgeGraph, EdgeNode } from './edgeGraph.ts';
import { stackNodes } from './stack.ts';

export interface CircuitRunnerOptions {
  readonly clean: ReadonlyMap<string, Tensor>;
  readonly corrupted: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
  /** Batch rows per run (circuits × prompts). Default 32. */
  readonly rowsPerRun?: number;
}

/** Evaluates circuits on one set of prompts. */
export class CircuitRunner {
  readonly edges: EdgeGraph;
  private readonly model: Model;
  private readonly runtime: Runtime;
  private readonly options: CircuitRunnerOptions;
  private readonly program: Graph;
  private readonly fixed: Feeds;
  /** Prompts each circuit runs on. */
  readonly prompts: number;

  private constructor(model: Model, runtime: Runtime, options: CircuitRunnerOptions, edges: EdgeGraph, program: Graph, fixed: Feeds, prompts: number) {
    this.model = model;
    this.runtime = runtime;
    this.options = options;
    this.edges = edges;
    this.program = program;
    this.fixed = fixed;
    this.prompts = prompts;
  }

  /** Runs the corrupted prompts once and prepares the masked graph. Errors: see `edgeGraphOf`. */
  static async create(model: Model, runtime: Runtime, options: CircuitRunnerOptions): Promise<CircuitRunner> {
    const edges = edgeGraphOf(model);
    const graph = metricGraph(edgeModelGraph(model), options.metric, model.output, hooksOf([...edges.senders, ...edges.receivers]));
    const corrupted = model.feeds(options.corrupted);
    const captured = await runtime.run(prune(edgeModelGraph(model), hooksOf(edges.senders)), corrupted, model.parameters);
    const fixed = new Map<string, Tensor>();
    for (const [hook, value] of captured) fixed.set(corruptedInput(hook), value);
    const prompts = corrupted.get(model.requiredInputs[0]!)!.dims[0]!;
    return new CircuitRunner(model, runtime, options, edges, maskedGraph(graph, edges), fixed, prompts);
  }

  /**
   * The metric of each circuit, mean over prompts. A circuit is a mask over edges, [senders, receivers], 1 where the
   * edge is in the circuit. Errors: `cancelled`.
   */
  async evaluate(circuits: readonly Uint8Array[], signal?: AbortSignal, onProgress?: (done: number, total: number) => void): Promise<Float64Array> {
    const perRow = await this.evaluatePerPrompt(circuits, signal, onProgress);
    return Float64Array.from(perRow, (values) => values.reduce((sum, value) => sum + value, 0) / this.prompts);
  }

  /** The metric of each circuit on each prompt. Errors: `cancelled`. */
  async evaluatePerPrompt(circuits: readonly Uint8Array[], signal?: AbortSignal, onProgress?: (done: number, total: number) => void): Promise<Float32Array[]> {
    const perRun = Math.max(1, Math.floor((this.options.rowsPerRun ?? 32) / this.prompts));
    const results: Float32Array[] = [];
    for (let start = 0; start < circuits.length; start += perRun) {
      throwIfCancelled(signal);
      const chunk = circuits.slice(start, start + perRun);
      const run = await this.runtime.run(this.program, this.feeds(chunk), this.model.parameters);
      const values = run.get(metricPerRowOutput)!.data as Float32Array;
      for (let i = 0; i < chunk.length; i++) results.push(values.slice(i * this.prompts, (i + 1) * this.prompts));
      onProgress?.(results.length, circuits.length);
    }
    return results;
  }

  private feeds(circuits: readonly Uint8Array[]): Feeds {
    const rows = circuits.length * this.prompts;
    const repeat = (value: Tensor): Tensor => repeatRows(value, circuits.length);
    const feeds = new Map<string, Tensor>(this.fixed);
    for (const [name, value] of this.model.feeds(this.options.clean)) feeds.set(name, repeat(value));
    const width = this.options.clean.get(this.model.requiredInputs[0]!)!.dims[1];
    for (const [name, value] of metricFeeds(this.options.metric, this.prompts, width)) feeds.set(name, value.dims[0] === this.prompts && name !== positionInput ? repeat(value) : value);
    feeds.set(promptRows, i64([rows], Array.from({ length: rows }, (_, row) => row % this.prompts)));
    for (const group of receiverGroups(this.edges)) feeds.set(cutInput(group.hook), this.cutMask(group, circuits));
    return feeds;
  }

  /** 1 where an existing edge into the group is cut: [rows, 1, senders before it, receivers of the group]. */
  private cutMask(group: ReceiverGroup, circuits: readonly Uint8Array[]): Tensor {
    const { receivers, exists } = this.edges;
    const size = group.senders * group.receivers.length;
    const data = new Float32Array(circuits.length * this.prompts * size);
    circuits.forEach((circuit, c) => {
      for (let s = 0; s < group.senders; s++) {
        group.receivers.forEach((r, k) => {
          const edge = s * receivers.length + r;
          if (exists[edge] === 0 || circuit[edge] === 1) return;
          for (let prompt = 0; prompt < this.prompts; prompt++) data[(c * this.prompts + prompt) * size + s * group.receivers.length + k] = 1;
        });
      }
    });
    return { dtype: 'float32', dims: [circuits.length * this.prompts, 1, group.senders, group.receivers.length], data };
  }
}

interface ReceiverGroup {
  readonly hook: string;
  /** Indices into the receivers. */
  readonly receivers: readonly number[];
  /** Number of senders that precede it; senders are in order of stage. */
  readonly senders: number;
}

const corruptedInput = (hook: string): string => `edges/corrupted/${hook}`;
const cutInput = (hook: string): string => `edges/cut/${hook}`;
const promptRows = 'edges/rows';

function receiverGroups(edges: EdgeGraph): ReceiverGroup[] {
  return hooksOf(edges.receivers).map((hook) => {
    const receivers = edges.receivers.flatMap((receiver, r) => (receiver.hook === hook ? [r] : []));
    const { stage } = edges.receivers[receivers[0]!]!;
    return { hook, receivers, senders: edges.senders.filter((sender) => sender.stage < stage).length };
  });
}

/** The metric graph with every receiver's input corrected for the edges that are cut. */
function maskedGraph(graph: Graph, edges: EdgeGraph): Graph {
  let masked = withCorruptedInputs(graph, edges.senders);
  for (const group of receiverGroups(edges)) {
    const before = edges.senders.slice(0, group.senders);
    masked = splice(masked, group.hook, (b, stream) => {
      const mask = b.input(cutInput(group.hook), 'float32', ['batch', 1, group.senders, group.receivers.length]);
      const differences = hooksOf(before).map((hook) => b.sub(perRowName(hook), hook));
      // [b,p,d,senders] · [b,1,senders,receivers] → [b,p,d,receivers] → [b,p,receivers,d]
      const correction = b.transpose(b.matmul(b.transpose(stackNodes(b, differences), [0, 1, 3, 2]), mask), [0, 1, 3, 2]);
      return b.add(stream, b.shapeOf(stream).length === 3 ? b.squeeze(correction, [2]) : correction);
    });
  }
  return prune(masked, [metricPerRowOutput]);
}

const perRowName = (hook: string): string => `edges/corrupted_rows/${hook}`;

/** Declares the senders' corrupted values, one row per prompt, and spreads them over the rows of the batch. */
function withCorruptedInputs(graph: Graph, senders: readonly EdgeNode[]): Graph {
  const b = new GraphBuilder(graph);
  b.input(promptRows, 'int64', ['batch']);
  for (const hook of hooksOf(senders)) {
    const shape = b.shapeOf(hook).map((dim) => (dim === 'batch' ? 'prompt' : dim));
    b.gather(b.input(corruptedInput(hook), b.dtypeOf(hook), shape), promptRows, 0, perRowName(hook));
  }
  return b.build([metricPerRowOutput]);
}
