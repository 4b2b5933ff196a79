/** Runs a graph as onnxruntime understands its original operators, and as imported: both must give the same. */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import { decodeModel } from '../../../../../src/engine/graph/codec/decode.ts';
import { encodeModel } from '../../../../../src/engine/graph/codec/encode.ts';
import { WireReader, memorySource } from '../../../../../src/engine/graph/codec/reader.ts';
import { ModelField, OpsetField } from '../../../../../src/engine/graph/codec/schema.ts';
import { WireWriter } from '../../../../../src/engine/graph/codec/wire.ts';
import { importGraph } from '../../../../../src/engine/graph/import/importGraph.ts';
import type { Attribute, Graph, Node, Shape } from '../../../../../src/engine/graph/ir.ts';
import { Program } from '../../../../../src/engine/runtime/program.ts';
import type { DType, Tensor } from '../../../../../src/engine/tensor.ts';

export interface Case {
  readonly nodes: readonly Node[];
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Shapes of inputs whose sizes are to be symbolic; the others are declared as fed. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  /** Inputs of the graph that are baked into it. */
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly string[];
  readonly opset?: number;
}

export function node(op: string, inputs: readonly string[], outputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}, domain = ''): Node {
  return { name: `/layer/${op}`, op, domain, inputs, outputs, attributes: new Map(Object.entries(attributes)) };
}

export function contrib(op: string, inputs: readonly string[], outputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): Node {
  return node(op, inputs, outputs, attributes, 'com.microsoft');
}

/** The graph of a case, with every feed an input. */
export function graphOf({ nodes, feeds, shapes = {}, constants = {}, outputs }: Case): Graph {
  return {
    inputs: new Map(Object.entries(feeds).map(([name, { dtype, dims }]) => [name, { dtype, shape: shapes[name] ?? dims }])),
    parameters: new Map(), constants: new Map(Object.entries(constants)), nodes, outputs, types: new Map(),
  };
}

/** The encoding of a graph under another version of the standard operator set. */
export function encodeAt(graph: Graph, opset: number): Uint8Array {
  const encoded = encodeModel(graph);
  const r = new WireReader(memorySource(encoded), '');
  const w = new WireWriter();
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field === ModelField.irVersion) w.varintField(field, r.uint());
    else if (field === ModelField.graph) {
      const { offset, length } = r.span();
      w.bytesField(field, encoded.subarray(offset, offset + length));
    } else r.skip();
  }
  for (const [domain, version] of [['', opset], ['com.microsoft', 1]] as const) {
    w.messageField(ModelField.opsetImport, (o) => {
      o.stringField(OpsetField.domain, domain);
      o.varintField(OpsetField.version, version);
    });
  }
  return w.toBytes();
}

/** Runs both and compares. Returns the imported graph. */
export async function expectSame(test: Case, tolerance = 1e-5): Promise<Graph> {
  const bytes = encodeAt(graphOf(test), test.opset ?? 18);
  const expected = await runOriginal(bytes, test);
  const { graph } = importGraph(decodeModel(bytes, { allConstant: true }));
  expect(graph.nodes.every(({ domain }) => domain === '')).toBe(true);
  const program = await Program.compile(graph, { threads: 1 });
  const actual = await program.run(new Map(Object.entries(test.feeds)));
  await program.release();
  for (const name of test.outputs) {
    expect(actual.get(name)!.dims, name).toEqual(expected.get(name)!.dims);
    expect(largestDifference(actual.get(name)!, expected.get(name)!), name).toBeLessThanOrEqual(tolerance);
  }
  return graph;
}

async function runOriginal(bytes: Uint8Array, { feeds, outputs }: Case): Promise<Map<string, Tensor>> {
  const session = await InferenceSession.create(bytes, { graphOptimizationLevel: 'disabled', intraOpNumThreads: 1, logSeverityLevel: 4 });
  const given = Object.fromEntries(Object.entries(feeds).map(([name, { dtype, data, dims }]) => [name, new OrtTensor(dtype as 'float32', data as Float32Array, dims)]));
  const results = await session.run(given, [...outputs]);
  await session.release();
  return new Map(outputs.map((name) => [name, { dtype: results[name]!.type as DType, dims: results[name]!.dims, data: results[name]!.data as Float32Array }]));
}

function largestDifference(a: Tensor, b: Tensor): number {
  let largest = 0;
  for (let i = 0; i < b.data.length; i++) {
    const [x, y] = [Number(a.data[i]), Number(b.data[i])];
    if (x !== y) largest = Math.max(largest, Number.isNaN(x - y) ? Infinity : Math.abs(x - y));
  }
  return largest;
}
