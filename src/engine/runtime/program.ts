/**
 * A program: a pruned graph compiled by onnxruntime. Weights are graph inputs fed from a parameter store, so
 * that many programs share one copy (decision record 0001).
 */
import { createHash } from 'node:crypto';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { MechanistError } from '../errors.ts';
import { encodeModel } from '../graph/codec/encode.ts';
import { prune } from '../graph/prune.ts';
import type { Graph, ValueType } from '../graph/ir.ts';
import type { DType, Tensor, TypedArrayOf } from '../tensor.ts';

/** Where a program's weights come from. Reading a name twice returns the same tensor. */
export interface ParameterSource {
  get(name: string): Tensor;
}

export type ExecutionProvider = 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'dml';

export interface CompileOptions {
  /** Default `cpu`. Others need hardware and a runtime build that has them. */
  readonly provider?: ExecutionProvider;
  /** Threads inside one operator; 0 lets the runtime choose. */
  readonly threads?: number;
  /** Graph optimisations of the runtime. `basic` keeps compile time low for graphs that run a few times. Default `all`; `basic` for float64. */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all';
}

export type Feeds = ReadonlyMap<string, Tensor>;

export class Program {
  /** The pruned graph. */
  readonly graph: Graph;
  private readonly session: InferenceSession;
  private released = false;

  private constructor(graph: Graph, session: InferenceSession) {
    this.graph = graph;
    this.session = session;
  }

  /** Compiles `graph`, pruned to its outputs. Errors: `runtime` with the runtime's own message. */
  static async compile(graph: Graph, options: CompileOptions = {}): Promise<Program> {
    const pruned = prune(graph, graph.outputs);
    return Program.fromEncoded(pruned, encodeModel(pruned), options);
  }

  /** Compiles a graph whose encoding is at hand. */
  static async fromEncoded(pruned: Graph, bytes: Uint8Array, options: CompileOptions): Promise<Program> {
    try {
      return new Program(pruned, await InferenceSession.create(bytes, sessionOptions(pruned, options)));
    } catch (error) {
      throw new MechanistError('runtime', `The program could not be compiled: ${messageOf(error)}`, { cause: error });
    }
  }

  get outputs(): readonly string[] {
    return this.graph.outputs;
  }

  /**
   * Runs the program. Inputs come from `feeds`, weights from `parameters`; extra feeds are ignored.
   * Errors: `argument` for a missing or misshapen feed, `runtime` when execution fails.
   */
  async run(feeds: Feeds, parameters?: ParameterSource): Promise<Map<string, Tensor>> {
    if (this.released) throw new MechanistError('runtime', 'This program has been released.');
    const bindings: Record<string, OrtTensor> = {};
    const sizes = new Map<string, { size: number; from: string }>();
    for (const [name, type] of this.graph.inputs) {
      const value = feeds.get(name);
      if (value === undefined) throw new MechanistError('argument', 'This input is missing.', { field: `input ${name}` });
      checkFeed(name, type, value, sizes);
      bindings[name] = toOrt(value);
    }
    for (const [name, type] of this.graph.parameters) {
      const value = feeds.get(name) ?? parameters?.get(name);
      if (value === undefined) throw new MechanistError('argument', 'This parameter is missing.', { field: `parameter ${name}` });
      checkFeed(name, type, value, sizes);
      bindings[name] = toOrt(value);
    }
    let results: Awaited<ReturnType<InferenceSession['run']>>;
    try {
      results = await this.session.run(bindings, this.graph.outputs);
    } catch (error) {
      throw new MechanistError('runtime', `Execution failed: ${messageOf(error)}`, { cause: error });
    }
    return new Map(this.graph.outputs.map((name) => [name, fromOrt(results[name]!)]));
  }

  /** Frees native memory. Running afterwards is an error. */
  async release(): Promise<void> {
    if (this.released) return;
    this.released = true;
    await this.session.release();
  }
}

/** A stable key of what a program computes and how. */
export function programKey(bytes: Uint8Array, options: CompileOptions): string {
  return createHash('sha256').update(bytes).update(JSON.stringify([options.provider, options.threads, options.optimization])).digest('hex');
}

function sessionOptions(graph: Graph, options: CompileOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: [options.provider ?? 'cpu'],
    graphOptimizationLevel: options.optimization ?? (usesFloat64(graph) ? 'basic' : 'all'),
    executionMode: 'sequential',
    logSeverityLevel: 3,
    ...(options.threads ? { intraOpNumThreads: options.threads } : {}),
    // Spinning workers would burn the cores the editor runs on.
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  };
}

/** The fused kernels of the higher levels lack float64 or compute parts of it in float32. */
function usesFloat64({ types }: Graph): boolean {
  for (const { dtype } of types.values()) if (dtype === 'float64') return true;
  return false;
}

function checkFeed(name: string, type: ValueType, value: Tensor, sizes: Map<string, { size: number; from: string }>): void {
  const fail = (statement: string): never => {
    throw new MechanistError('argument', statement, { field: `input ${name}` });
  };
  if (value.dtype !== type.dtype) fail(`Expected ${type.dtype}, got ${value.dtype}.`);
  if (type.shape === undefined) return;
  if (value.dims.length !== type.shape.length) fail(`Expected shape [${type.shape.join(', ')}], got [${value.dims.join(', ')}].`);
  type.shape.forEach((dim, i) => {
    const size = value.dims[i]!;
    if (typeof dim === 'number') {
      if (dim !== size) fail(`Expected shape [${type.shape!.join(', ')}], got [${value.dims.join(', ')}].`);
      return;
    }
    const seen = sizes.get(dim);
    if (seen === undefined) sizes.set(dim, { size, from: name });
    else if (seen.size !== size) fail(`Axis "${dim}" is ${size} here but ${seen.size} in ${seen.from}.`);
  });
}

function toOrt(value: Tensor): OrtTensor {
  return new OrtTensor(value.dtype as 'float32', value.data as Float32Array, value.dims);
}

function fromOrt(value: OrtTensor): Tensor {
  const dtype = value.type as DType;
  return { dtype, dims: value.dims, data: value.data as TypedArrayOf[DType] };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
